"""Average true range (ATR) after Wilder."""

from indicators.averages.recursive_average import smoothed, wilder_weight
from indicators.forms.nodes import Node
from indicators.indicator import Indicator, checked_period
from indicators.volatility.true_range import true_range


def average_range(period: int) -> Node:
    """Return Wilder's average of the true range."""
    return smoothed(true_range(), period, wilder_weight(period))


class ATR(Indicator, frozen=True):
    """Wilder's average true range in price units, weight 1 / period; nan until ``period`` true ranges were taken.

    References
    ----------
    J. W. Wilder, New Concepts in Technical Trading Systems (1978). Starts as TA-Lib's ATR does.
    """

    period: int = 14

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the smoothed true range."""
        return (average_range(self.period),)
