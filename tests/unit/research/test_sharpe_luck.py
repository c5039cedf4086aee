"""Probabilistic and deflated Sharpe ratio, track record and the best of many: worked examples of the papers, ffn, scipy
and plain simulation."""

import math
import unittest
import warnings

import numpy as np
import pandas as pd
import scipy.stats

from metrics.figures.undefined import Undefined
from research.luck.expected_best import SharpesTried, beaten_by_chance, deflated_sharpe, expected_best_sharpe
from research.luck.luck_report import luck_of_sample
from research.luck.sharpe_statistics import (
    SharpeSample,
    minimum_track_record,
    normal_cdf,
    probabilistic_sharpe,
    sharpe_sample,
)
from tests.support.curves import drawn_returns

with warnings.catch_warnings():
    # Its import asks pandas for something that pandas will drop.
    warnings.simplefilter("ignore")
    import ffn


def tried(count: int, variance: float) -> SharpesTried:
    """Return trials of which two have Sharpe ratios with this variance."""
    return SharpesTried.of([math.sqrt(variance / 2), -math.sqrt(variance / 2)], count)


def long_sample(sharpe: float) -> SharpeSample:
    """Return a Sharpe ratio that is hardly in error: what trials differ by is their own."""
    return SharpeSample(sharpe=sharpe, observations=10**6)


class WorkedExamples(unittest.TestCase):
    """Figures that stand in the papers."""

    def test_the_probabilistic_sharpe_ratio_of_the_efficient_frontier_paper(self) -> None:
        # Bailey and López de Prado (2012): 24 months, Sharpe 0.458 a month.
        crooked = SharpeSample(sharpe=0.458, observations=24, skew=-2.448, kurtosis=10.164)
        self.assertAlmostEqual(0.913, probabilistic_sharpe(crooked), 3)
        self.assertAlmostEqual(0.982, probabilistic_sharpe(SharpeSample(sharpe=0.458, observations=24)), 3)

    def test_the_minimum_track_record_of_the_efficient_frontier_paper(self) -> None:
        # A yearly Sharpe ratio of 2 above one of 1, with 95 %: in years, of daily, weekly and monthly returns.
        for periods, years in ((250, 2.73), (52, 2.83), (12, 3.24)):
            sample = SharpeSample(sharpe=2 / math.sqrt(periods), observations=24)
            self.assertAlmostEqual(years, minimum_track_record(sample, 1 / math.sqrt(periods)) / periods, 2)
        crooked = SharpeSample(sharpe=2 / math.sqrt(12), observations=24, skew=-0.72, kurtosis=5.78)
        self.assertAlmostEqual(4.99, minimum_track_record(crooked, 1 / math.sqrt(12)) / 12, 2)

    def test_the_deflated_sharpe_ratio_of_its_paper(self) -> None:
        # Bailey and López de Prado (2014): a yearly 2.5 of 1250 days, the variance of the trials a yearly 1/2.
        best = SharpeSample(sharpe=2.5 / math.sqrt(250), observations=1250, skew=-3.0, kurtosis=10.0)
        variance = 0.5 / 250
        self.assertAlmostEqual(0.1132, expected_best_sharpe(tried(100, variance)), 4)
        self.assertAlmostEqual(0.9004, deflated_sharpe(best, tried(100, variance)), 4)
        self.assertAlmostEqual(0.9505, deflated_sharpe(best, tried(46, variance)), 4)
        normal = SharpeSample(sharpe=best.sharpe, observations=1250)
        self.assertAlmostEqual(0.9505, deflated_sharpe(normal, tried(88, variance)), 4)


class OtherSources(unittest.TestCase):
    def test_ffn_deflates_alike_to_twelve_digits(self) -> None:
        for seed in range(20):
            returns = np.array([drawn_returns(300, 100 * seed + one) for one in range(12)])
            sharpes = [sharpe_sample(one).sharpe for one in returns]
            best = int(np.argmax(sharpes))
            theirs = ffn.core.calc_deflated_sharpe_ratio(
                pd.Series(returns[best]), sharpes, nperiods=365, annualized_trials=False
            )
            ours = deflated_sharpe(sharpe_sample(returns[best]), SharpesTried.of(sharpes))
            self.assertAlmostEqual(theirs, ours, 12)
            spread = float(np.std(sharpes, ddof=1))
            expected = expected_best_sharpe(SharpesTried.of(sharpes))
            self.assertAlmostEqual(ffn.core.calc_expected_max_sharpe(12, spread), expected, 12)

    def test_the_sample_is_that_of_scipy(self) -> None:
        returns = drawn_returns(200, 3)
        sample = sharpe_sample(returns)
        self.assertAlmostEqual(returns.mean() / returns.std(ddof=1), sample.sharpe, 13)
        self.assertAlmostEqual(scipy.stats.skew(returns, bias=False), sample.skew, 10)
        self.assertAlmostEqual(scipy.stats.kurtosis(returns, fisher=False, bias=False), sample.kurtosis, 10)
        for value in (-30.0, -8.0, -1.0, 0.0, 2.0):
            self.assertAlmostEqual(1.0, normal_cdf(value) / scipy.stats.norm.cdf(value), 12)

    def test_a_track_record_of_the_minimum_length_has_the_confidence(self) -> None:
        sample = SharpeSample(sharpe=0.1, observations=400, skew=-0.5, kurtosis=6.0)
        for confidence in (0.9, 0.95, 0.99):
            length = minimum_track_record(sample, 0.02, confidence)
            at_length = SharpeSample(sharpe=0.1, observations=2, skew=-0.5, kurtosis=6.0)
            score = (0.1 - 0.02) * math.sqrt((length - 1) / at_length.spread)
            self.assertAlmostEqual(confidence, scipy.stats.norm.cdf(score), 12)

    def test_the_best_of_worthless_trials_is_as_high_as_drawn_ones(self) -> None:
        drawn = 0.05 * np.random.default_rng(5).standard_normal((20_000, 50))
        best = drawn.max(axis=1)
        trials = tried(50, 0.05**2)
        # The formula is that of the extreme value distribution, which 50 trials are near to.
        self.assertAlmostEqual(best.mean(), expected_best_sharpe(trials), 2)
        for sharpe in (0.08, 0.11, 0.15):
            self.assertAlmostEqual((best > sharpe).mean(), beaten_by_chance(long_sample(sharpe), trials), delta=0.012)

    def test_beaten_by_chance_is_the_distribution_of_the_highest_of_normals(self) -> None:
        for count in (2, 9, 500):
            for sharpe in (-0.2, 0.0, 0.1, 0.6):
                highest = -math.expm1(count * scipy.stats.norm.logcdf(sharpe / 0.05))
                self.assertAlmostEqual(highest, beaten_by_chance(long_sample(sharpe), tried(count, 0.05**2)), 12)

    def test_trials_that_are_all_alike_are_beaten_as_one_alone_is(self) -> None:
        best = SharpeSample(sharpe=0.08, observations=250, skew=-0.4, kurtosis=5.0)
        alone = 1.0 - probabilistic_sharpe(best)
        for others in (SharpesTried.of([0.08]), SharpesTried.of([0.08] * 40), tried(40, 1e-12)):
            self.assertAlmostEqual(alone, beaten_by_chance(best, others), delta=0.003)

    def test_on_worthless_trials_that_share_much_or_nothing_chance_beats_the_best_as_often_as_it_says(self) -> None:
        chance = np.random.default_rng(4)
        for share in (0.0, 0.3, 0.9):
            said = []
            for _ in range(400):
                common, own = chance.standard_normal(), chance.standard_normal(100)
                sharpes = 0.05 * (math.sqrt(share) * common + math.sqrt(1.0 - share) * own)
                best = SharpeSample(sharpe=float(sharpes.max()), observations=401)
                said.append(beaten_by_chance(best, SharpesTried.of(sharpes)))
            for level in (0.05, 0.2, 0.5):
                reached = float(np.mean(np.array(said) <= level))
                band = 4.0 * math.sqrt(level * (1.0 - level) / len(said))
                self.assertLessEqual(reached, level + band, share)
                # Of trials that share nothing, what they seem to share by chance errs on the safe side.
                self.assertGreaterEqual(reached, level - band if share else 0.3 * level, share)

    def test_on_pure_noise_the_deflated_ratio_is_low_and_on_a_planted_edge_high(self) -> None:
        low, high, undeflated = 0, 0, 0
        for seed in range(100):
            returns = 0.01 * np.random.default_rng(seed).standard_normal((365, 500))
            trials = SharpesTried.of(returns.mean(axis=0) / returns.std(axis=0, ddof=1))
            best = sharpe_sample(returns[:, int(np.argmax(trials.sharpes))])
            low += deflated_sharpe(best, trials) < 0.95
            undeflated += probabilistic_sharpe(best) < 0.95
            returns[:, 7] += 0.004
            trials = SharpesTried.of(returns.mean(axis=0) / returns.std(axis=0, ddof=1))
            high += deflated_sharpe(sharpe_sample(returns[:, 7]), trials) > 0.95
        self.assertGreaterEqual(low, 95)
        self.assertGreaterEqual(high, 95)
        self.assertEqual(0, undeflated, "the plain ratio takes every best of 500 worthless trials for an edge")


class Undefinedness(unittest.TestCase):
    def test_what_has_no_value_says_why(self) -> None:
        sample = SharpeSample(sharpe=0.1, observations=100)
        self.assertEqual("3 returns; it needs 4", sharpe_sample(np.array([0.1, 0.2, 0.1])).reason)
        self.assertEqual("the daily returns do not vary", sharpe_sample(np.full(9, 0.1)).reason)
        self.assertIsInstance(probabilistic_sharpe(SharpeSample(sharpe=0.1, observations=1)), Undefined)
        self.assertIsInstance(probabilistic_sharpe(SharpeSample(sharpe=1.0, observations=9, skew=5.0)), Undefined)
        self.assertIn("no length would do", minimum_track_record(sample, 0.1).reason)
        self.assertEqual("there is no trial", expected_best_sharpe(SharpesTried.of([])).reason)
        unknown = SharpesTried.of([0.1, None, math.nan])
        self.assertEqual(
            ["1 of 3 trials have a Sharpe ratio; it needs 2"] * 3,
            [one.reason for one in (expected_best_sharpe(unknown), deflated_sharpe(sample, unknown),
                                    beaten_by_chance(sample, unknown))],
        )  # fmt: skip

    def test_failed_trials_count_and_do_not_vary(self) -> None:
        some, more = SharpesTried.of([0.1, -0.1], 2), SharpesTried.of([0.1, -0.1, None, None], 40)
        self.assertEqual(some.deviation, more.deviation)
        self.assertGreater(expected_best_sharpe(more), expected_best_sharpe(some))
        self.assertEqual(0.0, expected_best_sharpe(SharpesTried.of([0.3])))
        with self.assertRaises(ValueError):
            SharpesTried.of([0.1, 0.2], 1)

    def test_annual_ratios_become_those_of_a_day(self) -> None:
        self.assertAlmostEqual(1 / math.sqrt(365), SharpesTried.of([1.0], periods_per_year=365).sharpes[0], 15)


class Sentence(unittest.TestCase):
    def test_the_best_of_all_is_called_so_and_no_other(self) -> None:
        # Ratios of a day of 0.05, 0.1 and 0.2 are 0.9553, 1.9105 and 3.8210 a year of 365 days.
        tried = SharpesTried.of([0.05, 0.1, 0.2])
        of = {
            sharpe: luck_of_sample(SharpeSample(sharpe=sharpe, observations=60, skew=0.0, kurtosis=3.0), tried).sentence
            for sharpe in (0.1, 0.2)
        }
        self.assertRegex(of[0.2], r"^of 3 trials the best Sharpe 3\.8 would be beaten by chance in \d+ % of cases$")
        self.assertRegex(of[0.1], r"^Sharpe 1\.91 is not the best of 3 trials, which is 3\.82, and would be beaten by ")


if __name__ == "__main__":
    unittest.main()
