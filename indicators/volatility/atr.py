"""True range and its average (ATR) after Wilder."""

from collections.abc import Sequence

from indicators.averages.recursive_average import smoothed, wilder_weight
from indicators.forms.arithmetic import Values, choose
from indicators.forms.nodes import Node, RawPrice, Windowed
from indicators.indicator import Indicator, checked_period


def range_with_gap(highs: Sequence[Values], lows: Sequence[Values], closes: Sequence[Values]) -> Values:
    """Return the distance from the higher of this high and the last close to the lower of this low and it."""
    high, low, close_before = highs[1], lows[1], closes[0]
    top = choose(high > close_before, high, close_before)
    bottom = choose(low < close_before, low, close_before)
    return top - bottom


def true_range() -> Node:
    """Return the true range of two candles."""
    return Windowed(range_with_gap, (RawPrice("high"), RawPrice("low"), RawPrice("close")), 2)


def average_range(period: int) -> Node:
    """Return Wilder's average of the true range."""
    return smoothed(true_range(), period, wilder_weight(period))


class TrueRange(Indicator, frozen=True):
    """Wilder's true range in price units: the candle's range with the gap from the last close; nan on the first candle.

    References
    ----------
    J. W. Wilder, New Concepts in Technical Trading Systems (1978).
    """

    def nodes(self) -> tuple[Node, ...]:
        """Return the window of two candles."""
        return (true_range(),)


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
