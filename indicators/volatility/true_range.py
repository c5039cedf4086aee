"""True range after Wilder."""

import math
from collections.abc import MutableSequence, Sequence

from indicators.forms.compiled_loop import CompiledLoop
from indicators.forms.nodes import Node, RawPrice, Recursion
from indicators.indicator import Indicator


def true_range_step(state: MutableSequence[float], high: float, low: float, close: float) -> float:
    """Take a candle: ``state`` is the last close."""
    before = state[0]
    state[0] = close
    if before != before:
        return math.nan
    top = high if high > before else before
    bottom = low if low < before else before
    return top - bottom


def true_range_loop(
    state: MutableSequence[float],
    highs: Sequence[float],
    lows: Sequence[float],
    closes: Sequence[float],
    out: MutableSequence[float],
) -> None:
    """Step through columns."""
    before = state[0]
    for row in range(len(highs)):
        # As the step does, without calling it.
        if before == before:
            high, low = highs[row], lows[row]
            out[row] = (high if high > before else before) - (low if low < before else before)
        else:
            out[row] = math.nan
        before = closes[row]
    state[0] = before


_LOOP = CompiledLoop(true_range_loop)


def true_range() -> Node:
    """Return the true range."""
    return Recursion(true_range_step, _LOOP, (RawPrice("high"), RawPrice("low"), RawPrice("close")), (math.nan,), (), 1)


class TrueRange(Indicator, frozen=True):
    """Wilder's true range in price units: the candle's range with the gap from the last close; nan on the first candle.

    References
    ----------
    J. W. Wilder, New Concepts in Technical Trading Systems (1978).
    """

    def nodes(self) -> tuple[Node, ...]:
        """Return the recursion."""
        return (true_range(),)
