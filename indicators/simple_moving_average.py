"""Simple moving average (SMA), also used for average volume."""

import math
from collections import deque

import numpy as np

from indicators.smoothing import Float64Array


class SimpleMovingAverage:
    """Mean of the last ``period`` values, added oldest to newest each time, so that what left the window is forgotten.

    ``value`` is nan until ``period`` values were taken.
    """

    __slots__ = ("_period", "_window", "value")

    def __init__(self, period: int) -> None:
        if period < 1:
            raise ValueError(f"period must be at least 1, got {period}")
        self._period = period
        self._window: deque[float] = deque(maxlen=period)
        self.value = math.nan

    def update(self, x: float) -> float:
        """Take the next value and return the mean; nan until ``period`` values were taken."""
        window = self._window
        window.append(x)
        if len(window) == self._period:
            total = 0.0
            for member in window:
                total += member
            self.value = total / self._period
        return self.value


def simple_moving_average(values: Float64Array, period: int) -> Float64Array:
    """Return the SMA column: shape (n,), nan in the first ``period - 1`` rows; batch twin of the streaming form."""
    if period < 1:
        raise ValueError(f"period must be at least 1, got {period}")
    averages = np.full(len(values), np.nan)
    windows = len(values) - period + 1
    if windows > 0:
        totals = np.zeros(windows)
        for age in range(period):
            totals += values[age : age + windows]
        averages[period - 1 :] = totals / period
    return averages
