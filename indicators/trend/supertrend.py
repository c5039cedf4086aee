"""Supertrend line and direction."""

import math
from collections.abc import MutableSequence, Sequence
from typing import ClassVar

from indicators.averages.recursive_average import rows_to_forget, wilder_weight
from indicators.forms.compiled_loop import CompiledLoop
from indicators.forms.nodes import Node, Part, RawPrice, Recursion
from indicators.indicator import Indicator, checked_period, node_of
from indicators.volatility.atr import average_range
from indicators.volatility.channels import checked_multiple


def supertrend_step(
    state: MutableSequence[float], multiple: float, middle: float, close: float, width: float
) -> tuple[float, float]:
    """Take a candle's middle and close and the ATR: ``state`` is upper and lower band, last close and direction."""
    upper, lower = middle + multiple * width, middle - multiple * width
    if state[3] != 0.0:
        if not (upper < state[0] or state[2] > state[0]):
            upper = state[0]
        if not (lower > state[1] or state[2] < state[1]):
            lower = state[1]
    if state[3] > 0.0:
        direction = -1.0 if close < lower else 1.0
    else:
        direction = 1.0 if close > upper else -1.0
    state[0], state[1], state[2], state[3] = upper, lower, close, direction
    return (lower if direction > 0.0 else upper), direction


def supertrend_loop(
    state: MutableSequence[float],
    multiple: float,
    middles: Sequence[float],
    closes: Sequence[float],
    widths: Sequence[float],
    *outs: MutableSequence[float],
) -> None:
    """Step through columns."""
    for row in range(len(middles)):
        line, direction = supertrend_step(state, multiple, middles[row], closes[row], widths[row])
        outs[0][row], outs[1][row] = line, direction


_LOOP = CompiledLoop(supertrend_loop, (supertrend_step,))


class Supertrend(Indicator, frozen=True):
    """``line`` = a trailing band ``multiple`` ATRs from the candle's middle, ``direction`` = 1 above it, −1 below it.

    A band only tightens until a close crosses it. Begins falling with the ATR's first value, nan before. How long the
    start counts is not bounded: two starts agree once both have turned at one candle. ``forgets_after`` allows
    four times what the ATR needs; a market that does not turn in that time remembers longer.

    References
    ----------
    O. Seban's indicator, as charting programs draw it.
    """

    period: int = 10
    multiple: float = 3.0
    outputs: ClassVar[tuple[str, ...]] = ("line", "direction")

    def __post_init__(self) -> None:
        checked_period(self.period)
        checked_multiple(self.multiple, "multiple")

    def nodes(self) -> tuple[Node, ...]:
        """Return the parts of the recursion."""
        of = (node_of("hl2"), RawPrice("close"), average_range(self.period))
        start = (math.nan, math.nan, math.nan, 0.0)
        settles = 3 * rows_to_forget(wilder_weight(self.period))
        recursion = Recursion(supertrend_step, _LOOP, of, start, (float(self.multiple),), settles, outs=2)
        return (Part(recursion, 0), Part(recursion, 1))
