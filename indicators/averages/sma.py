"""Simple moving average (SMA)."""

from collections.abc import Sequence

from indicators.forms.arithmetic import Values, total
from indicators.forms.nodes import Node, Windowed
from indicators.indicator import Indicator, Source, checked_period, node_of


def mean(window: Sequence[Values]) -> Values:
    """Return the mean."""
    return total(window) / len(window)


class SMA(Indicator, frozen=True):
    """Mean of the last ``period`` values, in the input's unit; nan before there are as many.

    Forgets exactly: the window is added anew, oldest to newest, on every row.

    References
    ----------
    J. J. Murphy, Technical Analysis of the Financial Markets (1999). TA-Lib's SMA keeps a running sum, which differs by
    its accumulated rounding.
    """

    period: int
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the window."""
        return (Windowed(mean, (node_of(self.of),), self.period),)
