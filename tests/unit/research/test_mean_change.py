"""The mean of daily differences: against scipy's Student's t, and against the bootstrap of arch that it stands for."""

import math
import unittest

import numpy as np
from arch.bootstrap import StationaryBootstrap
from scipy import stats

from metrics.figures.undefined import Undefined
from research.recommendations.mean_change import bootstrap_variance, mean_change
from research.recommendations.student_distribution import upper_bound, upper_tail


class Student(unittest.TestCase):
    def test_tails_and_bounds_are_those_of_scipy(self) -> None:
        for freedom in (1, 2, 5, 19, 29, 120, 2000):
            for value in (-3.0, 0.0, 0.3, 1.7, 4.5, 9.0):
                expected = float(stats.t.sf(value, freedom))
                self.assertAlmostEqual(1.0, upper_tail(value, freedom) / expected, places=10)
            for probability in (0.5, 0.1, 0.025, 0.0005, 1e-6):
                expected = float(stats.t.isf(probability, freedom))
                self.assertAlmostEqual(expected, upper_bound(probability, freedom), delta=1e-9 * max(1.0, expected))


class Means(unittest.TestCase):
    def test_the_variance_is_that_of_the_bootstrap_it_stands_for(self) -> None:
        draw = np.random.default_rng(1)
        noise = draw.normal(size=200)
        values = np.array([noise[0]] + [0.0] * 199)
        for place in range(1, 200):
            values[place] = 0.6 * values[place - 1] + noise[place]
        for block in (1, 5, 12):
            bootstrap = StationaryBootstrap(block, values, seed=3)
            means = bootstrap.apply(np.mean, 20_000)
            self.assertAlmostEqual(1.0, bootstrap_variance(values, block) / (200 * means.var()), delta=0.04)

    def test_few_days_have_the_interval_of_student(self) -> None:
        values = np.random.default_rng(2).normal(0.1, 1.0, 40)
        found = mean_change(values)
        self.assertEqual("days", found.method)
        low, high = stats.t.interval(0.99, 39, loc=values.mean(), scale=values.std(ddof=1) / math.sqrt(40))
        self.assertAlmostEqual(low, found.interval(0.99)[0], places=10)
        self.assertAlmostEqual(high, found.interval(0.99)[1], places=10)
        self.assertAlmostEqual(stats.ttest_1samp(values, 0.0, alternative="greater").pvalue, found.p_value, places=10)

    def test_days_that_follow_from_each_other_widen_the_interval_and_idle_days_do_not_narrow_it(self) -> None:
        values = np.repeat(np.random.default_rng(3).normal(0.0, 1.0, 40), 5)
        found = mean_change(values)
        self.assertEqual("blocks", found.method)
        self.assertGreater(found.error, 1.6 * values.std(ddof=1) / math.sqrt(200))
        idle = np.concatenate([values[:25], np.zeros(175)])
        self.assertEqual((200, 25), (mean_change(idle).days, mean_change(idle).differing))
        with_few = mean_change(idle).interval(0.9999)
        self.assertAlmostEqual(
            2.0 * stats.t.isf(0.00005, 24) * mean_change(idle).error, with_few[1] - with_few[0], places=10
        )

    def test_too_little_says_nothing(self) -> None:
        for values in (np.empty(0), np.zeros(100), np.concatenate([np.arange(1.0, 20.0), np.zeros(80)]), np.ones(90)):
            self.assertIsInstance(mean_change(values), Undefined)


if __name__ == "__main__":
    unittest.main()
