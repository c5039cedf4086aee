import re
import unittest
from decimal import Decimal

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import (
    Streaks,
    average_loss,
    average_win,
    expectancy,
    longest_streaks,
    profit_factor,
    win_rate_pct,
)
from tests.support.scale import scaled

RESULTS = st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 8)), max_size=60)


class TradeResultsTest(unittest.TestCase):
    def test_figures_of_five_trades_worked_by_hand(self) -> None:
        results = [30.0, -10.0, 15.0, -5.0, -15.0]
        self.assertEqual(profit_factor(results), 1.5)  # 45 / 30
        self.assertEqual(expectancy(results), 3.0)  # 15 / 5
        self.assertEqual(average_win(results), 22.5)  # 45 / 2
        self.assertEqual(average_loss(results), -10.0)  # -30 / 3
        self.assertEqual(win_rate_pct(results), 40.0)
        self.assertEqual(longest_streaks(results), Streaks(1, 2))

    def test_without_a_trade_nothing_but_the_win_rate_is_defined(self) -> None:
        for figure in (profit_factor, expectancy, average_win, average_loss):
            with self.subTest(figure.__name__):
                self.assertIsNone(figure([]))
        self.assertEqual(win_rate_pct([]), 0.0)
        self.assertEqual(longest_streaks([]), Streaks(0, 0))

    def test_the_profit_factor_without_a_loss_is_not_defined(self) -> None:
        self.assertIsNone(profit_factor([10.0, 20.0]))
        self.assertIsNone(profit_factor([10.0, 0.0]))
        self.assertEqual(profit_factor([-10.0]), 0.0)

    def test_a_trade_that_only_breaks_even_is_a_trade_and_neither_won_nor_lost(self) -> None:
        self.assertEqual(win_rate_pct([0.0, 1.0]), 50.0)
        self.assertEqual(expectancy([0.0, 1.0]), 0.5)
        self.assertEqual(average_loss([0.0, -4.0]), -4.0)
        self.assertIsNone(average_loss([0.0]))
        self.assertEqual(longest_streaks([-1.0, 0.0, -1.0, 5.0, 0.0, 5.0]), Streaks(1, 1))

    def test_exact_results_of_the_ledger_are_taken_as_they_are(self) -> None:
        self.assertEqual(profit_factor([Decimal("0.3"), Decimal("-0.1")]), 0.3 / 0.1)

    def test_sums_are_added_one_after_the_other_without_compensation(self) -> None:
        self.assertEqual(expectancy([0.1] * 10), 0.9999999999999999 / 10)

    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(RESULTS.filter(bool))
    def test_figures_agree_with_pandas(self, results: list[float]) -> None:
        series = pd.Series(results)
        wins, losses = series[series > 0], series[series < 0]
        scale = float(series.abs().max()) + 1e-300
        self._assert_close(expectancy(results), series.mean(), scale)
        self._assert_close(average_win(results), wins.mean(), scale)
        self._assert_close(average_loss(results), losses.mean(), scale)
        self.assertAlmostEqual(win_rate_pct(results), 100.0 * float((series > 0).mean()), places=9)
        if losses.sum() < 0:
            expected = wins.sum() / -losses.sum()
            self._assert_close(profit_factor(results), expected, expected)
        else:
            self.assertIsNone(profit_factor(results))

    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(st.text("WLE", max_size=40))
    def test_streaks_are_the_longest_words_of_one_letter(self, letters: str) -> None:
        results = [{"W": 1.0, "L": -1.0, "E": 0.0}[letter] for letter in letters]
        expected = Streaks(max(map(len, re.split("[LE]", letters))), max(map(len, re.split("[WE]", letters))))
        self.assertEqual(longest_streaks(results), expected)

    def _assert_close(self, ours: float | None, theirs: float, scale: float) -> None:
        if theirs != theirs:
            self.assertIsNone(ours)
        else:
            self.assertIsNotNone(ours)
            self.assertLessEqual(abs(float(ours or 0.0) - theirs), 1e-11 * scale)


if __name__ == "__main__":
    unittest.main()
