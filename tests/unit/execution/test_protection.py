"""Protective levels: every branch, for longs and mirrored for shorts."""

import unittest
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle import Candle
from execution.protection import LevelHit, ProtectiveLevels
from tests.support.scale import scaled

CENT = Decimal("0.01")


def levels(
    *,
    is_long: bool = True,
    stop: str | None = None,
    target: str | None = None,
    tick: Decimal = CENT,
    trail: str | None = None,
) -> ProtectiveLevels:
    return ProtectiveLevels(
        is_long=is_long,
        stop=None if stop is None else Decimal(stop),
        target=None if target is None else Decimal(target),
        tick=tick,
        trailing_fraction=None if trail is None else Decimal(trail),
    )


def candle(open_: float, high: float, low: float, close: float) -> Candle:
    return Candle(0, open_, high, low, close, 1.0)


class Rounding(unittest.TestCase):
    def test_a_long_rounds_its_stop_down_and_its_target_up(self) -> None:
        placed = levels(stop="95.019", target="105.011")
        self.assertEqual((Decimal("95.01"), Decimal("105.02")), (placed.stop, placed.target))

    def test_a_short_rounds_its_stop_up_and_its_target_down(self) -> None:
        placed = levels(is_long=False, stop="105.011", target="95.019")
        self.assertEqual((Decimal("105.02"), Decimal("95.01")), (placed.stop, placed.target))

    def test_levels_below_zero_stand_and_are_never_reached(self) -> None:
        placed = levels(stop="-5.005")
        self.assertEqual(Decimal("-5.01"), placed.stop)
        self.assertIsNone(placed.reached_in(candle(1.0, 1.0, 0.00000001, 1.0)))

    def test_without_a_tick_nothing_is_rounded(self) -> None:
        placed = levels(stop="95.0191", target="105.0111", tick=Decimal(0))
        self.assertEqual((Decimal("95.0191"), Decimal("105.0111")), (placed.stop, placed.target))


class PassedByAPrice(unittest.TestCase):
    """What an open, or a quote, has passed: (is long, stop, target, price, expected)."""

    TABLE = (
        (True, "95", "105", 95.0, ("stop", "95", True)),
        (True, "95", "105", 90.0, ("stop", "90", True)),
        (True, "95", "105", 95.01, None),
        (True, "95", "105", 105.0, None),
        (True, "95", "105", 105.01, ("target", "105.01", False)),
        (True, None, "105", 1.0, None),
        (True, "95", None, 1000.0, None),
        (True, None, None, 1.0, None),
        (False, "105", "95", 105.0, ("stop", "105", True)),
        (False, "105", "95", 110.0, ("stop", "110", True)),
        (False, "105", "95", 104.99, None),
        (False, "105", "95", 95.0, None),
        (False, "105", "95", 94.99, ("target", "94.99", False)),
        (False, None, "95", 1000.0, None),
        (False, "105", None, 1.0, None),
        (False, None, None, 1.0, None),
    )

    def test_a_stop_is_passed_at_its_price_and_a_target_only_beyond_and_both_fill_at_the_price_given(self) -> None:
        for is_long, stop, target, price, expected in self.TABLE:
            with self.subTest(is_long=is_long, stop=stop, target=target, price=price):
                self.assert_hit(expected, levels(is_long=is_long, stop=stop, target=target).passed_by(price))

    def assert_hit(self, expected: tuple[str, str, bool] | None, hit: LevelHit | None) -> None:
        if expected is None or hit is None:
            self.assertIsNone(hit)
            self.assertIsNone(expected)
            return
        self.assertEqual(expected, (hit.reason, f"{hit.reference.normalize():f}", hit.slips))
        self.assertIsNone(hit.instead)


class ReachedInACandle(unittest.TestCase):
    """(is long, candle's open, high, low, expected reason, reference, slips, instead); stop 5 and target 5 from 100."""

    TABLE = (
        # A stop needs a touch and fills at its price.
        (True, (100, 101, 95), ("stop", "95", True, None)),
        (True, (100, 101, 95.01), None),
        (False, (100, 105, 99), ("stop", "105", True, None)),
        (False, (100, 104.99, 99), None),
        # A target needs a trade through it and fills at its price, without slippage.
        (True, (100, 105.01, 99), ("target", "105", False, None)),
        (True, (100, 105, 99), None),
        (False, (100, 101, 94.99), ("target", "95", False, None)),
        (False, (100, 101, 95), None),
        # Both in the candle: the stop, and the target is what might have been.
        (True, (100, 106, 94), ("stop", "95", True, "105")),
        (False, (100, 106, 94), ("stop", "105", True, "95")),
        # Target touched, not traded through, beside the stop: nothing is ambiguous.
        (True, (100, 105, 94), ("stop", "95", True, None)),
        (False, (100, 106, 95), ("stop", "105", True, None)),
        # A stop beyond the open fills at that open, never better, and the open alone decided.
        (True, (94, 106, 93), ("stop", "94", True, None)),
        (False, (106, 107, 94), ("stop", "106", True, None)),
        # An open at the stop is at or beyond it.
        (True, (95, 106, 94), ("stop", "95", True, None)),
        (False, (105, 106, 94), ("stop", "105", True, None)),
    )

    def test_adverse_before_favourable_on_both_sides(self) -> None:
        for is_long, (opened, high, low), expected in self.TABLE:
            with self.subTest(is_long=is_long, candle=(opened, high, low)):
                stop, target = ("95", "105") if is_long else ("105", "95")
                hit = levels(is_long=is_long, stop=stop, target=target).reached_in(
                    candle(float(opened), float(high), float(low), float(opened))
                )
                got = None
                if hit is not None:
                    instead = None if hit.instead is None else f"{hit.instead.normalize():f}"
                    got = (hit.reason, f"{hit.reference.normalize():f}", hit.slips, instead)
                self.assertEqual(expected, got)

    def test_without_levels_nothing_is_reached(self) -> None:
        for is_long in (True, False):
            self.assertIsNone(levels(is_long=is_long).reached_in(candle(100.0, 1e9, 1e-9, 100.0)))


class Trailing(unittest.TestCase):
    def test_a_long_follows_the_highest_close_and_never_loosens(self) -> None:
        placed = levels(stop="95", trail="0.02")
        self.assertFalse(placed.ratchet(96.0))  # 94.08 is below 95
        self.assertEqual((Decimal(95), False), (placed.stop, placed.trailed))
        self.assertTrue(placed.ratchet(110.0))  # 107.8
        self.assertFalse(placed.ratchet(105.0))
        self.assertFalse(placed.ratchet(110.0))
        self.assertEqual((Decimal("107.80"), True), (placed.stop, placed.trailed))
        hit = placed.passed_by(107.8)
        self.assertIsNotNone(hit)
        self.assertEqual("trailing_stop", hit.reason)

    def test_a_short_follows_the_lowest_close(self) -> None:
        placed = levels(is_long=False, stop="105", trail="0.02")
        self.assertFalse(placed.ratchet(104.0))  # 106.08 is above 105
        self.assertTrue(placed.ratchet(90.0))  # 91.8
        self.assertFalse(placed.ratchet(95.0))
        self.assertEqual(Decimal("91.80"), placed.stop)
        hit = placed.reached_in(candle(91.0, 91.8, 90.0, 91.0))
        self.assertIsNotNone(hit)
        self.assertEqual(("trailing_stop", Decimal("91.80")), (hit.reason, hit.reference))

    def test_it_is_rounded_away_from_the_market_like_any_stop(self) -> None:
        upward, downward = levels(trail="0.0333"), levels(is_long=False, trail="0.0333")
        upward.ratchet(100.01)  # 100.01 x 0.9667 = 96.679667
        downward.ratchet(100.01)  # 100.01 x 1.0333 = 103.340333
        self.assertEqual((Decimal("96.67"), Decimal("103.35")), (upward.stop, downward.stop))

    def test_a_tighter_rounded_stop_is_all_that_counts_as_a_move(self) -> None:
        placed = levels(trail="0.02", tick=Decimal(1))
        self.assertTrue(placed.ratchet(100.0))  # 98
        self.assertFalse(placed.ratchet(100.5))  # 98.49 rounds to 98 again
        self.assertTrue(placed.ratchet(101.1))  # 99.078 rounds to 99

    def test_without_a_fraction_nothing_moves(self) -> None:
        placed = levels(stop="95")
        self.assertFalse(placed.ratchet(1000.0))
        self.assertEqual(Decimal(95), placed.stop)


class AgainstFractions(unittest.TestCase):
    """The float bounds only spare work: exact fractions of the shortest texts decide the same, near a level too."""

    NEAR = st.integers(-4, 4)

    @settings(max_examples=scaled(300, 10_000), deadline=None)
    @given(st.booleans(), st.decimals(1, 1000, places=17), NEAR, NEAR, st.booleans())
    def test_prices_within_some_floats_of_a_level(
        self, is_long: bool, level: Decimal, steps: int, width: int, is_stop: bool
    ) -> None:
        price = float(level)
        step = price * 2**-52
        near, other = price + steps * step, price + (steps + width) * step
        placed = levels(
            is_long=is_long,
            stop=str(level) if is_stop else None,
            target=None if is_stop else str(level),
            tick=Decimal(0),
        )
        low, high = min(near, other), max(near, other)
        exact_low, exact_high = Fraction(repr(low)), Fraction(repr(high))
        if is_stop:
            expected = exact_low <= Fraction(level) if is_long else exact_high >= Fraction(level)
        else:
            expected = exact_high > Fraction(level) if is_long else exact_low < Fraction(level)
        self.assertEqual(expected, placed.reached_in(candle(near, high, low, other)) is not None)
        first = Fraction(repr(near))
        if is_stop:
            expected = first <= Fraction(level) if is_long else first >= Fraction(level)
        else:
            expected = first > Fraction(level) if is_long else first < Fraction(level)
        self.assertEqual(expected, placed.passed_by(near) is not None)


if __name__ == "__main__":
    unittest.main()
