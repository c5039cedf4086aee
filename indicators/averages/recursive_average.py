"""The recursion under EMA and under Wilder's averages: ``a·x + (1 − a)·previous``, seeded with a mean."""

import math
from collections.abc import MutableSequence, Sequence

from indicators.forms.compiled_loop import CompiledLoop
from indicators.forms.nodes import Node, Recursion

RESIDUAL = 1e-6
"""Share that the start may still have in a value that counts as free of it."""


def smoothing_step(state: MutableSequence[float], period: int, weight: float, x: float) -> float:
    """Take a value: ``state`` is how many were taken, their sum until the seed, and the average."""
    if state[0] < period:
        state[0] += 1.0
        state[1] += x
        if state[0] == period:
            state[2] = state[1] / period
    else:
        state[2] = weight * x + (1.0 - weight) * state[2]
    return state[2]


def smoothing_loop(
    state: MutableSequence[float], period: int, weight: float, values: Sequence[float], out: MutableSequence[float]
) -> None:
    """Step through a column."""
    rows = len(values)
    first = 0
    while first < rows and state[0] < period:
        out[first] = smoothing_step(state, period, weight, values[first])
        first += 1
    # What the step does from then on, without calling it: this is where long columns spend their time.
    average, kept = state[2], 1.0 - weight
    for row in range(first, rows):
        average = weight * values[row] + kept * average
        out[row] = average
    state[2] = average


SMOOTHING = CompiledLoop(smoothing_loop, (smoothing_step,))


def smoothed(of: Node, period: int, weight: float) -> Node:
    """Return the average: the mean of the first ``period`` values, then the recursion with the newest's ``weight``."""
    settles = period - 1 + rows_to_forget(weight)
    return Recursion(smoothing_step, SMOOTHING, (of,), (0.0, 0.0, math.nan), (period, weight), settles)


def rows_to_forget(weight: float) -> int:
    """Return after how many further values the seed's share is at most :data:`RESIDUAL`."""
    return 0 if weight >= 1.0 else math.ceil(math.log(RESIDUAL) / math.log1p(-weight))


def exponential_weight(period: int) -> float:
    """Return the newest value's weight in an EMA, 2 / (period + 1)."""
    return 2.0 / (period + 1)


def wilder_weight(period: int) -> float:
    """Return the newest value's weight in Wilder's averages, 1 / period."""
    return 1.0 / period
