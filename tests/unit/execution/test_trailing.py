"""The level that a trailing stop takes from each close, before rounding."""

import unittest
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from execution.orders.trailing import Trail
from tests.support.scale import scaled

CLOSES = st.lists(st.floats(0.01, 1e6, allow_nan=False), min_size=1, max_size=12)


class TrailByHand(unittest.TestCase):
    def test_a_longs_stop_is_below_and_a_shorts_above_by_the_fraction_exactly(self) -> None:
        # 100.01 x 0.9667 and 100.01 x 1.0333
        for long, level in ((True, "96.679667"), (False, "103.340333")):
            self.assertEqual(Decimal(level), Trail(long=long, fraction=Decimal("0.0333")).level_after(100.01))

    def test_by_a_distance(self) -> None:
        for long, level in ((True, "97.505"), (False, "102.515")):
            self.assertEqual(Decimal(level), Trail(long=long, distance=Decimal("2.505")).level_after(100.01))

    def test_a_close_that_is_no_better_than_an_earlier_one_sets_nothing(self) -> None:
        rising, falling = Trail(long=True, distance=Decimal(1)), Trail(long=False, distance=Decimal(1))
        self.assertEqual([99, None, None, 100], [rising.level_after(close) for close in (100.0, 99.0, 100.0, 101.0)])
        self.assertEqual([101, None, None, 100], [falling.level_after(close) for close in (100.0, 101.0, 100.0, 99.0)])


class TrailAgainstFractions(unittest.TestCase):
    @settings(max_examples=scaled(100, 5_000), deadline=None)
    @given(st.booleans(), CLOSES, st.decimals(Decimal("0.0001"), Decimal("0.99"), places=4))
    def test_the_last_level_set_is_that_of_the_best_close(self, long: bool, closes: list, fraction: Decimal) -> None:
        trail = Trail(long=long, fraction=fraction)
        levels = [level for level in map(trail.level_after, closes) if level is not None]
        best = max(closes) if long else min(closes)
        share = 1 - Fraction(fraction) if long else 1 + Fraction(fraction)
        self.assertEqual(Fraction(repr(best)) * share, Fraction(levels[-1]))
        self.assertEqual(sorted(levels, reverse=not long), levels)


if __name__ == "__main__":
    unittest.main()
