"""A series' features candle by candle and on columns are one, bit for bit; and when they have forgotten their start."""

import random
import unittest

import numpy as np

from core.candle_columns import CandleColumns
from core.errors import ConfigurationError
from indicators import ATR, EMA, MACD, OBV, RSI, SMA, SessionVWAP
from indicators.features.feature import Feature
from indicators.features.series import SeriesPlan, SeriesStream, segment_starts, series_columns
from tests.support.candles import candles_of
from tests.support.market_data_sets import practice_columns
from tests.support.scale import SEED, scaled
from tests.support.times import MINUTE_MS

FEATURES = {
    "fast": Feature(EMA(3)),
    "price": Feature("hlc3"),
    "trend": Feature(EMA(4), timeframe="5m"),
    "whole": Feature(SMA(2), timeframe="5m", require_whole=True),
    "range": Feature(ATR(3), timeframe="15m"),
    "macd": Feature(MACD(3, 6, 2), timeframe="5m"),
    "day": Feature(SessionVWAP(), timeframe="5m"),
}


def with_holes(columns: CandleColumns, chance: random.Random) -> CandleColumns:
    """Return the candles without some, and with a few long gaps."""
    kept = [chance.random() < 0.85 for _ in range(columns.rows)]
    for _ in range(3):
        first = chance.randrange(columns.rows)
        kept[first : first + 20] = [False] * len(kept[first : first + 20])
    return CandleColumns._make(column[np.array(kept)] for column in columns)


class BothFormsTest(unittest.TestCase):
    def test_they_are_one_to_the_last_bit(self) -> None:
        plan = SeriesPlan(FEATURES, MINUTE_MS)
        chance = random.Random(SEED)
        for compiled in (True, False):
            candles = with_holes(practice_columns("SOL/USDT", "1m", scaled(600, 6_000)), chance)
            starts = segment_starts(candles.open_time_ms, 10 * MINUTE_MS)
            self.assertGreater(len(starts), 2)
            columns = series_columns(plan, candles, starts, compiled=compiled)
            self.assertEqual(plan.width, len(columns))
            rows: list[tuple[float, ...]] = []
            for row, candle in enumerate(candles_of(candles)):
                if row in starts:
                    stream = SeriesStream(plan)
                stream.take(candle)
                rows.append(stream.row)
            for place, column in enumerate(columns):
                streamed = np.array([row[place] for row in rows])
                self.assertEqual(streamed.tobytes(), column.tobytes(), f"place {place} of {plan.places}")
            hidden = np.isnan(columns[plan.places["whole"].first])
            self.assertTrue(0 < hidden.sum() < len(hidden))

    def test_what_is_left_out_later_changes_nothing_before(self) -> None:
        plan = SeriesPlan(FEATURES, MINUTE_MS)
        candles = with_holes(practice_columns("BTC/USDT", "1m", 300), random.Random(SEED))
        starts = segment_starts(candles.open_time_ms, 10 * MINUTE_MS)
        whole = series_columns(plan, candles, starts, compiled=False)
        for rows in range(1, candles.rows, 3):
            cut = series_columns(plan, candles.slice(0, rows), starts[starts < rows], compiled=False)
            for one, other in zip(whole, cut, strict=True):
                self.assertEqual(one[:rows].tobytes(), other.tobytes())


class SettlingTest(unittest.TestCase):
    def test_the_warm_up_of_longer_candles_by_hand(self) -> None:
        # Three candles of 5m are 15 minutes; at worst the last closed four minutes ago.
        self.assertEqual(3, Feature(SMA(3)).rows_to_settle(MINUTE_MS))
        self.assertEqual(3 * 5 + 4, Feature(SMA(3), timeframe="5m").rows_to_settle(MINUTE_MS))
        self.assertEqual(3, Feature(SMA(3), timeframe="1m").rows_to_settle(MINUTE_MS))
        # A UTC day has 288 candles of 5m, and the first may be cut.
        self.assertEqual(289 * 5 + 4, Feature(SessionVWAP(), timeframe="5m").rows_to_settle(MINUTE_MS))

    def test_after_it_the_past_before_it_is_forgotten_and_not_sooner(self) -> None:
        feature = Feature(SMA(3, of="volume"), timeframe="5m")
        plan = SeriesPlan({"mean": feature}, MINUTE_MS)
        candles = practice_columns("BTC/USDT", "1m", 200)
        values = series_columns(plan, candles, np.zeros(1, np.int64), compiled=False)
        place, needed = plan.places["mean"].first, feature.rows_to_settle(MINUTE_MS)
        forgotten = []
        for rows in (needed, needed - 1):
            cuts = [candles.slice(last + 1 - rows, last + 1) for last in range(100, 110)]
            ends = [series_columns(plan, cut, np.zeros(1, np.int64), compiled=False)[place][-1] for cut in cuts]
            forgotten.append(ends == values[place][100:110].tolist())
        self.assertEqual([True, False], forgotten)

    def test_what_is_impossible_is_said(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "timeframe '7m' is no multiple of the strategy's own"):
            Feature(EMA(3), timeframe="7m").rows_to_settle(2 * MINUTE_MS)
        with self.assertRaisesRegex(ConfigurationError, "timeframe '1m' is no multiple"):
            Feature(EMA(3), timeframe="1m").rows_to_settle(5 * MINUTE_MS)
        with self.assertRaisesRegex(ConfigurationError, "timeframe 'hour' is not understood"):
            Feature(EMA(3), timeframe="hour")
        with self.assertRaisesRegex(ConfigurationError, "never forgets the first candle"):
            Feature(OBV()).rows_to_settle(MINUTE_MS)
        with self.assertRaisesRegex(ValueError, "source is 'shop'"):
            Feature(RSI(3), timeframe="5m", source="shop")  # type: ignore[arg-type]
        with self.assertRaisesRegex(ValueError, "needs a timeframe"):
            Feature(RSI(3), source="exchange")


if __name__ == "__main__":
    unittest.main()
