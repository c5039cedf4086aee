"""Columns as a page holds them: extremes kept, candles joined, windows that move; against slow twins."""

import statistics
import unittest

import numpy as np
import pandas as pd

from core.candle_columns import CandleColumns
from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from metrics import EquityCurve, TradeColumns
from metrics.metric_settings import MetricSettings
from reports.page.coarse_candles import drawable
from reports.page.decimation import extremes_kept
from reports.page.packed_columns import packed_candles, packed_numbers, packed_times, packed_words
from reports.page.rolling_figures import rolling_sharpe, rolling_win_rate
from tests.support.market_data_sets import practice_columns


def wandering(rows: int, seed: int) -> np.ndarray:
    """Return a curve that goes up and down."""
    return np.random.default_rng(seed).normal(size=rows).cumsum()


class Decimation(unittest.TestCase):
    def test_every_stretch_keeps_its_ends_and_the_extremes_of_every_column(self) -> None:
        for rows, most in ((10_007, 600), (999, 30), (61, 60)):
            columns = [wandering(rows, seed) for seed in (1, 2, 3)]
            columns[2][rows // 3 : rows // 2] = np.nan
            kept = extremes_kept(columns, most)
            self.assertLessEqual(len(kept), most)
            self.assertEqual(sorted(set(kept.tolist())), kept.tolist())
            length = -(-rows // (most // 8))
            for start in range(0, rows, length):
                end = min(start + length, rows)
                own = set(kept[(kept >= start) & (kept < end)].tolist())
                self.assertLessEqual({start, end - 1}, own)
                self.assertEqual(min(8, end - start), len(own))
                for column in columns:
                    known = [value for value in column[start:end].tolist() if value == value]
                    drawn = {float(column[place]) for place in own}
                    if known:
                        self.assertLessEqual({min(known), max(known)}, drawn)

    def test_where_there_are_few_every_point_stays(self) -> None:
        self.assertEqual(list(range(60)), extremes_kept([wandering(60, 4)], 60).tolist())
        self.assertEqual([], extremes_kept([np.empty(0)], 60).tolist())


class CoarseCandles(unittest.TestCase):
    def test_joined_candles_are_those_that_pandas_makes(self) -> None:
        minutes = practice_columns("BTC/USDT", "1m", 5_000)
        minutes = CandleColumns(*(np.delete(column, slice(700, 760)) for column in minutes))
        drawn, length_ms = drawable(minutes, MINUTE_MS, 400)
        self.assertEqual(15 * MINUTE_MS, length_ms)
        frame = pd.DataFrame(minutes._asdict()).set_index(pd.to_datetime(minutes.open_time_ms, unit="ms"))
        rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
        expected = frame.resample("15min").agg(rules).dropna()
        self.assertEqual(expected.index.as_unit("ms").astype("int64").tolist(), drawn.open_time_ms.tolist())
        for name in ("open", "high", "low", "close"):
            self.assertEqual(expected[name].tolist(), getattr(drawn, name).tolist())
        np.testing.assert_allclose(expected["volume"], drawn.volume)

    def test_few_candles_stay_as_they_are(self) -> None:
        hours = practice_columns("BTC/USDT", "1h", 100)
        self.assertEqual((hours, HOUR_MS), drawable(hours, HOUR_MS, 100))


class Packing(unittest.TestCase):
    def test_times_are_steps_of_the_largest_unit(self) -> None:
        packed = packed_times(np.array([90_000, 150_000, 120_000], np.int64))
        self.assertEqual({"start": 90_000, "unit": 30_000, "rows": 3, "steps": [2, -1]}, packed)
        self.assertEqual({"start": 5, "unit": 1, "rows": 1, "steps": []}, packed_times(np.array([5], np.int64)))
        self.assertEqual({"start": 2, "unit": 3, "rows": 4, "steps": 1}, packed_times(np.arange(2, 12, 3)))

    def test_words_are_told_once(self) -> None:
        self.assertEqual({"words": ["a", "b"], "codes": "101"}, packed_words(["b", "a", "b"]))

    def test_numbers_are_whole_or_rounded_and_what_is_none_is_null(self) -> None:
        self.assertEqual([1.25, None, 3.0], packed_numbers(np.array([1.25, np.nan, 3.0])))
        self.assertEqual([1234.6, 0.1], packed_numbers(np.array([1234.5678, 0.12345]), 5))
        self.assertEqual({"value": 0.0, "rows": 3}, packed_numbers(np.zeros(3)))

    def test_candles_are_whole_steps_from_each_other(self) -> None:
        candles = CandleColumns.from_rows([(0, 1.5, 1.75, 1.25, 1.5, 9.0), (60_000, 1.25, 1.5, 1.0, 1.25, 9.0)])
        packed = packed_candles(candles)
        self.assertEqual(2, packed["decimals"])
        self.assertEqual([150, -25], packed["open"])
        self.assertEqual([0, 0], packed["close"])
        self.assertEqual([25, 25], packed["high"])
        self.assertEqual([25, 25], packed["low"])


class Rolling(unittest.TestCase):
    def test_the_sharpe_ratio_of_a_window_is_that_of_its_returns(self) -> None:
        days, yearly = 70, 0.03
        equity = (10_000.0 + 50.0 * wandering(days, 5)).tolist()
        times = [(day + 1) * DAY_MS for day in range(days)]
        found = rolling_sharpe(EquityCurve.of(times, equity, 10_000.0), MetricSettings(risk_free_rate=yearly))
        returns = [now / before - 1.0 for before, now in zip([10_000.0, *equity[:-1]], equity, strict=True)]
        free = 1.03 ** (1.0 / 365.0) - 1.0
        self.assertEqual((30, days - 29), (found.window, len(found.values)))
        for place in range(days - 29):
            own = returns[place : place + 30]
            ratio = (statistics.fmean(own) - free) / statistics.stdev(own) * 365.0**0.5
            self.assertAlmostEqual(ratio, float(found.values[place]))
            self.assertEqual(times[place + 29], int(found.times_ms[place]))

    def test_a_short_run_and_one_that_does_not_vary_have_no_ratio(self) -> None:
        still = EquityCurve.of([(day + 1) * DAY_MS for day in range(12)], [100.0] * 12, 100.0)
        self.assertTrue(np.isnan(rolling_sharpe(still, MetricSettings()).values).all())
        short = EquityCurve.of([DAY_MS, 2 * DAY_MS], [100.0, 101.0], 100.0)
        self.assertEqual(0, len(rolling_sharpe(short, MetricSettings()).values))

    def test_the_win_rate_of_a_window_counts_its_trades(self) -> None:
        results = wandering(230, 6)
        columns = {name: [1] * 230 for name in ("entry_time_ms", "entry_price", "exit_price", "quantity")}
        words = {"symbol": ["A"] * 230, "side": ["LONG"] * 230}
        trades = TradeColumns.of(**words, **columns, exit_time_ms=list(range(230)), realized_pnl=results.tolist())
        found = rolling_win_rate(trades)
        self.assertEqual((50, 181), (found.window, len(found.values)))
        for place in range(181):
            won = sum(result > 0.0 for result in results[place : place + 50].tolist())
            self.assertAlmostEqual(2.0 * won, float(found.values[place]))
            self.assertEqual(place + 49, int(found.times_ms[place]))


if __name__ == "__main__":
    unittest.main()
