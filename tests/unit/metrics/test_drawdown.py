import math
import unittest
from array import array

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import Drawdown, MaxDrawdown, max_drawdown
from tests.support.scale import scaled

EQUITY = st.integers(1, 400).map(lambda x: x / 4)
CURVES = st.lists(EQUITY, min_size=1, max_size=60)


class DrawdownTest(unittest.TestCase):
    def test_a_curve_worked_by_hand(self) -> None:
        # Peaks 100, 120, 130; falls 90/120 -> 25 %, 104/130 -> 20 %.
        self.assertEqual(max_drawdown([100.0, 120.0, 90.0, 130.0, 104.0]), Drawdown(0.25, 1, 2))

    def test_the_first_of_equal_peaks_and_of_equal_troughs_is_named(self) -> None:
        self.assertEqual(max_drawdown([100.0, 100.0, 50.0, 100.0, 50.0]), Drawdown(0.5, 0, 2))

    def test_a_curve_that_never_falls_has_neither_peak_nor_trough(self) -> None:
        self.assertEqual(max_drawdown([100.0, 100.0, 101.0]), Drawdown(0.0, None, None))

    def test_an_empty_curve_has_no_drawdown(self) -> None:
        self.assertIsNone(max_drawdown([]))
        self.assertIsNone(MaxDrawdown().value)

    def test_a_fall_from_the_starting_balance_counts_when_it_is_given_first(self) -> None:
        self.assertEqual(max_drawdown([10_000.0, 9_000.0, 9_500.0]), Drawdown(0.1, 0, 1))

    def test_a_fall_below_zero_is_deeper_than_the_peak(self) -> None:
        self.assertEqual(max_drawdown([100.0, -50.0]), Drawdown(1.5, 0, 1))

    def test_curves_of_every_numeric_kind_are_taken(self) -> None:
        for curve in ([4.0, 1.0], (4.0, 1.0), array("d", [4.0, 1.0]), np.array([4.0, 1.0])):
            self.assertEqual(max_drawdown(curve), Drawdown(0.75, 0, 1))

    def test_both_forms_refuse_what_is_no_equity(self) -> None:
        for curve in ([0.0], [-1.0, 2.0], [math.nan], [1.0, math.nan, 2.0], [1.0, math.inf], [math.inf]):
            with self.subTest(curve):
                with self.assertRaises(ValueError):
                    max_drawdown(curve)
                with self.assertRaises(ValueError):
                    streaming = MaxDrawdown()
                    for equity in curve:
                        streaming.update(equity)

    def test_a_refused_value_leaves_the_streaming_form_as_it_was(self) -> None:
        streaming = MaxDrawdown()
        with self.assertRaises(ValueError):
            streaming.update(math.nan)
        self.assertIsNone(streaming.value)
        streaming.update(4.0)
        with self.assertRaisesRegex(ValueError, "inf at index 1"):
            streaming.update(math.inf)
        self.assertEqual(streaming.update(3.0), Drawdown(0.25, 0, 1))

    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(CURVES)
    def test_streaming_and_batch_agree_at_every_step(self, curve: list[float]) -> None:
        streaming = MaxDrawdown()
        for number, equity in enumerate(curve, 1):
            self.assertEqual(streaming.update(equity), max_drawdown(curve[:number]))

    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(CURVES)
    def test_the_depth_is_that_of_pandas_and_lies_where_it_is_said_to(self, curve: list[float]) -> None:
        series = pd.Series(curve)
        found = max_drawdown(curve)
        assert found is not None
        self.assertAlmostEqual(found.depth, -float((series / series.cummax() - 1.0).min()), places=12)
        if found.peak_index is not None and found.trough_index is not None:
            self.assertLess(found.peak_index, found.trough_index)
            self.assertAlmostEqual(1.0 - curve[found.trough_index] / curve[found.peak_index], found.depth, places=12)


if __name__ == "__main__":
    unittest.main()
