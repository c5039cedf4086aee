"""Commodity channel index (CCI)."""

from collections.abc import Sequence

from indicators.averages.sma import mean
from indicators.forms.arithmetic import Values, ratio
from indicators.forms.nodes import Node, Windowed
from indicators.indicator import Indicator, Source, checked_period, node_of


def channel_index(window: Sequence[Values]) -> Values:
    """Return the newest value's distance from the mean, in 0.015 mean absolute distances."""
    middle = mean(window)
    distances: Values = 0.0
    for values in window:
        distances += abs(values - middle)
    return ratio(window[-1] - middle, 0.015 * (distances / len(window)), 0.0)


class CCI(Indicator, frozen=True):
    """Distance of the typical price from its mean, in 0.015 mean absolute distances; without a unit.

    0 where all values of the window are equal, as TA-Lib has it; nan before it is full; forgets exactly.

    References
    ----------
    D. R. Lambert, "Commodity Channel Index", Commodities (1980).
    """

    period: int = 20
    of: Source = "hlc3"

    def __post_init__(self) -> None:
        checked_period(self.period, 2)

    def nodes(self) -> tuple[Node, ...]:
        """Return the window."""
        return (Windowed(channel_index, (node_of(self.of),), self.period),)
