"""Exact arithmetic against fractions, which share nothing with the decimal module."""

import decimal
import math
import unittest
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from core.exact import (
    EXACT,
    as_float,
    ceil_to,
    computed,
    floor_to,
    plain,
    received,
    round_commission,
    share_of,
)
from tests.support.scale import scaled

EXAMPLES = scaled(200, 5_000)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=12)
STEPS = st.sampled_from([Decimal(text) for text in ("0.01", "0.00000001", "1", "0.5", "0.3", "0.07", "25", "1E+3")])
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


class EnteringNumbers(unittest.TestCase):
    def test_a_received_zero_keeps_its_sign_whatever_was_received_before(self) -> None:
        for value in (0.0, -0.0, 0.0, 0, False):
            self.assertEqual(str(Decimal(repr(float(value)))), str(received(value)))

    def test_what_was_asked_before_decides_no_sign_of_a_computed_zero(self) -> None:
        for values in ((0.0, -0.0), (-0.0, 0.0)):
            computed.cache_clear()
            as_float.cache_clear()
            self.assertEqual(["0", "0"], [str(computed(value)) for value in values])
            self.assertEqual(["0.0", "0.0"], [str(as_float(Decimal(str(value)))) for value in values])

    def test_a_received_number_is_the_decimal_of_its_shortest_text(self) -> None:
        self.assertEqual(Decimal("0.1"), received(0.1))
        self.assertEqual(Decimal("67000.01"), received(67000.01))
        self.assertEqual(Decimal("1E-7"), received(1e-07))
        self.assertEqual(Decimal(5), received(5))
        self.assertNotEqual(Decimal.from_float(0.1), received(0.1))

    def test_a_computed_number_keeps_twelve_significant_digits(self) -> None:
        self.assertEqual(Decimal("0.3"), computed(0.1 + 0.2))
        self.assertEqual(Decimal("0.333333333333"), computed(1 / 3))
        self.assertEqual(Decimal("123456789012"), computed(123456789012.4))
        self.assertEqual(Decimal("-0.666666666667"), computed(-2 / 3))

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(FLOATS)
    def test_a_received_number_goes_back_to_the_same_float(self, value: float) -> None:
        self.assertEqual(value, float(received(value)))

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.floats(min_value=1e-200, max_value=1e200))
    def test_a_computed_number_is_within_half_a_unit_of_its_twelfth_digit(self, value: float) -> None:
        error = abs(Fraction(computed(value)) - Fraction(value))
        self.assertLessEqual(error, Fraction(10) ** (math.floor(math.log10(value)) + 1 - 12) / 2)


class RoundingToSteps(unittest.TestCase):
    def test_by_hand_on_both_sides_of_zero(self) -> None:
        step = Decimal("0.05")
        for value, down, up in (
            ("1.23", "1.20", "1.25"),
            ("-1.23", "-1.25", "-1.20"),
            ("1.25", "1.25", "1.25"),
            ("-1.25", "-1.25", "-1.25"),
            ("0.01", "0", "0.05"),
            ("-0.01", "-0.05", "0"),
            ("0", "0", "0"),
        ):
            with self.subTest(value):
                self.assertEqual(Decimal(down), floor_to(Decimal(value), step))
                self.assertEqual(Decimal(up), ceil_to(Decimal(value), step))

    def test_a_step_of_zero_is_no_grid(self) -> None:
        value = Decimal("-1.23456789012345678901234567890123456789")
        self.assertIs(value, floor_to(value, Decimal(0)))
        self.assertIs(value, ceil_to(value, Decimal(0)))

    def test_far_more_digits_than_the_usual_context_holds_stay_exact(self) -> None:
        value = Decimal("123456789012345678901234567890.123456789")
        self.assertEqual(Decimal("123456789012345678901234567890.12"), floor_to(value, Decimal("0.01")))

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(DECIMALS, STEPS)
    def test_floor_and_ceiling_agree_with_fractions(self, value: Decimal, step: Decimal) -> None:
        exact, unit = Fraction(value), Fraction(step)
        self.assertEqual(exact // unit * unit, Fraction(floor_to(value, step)))
        self.assertEqual(-(-exact // unit) * unit, Fraction(ceil_to(value, step)))


class Commissions(unittest.TestCase):
    def test_halves_go_to_the_even_digit(self) -> None:
        for value, rounded in (
            ("0.000000005", "0"),
            ("0.000000015", "0.00000002"),
            ("0.000000025", "0.00000002"),
            ("0.0000000250000000000000000000000000000000001", "0.00000003"),
            ("-0.000000015", "-0.00000002"),
            ("1.23456789", "1.23456789"),
        ):
            with self.subTest(value):
                self.assertEqual(Decimal(rounded), round_commission(Decimal(value)))

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(DECIMALS)
    def test_rounding_agrees_with_the_half_even_round_of_fractions(self, value: Decimal) -> None:
        self.assertEqual(Fraction(round(Fraction(value) * 10**8), 10**8), Fraction(round_commission(value)))

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(
        st.decimals(0, 1000, places=8),
        st.integers(1, 10**9),
        st.integers(1, 10**9),
    )
    def test_a_share_is_the_exact_share_rounded(self, commission: Decimal, first: int, second: int) -> None:
        part, whole = Decimal(min(first, second)), Decimal(max(first, second))
        share = Fraction(commission) * Fraction(part) / Fraction(whole)
        self.assertEqual(Fraction(round(share * 10**8), 10**8), Fraction(share_of(commission, part, whole)))


class ExactContext(unittest.TestCase):
    def test_what_cannot_be_exact_stops(self) -> None:
        with self.assertRaises(decimal.Inexact):
            EXACT.divide(Decimal(1), Decimal(3))
        with self.assertRaises(decimal.InvalidOperation):
            EXACT.add(Decimal("inf"), Decimal("-inf"))
        self.assertEqual(Decimal(1) + Decimal("1e-27"), EXACT.add(Decimal(1), Decimal("1e-27")))

    def test_floats_are_no_operands(self) -> None:
        with self.assertRaises(TypeError):
            EXACT.add(Decimal(1), 0.1)


class PlainText(unittest.TestCase):
    def test_by_hand(self) -> None:
        for value, text in (
            ("0", "0"),
            ("-0", "0"),
            ("0E-8", "0"),
            ("1E+4", "10000"),
            ("-2.500", "-2.5"),
            ("1E-8", "0.00000001"),
            ("123456789012345678901234567890123.10", "123456789012345678901234567890123.1"),
        ):
            with self.subTest(value):
                self.assertEqual(text, plain(Decimal(value)))

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(DECIMALS)
    def test_the_text_is_the_number_without_exponent_or_idle_zeros(self, value: Decimal) -> None:
        text = plain(value)
        self.assertEqual(Fraction(value), Fraction(text))
        self.assertRegex(text, r"\A(0|-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?)\Z")


if __name__ == "__main__":
    unittest.main()
