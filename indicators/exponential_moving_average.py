"""Exponential moving average (EMA)."""

from indicators.smoothing import Float64Array, SeededSmoothing, checked_period, seeded_smoothing


def ema_weight(period: int) -> float:
    """Return the weight of the newest value, 2 / (period + 1)."""
    return 2.0 / (checked_period(period) + 1)


class ExponentialMovingAverage(SeededSmoothing):
    """EMA of ``period`` values with weight 2 / (period + 1), seeded with their mean, as TA-Lib seeds it."""

    __slots__ = ()

    def __init__(self, period: int) -> None:
        super().__init__(period, ema_weight(period))


def exponential_moving_average(values: Float64Array, period: int) -> Float64Array:
    """Return the EMA column: shape (n,), nan in the first ``period - 1`` rows."""
    return seeded_smoothing(values, period, ema_weight(period))
