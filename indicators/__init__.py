"""Indicators: one definition each in two bit-identical executions, streaming (``update``) and batch (whole columns)."""

from indicators.average_true_range import AverageTrueRange, average_true_range
from indicators.averages.ema import EMA
from indicators.averages.sma import SMA
from indicators.exponential_moving_average import ExponentialMovingAverage, exponential_moving_average
from indicators.forms.nodes import NEVER
from indicators.forms.streaming_form import StreamingNodes
from indicators.indicator import PRICES, Indicator, Output, Source, StreamingIndicator
from indicators.momentum.rsi import RSI
from indicators.relative_strength_index import RelativeStrengthIndex, relative_strength_index
from indicators.simple_moving_average import SimpleMovingAverage, simple_moving_average
from indicators.volatility.atr import ATR, TrueRange

__all__ = [
    "ATR",
    "EMA",
    "NEVER",
    "PRICES",
    "RSI",
    "SMA",
    "Indicator",
    "Output",
    "Source",
    "StreamingIndicator",
    "StreamingNodes",
    "TrueRange",
    "AverageTrueRange",
    "ExponentialMovingAverage",
    "RelativeStrengthIndex",
    "SimpleMovingAverage",
    "average_true_range",
    "exponential_moving_average",
    "relative_strength_index",
    "simple_moving_average",
]
