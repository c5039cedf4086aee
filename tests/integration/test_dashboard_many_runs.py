"""Lists and the summary over ten thousand runs: what they say, by plain counting, and how long the server computes."""

import random
import unittest
from collections import Counter
from decimal import Decimal
from typing import Any

import psutil
from sqlalchemy import insert

from runs.store.run_store import _values
from runs.store.store_rows import RunRow
from runs.store.tables import JOB, RUN
from tests.support.asked_dashboards import AskedDashboard
from tests.support.stores.store_rows import run_row
from tests.support.studies import store_in

COUNT, SECONDS, TIMES = 10_000, 0.2, 3
SYMBOLS = ["BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT"]


def drawn_runs() -> list[RunRow]:
    drawn = random.Random(7)
    figures = {"volatility": {f"figure_{number}": drawn.random() for number in range(40)}}
    found = []
    for number in range(COUNT):
        earned = round(drawn.gauss(0.0, 10.0), 6)
        found.append(
            run_row(
                number, host="elsewhere", status=drawn.choice(["COMPLETED", "COMPLETED", "FAILED"]),
                symbols=drawn.sample(SYMBOLS, 2), strategy=drawn.choice(["one", "two"]), total_return_pct=earned,
                net_profit=Decimal(str(earned)) * 100, trades=drawn.randrange(200), figures=figures,
            )
        )  # fmt: skip
    return found


class ManyRuns(AskedDashboard):
    arguments = ("--workers", "0")
    runs: list[RunRow]

    @classmethod
    def prepare(cls) -> None:
        cls.runs = drawn_runs()
        (cls.folder / "data").mkdir()
        jobs = [{"kind": "backtest", "status": "COMPLETED", "created_ms": number, "title": f"job {number}"}
                for number in range(1, COUNT + 1)]  # fmt: skip
        rows = [_values(one) | {"signature": "", "folder_mtime_ns": 0} for one in cls.runs]
        with store_in(cls.folder / "data") as store, store.database.writing() as connection:
            connection.execute(insert(RUN), rows)
            connection.execute(insert(JOB), jobs)

    def quick(self, path: str) -> Any:
        """Return an answer that the server computes no longer for than it may."""
        server = psutil.Process(self.server.process.pid)
        self.ask(path)  # What is loaded at the first request is not that of the runs.
        took = []
        for _ in range(TIMES):
            before = sum(server.cpu_times()[:2])
            status, told = self.ask(path)
            took.append(sum(server.cpu_times()[:2]) - before)
        self.assertEqual(200, status, told)
        # The least of them: of a processor that others use too, each second computes less.
        self.assertLess(min(took), SECONDS, path)
        return told

    def test_lists_are_quick_whatever_is_asked(self) -> None:
        through = [one for one in self.runs if one.status == "COMPLETED"]
        for query, expected in (
            ("", self.runs[::-1]),
            ("&page=100", self.runs[::-1][99 * 50 :]),
            ("&sort=net_profit", sorted(self.runs, key=lambda one: -(one.net_profit or 0))),
            ("&sort=-roi&status=COMPLETED", sorted(through, key=lambda one: one.total_return_pct or 0.0)),
            ("&symbol=btcusdt&strategy=ONE", [one for one in self.runs[::-1]
                                              if "BTC/USDT" in one.symbols and one.strategy == "one"]),
            ("&text=0000270&min_trades=1", [one for one in self.runs[::-1] if "0000270" in one.run_id and one.trades]),
            ("&sort=sharpe_smart", None),
        ):  # fmt: skip
            with self.subTest(query):
                if expected is None:
                    self.assertEqual(422, self.ask(f"/api/backtest/results?page_size=50{query}")[0])
                    continue
                told = self.quick(f"/api/backtest/results?page_size=50{query}")
                self.assertEqual([one.run_id for one in expected[:50]], [one["id"] for one in told["items"]])
        self.assertEqual(COUNT, self.quick("/api/backtest/results?sort=volatility_pct")["total"])

    def test_jobs_are_listed_as_quickly(self) -> None:
        told = self.quick("/api/jobs?page=2&page_size=3&status=COMPLETED&kind=backtest")
        self.assertEqual(
            (COUNT, [COUNT - 3, COUNT - 4, COUNT - 5]), (told["total"], [one["id"] for one in told["items"]])
        )

    def test_the_summary_is_quick_and_counts_them_all(self) -> None:
        told = self.quick("/api/backtest/summary")
        self.assertEqual((COUNT, dict(Counter(one.status for one in self.runs))), (told["total"], told["statuses"]))
        for name, one in ((one["name"], one) for one in told["symbols"]):
            own = [run for run in self.runs if name in run.symbols]
            earned = [run.total_return_pct or 0.0 for run in own]
            self.assertEqual((len(own), sum(value > 0 for value in earned)), (one["runs"], one["profitable"]))
            self.assertEqual((max(earned), min(earned)), (one["best_roi"], one["worst_roi"]))
            self.assertAlmostEqual(sum(earned) / len(earned), one["mean_roi"])
            self.assertEqual(sum(run.trades or 0 for run in own), one["trades"])
        self.assertEqual(set(SYMBOLS), {one["name"] for one in told["symbols"]})
        self.assertEqual({"one", "two"}, {one["name"] for one in told["strategies"]})
        through = sorted((run.total_return_pct or 0.0 for run in self.runs if run.status == "COMPLETED"), reverse=True)
        self.assertEqual(through[:5], [one["metrics"]["roi"] for one in told["best"]])
        self.assertEqual(through[:-6:-1], [one["metrics"]["roi"] for one in told["worst"]])
        self.assertEqual([run.run_id for run in self.runs[:-6:-1]], [one["id"] for one in told["last"]])
        self.assertGreater(told["disc"]["free"], 0)


if __name__ == "__main__":
    unittest.main()
