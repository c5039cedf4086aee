"""Indicator values worked by hand: seeds, the rows before them, what is forgotten and when."""

import math
import unittest
from itertools import pairwise

import numpy as np

from indicators import (
    AverageTrueRange,
    ExponentialMovingAverage,
    RelativeStrengthIndex,
    SimpleMovingAverage,
    average_true_range,
    exponential_moving_average,
    relative_strength_index,
    simple_moving_average,
)
from indicators.exponential_moving_average import ema_weight
from indicators.smoothing import SeededSmoothing, forgetting_length
from tests.support.market_data_sets import practice_columns


def undefined(column: "np.typing.NDArray[np.float64]") -> int:
    """Return how many leading rows are nan; nan anywhere else fails the test that asks."""
    count = int(np.isnan(column).sum())
    if not np.isnan(column[:count]).all():
        raise AssertionError("nan after a defined row")
    return count


class SeedsTest(unittest.TestCase):
    def test_ema_of_3_is_seeded_with_the_mean_and_then_halves(self) -> None:
        # Seed (1 + 2 + 6) / 3 = 3; weight 2 / 4 = 0.5: (5 + 3) / 2 = 4, (0 + 4) / 2 = 2.
        column = exponential_moving_average(np.array([1.0, 2.0, 6.0, 5.0, 0.0]), 3)
        self.assertTrue(np.isnan(column[:2]).all())
        self.assertEqual([3.0, 4.0, 2.0], column[2:].tolist())

    def test_rsi_of_2_by_hand(self) -> None:
        # Changes +2, -1: g = 2/2 = 1, l = 1/2 -> 100 * 1 / 1.5. Then +3: g = 3/2 + 1/2 = 2, l = 1/4 -> 100 * 2 / 2.25.
        column = relative_strength_index(np.array([10.0, 12.0, 11.0, 14.0]), 2)
        self.assertTrue(np.isnan(column[:2]).all())
        self.assertAlmostEqual(100 * 1 / 1.5, column[2], 12)
        self.assertAlmostEqual(100 * 2 / 2.25, column[3], 12)

    def test_atr_of_2_by_hand(self) -> None:
        # The first candle has no true range. Then: gap up over 10: high 14 - close before 10 = 4; gap down below 13:
        # 13 - low 8 = 5; inside: high 10 - low 9 = 1. Seed (4 + 5) / 2 = 4.5, then 1/2 + 4.5/2 = 2.75.
        high = np.array([11.0, 14.0, 9.0, 10.0])
        low = np.array([9.0, 12.0, 8.0, 9.0])
        close = np.array([10.0, 13.0, 9.0, 9.5])
        column = average_true_range(high, low, close, 2)
        self.assertTrue(np.isnan(column[:2]).all())
        self.assertEqual([4.5, 2.75], column[2:].tolist())

    def test_sma_of_3_by_hand(self) -> None:
        column = simple_moving_average(np.array([1.0, 2.0, 6.0, 4.0]), 3)
        self.assertTrue(np.isnan(column[:2]).all())
        self.assertEqual([3.0, 4.0], column[2:].tolist())

    def test_the_recursion_is_the_designs_to_the_last_bit(self) -> None:
        # a*x + (1 - a)*previous after the mean of the first values, added in order; other forms of it round otherwise.
        closes = practice_columns("BTC/USDT", "1m", 400).close
        for period, weight, column in (
            (21, 2 / 22, exponential_moving_average(closes, 21)),
            (14, 1 / 14, average_true_range(closes, closes, closes, 14)[1:]),
        ):
            inputs = closes.tolist() if period == 21 else [abs(after - before) for before, after in pairwise(closes)]
            total = 0.0
            for value in inputs[:period]:
                total += value
            expected = [total / period]
            for value in inputs[period:]:
                expected.append(weight * value + (1 - weight) * expected[-1])
            self.assertEqual(expected, column[period - 1 :].tolist())

    def test_rows_before_the_first_value(self) -> None:
        columns = practice_columns("BTC/USDT", "1m", 300)
        for period in (1, 2, 14, 100):
            self.assertEqual(period - 1, undefined(exponential_moving_average(columns.close, period)))
            self.assertEqual(period - 1, undefined(simple_moving_average(columns.close, period)))
            self.assertEqual(period, undefined(relative_strength_index(columns.close, period)))
            self.assertEqual(period, undefined(average_true_range(columns.high, columns.low, columns.close, period)))

    def test_period_1_follows_its_input(self) -> None:
        values = np.array([3.0, 5.0, 5.0, 4.0])
        self.assertEqual(values.tolist(), exponential_moving_average(values, 1).tolist())
        self.assertEqual(values.tolist(), simple_moving_average(values, 1).tolist())
        # One change decides: up 100, none 0, down 0.
        self.assertEqual([100.0, 0.0, 0.0], relative_strength_index(values, 1)[1:].tolist())
        self.assertEqual([2.0, 0.5, 1.5], average_true_range(values + 0.5, values, values + 0.5, 1)[1:].tolist())

    def test_a_period_below_1_is_refused(self) -> None:
        for indicator in (ExponentialMovingAverage, SimpleMovingAverage):
            for period in (0, -1, -3):
                with self.assertRaisesRegex(ValueError, "at least 1"):
                    indicator(period)
        with self.assertRaisesRegex(ValueError, "at least 1"):
            simple_moving_average(np.array([1.0]), 0)
        for indicator in (RelativeStrengthIndex, AverageTrueRange, ema_weight):
            for period in (0, -1, -3):
                with (
                    self.subTest(indicator=indicator.__name__, period=period),
                    self.assertRaisesRegex(ValueError, "at least 1"),
                ):
                    indicator(period)

    def test_rsi_is_0_where_nothing_moved(self) -> None:
        self.assertEqual([0.0] * 6, relative_strength_index(np.full(10, 7.5), 4)[4:].tolist())

    def test_rsi_stays_within_0_and_100(self) -> None:
        index = relative_strength_index(practice_columns("SOL/USDT", "1m", 2_000).close, 2)[2:]
        self.assertTrue(((index >= 0.0) & (index <= 100.0)).all())


class ForgettingTest(unittest.TestCase):
    def test_a_spike_leaves_no_trace_once_it_left_the_window(self) -> None:
        plain = np.array([0.1, 0.7, 1.3, 0.4, 0.9] * 8)
        spiked = plain.copy()
        spiked[5] = 1e17
        period = 6
        with_spike, without = simple_moving_average(spiked, period), simple_moving_average(plain, period)
        self.assertNotEqual(without[10], with_spike[10])
        self.assertEqual(without[5 + period :].tobytes(), with_spike[5 + period :].tobytes())
        average = SimpleMovingAverage(period)
        streamed = np.array([average.update(value) for value in spiked.tolist()])
        self.assertEqual(without[5 + period :].tobytes(), streamed[5 + period :].tobytes())

    def test_two_pasts_differ_by_the_residual_at_most_after_the_forgetting_length(self) -> None:
        for weight in (ema_weight(9), ema_weight(21), 1 / 14, 1 / 2, ema_weight(200)):
            for residual in (1e-2, 1e-6):
                with self.subTest(weight=weight, residual=residual):
                    low, high = SeededSmoothing(1, weight), SeededSmoothing(1, weight)
                    low.update(0.0)
                    high.update(1.0)
                    length = forgetting_length(weight, residual)
                    gaps = []
                    for _ in range(length):
                        gaps.append(high.value - low.value)
                        low.update(0.0)
                        high.update(0.0)
                    # Long enough, and not one value longer than needed.
                    self.assertLessEqual(high.value - low.value, residual * (1 + 1e-9))
                    self.assertGreater(gaps[-1], residual * (1 - 1e-9))

    def test_the_forgetting_length_by_hand(self) -> None:
        # 0.5 ** 9 = 0.00195, 0.5 ** 10 = 0.00098.
        self.assertEqual(10, forgetting_length(0.5, 1e-3))
        # 0.9 ** 43 = 0.0108, 0.9 ** 44 = 0.0097.
        self.assertEqual(44, forgetting_length(0.1, 0.01))
        self.assertEqual(0, forgetting_length(1.0, 1e-6))

    def test_wilders_indicators_forget_two_pasts_on_one_future(self) -> None:
        future = practice_columns("BTC/USDT", "1m", 400).close
        shift = float(future[0])
        calm, wild = np.full(15, shift), shift * (1 + 0.01 * np.array([1, -1] * 7 + [0]))
        length = 14 + forgetting_length(1 / 14, 1e-6)
        rows = slice(15 + length, None)
        columns = [np.concatenate((past, future)) for past in (calm, wild)]
        first, second = (relative_strength_index(prices, 14)[rows] for prices in columns)
        # Gains and losses differ by a millionth of the wild past's size, an index of about 50 by about a thousandth.
        self.assertLess(float(np.abs(first - second).max()), 0.01)
        first, second = (average_true_range(prices, prices, prices, 14)[rows] for prices in columns)
        self.assertLess(float(np.abs(first - second).max()), 1e-6 * 0.02 * shift)
        self.assertFalse(math.isnan(first[0]))


if __name__ == "__main__":
    unittest.main()
