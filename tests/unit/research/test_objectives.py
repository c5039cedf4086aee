"""Objectives: which figures they are, which way they are better, and what they are worth where one is undefined."""

import itertools
import math
import unittest

import numpy as np

from backtests import MemoryBacktest
from core.errors import ConfigurationError
from core.time_range import TimeRange
from metrics.metric_settings import MetricSettings
from research.objectives.composite import composite
from research.objectives.figure_names import LESS_IS_BETTER, NEITHER, every_name, figure_of, figures, sense
from research.objectives.objective import objective_of, objectives_of, pareto_front
from research.objectives.trial_figures import figures_of, known_without_outputs, measured_figures, moments_of
from tests.support.candles import candles_of
from tests.support.market_data_sets import practice_columns

QUICK = {"ema_fast": 2, "ema_slow": 4, "volume_multiplier": 0.5}


class Names(unittest.TestCase):
    def test_every_name_is_a_figure_and_every_figure_has_a_sense_or_none(self) -> None:
        self.assertEqual(figures(), {figure_of(name) for name in every_name()})
        self.assertLessEqual(LESS_IS_BETTER | NEITHER, figures())
        self.assertFalse(LESS_IS_BETTER & NEITHER)
        self.assertEqual({"maximise", "minimise", None}, {sense(one) for one in figures()})

    def test_directions_are_those_of_the_figure_or_what_is_said(self) -> None:
        table = (
            ("sharpe", "maximise"),
            ("roi", "maximise"),
            ("max_drawdown", "minimise"),
            ("drawdown.ulcer_index_pct", "minimise"),
            ("max_drawdown_pct:max", "maximise"),
            ("trades:min", "minimise"),
            ("composite", "maximise"),
            ("0.6*sharpe - 0.4*max_drawdown_pct/10", "maximise"),
            ("max_drawdown_pct / 2 : minimise", "minimise"),
        )
        for text, direction in table:
            with self.subTest(text):
                self.assertEqual(direction, objective_of(text).direction)

    def test_what_is_no_objective_is_one_line(self) -> None:
        table = (
            ("sharp", r"no figure 'sharp' \(did you mean sharpe\?\)"),
            ("2*sharpo", r"\(did you mean sharpe\?\)"),
            ("composit", r"\(did you mean composite\?\)"),
            ("trades", "allowed: trades:max or trades:min"),
            ("sharpe:mim", r"direction 'mim' \(did you mean min\?\)"),
            ("3", "names no figure"),
            ("sharpe < 1", "is no number"),
            (5, "metric: 5"),
        )
        for text, words in table:
            with self.subTest(text), self.assertRaisesRegex(ConfigurationError, words):
                objective_of(text)
        with self.assertRaisesRegex(ConfigurationError, "each once"):
            objectives_of(["sharpe", "sharpe:min"])
        with self.assertRaisesRegex(ConfigurationError, "6 objectives"):
            objectives_of(["sharpe", "roi", "calmar", "sortino", "omega", "cagr"])


class Values(unittest.TestCase):
    def test_an_expression_is_what_its_figures_come_to(self) -> None:
        found = {"risk_adjusted.sharpe": 2.0, "drawdown.max_drawdown_pct": 5.0}
        self.assertEqual(0.6 * 2.0 - 0.4 * 5.0 / 10, objective_of("0.6*sharpe - 0.4*max_drawdown_pct/10").value(found))
        self.assertIsNone(objective_of("sharpe/max_drawdown").value({**found, "risk_adjusted.sharpe": None}))

    def test_the_composite_has_each_term_on_a_scale_of_its_own(self) -> None:
        # 0.4 * 60/100 + 0.3 * -250/100 -> -1 + 0.2 * 1.5/3 + 0.1 * 9/3 -> 1 = 0.24 - 0.3 + 0.1 + 0.1
        raw = {"trade_quality.win_rate_pct": 60.0, "performance.total_return_pct": -250.0, "risk_adjusted.sharpe": 1.5,
               "trade_quality.profit_factor": 9.0}  # fmt: skip
        score = composite(raw)
        self.assertAlmostEqual(0.14, score.value, 12)
        self.assertEqual({"win_rate": (60.0, 0.6), "roi": (-250.0, -1.0), "sharpe": (1.5, 0.5),
                          "profit_factor": (9.0, 1.0)},
                         {name: (one["raw"], one["scaled"]) for name, one in score.terms.items()})  # fmt: skip
        for name in raw:
            self.assertIsNone(composite({**raw, name: None}).value)

    def test_the_front_is_what_nothing_else_is_better_than(self) -> None:
        both = objectives_of(["sharpe", "max_drawdown"])
        rows = [(s, d) for s, d in itertools.product((0.0, 1.0, 2.0), (3.0, 4.0, 5.0)) if s < d - 2]
        rows.append((1.0, 4.0))
        front = pareto_front(rows, both)
        slow = [place for place, (s, d) in enumerate(rows)
                if not any((a >= s and b <= d) and (a, b) != (s, d) for a, b in rows)]  # fmt: skip
        self.assertEqual(slow, front)
        self.assertEqual([(0.0, 3.0), (1.0, 4.0), (2.0, 5.0), (1.0, 4.0)], [rows[place] for place in front])


class Figures(unittest.TestCase):
    def setUp(self) -> None:
        candles = {one: candles_of(practice_columns(one, "15m", 3200)) for one in ("BTC/USDT", "ETH/USDT")}
        config = {"strategy": {"type": "scalping_ema_rsi", "params": QUICK}}
        self.base = MemoryBacktest(candles, config=config)
        self.result = self.base.run()
        self.window = TimeRange(self.base.plan.start_ms, self.base.plan.end_ms)

    def test_what_a_run_has_without_outputs_is_what_is_measured_from_all_of_them(self) -> None:
        quick = figures_of(self.result.result, self.result.daily_closes, self.window, MetricSettings())
        self.assertEqual(known_without_outputs(), quick.keys())
        measured = measured_figures(self.result.metrics.measured)
        self.assertGreater(measured["trade_quality.trades"], 50)
        common = quick.keys() & measured.keys()
        self.assertGreater(len(common), 30)
        for name in sorted(common):
            with self.subTest(name):
                if isinstance(quick[name], float) and isinstance(measured[name], float):
                    self.assertTrue(
                        math.isclose(quick[name], measured[name], rel_tol=1e-9), (quick[name], measured[name])
                    )
                else:
                    self.assertEqual(measured[name], quick[name])

    def test_daily_moments_are_those_of_numpy(self) -> None:
        daily = self.result.daily_closes
        returns = daily.equity / np.concatenate([[daily.starting_balance], daily.equity[:-1]]) - 1
        found = moments_of(daily, MetricSettings())
        self.assertEqual(len(returns), found.returns)
        self.assertAlmostEqual(returns.mean() / returns.std(ddof=1), found.sharpe, 12)
        n, off = len(returns), returns - returns.mean()
        g1 = (off**3).mean() / (off**2).mean() ** 1.5
        g2 = (off**4).mean() / (off**2).mean() ** 2 - 3
        self.assertAlmostEqual(g1 * math.sqrt(n * (n - 1)) / (n - 2), found.skew, 10)
        self.assertAlmostEqual((n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6) + 3, found.kurtosis, 10)


if __name__ == "__main__":
    unittest.main()
