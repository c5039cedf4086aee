"""Runs read back from their folders: every trade is that of the session that wrote it, every figure that of its result.

The session's own closed trades are the other way to the same numbers: the reader has nothing but the files.
"""

import csv
import math
import tempfile
import unittest
from pathlib import Path
from typing import Any

import numpy as np

from core.exact import EXACT
from engine.session import Session
from execution.money.closed_trade import ClosedTrade
from metrics.figures.open_value import open_value
from runs.documents.run_result import Performance
from runs.reading import StoredRun, measure_run
from runs.reading.run_folder import exposure_at_marks, trades_with_excursions
from tests.support.runs.written_runs import EAGER, heard_run, written_run

PERPETUAL = {"leverage": 10, "funding": False, "mark_price": False}
LADDER = [{"fraction": 0.4, "distance": 0.5}, {"fraction": 0.6, "distance": 1.0}]
PATIENT = {**EAGER, "params": {"volume_multiplier": 0.2, "ema_fast": 3, "ema_slow": 6, "sl_atr_multiple": 8}}
VARIANTS: dict[str, dict[str, Any]] = {
    "as shipped": {},
    "fees, spread and partial fills": {
        "commission": {"maker": 0.0001, "taker": 0.0007, "tiers": [{"volume": 50_000, "maker": 0, "taker": 0.0004}]},
        "spread": {"model": "fixed", "fraction": 0.0004},
        "volume_cap": 0.0001,
    },
    "a ladder and a time stop": {"exits": {"ladder": LADDER, "break_even_after": 1, "max_holding": 20}},
    "entries added to": {"max_entries": 3, "strategy": PATIENT},
    "limit entries": {"entry_order": "limit", "entry_offset": 0.002},
    "filled at the close, reversed": {"entry_fill": "close", "on_opposite_signal": "reverse"},
    "contracts": {"perpetual": PERPETUAL},
}
SAME = {
    "trades": "total_trades", "wins": "winning_trades", "losses": "losing_trades", "evens": "even_trades",
    "win_rate": "win_rate", "net_profit": "total_return", "roi": "total_return_pct", "realized_pnl": "realized_pnl",
    "max_drawdown_pct": "max_drawdown_pct", "sharpe": "sharpe_ratio", "sortino": "sortino_ratio",
    "calmar": "calmar_ratio", "longest_winning_streak": "longest_winning_streak",
    "longest_losing_streak": "longest_losing_streak", "average_holding_minutes": "average_holding_minutes",
    "benchmark.total_return_pct": "buy_and_hold_return_pct", "entry_friction.commission": "commission_paid",
}  # fmt: skip
"""Figures that the result has too, by their names there."""


class ReadBack(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def assert_trades(self, run: StoredRun, closed: list[ClosedTrade]) -> None:
        self.assertEqual(len(run.round_trips), len(closed))
        for one, trade in zip(run.round_trips, closed, strict=True):
            for name in ("symbol", "quantity", "entry_time_ms", "exit_time_ms", "entry_price", "exit_price",
                         "gross_pnl", "realized_pnl", "reason", "ambiguous", "tag"):  # fmt: skip
                self.assertEqual(getattr(one, name), getattr(trade, name), name)
            self.assertEqual((one.side, one.strategy), (trade.side.value, trade.strategy_name))
            if one.bound is not None:
                self.assertEqual(one.bound, EXACT.subtract(trade.best_case_pnl, trade.realized_pnl))
            self.assertEqual(one.realized_pnl, one.gross_pnl - one.commission + one.funding)

    def assert_figures(self, run: StoredRun, candles: dict[str, Any]) -> None:
        told, result = measure_run(run, candles), run.result
        performance: Performance = result.performance
        for ours, theirs in SAME.items():
            found, expected = told.figure(ours), getattr(performance, theirs)
            if expected is None or isinstance(expected, int):
                self.assertEqual(found, expected, ours)
            else:
                self.assertAlmostEqual(found, expected, delta=1e-9 * max(1.0, abs(expected)), msg=ours)
        self.assertAlmostEqual(told.figure("time_in_market_pct"), result.statistics.exposure_time_pct, places=9)
        friction = told.entry_friction
        self.assertAlmostEqual(friction.slippage + friction.spread, performance.slippage_paid, places=9)
        self.assertAlmostEqual(-friction.funding, performance.funding_net, places=9)
        self.assertEqual(told.figure("ambiguous_trades"), result.statistics.ambiguous_trades)
        if told.figure("ambiguous_bound") is not None:
            self.assertAlmostEqual(told.figure("ambiguous_bound"), result.statistics.ambiguous_bound, places=9)
        exits = {key: one.trades for key, one in ((one.key, one) for one in told.trades_by.reason)}
        if not result.statistics.ladder and not result.statistics.partial_fills:
            self.assertEqual(exits, result.statistics.exits)
        for one in told.trades_by.symbol:
            self.assertEqual(one.trades, result.symbols[one.key].trades)
            self.assertAlmostEqual(one.net_profit, result.symbols[one.key].realized_pnl, places=9)

    def assert_excursions(self, run: StoredRun, candles: dict[str, Any]) -> None:
        """A trade's result at its fills lies between its worst and its best, and so does its equity at every step."""
        trades = trades_with_excursions(run, candles)
        self.assertFalse(np.isnan(trades.mae).any())
        spare = 1e-9 * np.abs(trades.entry_price * trades.quantity)
        self.assertTrue((trades.gross_pnl >= -trades.mae - spare).all())
        self.assertTrue((trades.gross_pnl <= trades.mfe + spare).all())

    def assert_exposure(self, run: StoredRun, session: Session, candles: dict[str, Any]) -> None:
        """What is open is counted as equity.csv counts it, and is worth its quantity at the candles' closes."""
        curve, path = run.curve, run.exposure
        value = open_value(curve, path)
        long, short = np.zeros(curve.steps), np.zeros(curve.steps)
        for symbol, columns in candles.items():
            fills = [(point, row) for point, row in zip(run.points, run.rows, strict=True) if row.symbol == symbol]
            for point, row in fills:
                after = float(row.quantity) * (1 if row.opens else -1) * columns.close[point : curve.steps]
                (long if row.side == "LONG" else short)[point:] += after
        alone = (long < 1e-6) | (short < 1e-6)
        np.testing.assert_allclose(value.gross[: curve.steps][alone], (long + short)[alone], rtol=1e-9, atol=1e-6)
        marked = open_value(curve, exposure_at_marks(run, candles))
        np.testing.assert_allclose(marked.gross[: curve.steps], long + short, rtol=1e-9, atol=1e-6)
        np.testing.assert_allclose(value.net[: curve.steps], long - short, rtol=1e-9, atol=1e-6)
        self.assertGreater(np.count_nonzero(alone & (long + short > 1.0)), 10)
        held = path.at(len(curve.equity))
        np.testing.assert_array_equal(held.positions, curve.open_positions)
        self.assertEqual(float(held.margin[-1]), 0.0)
        idle = curve.open_positions == 0
        np.testing.assert_allclose(curve.equity[idle], curve.cash[idle], rtol=1e-12)
        self.assertEqual(curve.final_equity, float(session.account.balance))

    def test_every_kind_of_run(self) -> None:
        found = {}
        for name, execution in VARIANTS.items():
            with self.subTest(name):
                strategy = {"strategy": execution["strategy"]} if "strategy" in execution else {}
                settings = {key: value for key, value in execution.items() if key != "strategy"}
                run, session, candles, closed = heard_run(self.base / name, settings, **strategy)
                self.assert_trades(run, closed)
                self.assert_figures(run, candles)
                self.assert_excursions(run, candles)
                if "entry_fill" not in execution:  # Equity has an entry at the close from the next step on.
                    self.assert_exposure(run, session, candles)
                found[name] = run
        self.assertGreater(len(found["as shipped"].round_trips), 40)
        self.assertTrue(any(one.ambiguous and one.bound for one in found["as shipped"].round_trips))
        self.assertTrue(any(one.fills > 2 for one in found["entries added to"].round_trips))
        self.assertTrue(any(one.fills > 2 for one in found["a ladder and a time stop"].round_trips))
        contract = measure_run(found["contracts"])
        self.assertEqual(contract.liquidation_proximity.trades_with_price, contract.trade_quality.trades)
        share = contract.margin_stress.average_margin_used_pct / contract.margin_stress.average_leverage
        self.assertAlmostEqual(share, 10.0, delta=0.5, msg="a tenth of what is open is posted")

    def test_the_margin_of_what_is_open_is_that_of_the_ledger(self) -> None:
        run, _, _ = written_run(self.base, {"perpetual": PERPETUAL, "exits": {"ladder": LADDER}, "max_entries": 2})
        posted: dict[str, float] = {}
        after: dict[str, float] = {}
        with (run.folder / "ledger.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                if row["account"].startswith("margin:"):
                    posted[row["account"]] = float(row["balance"])
                if row["event"] in ("open", "close", "liquidation"):
                    after[row["transaction"]] = sum(posted.values())
        self.assertEqual(len(after), len(run.rows))
        np.testing.assert_allclose(run.exposure.margin, list(after.values()), rtol=1e-9, atol=1e-6)

    def test_the_spread_is_told_apart_where_it_is_always_the_same(self) -> None:
        wide, _, _ = written_run(self.base, {"slippage": 0.0, "spread": {"model": "fixed", "fraction": 0.001}})
        told = measure_run(wide).entry_friction
        self.assertGreater(told.spread, 0.0)
        # What is left is the rounding of fills to the tick.
        self.assertLess(told.slippage, 0.02 * told.spread)
        # Half of 0.1 % beside 0.05 %: the two are as large as each other.
        both, _, _ = written_run(
            self.base / "both", {"slippage": 0.0005, "spread": {"model": "fixed", "fraction": 0.001}}
        )
        told = measure_run(both).entry_friction
        self.assertAlmostEqual(told.slippage / told.spread, 1.0, delta=0.02)

    def test_what_stops_would_lose_is_at_risk(self) -> None:
        run, _, _ = written_run(self.base)
        for one in run.round_trips:
            stop = run.rows[one.opened].metadata["stop"]
            expected = abs(float(run.rows[one.opened].price) - float(stop)) * float(one.quantity)
            self.assertAlmostEqual(float(one.risk or 0), expected, places=9)
        told = measure_run(run).trade_quality
        lost = [one for one in run.round_trips if one.reason == "stop"]
        self.assertTrue(all(-2.5 < float(one.realized_pnl) / float(one.risk or 1) < -1.0 for one in lost))
        self.assertEqual(told.trades_with_risk, told.trades)

    def test_the_risk_free_rate_of_the_configuration_counts_unless_another_is_given(self) -> None:
        run, _, _ = written_run(self.base / "rate", metrics={"risk_free_rate": 0.5})
        plain, _, _ = written_run(self.base / "plain")
        self.assertEqual(run.result.settings_sha256, plain.result.settings_sha256)
        self.assertEqual(run.result.performance, plain.result.performance)
        self.assertEqual(run.result.trades_sha256, plain.result.trades_sha256)
        self.assertLess(measure_run(run).figure("sharpe"), measure_run(plain).figure("sharpe"))
        same = measure_run(run, settings=plain.metric_settings)
        self.assertEqual(same.figure("sharpe"), measure_run(plain).figure("sharpe"))
        self.assertNotIn("metrics", plain.manifest.settings["live"])

    def test_the_greatest_leverage_is_that_at_the_marks(self) -> None:
        run, _, candles = written_run(self.base, {"perpetual": PERPETUAL}, strategy=PATIENT)
        value = open_value(run.curve, exposure_at_marks(run, candles))
        told = measure_run(run, candles).margin_stress
        self.assertEqual(told.maximum_leverage, float((value.gross / run.curve.equity).max()))
        self.assertNotEqual(told.average_leverage, measure_run(run).margin_stress.average_leverage)

    def test_a_benchmark_needs_the_candles_of_every_symbol(self) -> None:
        run, _, candles = written_run(self.base)
        one = {"ETH/USDT": candles["ETH/USDT"]}
        told = measure_run(run, one)
        self.assertEqual(told.reason("beta"), "the candles of the benchmark are not at hand")
        self.assertEqual(told.trade_quality.trades_with_excursions, len([t for t in run.trades.symbol if t in one]))

    def test_a_strategy_that_never_trades(self) -> None:
        never = {**EAGER, "params": {"volume_multiplier": 19}}
        run, _, candles = written_run(self.base, strategy=never)
        told = measure_run(run, candles)
        self.assertEqual((told.trade_quality.trades, told.exposure.time_in_market_pct), (0, 0.0))
        self.assertEqual(told.exposure.maximum_exposure_pct, 0.0)
        self.assertTrue(math.isfinite(told.benchmark.total_return_pct))


if __name__ == "__main__":
    unittest.main()
