"""Relative strength index (RSI) after Wilder."""

import math

import numpy as np

from indicators.smoothing import Float64Array, SeededSmoothing, wilder_weight


class RelativeStrengthIndex:
    """Wilder's RSI: 100·g/(g + l) of the smoothed gains g and losses l, weight 1/period; 0 when both are 0.

    ``value`` is nan until ``period`` price changes, that is ``period + 1`` prices, were taken.

    References
    ----------
    J. W. Wilder, New Concepts in Technical Trading Systems (1978).
    """

    __slots__ = ("_gains", "_losses", "_previous", "value")

    def __init__(self, period: int) -> None:
        self._gains = SeededSmoothing(period, wilder_weight(period))
        self._losses = SeededSmoothing(period, wilder_weight(period))
        self._previous = math.nan
        self.value = math.nan

    def update(self, price: float) -> float:
        """Take the next price and return the index in [0, 100]; nan until it is defined."""
        change = price - self._previous
        self._previous = price
        if change != change:
            return self.value
        gain = self._gains.update(change if change > 0.0 else 0.0)
        loss = self._losses.update(-change if change < 0.0 else 0.0)
        total = gain + loss
        self.value = 100.0 * (gain / total) if total else 0.0
        return self.value


def relative_strength_index(prices: Float64Array, period: int) -> Float64Array:
    """Return the RSI column: shape (n,), nan in the first ``period`` rows; batch twin of the streaming form."""
    index = RelativeStrengthIndex(period)
    update = index.update
    return np.array([update(price) for price in prices.tolist()], np.float64)
