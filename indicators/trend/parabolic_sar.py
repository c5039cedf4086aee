"""Parabolic stop and reverse (SAR) after Wilder."""

import math
from collections.abc import MutableSequence, Sequence
from typing import ClassVar

from indicators.averages.recursive_average import rows_to_forget
from indicators.forms.compiled_loop import CompiledLoop
from indicators.forms.nodes import Node, Part, RawPrice, Recursion
from indicators.indicator import Indicator


def sar_step(
    state: MutableSequence[float], acceleration: float, maximum: float, high: float, low: float
) -> tuple[float, float]:
    """Take a candle.

    ``state`` is the last high and low, the direction (0 before the second candle), the stop of this candle, the extreme
    of the trend and the acceleration.
    """
    high_before, low_before = state[0], state[1]
    state[0], state[1] = high, low
    if high_before != high_before:
        return math.nan, math.nan
    if state[2] == 0.0:
        fall, rise = low_before - low, high - high_before
        state[2] = -1.0 if fall > 0.0 and rise < fall else 1.0
        state[3] = low_before if state[2] > 0.0 else high_before
        state[4] = high if state[2] > 0.0 else low
        state[5] = acceleration
        high_before, low_before = high, low
    up = state[2] > 0.0
    if (up and low <= state[3]) or (not up and high >= state[3]):
        up = not up
        state[2] = -state[2]
        stop = _beyond(up, state[4], high_before, low_before, high, low)
        state[4] = high if up else low
        state[5] = acceleration
    else:
        stop = state[3]
        if (up and high > state[4]) or (not up and low < state[4]):
            state[4] = high if up else low
            state[5] = min(state[5] + acceleration, maximum)
    state[3] = _beyond(up, stop + state[5] * (state[4] - stop), high_before, low_before, high, low)
    return stop, state[2]


def _beyond(up: bool, stop: float, high_before: float, low_before: float, high: float, low: float) -> float:
    """Return the stop, no nearer than the extremes of the last two candles."""
    if up:
        if stop > low_before:
            stop = low_before
        return low if stop > low else stop
    if stop < high_before:
        stop = high_before
    return high if stop < high else stop


def sar_loop(
    state: MutableSequence[float],
    acceleration: float,
    maximum: float,
    highs: Sequence[float],
    lows: Sequence[float],
    *outs: MutableSequence[float],
) -> None:
    """Step through columns."""
    for row in range(len(highs)):
        stop, direction = sar_step(state, acceleration, maximum, highs[row], lows[row])
        outs[0][row], outs[1][row] = stop, direction


_LOOP = CompiledLoop(sar_loop, (_beyond, sar_step))


class ParabolicSAR(Indicator, frozen=True):
    """``line`` = the stop that was valid on this candle, ``direction`` = 1 in a rising trend, −1 in a falling one.

    Price units; nan on the first candle; where the candle turned the trend, the line is already the new trend's. The
    first direction is that of the first move. How long the start counts is not bounded: two starts agree once both have
    turned at one extreme. ``forgets_after`` allows what a trend without further extremes needs to be caught up.

    References
    ----------
    J. W. Wilder, New Concepts in Technical Trading Systems (1978). TA-Lib's SAR.
    """

    acceleration: float = 0.02
    maximum: float = 0.2
    outputs: ClassVar[tuple[str, ...]] = ("line", "direction")

    def __post_init__(self) -> None:
        if not 0.0 < self.acceleration <= self.maximum <= 1.0:
            raise ValueError(
                f"acceleration and maximum must be in (0, 1] and in this order, got {self.acceleration!r} and "
                f"{self.maximum!r}"
            )

    def nodes(self) -> tuple[Node, ...]:
        """Return the parts of the recursion."""
        of = (RawPrice("high"), RawPrice("low"))
        start = (math.nan, math.nan, 0.0, math.nan, math.nan, 0.0)
        parameters = (float(self.acceleration), float(self.maximum))
        settles = 1 + rows_to_forget(self.acceleration)
        recursion = Recursion(sar_step, _LOOP, of, start, parameters, settles, outs=2)
        return (Part(recursion, 0), Part(recursion, 1))
