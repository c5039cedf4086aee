"""Slope of the least-squares line."""

from collections.abc import Sequence

from indicators.forms.arithmetic import Values
from indicators.forms.nodes import Node, Windowed
from indicators.indicator import Indicator, Source, checked_period, node_of


def slope(window: Sequence[Values]) -> Values:
    """Return the slope of the line through the values at 0, 1, …; values are taken as distances from the oldest."""
    middle = 0.5 * (len(window) - 1)
    place = -middle
    products: Values = 0.0
    squares = 0.0
    for values in window:
        products += place * (values - window[0])
        squares += place * place
        place += 1.0
    return products / squares


class LinearRegressionSlope(Indicator, frozen=True):
    """Slope of the least-squares line through the last ``period`` values, in the input's unit a candle.

    nan before there are as many; forgets exactly. TA-Lib's LINEARREG_SLOPE multiplies whole prices out and loses digits
    where the slope is small beside them.

    References
    ----------
    A.-M. Legendre, Nouvelles méthodes pour la détermination des orbites des comètes (1805).
    """

    period: int = 14
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.period, 2)

    def nodes(self) -> tuple[Node, ...]:
        """Return the window."""
        return (Windowed(slope, (node_of(self.of),), self.period),)
