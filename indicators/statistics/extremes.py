"""Highest and lowest value of a window."""

from indicators.forms.arithmetic import highest, lowest
from indicators.forms.nodes import Node, RawPrice, Windowed
from indicators.indicator import Indicator, Source, checked_period, node_of


def highest_high(period: int) -> Node:
    """Return the highest high of the last ``period`` candles."""
    return Windowed(highest, (RawPrice("high"),), period)


def lowest_low(period: int) -> Node:
    """Return the lowest low of the last ``period`` candles."""
    return Windowed(lowest, (RawPrice("low"),), period)


class Highest(Indicator, frozen=True):
    """Largest of the last ``period`` values, the present one included; nan before there are as many.

    References
    ----------
    By definition; TA-Lib's MAX.
    """

    period: int
    of: Source = "high"

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the window."""
        return (Windowed(highest, (node_of(self.of),), self.period),)


class Lowest(Indicator, frozen=True):
    """Smallest of the last ``period`` values, the present one included; nan before there are as many.

    References
    ----------
    By definition; TA-Lib's MIN.
    """

    period: int
    of: Source = "low"

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the window."""
        return (Windowed(lowest, (node_of(self.of),), self.period),)
