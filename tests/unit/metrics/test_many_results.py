"""Figures of trades that are taken at once are those of the trades one after the other, to the last bit."""

import unittest
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metrics.holding_times import HoldingTime
from metrics.streaks import LongestStreaks
from metrics.trade_results import AverageLoss, AverageWin, Expectancy, ProfitFactor

RESULTS = st.lists(st.floats(-1e6, 1e6) | st.sampled_from((0.0, 0.1, -0.1)), max_size=30)


class ManyResults(unittest.TestCase):
    @given(st.lists(RESULTS, max_size=4))
    def test_results(self, parts: list[list[float]]) -> None:
        kinds: tuple[tuple[Any, Callable[[float], bool]], ...] = (
            (ProfitFactor, lambda one: True),
            (Expectancy, lambda one: True),
            (LongestStreaks, lambda one: True),
            (AverageWin, lambda one: one > 0.0),
            (AverageLoss, lambda one: one < 0.0),
        )
        for kind, counts in kinds:
            at_once, one_by_one = kind(), kind()
            for part in parts:
                at_once.add_all(np.array(list(filter(counts, part)), np.float64))
                for result in part:
                    one_by_one.update(result)
            self.assertEqual(one_by_one.value, at_once.value, kind.__name__)

    @given(st.lists(st.lists(st.integers(0, 10**12), max_size=20), max_size=4))
    def test_holding_times(self, parts: list[list[int]]) -> None:
        at_once, one_by_one = HoldingTime(), HoldingTime()
        for part in parts:
            at_once.add_all(np.array(part, np.int64))
            for held_ms in part:
                one_by_one.update(held_ms)
        self.assertEqual(one_by_one.value, at_once.value)

    def test_a_negative_time_is_none(self) -> None:
        with self.assertRaises(ValueError):
            HoldingTime().add_all(np.array([5, -1, 3]))


if __name__ == "__main__":
    unittest.main()
