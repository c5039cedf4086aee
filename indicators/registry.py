"""All indicators by name."""

from indicators.averages.dema import DEMA
from indicators.averages.ema import EMA
from indicators.averages.hma import HMA
from indicators.averages.sma import SMA
from indicators.averages.wilder import Wilder
from indicators.averages.wma import WMA
from indicators.indicator import Indicator
from indicators.momentum.cci import CCI
from indicators.momentum.change import Momentum, RateOfChange
from indicators.momentum.macd import MACD
from indicators.momentum.rsi import RSI
from indicators.momentum.stochastic import FastStochastic, SlowStochastic, StochasticRSI
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

INDICATORS: dict[str, type[Indicator]] = {
    one.__name__: one
    for one in (
        *(SMA, EMA, WMA, DEMA, HMA, Wilder),
        *(RSI, Momentum, RateOfChange, MACD, FastStochastic, SlowStochastic, StochasticRSI, CCI),
        *(TrueRange, ATR, BollingerBands, KeltnerChannels, DonchianChannels),
        *(ADX, Aroon, Supertrend, ParabolicSAR, Ichimoku),
        *(OBV, MFI, SessionVWAP, RollingVWAP, VolumeAverage),
        *(StandardDeviation, ZScore, LinearRegressionSlope, Median, Quantile, Highest, Lowest, Shift),
    )
}
"""Name -> class, in the order of the rooms."""
