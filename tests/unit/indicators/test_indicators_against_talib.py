"""Indicators against TA-Lib where it has them: the same rows undefined, the others within 1e-9 relative."""

import unittest

import numpy as np
import numpy.typing as npt
import talib

import indicators as ind
from core.candle_columns import CandleColumns
from indicators import Indicator
from tests.support.indicator_candles import wide_candles
from tests.support.market_data_sets import practice_columns, recorded_columns
from tests.support.scale import scaled
from tests.support.shared import needs_shared

Floats = npt.NDArray[np.float64]
Pairs = list[tuple[Indicator, tuple[Floats, ...]]]
RELATIVE = 1e-9


def plain(columns: CandleColumns, period: int) -> Pairs:
    """Return indicators with TA-Lib's columns for their outputs."""
    high, low, close, volume = columns.high, columns.low, columns.close, columns.volume
    top, bottom = talib.MAX(high, period), talib.MIN(low, period)
    middle, width = talib.EMA(close, period), talib.ATR(high, low, close, period)
    stops = talib.SAR(high, low, 0.02, 0.2)
    return [
        (ind.SMA(period), (talib.SMA(close, period),)),
        (ind.SMA(period, of="hlc3"), (talib.SMA(talib.TYPPRICE(high, low, close), period),)),
        (ind.VolumeAverage(period), (talib.SMA(volume, period),)),
        (ind.EMA(period), (middle,)),
        (ind.EMA(period, of="hl2"), (talib.EMA(talib.MEDPRICE(high, low), period),)),
        (ind.DEMA(period, of="low"), (talib.DEMA(low, period),)),
        (ind.WMA(period, of="ohlc4"), (talib.WMA(talib.AVGPRICE(columns.open, high, low, close), period),)),
        (ind.RSI(period), (talib.RSI(close, period),)),
        (ind.TrueRange(), (talib.TRANGE(high, low, close),)),
        (ind.ATR(period), (width,)),
        (ind.Highest(period), (top,)),
        (ind.Lowest(period), (bottom,)),
        (ind.DonchianChannels(period), (top, (top + bottom) / 2, bottom)),
        (ind.KeltnerChannels(period, period, 1.5), (middle + 1.5 * width, middle, middle - 1.5 * width)),
        (ind.ADX(period), tuple(one(high, low, close, period) for one in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI))),
        (ind.Aroon(period), (*talib.AROON(high, low, period)[::-1], talib.AROONOSC(high, low, period))),
        (ind.ParabolicSAR(0.02, 0.2), (stops, turns(stops, talib.MEDPRICE(high, low)))),
        (ind.OBV(), (talib.OBV(close, volume),)),
        (ind.Ichimoku(period, period, period), ((top + bottom) / 2,) * 4),
    ]


def turns(stops: Floats, middles: Floats) -> Floats:
    """Return 1 where the stop is below the candle, −1 where it is above."""
    return np.where(np.isnan(stops), np.nan, np.where(middles > stops, 1.0, -1.0))


def small_beside_the_price(columns: CandleColumns, period: int) -> Pairs:
    """Return what TA-Lib computes from sums that are much larger than the result on a market that hardly moves."""
    high, low, close = columns.high, columns.low, columns.close
    line = talib.EMA(close, 12) - talib.EMA(close, 26)
    return [
        (ind.Momentum(period), (talib.MOM(close, period),)),
        (ind.RateOfChange(period), (talib.ROC(close, period),)),
        (ind.StandardDeviation(period), (talib.STDDEV(close, period),)),
        (ind.BollingerBands(period, 2.5), talib.BBANDS(close, period, 2.5, 2.5)),
        (ind.LinearRegressionSlope(period), (talib.LINEARREG_SLOPE(close, period),)),
        (ind.CCI(period), (talib.CCI(high, low, close, period),)),
        (ind.MFI(period), (talib.MFI(high, low, close, columns.volume, period),)),
        (ind.FastStochastic(period, 3), talib.STOCHF(high, low, close, period, 3)),
        (ind.SlowStochastic(period, 3, 4), talib.STOCH(high, low, close, period, 3, 0, 4, 0)),
        (ind.StochasticRSI(period, 9, 3), talib.STOCHRSI(close, period, 9, 3)),
        (ind.EMA(1, of=ind.MACD(12, 26, 9).line), (line,)),
    ]


class AgainstTaLibTest(unittest.TestCase):
    def check(self, pairs: Pairs, columns: CandleColumns, least: float) -> None:
        for indicator, theirs in pairs:
            ours = indicator.columns(columns)
            self.assertEqual(len(theirs), len(ours), indicator)
            for (output, column), other in zip(ours.items(), theirs, strict=True):
                what = f"{indicator} {output}"
                if "tochastic" not in what:
                    np.testing.assert_array_equal(np.isnan(other), np.isnan(column), what)
                # TA-Lib drops a stochastic's first %K, for which there is no %D yet.
                there = ~np.isnan(other)
                np.testing.assert_allclose(column[there], other[there], RELATIVE, least, err_msg=what)

    def test_on_practice_candles(self) -> None:
        columns = practice_columns("XRP/USDT", "15m", scaled(2_000, 20_000))
        for period in (2, 9, 14, 50):
            self.check(plain(columns, period), columns, 0.0)

    def test_on_candles_that_move_by_tens_of_per_cent(self) -> None:
        columns = wide_candles(scaled(2_000, 20_000))
        for period in (2, 9, 14, 50):
            self.check(plain(columns, period), columns, 0.0)
            # What is near 0 has the rounding of what was taken from each other.
            self.check(small_beside_the_price(columns, period), columns, 1e-9)

    @needs_shared
    def test_on_recorded_candles(self) -> None:
        columns = recorded_columns("binance/TAO-USDT/1m.csv.gz", scaled(3_000, 30_000))
        for period in (9, 21):
            self.check(plain(columns, period), columns, 0.0)

    def test_macd_agrees_once_its_start_is_forgotten(self) -> None:
        columns = wide_candles(2_000)
        macd = ind.MACD(12, 26, 9)
        later = slice(2 * macd.forgets_after, None)
        for column, other in zip(macd.columns(columns).values(), talib.MACD(columns.close, 12, 26, 9), strict=True):
            np.testing.assert_allclose(column[later], other[later], RELATIVE, 1e-9)


if __name__ == "__main__":
    unittest.main()
