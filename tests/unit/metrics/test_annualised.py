import math
import unittest

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import calmar_ratio, daily_equity, daily_returns, sharpe_ratio, sortino_ratio
from tests.support.scale import scaled
from tests.support.times import DAY_MS, HOUR_MS

RETURNS = st.lists(st.integers(-300, 300).map(lambda x: x / 1_000), min_size=2, max_size=60)


class DailyEquityTest(unittest.TestCase):
    def test_the_step_at_midnight_closes_the_old_day(self) -> None:
        times = [12 * HOUR_MS, DAY_MS, DAY_MS + HOUR_MS]
        self.assertEqual(daily_equity(times, [1.0, 2.0, 3.0]), [2.0, 3.0])

    def test_a_day_without_a_step_keeps_the_equity_of_the_day_before(self) -> None:
        self.assertEqual(daily_equity([HOUR_MS, 3 * DAY_MS + HOUR_MS], [1.0, 2.0]), [1.0, 1.0, 1.0, 2.0])

    def test_no_step_gives_no_day(self) -> None:
        self.assertEqual(daily_equity([], []), [])

    def test_times_that_go_backwards_and_unequal_lengths_are_refused(self) -> None:
        with self.assertRaises(ValueError):
            daily_equity([2, 1], [1.0, 1.0])
        with self.assertRaises(ValueError):
            daily_equity([1, 2], [1.0])

    def test_sampling_agrees_with_pandas_resampling(self) -> None:
        steps = np.cumsum(np.array([7, 13, 5, 1, 40, 3, 29, 24, 24, 2] * 30)) * HOUR_MS + 1_704_067_200_000
        equity = 10_000.0 + np.sin(np.arange(len(steps))) * 50.0
        series = pd.Series(equity, pd.to_datetime(steps - 1, unit="ms", utc=True))
        self.assertEqual(daily_equity(steps, equity), series.resample("1D").last().ffill().tolist())

    def test_the_first_day_is_measured_from_the_starting_balance(self) -> None:
        self.assertEqual(daily_returns(100.0, [150.0, 75.0]), [0.5, -0.5])
        self.assertEqual(daily_returns(100.0, []), [])

    def test_a_return_on_nothing_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            daily_returns(100.0, [0.0, 50.0])


class RatiosTest(unittest.TestCase):
    def test_ratios_of_two_days_worked_by_hand(self) -> None:
        # Mean 0.01; deviations 0.02 and -0.02, variance (n - 1) 0.0008; downside mean 0.0001 / 2.
        returns = [0.03, -0.01]
        self.assertAlmostEqual(sharpe_ratio(returns) or 0.0, 0.01 / math.sqrt(0.0008) * math.sqrt(365), places=12)
        self.assertAlmostEqual(sortino_ratio(returns) or 0.0, 0.01 / math.sqrt(0.00005) * math.sqrt(365), places=12)

    def test_ratios_are_not_defined_for_one_day_or_without_variation(self) -> None:
        for returns in ([], [0.1], [0.1, 0.1, 0.1]):
            self.assertIsNone(sharpe_ratio(returns))
            self.assertIsNone(sortino_ratio(returns))
        self.assertIsNone(sortino_ratio([0.1, 0.2]))
        self.assertIsNone(sharpe_ratio([0.0, 5e-324]), "the variance of what hardly varies is 0")

    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(RETURNS)
    def test_ratios_agree_with_numpy(self, returns: list[float]) -> None:
        column = np.array(returns)
        if (sharpe := sharpe_ratio(returns)) is not None:
            self.assertAlmostEqual(sharpe, column.mean() / column.std(ddof=1) * math.sqrt(365), delta=1e-9)
        if (sortino := sortino_ratio(returns)) is not None:
            downside = math.sqrt(np.minimum(column, 0.0).__pow__(2).mean())
            self.assertAlmostEqual(sortino, column.mean() / downside * math.sqrt(365), delta=1e-9)
        self.assertEqual(sharpe is None, len(set(returns)) == 1)
        self.assertEqual(sortino is None, min(returns) >= 0.0)

    def test_calmar_is_annual_growth_over_drawdown(self) -> None:
        self.assertEqual(calmar_ratio(1.5, 365.0, 0.25), 2.0)
        # Half a year of +50 % is 1.5 ** 2 - 1 = 125 % a year.
        self.assertAlmostEqual(calmar_ratio(1.5, 182.5, 0.25) or 0.0, 5.0, places=12)
        self.assertAlmostEqual(calmar_ratio(0.9, 30.0, 0.2) or 0.0, (0.9 ** (365 / 30) - 1) / 0.2, places=12)

    def test_calmar_is_not_defined_without_drawdown_time_or_equity(self) -> None:
        for growth, days, drawdown in ((1.1, 10.0, 0.0), (1.1, 0.0, 0.1), (0.0, 10.0, 0.1), (-0.5, 10.0, 0.1)):
            self.assertIsNone(calmar_ratio(growth, days, drawdown))
        self.assertIsNone(calmar_ratio(1e300, 1e-6, 0.1))
        self.assertIsNone(calmar_ratio(math.nan, 10.0, 0.1))


if __name__ == "__main__":
    unittest.main()
