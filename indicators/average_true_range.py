"""Average true range (ATR) after Wilder."""

import math

import numpy as np

from indicators.smoothing import Float64Array, SeededSmoothing, wilder_weight


class AverageTrueRange:
    """Wilder's ATR: smoothed true range, weight 1/period; the first candle has no true range.

    ``value``, in price units, is nan until ``period + 1`` candles were taken.

    References
    ----------
    J. W. Wilder, New Concepts in Technical Trading Systems (1978).
    """

    __slots__ = ("_previous_close", "_ranges", "value")

    def __init__(self, period: int) -> None:
        self._ranges = SeededSmoothing(period, wilder_weight(period))
        self._previous_close = math.nan
        self.value = math.nan

    def update(self, high: float, low: float, close: float) -> float:
        """Take the next candle and return the ATR; nan until it is defined."""
        previous = self._previous_close
        self._previous_close = close
        if previous != previous:
            return self.value
        true_high = high if high > previous else previous
        true_low = low if low < previous else previous
        self.value = self._ranges.update(true_high - true_low)
        return self.value


def average_true_range(high: Float64Array, low: Float64Array, close: Float64Array, period: int) -> Float64Array:
    """Return the ATR column: shape (n,), nan in the first ``period`` rows; batch twin of the streaming form."""
    average = AverageTrueRange(period)
    update = average.update
    return np.array([update(*row) for row in zip(high.tolist(), low.tolist(), close.tolist(), strict=True)], np.float64)
