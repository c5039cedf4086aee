"""Average directional index (ADX) and directional indicators (DI) after Wilder."""

import math
from collections.abc import MutableSequence, Sequence
from typing import ClassVar

from indicators.averages.recursive_average import rows_to_forget, wilder_weight
from indicators.forms.compiled_loop import CompiledLoop
from indicators.forms.nodes import Node, Part, RawPrice, Recursion
from indicators.indicator import Indicator, checked_period

_START = (math.nan, math.nan, math.nan, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, math.nan)


def adx_step(
    state: MutableSequence[float], period: int, high: float, low: float, close: float
) -> tuple[float, float, float]:
    """Take a candle.

    ``state`` is the last high, low and close, how many moves were taken, the decaying sums of rises, falls and ranges,
    how many directional indices were taken, their sum until the seed, and the average.
    """
    up, down = high - state[0], state[1] - low
    top = high if high > state[2] else state[2]
    bottom = low if low < state[2] else state[2]
    first = state[0] != state[0]
    state[0], state[1], state[2] = high, low, close
    if first:
        return math.nan, math.nan, math.nan
    rise = up if up > 0.0 and up > down else 0.0
    fall = down if down > 0.0 and down > up else 0.0
    state[3] += 1.0
    if state[3] >= period:
        state[4] -= state[4] / period
        state[5] -= state[5] / period
        state[6] -= state[6] / period
    state[4] += rise
    state[5] += fall
    state[6] += top - bottom
    if state[3] < period:
        return math.nan, math.nan, math.nan
    plus = 100.0 * (state[4] / state[6]) if state[6] != 0.0 else 0.0
    minus = 100.0 * (state[5] / state[6]) if state[6] != 0.0 else 0.0
    both = plus + minus
    index = 100.0 * (abs(plus - minus) / both) if both != 0.0 else math.nan
    if state[7] < period:
        state[7] += 1.0
        state[8] += index if index == index else 0.0
        if state[7] == period:
            state[9] = state[8] / period
    elif index == index:
        state[9] = (state[9] * (period - 1) + index) / period
    return state[9], plus, minus


def adx_loop(
    state: MutableSequence[float],
    period: int,
    highs: Sequence[float],
    lows: Sequence[float],
    closes: Sequence[float],
    *outs: MutableSequence[float],
) -> None:
    """Step through columns."""
    for row in range(len(highs)):
        average, plus, minus = adx_step(state, period, highs[row], lows[row], closes[row])
        outs[0][row], outs[1][row], outs[2][row] = average, plus, minus


_LOOP = CompiledLoop(adx_loop, (adx_step,))


class ADX(Indicator, frozen=True):
    """``adx`` = strength of the trend, ``plus_di`` and ``minus_di`` = its two directions; all 0 to 100.

    The DIs are defined after ``period`` moves, the first of which is summed with period − 1 others as TA-Lib does, the
    ADX ``period`` − 1 rows later. A DI is 0 where the range is; where both are 0 the ADX stays as it was. TA-Lib takes
    what is below 1e-14 for 0, which differs where prices are that small.

    References
    ----------
    J. W. Wilder, New Concepts in Technical Trading Systems (1978). TA-Lib's ADX, PLUS_DI and MINUS_DI.
    """

    period: int = 14
    outputs: ClassVar[tuple[str, ...]] = ("adx", "plus_di", "minus_di")

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the parts of the recursion."""
        of = (RawPrice("high"), RawPrice("low"), RawPrice("close"))
        settles = 2 * self.period + 2 * rows_to_forget(wilder_weight(self.period))
        recursion = Recursion(adx_step, _LOOP, of, _START, (self.period,), settles, outs=3)
        return tuple(Part(recursion, place) for place in range(3))
