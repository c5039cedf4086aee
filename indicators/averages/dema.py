"""Double exponential moving average (DEMA)."""

from indicators.averages.recursive_average import exponential_weight, smoothed
from indicators.forms.arithmetic import Values
from indicators.forms.nodes import Node, RowWise
from indicators.indicator import Indicator, Source, checked_period, node_of


def twice_less(once: Values, again: Values) -> Values:
    """Return ``2·once − again``."""
    return 2.0 * once - again


class DEMA(Indicator, frozen=True):
    """``2·EMA − EMA of that EMA``: an average with less lag, in the input's unit; nan in the first 2·period − 2 rows.

    References
    ----------
    P. G. Mulloy, "Smoothing Data with Faster Moving Averages", Technical Analysis of Stocks & Commodities (1994).
    """

    period: int
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the two recursions, combined."""
        weight = exponential_weight(self.period)
        once = smoothed(node_of(self.of), self.period, weight)
        return (RowWise(twice_less, (once, smoothed(once, self.period, weight))),)
