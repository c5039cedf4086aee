"""All figures together: their names, valid JSON for any run, and a reason for every one that is undefined."""

import json
import math
import time
import unittest
from collections.abc import Iterator

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import EquityCurve, ExposurePath, RunMetrics, TradeColumns, measure
from metrics.run_metrics import ALIASES, GROUPS, full_name
from tests.support.curves import START_MS, daily_curve, trades
from tests.support.scale import scaled
from tests.support.times import DAY_MS, HOUR_MS, MINUTE_MS

NO_FIGURES = {"risk_adjusted.sampling", "drawdown.deepest"}
AMOUNTS = st.floats(-1e9, 1e9).map(lambda amount: round(amount, 8)) | st.sampled_from((0.0, 1e-8, 100.0, 1e15))
EQUITY = st.lists(AMOUNTS, max_size=30)
RESULTS = st.lists(AMOUNTS, max_size=20)


def figures(told: RunMetrics) -> Iterator[tuple[str, object]]:
    """Yield every figure by its full name."""
    for group in GROUPS:
        for name in getattr(told, group).__struct_fields__:
            if f"{group}.{name}" not in NO_FIGURES:
                yield f"{group}.{name}", getattr(getattr(told, group), name)


class Names(unittest.TestCase):
    def setUp(self) -> None:
        self.told = measure(trades([3.0, -1.0]), daily_curve([102.0, 101.0]))

    def test_documents_of_this_field_find_their_names(self) -> None:
        found = {name: self.told.figure(name) for name in (
            "net_profit", "max_drawdown_abs", "max_drawdown_pct", "avg_trade_return_pct", "roi", "total_pnl",
            "best_trade", "worst_trade", "avg_trade_duration",
        )}  # fmt: skip
        expected = {
            "net_profit": 1.0, "max_drawdown_abs": 1.0, "max_drawdown_pct": 100.0 / 102.0, "avg_trade_return_pct": 1.0,
            "roi": 1.0, "total_pnl": 1.0, "best_trade": 3.0, "worst_trade": -1.0, "avg_trade_duration": 60.0,
        }  # fmt: skip
        self.assertEqual(set(found), set(expected))
        for name, value in expected.items():
            self.assertAlmostEqual(found[name], value, places=12, msg=name)

    def test_a_figure_has_its_group_before_it_or_stands_alone(self) -> None:
        self.assertEqual(self.told.figure("trade_quality.profit_factor"), self.told.figure("profit_factor"))
        self.assertIsNone(self.told.figure("sharpe"))
        self.assertIn("30", str(self.told.reason("risk_adjusted.sharpe")))
        self.assertEqual(self.told.reason("sharpe_ratio"), self.told.reason("sharpe"))
        self.assertIsNone(self.told.reason("roi"))

    def test_every_alias_leads_to_a_figure(self) -> None:
        names = {name for name, _ in figures(self.told)}
        self.assertLessEqual(set(ALIASES.values()), names)
        for name in names:
            self.assertEqual(full_name(name), name)
            self.assertIn(full_name(name.split(".")[1]), names)

    def test_an_unknown_name_is_refused(self) -> None:
        for name in ("sharp", "performance.sharpe", "undefined", "months", ""):
            with self.assertRaises(KeyError):
                self.told.figure(name)
        with self.assertRaisesRegex(KeyError, r"sharp: no figure has that name \(did you mean sharpe\?\)"):
            self.told.figure("sharp")


class AnyRun(unittest.TestCase):
    def assert_sound(self, told: RunMetrics) -> None:
        plain = json.loads(json.dumps(told.to_dict(), allow_nan=False))
        self.assertEqual(set(plain), {*GROUPS, "trades_by", "months", "undefined"})
        undefined = {name for name, value in figures(told) if value is None}
        self.assertEqual(undefined, set(told.undefined), "a reason for each figure that is None, and for no other")
        self.assertTrue(all(told.undefined.values()))
        recovery = told.drawdown.recovery_factor
        if recovery is not None and told.performance.net_profit <= 0.0:
            self.assertLessEqual(recovery, 0.0)

    @settings(max_examples=scaled(150, 3_000), deadline=None)
    @given(EQUITY, RESULTS, st.integers(1, 60), st.booleans(), st.data())
    def test_is_told_in_valid_json(
        self, equity: list[float], results: list[float], hours: int, known: bool, data: st.DataObject
    ) -> None:
        times = [START_MS + hours * HOUR_MS * step for step in range(1, len(equity) + 1)]
        further = {"cash": equity, "open_positions": [1] * len(equity)} if known else {}
        curve = EquityCurve.of(times, equity, data.draw(st.sampled_from((100.0, 1e-8, 1e15))), **further)
        stop = data.draw(st.sampled_from((math.nan, 1e-8, 1e15)))
        wild = [stop] * len(results)
        columns = trades(results, risk=wild, mae=wild, mfe=wild, liquidation_price=wild)
        held = EquityCurve.of(times, np.abs(np.array(equity)), 1.0) if known else None
        path = ExposurePath.of([0], [500.0], [data.draw(st.sampled_from((0.0, 1.0)))]) if known else None
        self.assert_sound(measure(columns, curve, held, path))

    def test_a_run_in_which_nothing_happened(self) -> None:
        for curve in (EquityCurve.of([], [], 100.0), daily_curve([100.0]), daily_curve([100.0] * 40)):
            self.assert_sound(measure(TradeColumns.empty(), curve))
            self.assert_sound(measure(TradeColumns.empty(), curve, curve, ExposurePath.of([], [], [])))

    def test_a_year_of_minutes_with_ten_thousand_trades_takes_less_than_half_a_second(self) -> None:
        draw, steps, count = np.random.default_rng(6), 525_600, 10_000
        times = START_MS + MINUTE_MS * np.arange(1, steps + 1)
        equity = 10_000.0 + np.cumsum(draw.normal(0.0, 0.3, steps))
        curve = EquityCurve.of(times, equity, 10_000.0, cash=equity - 1.0, open_positions=np.ones(steps))
        fills = np.sort(draw.choice(steps, 2 * count, replace=False))
        path = ExposurePath.of(fills, np.tile([500.0, 0.0], count), np.zeros(2 * count))
        columns = trades(draw.normal(0.0, 5.0, count).tolist(), risk=[5.0] * count, tag=["a", "b"] * (count // 2))
        seconds = []
        for _ in range(3):
            begun = time.process_time()
            told = measure(columns, curve, curve, path)
            seconds.append(time.process_time() - begun)
        self.assertEqual((told.trade_quality.trades, told.risk_adjusted.sampling.observations), (count, 365))
        self.assertLess(min(seconds), 0.5)

    def test_the_same_run_has_the_same_figures(self) -> None:
        draw = np.random.default_rng(4)
        equity = (100.0 + np.cumsum(draw.normal(0, 0.1, 3_000))).tolist()
        times = [START_MS + DAY_MS // 24 * step for step in range(1, 3_001)]
        one, two = (measure(trades([1.0, -2.0]), EquityCurve.of(times, equity, 100.0)) for _ in range(2))
        self.assertEqual(one.to_dict(), two.to_dict())


if __name__ == "__main__":
    unittest.main()
