"""The indicators against TA-Lib: the same rows undefined, the others within 1e-9 relative."""

import unittest

import numpy as np
import numpy.typing as npt
import talib

from core.candle_columns import CandleColumns
from indicators import (
    average_true_range,
    exponential_moving_average,
    relative_strength_index,
    simple_moving_average,
)
from tests.support.market_data_sets import practice_columns, recorded_columns
from tests.support.scale import scaled
from tests.support.shared import needs_shared

Floats = npt.NDArray[np.float64]
RELATIVE = 1e-9
PERIODS = (2, 3, 9, 14, 21, 50, 200)


class AgainstTaLibTest(unittest.TestCase):
    def assert_same(self, ours: Floats, theirs: Floats, what: str) -> None:
        np.testing.assert_array_equal(np.isnan(theirs), np.isnan(ours), what)
        defined = ~np.isnan(theirs)
        np.testing.assert_allclose(ours[defined], theirs[defined], rtol=RELATIVE, atol=0.0, err_msg=what)

    def check(self, columns: CandleColumns, periods: tuple[int, ...] = PERIODS) -> None:
        close, high, low, volume = columns.close, columns.high, columns.low, columns.volume
        for period in periods:
            with self.subTest(period=period):
                self.assert_same(exponential_moving_average(close, period), talib.EMA(close, period), "EMA")
                self.assert_same(relative_strength_index(close, period), talib.RSI(close, period), "RSI")
                self.assert_same(
                    average_true_range(high, low, close, period), talib.ATR(high, low, close, period), "ATR"
                )
                self.assert_same(simple_moving_average(volume, period), talib.SMA(volume, period), "SMA of volume")
                self.assert_same(simple_moving_average(close, period), talib.SMA(close, period), "SMA of closes")

    def test_on_practice_candles(self) -> None:
        self.check(practice_columns("BTC/USDT", "1m", scaled(5_000, 50_000)))
        self.check(practice_columns("XRP/USDT", "15m", scaled(2_000, 20_000)))

    @needs_shared
    def test_on_recorded_candles(self) -> None:
        for path in ("binance/BTC-USDT/1m.csv.gz", "binance/TAO-USDT/1m.csv.gz", "binanceus/BTC-USDT/1m.csv.gz"):
            with self.subTest(path=path):
                self.check(recorded_columns(path, scaled(5_000, 30_000)), (9, 14, 21, 200))

    def test_where_there_are_fewer_values_than_the_period_needs(self) -> None:
        columns = practice_columns("ETH/USDT", "1m", 100)
        for rows in (15, 14, 13, 2):
            short = columns.slice(0, rows)
            self.assert_same(exponential_moving_average(short.close, 14), talib.EMA(short.close, 14), "EMA")
            self.assert_same(relative_strength_index(short.close, 14), talib.RSI(short.close, 14), "RSI")
            self.assert_same(
                average_true_range(short.high, short.low, short.close, 14),
                talib.ATR(short.high, short.low, short.close, 14),
                "ATR",
            )

    def test_a_market_that_stands_still_moves_once_and_stands_still_again(self) -> None:
        prices = np.array([100.0] * 20 + [101.0] * 40 + [99.0] * 40)
        self.assert_same(relative_strength_index(prices, 14), talib.RSI(prices, 14), "RSI")
        # The gains fade but never reach 0: the index stays 100, and starts at 0 only because nothing moved before.
        self.assertEqual([0.0, 0.0, 100.0], relative_strength_index(prices, 14)[[14, 19, 20]].tolist())

    def test_rising_and_falling_without_a_pause(self) -> None:
        rising = np.linspace(1.0, 100.0, 60)
        self.assertEqual({100.0}, set(relative_strength_index(rising, 14)[14:].tolist()))
        self.assertEqual({0.0}, set(relative_strength_index(rising[::-1].copy(), 14)[14:].tolist()))


if __name__ == "__main__":
    unittest.main()
