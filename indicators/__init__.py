"""Indicators: one definition each in two bit-identical executions, streaming (``update``) and batch (whole columns)."""

from indicators.average_true_range import AverageTrueRange, average_true_range
from indicators.exponential_moving_average import ExponentialMovingAverage, exponential_moving_average
from indicators.relative_strength_index import RelativeStrengthIndex, relative_strength_index
from indicators.simple_moving_average import SimpleMovingAverage, simple_moving_average

__all__ = [
    "AverageTrueRange",
    "ExponentialMovingAverage",
    "RelativeStrengthIndex",
    "SimpleMovingAverage",
    "average_true_range",
    "exponential_moving_average",
    "relative_strength_index",
    "simple_moving_average",
]
