"""Wilder's smoothing."""

from indicators.averages.recursive_average import smoothed, wilder_weight
from indicators.forms.nodes import Node
from indicators.indicator import Indicator, Source, checked_period, node_of


class Wilder(Indicator, frozen=True):
    """Wilder's average (RMA, SMMA): weight 1 / period, seeded with the mean of the first ``period`` values.

    In the input's unit; nan before the seed.

    References
    ----------
    J. W. Wilder, New Concepts in Technical Trading Systems (1978).
    """

    period: int
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the recursion."""
        return (smoothed(node_of(self.of), self.period, wilder_weight(self.period)),)
