"""Weighted moving average (WMA)."""

from collections.abc import Sequence

from indicators.forms.arithmetic import Values
from indicators.forms.nodes import Node, Windowed
from indicators.indicator import Indicator, Source, checked_period, node_of


def weighted_mean(window: Sequence[Values]) -> Values:
    """Return the mean with weights 1, 2, … from the oldest to the newest."""
    result: Values = 0.0
    weight = 0.0
    for values in window:
        weight += 1.0
        result += weight * values
    return result / (0.5 * weight * (weight + 1.0))


def weighted(of: Node, period: int) -> Node:
    """Return the weighted mean of a node's last ``period`` values."""
    return Windowed(weighted_mean, (of,), period)


class WMA(Indicator, frozen=True):
    """Mean of the last ``period`` values, weighted 1 (oldest) to ``period`` (newest); in the input's unit.

    nan before there are as many; forgets exactly. TA-Lib's WMA keeps running sums, which differ by their accumulated
    rounding.

    References
    ----------
    J. J. Murphy, Technical Analysis of the Financial Markets (1999).
    """

    period: int
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the window."""
        return (weighted(node_of(self.of), self.period),)
