"""Returns of days, months and the whole run, worked by hand; and why a figure of them is undefined."""

import math
import unittest

import numpy as np

from core.time_range import TimeRange
from metrics import EquityCurve, MetricSettings, TradeColumns, measure
from metrics.figures.benchmark_figures import BenchmarkFigures, held_curve
from metrics.figures.least_length import ANNUALISED, DAILY_RETURNS, too_short
from metrics.figures.performance_figures import PerformanceFigures
from metrics.figures.risk_figures import RiskFigures
from tests.support.curves import START_MS, daily_curve
from tests.support.times import DAY_MS, HOUR_MS

NONE = TradeColumns.empty()
FOUR_DAYS = daily_curve([110.0, 99.0, 108.9, 108.9])
"""+10 %, −10 %, +10 %, 0 %."""


class Performance(unittest.TestCase):
    def test_returns_of_four_days(self) -> None:
        told = measure(NONE, FOUR_DAYS).performance
        self.assertEqual((told.starting_balance, told.final_equity, told.net_profit), (100.0, 108.9, 8.9))
        self.assertAlmostEqual(told.total_return_pct, 8.9, places=12)
        self.assertAlmostEqual(told.best_day_pct, 10.0, places=12)
        self.assertAlmostEqual(told.worst_day_pct, -10.0, places=12)
        self.assertEqual(told.positive_days_pct, 50.0)
        self.assertEqual(told.days, 4.0)

    def test_growth_is_compounded_over_the_calendar(self) -> None:
        # 73 days are a fifth of a year of 365: 1.1 ** 5 = 1.61051.
        flat = daily_curve([100.0] * 72 + [110.0])
        self.assertAlmostEqual(measure(NONE, flat).performance.cagr_pct, 61.051, places=9)
        # The same on the first and the last day alone: steps do not count, the calendar does.
        two = EquityCurve.of([START_MS + DAY_MS, START_MS + 73 * DAY_MS], [100.0, 110.0], 100.0, start_ms=START_MS)
        self.assertAlmostEqual(measure(NONE, two).performance.cagr_pct, 61.051, places=9)

    def test_a_month_is_measured_from_the_close_of_the_one_before(self) -> None:
        # January from 100 to 120, February (29 days) from 120 to 90, a day of March from 90 to 99.
        curve = daily_curve([120.0] * 31 + [90.0] * 29 + [99.0])
        told = measure(NONE, curve)
        self.assertEqual([(one.year, one.month) for one in told.months], [(2024, 1), (2024, 2), (2024, 3)])
        for month, expected in zip(told.months, (20.0, -25.0, 10.0), strict=True):
            self.assertAlmostEqual(month.return_pct, expected, places=12)
        self.assertAlmostEqual(told.performance.best_month_pct, 20.0, places=12)
        self.assertAlmostEqual(told.performance.worst_month_pct, -25.0, places=12)
        self.assertAlmostEqual(told.performance.positive_months_pct, 200.0 / 3.0, places=12)

    def test_the_step_at_midnight_closes_its_day_and_the_last_value_counts(self) -> None:
        # The step at midnight twice: as it was, and after everything was closed.
        times = [START_MS + 12 * HOUR_MS, START_MS + DAY_MS, START_MS + 2 * DAY_MS, START_MS + 2 * DAY_MS]
        curve = EquityCurve.of(times, [105.0, 110.0, 121.0, 99.0], 100.0, start_ms=START_MS)
        daily = curve.daily()
        np.testing.assert_allclose(daily.returns(), [0.1, -0.1])
        self.assertEqual(daily.days.tolist(), [START_MS // DAY_MS, START_MS // DAY_MS + 1])
        self.assertEqual(curve.steps, 3)


class Risk(unittest.TestCase):
    def test_four_days_worked_by_hand(self) -> None:
        # Returns 0.1, -0.1, 0.1, 0: mean 0.025; deviations 0.075, -0.125, 0.075, -0.025, squares add up to 0.0275.
        curve = daily_curve([110.0, 99.0, 108.9, 108.9], end_ms=START_MS + 40 * DAY_MS)
        risk = measure(NONE, curve).risk_adjusted
        deviation = math.sqrt(0.0275 / 3)
        self.assertAlmostEqual(risk.daily_volatility_pct, 100.0 * deviation, places=12)
        self.assertAlmostEqual(risk.volatility_pct, 100.0 * deviation * math.sqrt(365), places=10)
        self.assertAlmostEqual(risk.sharpe, 0.025 / deviation * math.sqrt(365), places=12)
        # All four days count in the downside: 0.01 / 4.
        self.assertAlmostEqual(risk.sortino, 0.025 / math.sqrt(0.0025) * math.sqrt(365), places=12)
        self.assertAlmostEqual(risk.omega, 2.0, places=12)
        # The 5th percentile lies 0.15 of the way from -0.1 to 0, the 95th between 0.1 and 0.1.
        self.assertAlmostEqual(risk.value_at_risk_pct, -8.5, places=12)
        self.assertAlmostEqual(risk.conditional_value_at_risk_pct, -10.0, places=12)
        self.assertAlmostEqual(risk.tail_ratio, 0.1 / 0.085, places=12)
        # Moments: m2 = 0.006875, m3 = -0.00028125, m4 = 0.000077...; G1 = sqrt(12) / 2 * m3 / m2 ** 1.5.
        third = (2 * 0.075**3 - 0.125**3 - 0.025**3) / 4
        self.assertAlmostEqual(risk.skew, math.sqrt(12) / 2 * third / 0.006875**1.5, places=12)
        fourth = (2 * 0.075**4 + 0.125**4 + 0.025**4) / 4
        self.assertAlmostEqual(risk.kurtosis, 3 / 2 * (5 * (fourth / 0.006875**2 - 3) + 6), places=10)

    def test_calmar_is_growth_over_the_deepest_drawdown_of_all_steps(self) -> None:
        # Within the first day equity falls from 100 to 80 and is back at 100: no daily close shows it.
        times = [START_MS + 6 * HOUR_MS, START_MS + DAY_MS, START_MS + 365 * DAY_MS]
        told = measure(NONE, EquityCurve.of(times, [80.0, 100.0, 150.0], 100.0, start_ms=START_MS))
        self.assertAlmostEqual(told.drawdown.max_drawdown_pct, 20.0, places=12)
        self.assertAlmostEqual(told.risk_adjusted.calmar, 2.5, places=12)
        self.assertEqual(told.drawdown.ulcer_index_pct, 0.0)

    def test_a_risk_free_rate_is_taken_from_every_day(self) -> None:
        curve = daily_curve([100.0 * 1.001**day for day in range(1, 61)])
        # 1.001 a day is 1.001 ** 365 - 1 a year: nothing is left above that rate.
        told = measure(NONE, curve, settings=MetricSettings(risk_free_rate=1.001**365 - 1.0))
        self.assertAlmostEqual(told.risk_adjusted.daily_volatility_pct, 0.0, places=9)
        self.assertEqual(told.risk_adjusted.sampling.risk_free_rate, 1.001**365 - 1.0)
        self.assertAlmostEqual(MetricSettings(risk_free_rate=1.001**365 - 1.0).daily_rate, 0.001, places=12)
        self.assertEqual(MetricSettings().daily_rate, 0.0)


class Undefined(unittest.TestCase):
    def reasons(self, curve: EquityCurve, *names: str) -> set[str | None]:
        told = measure(NONE, curve)
        for name in names:
            self.assertIsNone(told.figure(name), name)
        return {told.reason(name) for name in names}

    def test_runs_below_thirty_days_have_no_annualised_figure_and_say_so(self) -> None:
        annualised = ("cagr", "volatility", "sharpe", "sortino", "calmar")
        days = [100.0 + day % 3 - day % 2 for day in range(30)]
        self.assertEqual(
            self.reasons(daily_curve(days[:29]), *annualised), {"the run covers 29 days; annualised figures need 30"}
        )
        told = measure(NONE, daily_curve(days))
        for name in annualised:
            self.assertIsNotNone(told.figure(name), name)
        short = measure(NONE, daily_curve(days[:29]))
        for name in ("daily_volatility_pct", "omega", "skew", "value_at_risk_pct", "total_return", "best_day_pct"):
            self.assertIsNotNone(short.figure(name), name)

    def test_what_is_known_of_a_length_is_what_measuring_runs_of_it_comes_to(self) -> None:
        days = [99.0 + 2 * (day % 3) - day % 2 for day in range(30)]  # The first loses, the second earns.
        groups = {"performance": PerformanceFigures, "risk_adjusted": RiskFigures, "benchmark": BenchmarkFigures}
        names = {f"{group}.{name}" for group, kind in groups.items() for name in kind.__struct_fields__}
        self.assertLessEqual(ANNUALISED | DAILY_RETURNS.keys(), names)
        for count in (1, 2, 3, 4, 29, 30):
            curve, whole = daily_curve(days[:count]), TimeRange(START_MS, START_MS + count * DAY_MS)
            held = daily_curve([value**0.5 for value in days[:count]], 10.0)
            told = measure(NONE, curve, benchmark=held)
            for name in names - {"benchmark.name", "risk_adjusted.sampling"}:
                short = too_short(name, [whole], MetricSettings())
                with self.subTest(name, days=count):
                    self.assertEqual(short is None, told.figure(name) is not None, told.undefined.get(name))

    def test_a_length_in_parts_has_the_days_that_its_parts_begin(self) -> None:
        parts = [TimeRange(START_MS + DAY_MS * day - HOUR_MS, START_MS + DAY_MS * day + HOUR_MS) for day in (1, 9)]
        self.assertIsNone(too_short("risk_adjusted.kurtosis", parts, MetricSettings()))
        self.assertEqual(
            "the run covers 0.1667 days; annualised figures need 30",
            too_short("risk_adjusted.sharpe", parts, MetricSettings()),
        )

    def test_a_run_of_one_day(self) -> None:
        one = daily_curve([101.0])
        self.assertEqual(self.reasons(one, "daily_volatility_pct"), {"1 daily return; it needs 2"})
        self.assertEqual(self.reasons(one, "skew"), {"1 daily return; it needs 3"})
        self.assertAlmostEqual(measure(NONE, one).figure("value_at_risk_pct"), 1.0, places=12)

    def test_a_run_without_a_step(self) -> None:
        empty = EquityCurve.of([], [], 100.0)
        self.assertEqual(
            self.reasons(empty, "omega", "best_day_pct", "max_drawdown_pct", "time_in_market_pct"),
            {"there is no step"},
        )
        told = measure(NONE, empty)
        self.assertEqual((told.performance.final_equity, told.performance.total_return_pct), (100.0, 0.0))
        self.assertEqual(told.months, ())

    def test_a_run_without_variation_or_a_losing_day(self) -> None:
        flat = daily_curve([100.0] * 40)
        self.assertEqual(self.reasons(flat, "sharpe", "skew", "kurtosis"), {"the daily returns do not vary"})
        self.assertEqual(self.reasons(flat, "sortino", "omega"), {"no day lost"})
        self.assertEqual(self.reasons(flat, "calmar", "recovery_factor"), {"equity never fell below its peak"})
        self.assertEqual(self.reasons(flat, "tail_ratio"), {"the 5th percentile of the daily returns is 0"})
        self.assertEqual(measure(NONE, flat).figure("volatility"), 0.0)

    def test_equity_at_or_below_nothing(self) -> None:
        for last in (0.0, -5.0):
            blown = daily_curve([90.0] * 39 + [last])
            self.assertEqual(
                self.reasons(blown, "sharpe", "omega", "best_day_pct", "value_at_risk_pct"),
                {"equity is not above 0 at the end of a day"},
            )
            self.assertEqual(self.reasons(blown, "cagr"), {"equity is not above 0 at the end of the run"})
            told = measure(NONE, blown)
            self.assertAlmostEqual(told.performance.total_return_pct, last - 100.0, places=12)
            self.assertAlmostEqual(told.drawdown.max_drawdown_pct, 100.0 - last, places=12)
        # It comes back on the next day: still no return of that day.
        self.assertIn("equity is not above 0", str(self.reasons(daily_curve([0.0] + [50.0] * 39), "omega")))


class Benchmark(unittest.TestCase):
    def test_equal_amounts_are_bought_at_the_first_open_and_held(self) -> None:
        # One doubles. The other begins a day later at 50, is there at 40 and ends at 75: (2 + 1.5) / 2.
        curve = daily_curve([100.0, 100.0, 100.0])
        closes = np.array([[12.0, 15.0, 20.0], [np.nan, 40.0, 75.0]])
        held = held_curve(curve, np.array([10.0, 50.0]), closes)
        np.testing.assert_allclose(held.equity, [1.1, 1.15, 1.75])
        told = measure(NONE, curve, held).benchmark
        self.assertAlmostEqual(told.total_return_pct, 75.0, places=12)
        self.assertAlmostEqual(told.excess_return_pct, -75.0, places=12)
        self.assertEqual((told.beta, told.correlation), (0.0, None))

    def test_a_run_that_is_its_benchmark(self) -> None:
        curve = daily_curve([100.0 + day % 5 for day in range(1, 61)])
        told = measure(NONE, curve, curve)
        self.assertAlmostEqual(told.benchmark.beta, 1.0, places=12)
        self.assertAlmostEqual(told.benchmark.correlation, 1.0, places=12)
        self.assertAlmostEqual(told.benchmark.alpha_pct, 0.0, places=9)
        self.assertEqual(told.benchmark.tracking_error_pct, 0.0)
        self.assertEqual(told.reason("information_ratio"), "the run never differed from the benchmark")

    def test_twice_its_benchmark(self) -> None:
        returns = [0.01, -0.02, 0.03, 0.0] * 10
        held = daily_curve((100.0 * np.cumprod(1.0 + np.array(returns))).tolist())
        own = daily_curve((100.0 * np.cumprod(1.0 + 2.0 * np.array(returns) + 0.001)).tolist())
        told = measure(NONE, own, held).benchmark
        self.assertAlmostEqual(told.beta, 2.0, places=12)
        self.assertAlmostEqual(told.alpha_pct, 36.5, places=9, msg="0.1 % a day, 365 days")

    def test_without_a_benchmark_or_with_other_days_figures_say_so(self) -> None:
        self.assertEqual(measure(NONE, FOUR_DAYS).reason("beta"), "the candles of the benchmark are not at hand")
        self.assertEqual(
            measure(NONE, FOUR_DAYS, daily_curve([100.0, 101.0])).reason("beta"), "the benchmark has other days"
        )


if __name__ == "__main__":
    unittest.main()
