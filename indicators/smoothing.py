"""Exponential smoothing with a mean as its seed: the recursion under EMA and under Wilder's averages.

The streaming and the batch form do the same float64 operations in the same order, so that their values are equal to the
last bit. Sums are written out: from Python 3.12 on the built-in ``sum`` compensates, and would differ between versions.
"""

import math

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]


def checked_period(period: int) -> int:
    """Return the period; ValueError when it is below 1."""
    if period < 1:
        raise ValueError(f"period must be at least 1, got {period}")
    return period


def wilder_weight(period: int) -> float:
    """Return the weight of the newest value in Wilder's averages, 1 / period."""
    return 1.0 / checked_period(period)


class SeededSmoothing:
    """``a·x + (1 − a)·previous``, seeded with the mean of the first ``period`` values; nan before the seed.

    Parameters
    ----------
    period
        Number of values in the seed, at least 1.
    weight
        ``a``, the weight of the newest value, in (0, 1].
    """

    __slots__ = ("_keep", "_missing", "_period", "_total", "_weight", "value")

    def __init__(self, period: int, weight: float) -> None:
        self._period = checked_period(period)
        self._weight = weight
        self._keep = 1.0 - weight
        self._missing = period
        self._total = 0.0
        self.value = math.nan

    def update(self, x: float) -> float:
        """Take the next value and return the smoothed one; nan until ``period`` values were taken."""
        if self._missing:
            self._total += x
            self._missing -= 1
            if not self._missing:
                self.value = self._total / self._period
        else:
            self.value = self._weight * x + self._keep * self.value
        return self.value


def seeded_smoothing(values: Float64Array, period: int, weight: float) -> Float64Array:
    """Return the smoothed column; batch twin of :class:`SeededSmoothing`.

    Parameters
    ----------
    values
        Shape (n,).
    period, weight
        As for the streaming form.

    Returns
    -------
    ndarray
        Shape (n,), nan in the first ``period - 1`` rows.
    """
    smoothing = SeededSmoothing(period, weight)
    update = smoothing.update
    return np.array([update(x) for x in values.tolist()], np.float64)


def forgetting_length(weight: float, residual: float) -> int:
    """Return after how many further values the seed's share of a smoothed value is at most ``residual``."""
    return 0 if weight >= 1.0 else math.ceil(math.log(residual) / math.log1p(-weight))
