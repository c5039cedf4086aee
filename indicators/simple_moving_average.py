"""Simple moving average (SMA), also used for average volume."""

import math
from collections import deque

import numpy as np

from indicators.smoothing import Float64Array, checked_period


class SimpleMovingAverage:
    """Mean of the last ``period`` values, added oldest to newest each time, so that what left the window is forgotten.

    ``value`` is nan until ``period`` values were taken. It is added up when it is asked for: taking a value with
    :meth:`add` costs the same for every period.
    """

    __slots__ = ("_period", "_window")

    def __init__(self, period: int) -> None:
        self._period = checked_period(period)
        self._window: deque[float] = deque(maxlen=period)

    def add(self, x: float) -> None:
        """Take the next value."""
        self._window.append(x)

    @property
    def value(self) -> float:
        """Mean of the window; nan until it is full."""
        if len(self._window) < self._period:
            return math.nan
        total = 0.0
        for member in self._window:
            total += member
        return total / self._period

    def update(self, x: float) -> float:
        """Take the next value and return the mean; nan until ``period`` values were taken."""
        self._window.append(x)
        return self.value


def simple_moving_average(values: Float64Array, period: int) -> Float64Array:
    """Return the SMA column: shape (n,), nan in the first ``period - 1`` rows; batch twin of the streaming form."""
    averages = np.full(len(values), np.nan)
    windows = len(values) - checked_period(period) + 1
    if windows > 0:
        totals = np.zeros(windows)
        for age in range(period):
            totals += values[age : age + windows]
        averages[period - 1 :] = totals / period
    return averages
