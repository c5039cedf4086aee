"""Stored candles over the interface of a real server: fetched by a job, looked at, with a hole and an outlier."""

import unittest

import numpy as np

from market_data.store.candle_store import CandleStore
from market_data.store.store_layout import LAST_TIME_MS
from tests.support.asked_dashboards import AskedDashboard

ASKED = {"exchange": "practice", "symbols": ["BTCUSDT", "ETH/USDT"], "timeframe": "1h", "start_date": "2024-01-01",
         "end_date": "2024-02-03"}  # fmt: skip
HOUR_MS = 3_600_000


class Data(AskedDashboard):
    def test_what_is_fetched_is_listed_and_its_holes_and_outliers_are_shown(self) -> None:
        status, started = self.ask("/api/data/fetch", "POST", ASKED)
        self.assertEqual((202, "PENDING"), (status, started.get("status")), started)
        job = self.ended(f"/api/jobs/{started['job']}")
        self.assertEqual("COMPLETED", job["status"], job)
        said = " ".join(one["text"] for one in job["log"])
        self.assertIn("BTCUSDT 1h: 792 candles", said.replace("BTC/USDT", "BTCUSDT"))
        found = {one["symbol"]: one for one in self.ask("/api/data")[1]["series"]}
        self.assertEqual(
            (792, 0, "2024-01-01T00:00:00.000Z"), tuple(found["BTC/USDT"][name] for name in ("rows", "holes", "first"))
        )
        self.assertEqual({"BTC/USDT", "ETH/USDT"}, found.keys())

        store = CandleStore(self.folder / "data" / "backtest_cache")
        of = ("practice", "ETH/USDT", "1h")
        candles = store.read(*of, 0, LAST_TIME_MS)
        first = int(candles.open_time_ms[0])
        store.forget(*of, first + 30 * HOUR_MS, first + 33 * HOUR_MS, at_ms=0)
        high = candles.high.copy()
        high[100] *= 3.0
        store.forget(*of, first + 100 * HOUR_MS, first + 101 * HOUR_MS, at_ms=0)
        store.write(*of, candles._replace(high=high).slice(100, 101), source="a test")
        status, shown = self.ask("/api/data/practice/1h?symbol=ethusdt")
        self.assertEqual(200, status, shown)
        self.assertEqual(
            (1, 3, "2024-01-02T05:00:00.000Z", "2024-01-02T09:00:00.000Z", False),
            (
                shown["gaps_total"],
                *(shown["gaps"][0][name] for name in ("missing", "last_before", "first_after", "known")),
            ),
        )
        self.assertEqual((1, "2024-01-05T04:00:00.000Z"), (shown["outliers_total"], shown["outliers"][0]["time"]))
        self.assertAlmostEqual(high[100] / min(candles.low[100], candles.close[99]), shown["outliers"][0]["factor"])
        coverage = shown["coverage"]
        self.assertEqual(("day", 33, [24, 21, 24]), (coverage["by"], len(coverage["start"]), coverage["rows"][:3]))
        self.assertEqual([24] * 33, coverage["due"])
        months = self.ask("/api/data/practice/1h?symbol=ETH/USDT&by=month")[1]["coverage"]
        self.assertEqual(([741, 48], [744, 48]), (months["rows"], months["due"]))
        self.assertEqual(int(np.sum(coverage["rows"])), shown["rows"])

    def test_what_cannot_be_had_is_told_in_the_words_of_the_command(self) -> None:
        for asked, said in (
            ({"exchange": "binanse"}, "did you mean binance"),
            ({"timeframe": "7x"}, "timeframe"),
            ({"start_date": "yesterday"}, "start_date"),
            ({"end_date": "2023-01-01"}, "is not before"),
            ({"symbols": [" "]}, "symbols"),
            ({"data_dir": "/"}, "data_dir"),
            ({"symbols": ["\ud800"]}, "half of a character"),
            ({"symbols": ["BTC\0USDT"]}, "a NUL"),
        ):
            with self.subTest(said):
                status, told = self.ask("/api/data/fetch", "POST", {**ASKED, **asked})
                self.assertEqual(422, status, told)
                self.assertIn(said, told["detail"])
        started = self.ask("/api/data/fetch", "POST", {**ASKED, "symbols": ["NOTHING/USDT"]})[1]
        job = self.ended(f"/api/jobs/{started['job']}")
        self.assertEqual("FAILED", job["status"])
        self.assertIn("NOTHING", job["failure"])
        self.assertLess(0, self.ask("/api/jobs?kind=fetch")[1]["total"])
        self.assertEqual(0, self.ask("/api/jobs?kind=backtest")[1]["total"])
        self.assertEqual(422, self.ask("/api/backtest/results/%00")[0])
        for path in ("nowhere/1h?symbol=BTC/USDT", "practice/1h?symbol=DOGE/USDT", "practice/nothing?symbol=BTC/USDT",
                     "../1h?symbol=x"):  # fmt: skip
            self.assertEqual(404, self.ask(f"/api/data/{path}")[0], path)


if __name__ == "__main__":
    unittest.main()
