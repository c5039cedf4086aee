"""Draw-downs worked by hand, and against a slow model that walks the curve."""

import unittest

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import TradeColumns, measure
from metrics.figures.drawdown_figures import drawdowns_of
from tests.support.curves import START_MS, daily_curve
from tests.support.scale import scaled
from tests.support.times import DAY_MS

NONE = TradeColumns.empty()


def slow_drawdowns(equity: list[float], start: float) -> list[tuple[int, int, int | None, float]]:
    """Return (steps to the peak, to the lowest, to the recovery, depth) of each draw-down, the start being step 0."""
    peak, peak_at, lowest, found = start, 0, None, []
    for step, value in enumerate(equity, 1):
        if value >= peak:
            if lowest is not None:
                found.append((peak_at, lowest[1], step, peak - lowest[0]))
            peak, peak_at, lowest = value, step, None
        elif lowest is None or value < lowest[0]:
            lowest = (value, step)
    return found if lowest is None else [*found, (peak_at, lowest[1], None, peak - lowest[0])]


class ByHand(unittest.TestCase):
    def test_two_drawdowns_one_of_them_not_recovered(self) -> None:
        # From 120 to 90 (25 %) and back in five days, from 130 to 117 (10 %) at the end.
        told = measure(NONE, daily_curve([120.0, 100.0, 90.0, 110.0, 115.0, 120.0, 130.0, 117.0])).drawdown
        self.assertEqual((told.max_drawdown_pct, told.max_drawdown_abs, told.drawdowns), (25.0, 30.0, 2))
        self.assertEqual((told.max_drawdown_length_days, told.max_drawdown_recovery_days), (5.0, 3.0))
        self.assertEqual((told.longest_drawdown_days, told.average_drawdown_pct), (5.0, 17.5))
        self.assertAlmostEqual(told.current_drawdown_pct, 10.0, places=12)
        self.assertEqual(told.time_under_water_pct, 62.5)
        self.assertAlmostEqual(told.recovery_factor, 17.0 / 30.0, places=12)
        deepest, other = told.deepest
        self.assertEqual(
            [deepest.peak_ms, deepest.lowest_ms, deepest.recovered_ms],
            [START_MS + DAY_MS * day for day in (1, 3, 6)],
        )
        self.assertEqual((other.recovered_ms, other.recovery_days, other.length_days), (None, None, 1.0))

    def test_the_first_peak_is_the_start(self) -> None:
        told = measure(NONE, daily_curve([80.0, 90.0])).drawdown
        self.assertEqual((told.max_drawdown_pct, told.deepest[0].peak_ms), (20.0, START_MS))
        # Ulcer: the start (0), 20 and 10 % below it: sqrt(500 / 3).
        self.assertAlmostEqual(told.ulcer_index_pct, (500.0 / 3.0) ** 0.5, places=12)

    def test_the_recovery_factor_of_a_losing_run_is_not_positive(self) -> None:
        self.assertEqual(measure(NONE, daily_curve([80.0, 90.0])).drawdown.recovery_factor, -0.5)
        self.assertEqual(measure(NONE, daily_curve([80.0, 100.0])).drawdown.recovery_factor, 0.0)

    def test_the_deepest_in_quote_need_not_be_the_deepest_in_per_cent(self) -> None:
        told = measure(NONE, daily_curve([60.0, 1_000.0, 800.0])).drawdown
        self.assertEqual((told.max_drawdown_pct, told.max_drawdown_abs), (40.0, 200.0))

    def test_five_of_many_the_deepest_first(self) -> None:
        equity = [value for depth in (3, 9, 1, 7, 5, 2, 8) for value in (100.0 - depth, 100.0)]
        told = measure(NONE, daily_curve(equity)).drawdown
        self.assertEqual([one.depth for one in told.deepest], [9.0, 8.0, 7.0, 5.0, 3.0])
        self.assertEqual(told.drawdowns, 7)

    def test_an_end_after_everything_was_closed_counts(self) -> None:
        curve = daily_curve([110.0, 120.0])
        twice = type(curve).of([*curve.times_ms, curve.times_ms[-1]], [110.0, 120.0, 108.0], 100.0, start_ms=START_MS)
        self.assertAlmostEqual(measure(NONE, twice).drawdown.max_drawdown_pct, 10.0, places=12)

    def test_underwater_is_the_fraction_below_the_peak(self) -> None:
        np.testing.assert_allclose(daily_curve([120.0, 90.0, 130.0]).underwater(), [0.0, -0.25, 0.0])


class AgainstASlowModel(unittest.TestCase):
    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(st.lists(st.integers(-3, 200).map(float), max_size=40))
    def test_every_drawdown_of_any_curve(self, equity: list[float]) -> None:
        found = [
            (
                (one.peak_ms - START_MS) // DAY_MS,
                (one.lowest_ms - START_MS) // DAY_MS,
                None if one.recovered_ms is None else (one.recovered_ms - START_MS) // DAY_MS,
                one.depth,
            )
            for one in drawdowns_of(daily_curve(equity))
        ]
        self.assertEqual(found, slow_drawdowns(equity, 100.0))


if __name__ == "__main__":
    unittest.main()
