"""Figures of daily returns against four libraries, where they count as we do; and where they do not, by how much.

None of them agrees with another on everything: which of them counts a figure our way stands in the tables below, and
the others are held to the convention that they have instead, so that a change of theirs is seen.
"""

import math
import unittest
import warnings
from collections.abc import Callable

import empyrical
import numpy as np
import pandas as pd
import quantstats
import quantstats_lumi

from metrics import EquityCurve, MetricSettings, RunMetrics, TradeColumns, measure
from tests.support.curves import START_MS, daily_curve, drawn_returns, trades
from tests.support.times import DAY_MS

with warnings.catch_warnings():
    # Its import asks pandas for something that pandas will drop.
    warnings.simplefilter("ignore")
    import ffn

YEAR = 365
RATE = 0.05
Figure = Callable[[pd.Series], float]

SAME: dict[str, dict[str, Figure]] = {
    "performance.total_return_pct": {
        "empyrical": lambda r: 100 * empyrical.cum_returns_final(r),
        "quantstats": lambda r: 100 * quantstats.stats.comp(r),
        "quantstats-lumi": lambda r: 100 * quantstats_lumi.stats.comp(r),
        "ffn": lambda r: 100 * ffn.calc_total_return(prices(r)),
    },
    "performance.cagr_pct": {
        # One return a day and 365 a year: the calendar's span is the number of returns.
        "empyrical": lambda r: 100 * empyrical.cagr(r, annualization=YEAR),
        "quantstats": lambda r: 100 * quantstats.stats.cagr(r, periods=YEAR),
    },
    "performance.best_day_pct": {"quantstats": lambda r: 100 * quantstats.stats.best(r)},
    "performance.worst_day_pct": {"quantstats-lumi": lambda r: 100 * quantstats_lumi.stats.worst(r)},
    "performance.best_month_pct": {"quantstats": lambda r: 100 * quantstats.stats.best(r, aggregate="eom")},
    "performance.worst_month_pct": {"quantstats": lambda r: 100 * quantstats.stats.worst(r, aggregate="eom")},
    "risk_adjusted.volatility_pct": {
        "empyrical": lambda r: 100 * empyrical.annual_volatility(r, annualization=YEAR),
        "quantstats": lambda r: 100 * quantstats.stats.volatility(r, periods=YEAR),
        "quantstats-lumi": lambda r: 100 * quantstats_lumi.stats.volatility(r, periods=YEAR),
    },
    "risk_adjusted.sharpe": {
        "empyrical": lambda r: empyrical.sharpe_ratio(r, annualization=YEAR),
        "quantstats": lambda r: quantstats.stats.sharpe(r, periods=YEAR),
        "quantstats-lumi": lambda r: quantstats_lumi.stats.sharpe(r, periods=YEAR),
        "ffn": lambda r: ffn.calc_sharpe(r, nperiods=YEAR),
    },
    "risk_adjusted.sortino": {
        "empyrical": lambda r: empyrical.sortino_ratio(r, annualization=YEAR),
        "quantstats": lambda r: quantstats.stats.sortino(r, periods=YEAR),
        "quantstats-lumi": lambda r: quantstats_lumi.stats.sortino(r, periods=YEAR),
        "ffn": lambda r: ffn.calc_sortino_ratio(r, nperiods=YEAR),
    },
    "risk_adjusted.calmar": {
        "empyrical": lambda r: empyrical.calmar_ratio(r, annualization=YEAR),
        "quantstats": lambda r: quantstats.stats.calmar(r, periods=YEAR),
    },
    "risk_adjusted.omega": {
        "empyrical": lambda r: empyrical.omega_ratio(r, annualization=1),
        "quantstats": lambda r: quantstats.stats.omega(r, periods=YEAR),
    },
    "risk_adjusted.tail_ratio": {
        "empyrical": empyrical.tail_ratio,
        "quantstats": quantstats.stats.tail_ratio,
        "quantstats-lumi": quantstats_lumi.stats.tail_ratio,
    },
    "risk_adjusted.skew": {"quantstats": quantstats.stats.skew, "quantstats-lumi": quantstats_lumi.stats.skew},
    "risk_adjusted.kurtosis": {
        "quantstats": quantstats.stats.kurtosis,
        "quantstats-lumi": quantstats_lumi.stats.kurtosis,
    },
    "risk_adjusted.value_at_risk_pct": {"empyrical": lambda r: 100 * empyrical.value_at_risk(r)},
    "risk_adjusted.conditional_value_at_risk_pct": {
        "empyrical": lambda r: 100 * empyrical.conditional_value_at_risk(r),
        "quantstats": lambda r: 100 * quantstats.stats.conditional_value_at_risk(r, method="historical"),
    },
    "drawdown.max_drawdown_pct": {
        "empyrical": lambda r: -100 * empyrical.max_drawdown(r),
        "quantstats": lambda r: -100 * quantstats.stats.max_drawdown(r),
        "quantstats-lumi": lambda r: -100 * quantstats_lumi.stats.max_drawdown(r),
        "ffn": lambda r: -100 * ffn.calc_max_drawdown(prices(r)),
    },
    "drawdown.ulcer_index_pct": {"ffn": lambda r: ffn.to_ulcer_index(prices(r))},
}
"""Per figure, who counts it as we do, from one return a day."""


def prices(returns: pd.Series) -> pd.Series:
    """Return the equity that returns give, the start with its date first."""
    start = pd.Series([100.0], [returns.index[0] - pd.Timedelta(days=1)])
    return pd.concat([start, 100.0 * (1.0 + returns).cumprod()])


def measured(returns: pd.Series, held: pd.Series | None = None, rate: float = 0.0) -> RunMetrics:
    """Return our figures of a curve with one step a day."""
    curve = daily_curve(prices(returns).iloc[1:].tolist())
    benchmark: EquityCurve | None = None if held is None else daily_curve(prices(held).iloc[1:].tolist())
    settings = MetricSettings(risk_free_rate=rate)
    return measure(TradeColumns.empty(), curve, benchmark, settings=settings)


class OtherLibraries(unittest.TestCase):
    def setUp(self) -> None:
        # A day's return is dated by its day: the close at the midnight that ends it.
        days = pd.date_range(pd.Timestamp(START_MS, unit="ms"), periods=500)
        self.drawn = [
            pd.Series(drawn_returns(days=length, seed=seed, mean=mean), days[:length])
            for seed, length, mean in ((1, 365, 0.001), (2, 47, -0.004), (3, 500, 0.0))
        ]

    def assert_near(self, found: float | None, expected: float, place: str) -> None:
        self.assertIsNotNone(found, place)
        self.assertAlmostEqual(1.0, found / expected, delta=1e-9, msg=f"{place}: {found} {expected}")

    def test_figures_agree_with_those_who_count_as_we_do(self) -> None:
        for returns in self.drawn:
            ours = measured(returns)
            for figure, libraries in SAME.items():
                for library, theirs in libraries.items():
                    with self.subTest(figure, library=library, days=len(returns)):
                        self.assert_near(ours.figure(figure), float(theirs(returns)), library)

    def test_a_risk_free_rate_is_compounded_daily_and_counts_in_ratios(self) -> None:
        daily = (1.0 + RATE) ** (1 / YEAR) - 1.0
        for returns in self.drawn:
            ours = measured(returns, rate=RATE)
            self.assert_near(ours.figure("sharpe"), quantstats.stats.sharpe(returns, rf=RATE, periods=YEAR), "sharpe")
            self.assert_near(ours.figure("sharpe"), ffn.calc_sharpe(returns, rf=RATE, nperiods=YEAR), "sharpe")
            self.assert_near(ours.figure("sharpe"), empyrical.sharpe_ratio(returns, daily, annualization=YEAR), "same")
            self.assert_near(
                ours.figure("sortino"), quantstats.stats.sortino(returns, rf=RATE, periods=YEAR), "sortino"
            )
            self.assert_near(ours.figure("omega"), empyrical.omega_ratio(returns, daily, annualization=1), "omega")
            self.assertNotAlmostEqual(ours.figure("sharpe"), measured(returns).figure("sharpe"), places=2)

    def test_a_run_against_a_benchmark(self) -> None:
        for returns in self.drawn:
            held = pd.Series(drawn_returns(len(returns), seed=9) + 0.5 * returns.to_numpy(), returns.index)
            ours = measured(returns, held)
            greeks = quantstats.stats.greeks(returns, held, periods=YEAR)
            self.assert_near(ours.figure("beta"), empyrical.beta_aligned(returns.to_numpy(), held.to_numpy()), "beta")
            self.assert_near(ours.figure("beta"), greeks["beta"], "beta")
            self.assert_near(ours.figure("alpha_pct"), 100.0 * greeks["alpha"], "alpha")
            self.assert_near(ours.figure("correlation"), returns.corr(held), "correlation")
            # Theirs are not annualised.
            for theirs in (
                quantstats.stats.information_ratio(returns, held),
                empyrical.excess_sharpe(returns, held),
                ffn.calc_information_ratio(returns, held),
            ):
                self.assert_near(ours.figure("information_ratio"), math.sqrt(YEAR) * theirs, "information ratio")
            # empyrical compounds a day's alpha to a year's.
            a_day = ours.figure("alpha_pct") / 100.0 / YEAR
            theirs = empyrical.alpha_aligned(returns.to_numpy(), held.to_numpy(), annualization=YEAR)
            self.assert_near(theirs, (1.0 + a_day) ** YEAR - 1.0, "alpha")

    def test_excess_over_a_rate_counts_in_alpha(self) -> None:
        returns = self.drawn[0]
        held = pd.Series(drawn_returns(len(returns), seed=9), returns.index)
        daily = (1.0 + RATE) ** (1 / YEAR) - 1.0
        theirs = quantstats.stats.greeks(returns - daily, held - daily, periods=YEAR, prepare_returns=False)
        self.assert_near(measured(returns, held, RATE).figure("alpha_pct"), 100.0 * theirs["alpha"], "alpha")

    def test_results_of_trades(self) -> None:
        results = pd.Series([3.0, -1.0, 2.0, -2.5, 4.0, -0.5, 1.5])
        ours = measure(trades(results.tolist()), daily_curve([101.0])).trade_quality
        for library in (quantstats, quantstats_lumi):
            theirs = library.stats.profit_factor(results, prepare_returns=False)
            self.assert_near(ours.profit_factor, theirs, "profit factor")
            self.assert_near(ours.kelly, library.stats.kelly_criterion(results / 100.0), "kelly")
            self.assert_near(ours.payoff_ratio, library.stats.payoff_ratio(results / 100.0), "payoff")


class OtherConventions(unittest.TestCase):
    """Where a library counts otherwise: what it does, so that its figure can be had from ours."""

    def setUp(self) -> None:
        self.returns = pd.Series(drawn_returns(200, seed=5), pd.date_range("2024-01-01", periods=200))
        self.ours = measured(self.returns)

    def test_cagr_of_lumi_and_ffn_counts_years_of_365_and_a_quarter_days(self) -> None:
        growth = 1.0 + self.ours.figure("total_return_pct") / 100.0
        self.assertAlmostEqual(growth ** (365.25 / 200) - 1.0, ffn.calc_cagr(prices(self.returns)), places=9)
        # From the first return's day to the last one's, so that a day is missing.
        self.assertAlmostEqual(growth ** (365.25 / 199) - 1.0, quantstats_lumi.stats.cagr(self.returns), places=9)
        self.assertAlmostEqual(growth ** (365 / 200) - 1.0, self.ours.figure("cagr") / 100.0, places=9)

    def test_value_at_risk_of_quantstats_is_that_of_a_normal_distribution(self) -> None:
        normal = self.returns.mean() - 1.6448536269514722 * self.returns.std()
        for library in (quantstats, quantstats_lumi):
            self.assertAlmostEqual(normal, library.stats.value_at_risk(self.returns), places=9)
        worse = self.returns[self.returns < normal]
        self.assertAlmostEqual(worse.mean(), quantstats_lumi.stats.conditional_value_at_risk(self.returns), places=12)
        self.assertNotAlmostEqual(100.0 * normal, self.ours.figure("var"), places=2)

    def test_the_ulcer_index_of_quantstats_divides_by_the_returns_less_one(self) -> None:
        for library in (quantstats, quantstats_lumi):
            theirs = 100.0 * library.stats.ulcer_index(self.returns)
            self.assertAlmostEqual(theirs * math.sqrt(199 / 201), self.ours.figure("ulcer_index_pct"), places=9)

    def test_recovery_of_quantstats_has_no_sign(self) -> None:
        falling = pd.Series([-0.1, -0.05, 0.02] * 11, pd.date_range("2024-01-01", periods=33))
        for library in (quantstats, quantstats_lumi):
            self.assertGreater(library.stats.recovery_factor(falling), 0.0)
        self.assertLess(measured(falling).figure("recovery_factor"), 0.0)

    def test_one_curve_has_other_ratios_by_every_sampling(self) -> None:
        hours = 24 * 60
        steps = drawn_returns(hours, seed=8, mean=0.0) / 5.0
        times = START_MS + DAY_MS // 24 * np.arange(1, hours + 1)
        curve = EquityCurve.of(times, 100.0 * np.cumprod(1.0 + steps), 100.0, start_ms=START_MS)
        risk = measure(TradeColumns.empty(), curve).risk_adjusted
        naive = steps.mean() / steps.std(ddof=1) * math.sqrt(252)
        self.assertGreater(abs(risk.sharpe / naive), 3.0)
        self.assertEqual(
            risk.sampling.text(),
            "daily closes at 00:00 UTC, the start equity first, N = 60, 365 a year, ddof 1, risk-free 0 %",
        )


if __name__ == "__main__":
    unittest.main()
