"""Indicators: one definition each, with a streaming and a column form that are equal to the last bit."""

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
