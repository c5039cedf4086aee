"""Relative strength index (RSI) after Wilder."""

import math
from collections.abc import MutableSequence, Sequence

from indicators.averages.recursive_average import rows_to_forget, wilder_weight
from indicators.forms.compiled_loop import CompiledLoop
from indicators.forms.nodes import Node, Recursion
from indicators.indicator import Indicator, Source, checked_period, node_of


def rsi_step(state: MutableSequence[float], period: int, weight: float, x: float) -> float:
    """Take a price: ``state`` is the last one, how many changes were taken, and average gain and loss."""
    change = x - state[0]
    state[0] = x
    if change != change:
        return math.nan
    gain = change if change > 0.0 else 0.0
    loss = -change if change < 0.0 else 0.0
    gains, losses = state[2], state[3]
    if state[1] < period:
        state[1] += 1.0
        gains += gain
        losses += loss
        if state[1] < period:
            state[2], state[3] = gains, losses
            return math.nan
        gains /= period
        losses /= period
    else:
        kept = 1.0 - weight
        gains = weight * gain + kept * gains
        losses = weight * loss + kept * losses
    state[2], state[3] = gains, losses
    both = gains + losses
    return 100.0 * (gains / both) if both != 0.0 else 0.0


def rsi_loop(
    state: MutableSequence[float], period: int, weight: float, values: Sequence[float], out: MutableSequence[float]
) -> None:
    """Step through a column."""
    rows = len(values)
    first = 0
    while first < rows and state[1] < period:
        out[first] = rsi_step(state, period, weight, values[first])
        first += 1
    # What the step does from then on, without calling it: this is where long columns spend their time.
    last, gains, losses, kept = state[0], state[2], state[3], 1.0 - weight
    for row in range(first, rows):
        change = values[row] - last
        last = values[row]
        if change != change:
            out[row] = math.nan
            continue
        gains = weight * (change if change > 0.0 else 0.0) + kept * gains
        losses = weight * (-change if change < 0.0 else 0.0) + kept * losses
        both = gains + losses
        out[row] = 100.0 * (gains / both) if both != 0.0 else 0.0
    state[0], state[2], state[3] = last, gains, losses


_LOOP = CompiledLoop(rsi_loop, (rsi_step,))


class RSI(Indicator, frozen=True):
    """Wilder's RSI, 0 to 100: 100·g / (g + l) of the smoothed gains g and losses l, weight 1 / period.

    0 where both are 0, as TA-Lib has it; nan until ``period`` changes were taken.

    References
    ----------
    J. W. Wilder, New Concepts in Technical Trading Systems (1978).
    """

    period: int = 14
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.period)

    def nodes(self) -> tuple[Node, ...]:
        """Return the recursion."""
        weight = wilder_weight(self.period)
        settles = self.period + rows_to_forget(weight)
        start = (math.nan, 0.0, 0.0, 0.0)
        return (Recursion(rsi_step, _LOOP, (node_of(self.of),), start, (self.period, weight), settles),)
