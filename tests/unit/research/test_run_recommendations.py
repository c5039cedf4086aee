"""Recommendations from runs: symbols, timeframes and settings that bind, on synthetic runs with known truth."""

import unittest
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

import research
from backtests.many.run_many import ManyRuns
from core.time_range import TimeRange
from core.timeframe import DAY_MS
from research.recommendations.binding_settings import REFUSALS, SIZES, binding_claims
from research.recommendations.change import overlap
from research.recommendations.recommending import evidence_of
from research.recommendations.searched_windows import searched_windows
from research.recommendations.unsearched_runs import UnsearchedRun, earned_by_symbol, unsearched_runs
from research.studies.study_base import base_of_system
from runs.store.store_rows import MetricPoint, RunRow, TradeRow
from tests.support.histories import START, windows_of
from tests.unit.research.test_recommendations import BEST, HistoryCase

OWN = ["BTC/USDT", "ETH/USDT"]


class RunCase(HistoryCase):
    def put(
        self, number: int, window: TimeRange, earned: dict[str, np.ndarray], changes: dict[str, Any] | None = None
    ) -> str:
        """Put a run of the system with changes into the store, a trade by symbol and day; return its id."""
        days = window.length_ms // DAY_MS
        equity = START + np.cumsum(sum(earned.values()) * START)
        points = [
            MetricPoint(window.start_ms + (day + 1) * DAY_MS, Decimal(f"{equity[day]:.6f}"), Decimal(1), 0.0, 0)
            for day in range(days)
        ]
        trades = [
            TradeRow(
                symbol=symbol, side="LONG", entry_time_ms=window.start_ms + day * DAY_MS,
                exit_time_ms=window.start_ms + day * DAY_MS + 1000, entry_price=Decimal(1), exit_price=Decimal(1),
                quantity=Decimal(1), realized_pnl=Decimal(f"{START * by_day[day]:.6f}"), commission=Decimal(0),
                slippage=Decimal(0), funding=Decimal(0),
            )
            for symbol, by_day in earned.items()
            for day in range(days)
        ]  # fmt: skip
        changes = changes or {}
        row = RunRow(
            host="here", folder=f"/runs/{number}", run_id=f"run{number}", name="r", kind="backtest",
            status="COMPLETED", exchange="practice", symbols=list(earned), timeframe=changes.get("timeframe", "15m"),
            start_ms=window.start_ms, end_ms=window.end_ms, strategy="ScalpingEMARSI", capital=Decimal(int(START)),
            settings_sha256=self.mine.settings_with(changes), trades=len(trades),
        )  # fmt: skip
        self.store.put(row, trades, points)
        return row.run_id

    def drawn(self, seed: int, worth: float = 0.0, days: int = 30) -> np.ndarray:
        return 0.003 * np.random.default_rng(seed).standard_t(4, days) + worth


class Symbols(RunCase):
    def test_a_symbol_that_loses_out_of_sample_is_left_out_and_one_that_earns_is_taken_in(self) -> None:
        ids = []
        for number, window in enumerate(windows_of(4)):
            earned = {"BTC/USDT": self.drawn(number, 0.002), "ETH/USDT": self.drawn(100 + number, -0.003)}
            ids.append(self.put(number, window, earned))
            wider = {**earned, "SOL/USDT": self.drawn(200 + number, 0.003), "XRP/USDT": self.drawn(300 + number)}
            ids.append(self.put(50 + number, window, wider, {"symbols": list(wider)}))
        found = self.recommend()
        [row] = found.rows
        self.assertEqual(({"symbols": OWN}, {"symbols": ["BTC/USDT", "SOL/USDT"]}), (row.current, row.params))
        self.assertEqual("symbols", row.kind)
        self.assertEqual(set(ids), {run for one in row.evidence["windows"] for run in one["runs"]})
        expected = np.mean([-self.drawn(100 + n, -0.003) + self.drawn(200 + n, 0.003) for n in range(4)])
        self.assertAlmostEqual(expected, row.expected_change, places=8)
        self.assertEqual(4, len(found.tested), "each symbol is a claim")

    def test_a_system_that_loses_on_every_symbol_is_named_and_not_emptied(self) -> None:
        for number, window in enumerate(windows_of(4)):
            self.put(number, window, {one: self.drawn(10 * number + len(one), -0.004) for one in OWN})
        found = self.recommend()
        self.assertEqual(([], ["mine"]), (found.rows, found.losing))

    def test_runs_over_time_that_was_searched_are_no_evidence(self) -> None:
        windows = windows_of(6)
        self.write_studies(1, {BEST: 0.0}, windows=windows[:3])
        for number, window in enumerate(windows):
            worth = -0.01 if number < 3 else 0.0
            self.put(number, window, {one: self.drawn(10 * number, worth) for one in OWN})
        found = self.recommend()
        seen = {pair.window for one in found.tested if one.claim.kind == "symbols" for pair in one.pairs}
        self.assertEqual(set(windows[3:]), seen)
        self.assertEqual([], found.rows)


class Timeframes(RunCase):
    def test_a_timeframe_that_earns_more_is_recommended_by_runs_that_differ_in_nothing_else(self) -> None:
        for number, window in enumerate(windows_of(4)):
            days = self.drawn(number)
            earned = {"BTC/USDT": days, "ETH/USDT": days}
            better = {"BTC/USDT": days + 0.5 * self.drawn(50 + number, 0.004), "ETH/USDT": days}
            self.put(number, window, earned)
            self.put(50 + number, window, better, {"timeframe": "1h"})
            self.put(90 + number, window, better, {"timeframe": "4h", "execution.slippage": 0.0001})
        [row] = self.recommend().rows
        self.assertEqual(({"timeframe": "15m"}, {"timeframe": "1h"}), (row.current, row.params))
        self.assertEqual("timeframe", row.kind)
        self.assertEqual(["run50", "run0"], row.evidence["windows"][0]["runs"])


class Binding(RunCase):
    def test_a_folder_that_is_gone_says_nothing(self) -> None:
        window = windows_of(1)[0]
        self.put(0, window, {one: self.drawn(1) for one in OWN})
        [row] = self.store.runs()
        self.assertEqual([], binding_claims(self.mine, [UnsearchedRun(row=row, window=window, fold=False)]))

    def test_every_setting_of_the_table_is_one_and_its_looser_value_is_allowed(self) -> None:
        reasons = Path("core/reasons.py").read_text(encoding="utf-8")
        for reason, one in {**REFUSALS, **SIZES}.items():
            now = self.mine.values[one.key]
            self.assertIsNotNone(self.mine.settings_with({one.key: one.looser(now)}), one.key)
            if reason in REFUSALS:
                self.assertIn(f'"{reason}"', reasons)


class Folds(HistoryCase):
    def test_searches_and_tests_of_a_real_walk_forward_are_evidence(self) -> None:
        options = {"sampler": "grid", "metric": "roi", "processes": 1, "store": self.store, "places": self.places}
        parameters = {"sl_atr_multiple": [1.0, 2.0, 3.0]}
        walk = research.walk_forward("mine", parameters, train="8d", test="6d", **options)
        self.assertEqual(3, len(walk.folds))
        windows = searched_windows(self.store, self.mine.strategy)
        self.assertEqual([one.notes.train for one in walk.folds], [one.window for one in windows])
        # The base as it stood, which the searches did not try, has the returns of a backtest of its own.
        for one in windows:
            base = base_of_system(self.mine.system, one.window, self.places, offline=True, show_progress=False)
            with ManyRuns(base, processes=1, runs=1) as runs:
                (made,) = runs.run([{}])
            self.assertEqual(made.result.daily_closes.returns().tolist(), one.base.returns.returns.tolist())
        tests = unsearched_runs(self.mine, windows, self.store)
        self.assertEqual([one.notes.test for one in walk.folds], [one.window for one in tests])
        self.assertTrue(all(one.fold for one in tests))
        evidence = evidence_of(self.mine, windows, self.store)
        [symbol, *_] = [one for one in evidence if one.claim.because == "without BTC/USDT"]
        ran = [earned_by_symbol(one.row, self.store)["BTC/USDT"][0].sum() for one in tests]
        self.assertEqual([-one for one in ran], [pair.differences.sum() for pair in symbol.own])
        total = sum(earned.sum() for one in tests for earned, _ in earned_by_symbol(one.row, self.store).values())
        returns = [float(one.row.net_profit / one.row.capital) for one in tests]
        self.assertAlmostEqual(sum(returns), total, places=12)
        of_points = [one for one in evidence if one.claim.kind == "parameters"]
        self.assertTrue(of_points)
        for one in of_points:
            expected = [other.window for other in windows if not overlap(one.claim.searched, other.window)]
            self.assertEqual(expected, [pair.window for pair in one.own])


if __name__ == "__main__":
    unittest.main()
