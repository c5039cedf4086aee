"""Daily returns of trials in one table, by hand."""

import unittest

import numpy as np

from metrics.equity_curve import DailyCloses
from research.luck.trial_returns import returns_of_trials


class TrialReturns(unittest.TestCase):
    def test_days_are_aligned_and_what_a_trial_has_not_is_nothing(self) -> None:
        trials = [
            DailyCloses(10, 100.0, np.array([110.0, 99.0])),
            DailyCloses(11, 200.0, np.array([100.0, 150.0])),
            DailyCloses(10, 50.0, np.array([75.0, -5.0, 60.0])),
            DailyCloses(0, 50.0, np.array([])),
        ]
        expected = [[0.1, 0.0, 0.5, 0.0], [-0.1, -0.5, -1.0, 0.0], [0.0, 0.5, 0.0, 0.0]]
        self.assertTrue(np.allclose(expected, returns_of_trials(trials), rtol=0.0, atol=1e-15))
        self.assertTrue(np.allclose(np.array(expected) - 0.01, returns_of_trials(trials, 0.01), rtol=0.0, atol=1e-15))

    def test_without_a_day_the_table_is_empty(self) -> None:
        self.assertEqual((0, 1), returns_of_trials([DailyCloses(0, 50.0, np.array([]))]).shape)


if __name__ == "__main__":
    unittest.main()
