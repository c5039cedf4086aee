"""Simple moving average (SMA)."""

from collections.abc import Sequence

from core.candle_columns import Float64Array
from indicators.forms.arithmetic import Values, total
from indicators.forms.compiled_loop import CompiledLoop
from indicators.forms.nodes import Node, Windowed
from indicators.indicator import Indicator, Source, checked_period, node_of

_AT_ONCE = 1024
"""Rows of a column that are added to together."""


def mean(window: Sequence[Values]) -> Values:
    """Return the mean."""
    return total(window) / len(window)


def mean_of(window: Sequence[Values], length: int) -> Values:
    """Return the mean of so many values."""
    return total(window) / length


def mean_loop(values: Float64Array, length: int, out: Float64Array) -> None:
    """Step through a column, some rows at a time: the window's ages are added to all of them, four in one go."""
    fours = length - length % 4
    for begin in range(0, len(out) - length + 1, _AT_ONCE):
        end = min(begin + _AT_ONCE, len(out) - length + 1)
        means = out[begin + length - 1 : end + length - 1]
        means[:] = 0.0
        for age in range(0, fours, 4):
            first, second = values[begin + age : end + age], values[begin + age + 1 : end + age + 1]
            third, fourth = values[begin + age + 2 : end + age + 2], values[begin + age + 3 : end + age + 3]
            for row in range(len(means)):
                # From left to right: the oldest is added first, as ever.
                means[row] = means[row] + first[row] + second[row] + third[row] + fourth[row]
        for age in range(fours, length):
            newer = values[begin + age : end + age]
            for row in range(len(means)):
                means[row] += newer[row]
        for row in range(len(means)):
            means[row] /= length


_LOOP = CompiledLoop(mean_loop)


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
        return (Windowed(mean_of, (node_of(self.of),), self.period, (self.period,), _LOOP),)
