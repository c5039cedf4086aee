"""Exponential moving average (EMA)."""

from indicators.averages.recursive_average import exponential_weight, smoothed
from indicators.forms.nodes import Node
from indicators.indicator import Indicator, Source, checked_period, node_of


class EMA(Indicator, frozen=True):
    """Exponential moving average: weight 2 / (period + 1), seeded with the mean of the first ``period`` values.

    In the input's unit; nan before the seed.

    References
    ----------
    P. N. Haurlan, Measuring Trend Values (1968). Starts as TA-Lib's EMA does.
    """

    period: int
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the recursion."""
        return (smoothed(node_of(self.of), self.period, exponential_weight(self.period)),)
