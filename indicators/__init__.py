"""Indicators: one definition each, with a streaming and a column form that are equal to the last bit."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from indicators.averages.dema import DEMA
    from indicators.averages.ema import EMA
    from indicators.averages.hma import HMA
    from indicators.averages.sma import SMA
    from indicators.averages.wilder import Wilder
    from indicators.averages.wma import WMA
    from indicators.forms.column_form import node_columns
    from indicators.forms.nodes import NEVER
    from indicators.forms.streaming_form import StreamingNodes
    from indicators.indicator import PRICES, Indicator, Output, Source, StreamingIndicator
    from indicators.momentum.cci import CCI
    from indicators.momentum.change import Momentum, RateOfChange
    from indicators.momentum.macd import MACD
    from indicators.momentum.rsi import RSI
    from indicators.momentum.stochastic import FastStochastic, SlowStochastic, StochasticRSI
    from indicators.registry import INDICATORS
    from indicators.statistics.extremes import Highest, Lowest
    from indicators.statistics.quantiles import Median, Quantile
    from indicators.statistics.regression import LinearRegressionSlope
    from indicators.statistics.shift import Shift
    from indicators.statistics.spread import StandardDeviation, ZScore
    from indicators.trend.adx import ADX
    from indicators.trend.aroon import Aroon
    from indicators.trend.ichimoku import Ichimoku
    from indicators.trend.parabolic_sar import ParabolicSAR
    from indicators.trend.supertrend import Supertrend
    from indicators.volatility.atr import ATR
    from indicators.volatility.channels import BollingerBands, DonchianChannels, KeltnerChannels
    from indicators.volatility.true_range import TrueRange
    from indicators.volume.mfi import MFI
    from indicators.volume.obv import OBV
    from indicators.volume.volume_average import VolumeAverage
    from indicators.volume.vwap import RollingVWAP, SessionVWAP

__all__ = [
    "ADX",
    "ATR",
    "Aroon",
    "BollingerBands",
    "CCI",
    "DEMA",
    "DonchianChannels",
    "EMA",
    "FastStochastic",
    "HMA",
    "Highest",
    "INDICATORS",
    "Ichimoku",
    "Indicator",
    "KeltnerChannels",
    "LinearRegressionSlope",
    "Lowest",
    "MACD",
    "MFI",
    "Median",
    "Momentum",
    "NEVER",
    "OBV",
    "Output",
    "PRICES",
    "ParabolicSAR",
    "Quantile",
    "RSI",
    "RateOfChange",
    "RollingVWAP",
    "SMA",
    "SessionVWAP",
    "Shift",
    "SlowStochastic",
    "Source",
    "StandardDeviation",
    "StochasticRSI",
    "StreamingIndicator",
    "StreamingNodes",
    "Supertrend",
    "TrueRange",
    "VolumeAverage",
    "WMA",
    "Wilder",
    "ZScore",
    "node_columns",
]

# Lazy, so that a strategy loads those indicators that it reads.
_HOMES = {
    "indicators.averages.dema": "DEMA",
    "indicators.averages.ema": "EMA",
    "indicators.averages.hma": "HMA",
    "indicators.averages.sma": "SMA",
    "indicators.averages.wilder": "Wilder",
    "indicators.averages.wma": "WMA",
    "indicators.forms.column_form": "node_columns",
    "indicators.forms.nodes": "NEVER",
    "indicators.forms.streaming_form": "StreamingNodes",
    "indicators.indicator": "PRICES Indicator Output Source StreamingIndicator",
    "indicators.momentum.cci": "CCI",
    "indicators.momentum.change": "Momentum RateOfChange",
    "indicators.momentum.macd": "MACD",
    "indicators.momentum.rsi": "RSI",
    "indicators.momentum.stochastic": "FastStochastic SlowStochastic StochasticRSI",
    "indicators.registry": "INDICATORS",
    "indicators.statistics.extremes": "Highest Lowest",
    "indicators.statistics.quantiles": "Median Quantile",
    "indicators.statistics.regression": "LinearRegressionSlope",
    "indicators.statistics.shift": "Shift",
    "indicators.statistics.spread": "StandardDeviation ZScore",
    "indicators.trend.adx": "ADX",
    "indicators.trend.aroon": "Aroon",
    "indicators.trend.ichimoku": "Ichimoku",
    "indicators.trend.parabolic_sar": "ParabolicSAR",
    "indicators.trend.supertrend": "Supertrend",
    "indicators.volatility.atr": "ATR",
    "indicators.volatility.channels": "BollingerBands DonchianChannels KeltnerChannels",
    "indicators.volatility.true_range": "TrueRange",
    "indicators.volume.mfi": "MFI",
    "indicators.volume.obv": "OBV",
    "indicators.volume.volume_average": "VolumeAverage",
    "indicators.volume.vwap": "RollingVWAP SessionVWAP",
}

__getattr__ = lazy_names(__name__, _HOMES)
