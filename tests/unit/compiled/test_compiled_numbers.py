"""The compiled numbers against Python's own: decimal digits, floats of money, the text of floats and times."""

import hashlib
import unittest
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compiled.codes import NONE
from compiled.compiler import routine
from compiled.integers import average as average_of
from compiled.integers import divided_product, float_of, half_even, in_steps, twelve_digits
from compiled.text.digest import PADDING, digest
from compiled.text.digits import put_plain, put_time
from compiled.text.floats import put_float
from compiled.two_words import quotient_of, rounded_product
from core.exact import average, ceil_to, computed, floor_to, plain
from core.instants import format_ms
from tests.support.scale import scaled

EXAMPLES = scaled(300, 100_000)


@routine
def texts(values, out, ends):
    at = 0
    for place in range(len(values)):
        at = put_float(out, at, values[place])
        ends[place] = at


def text_of(put, *numbers) -> str:
    """Return what a compiled writer puts."""
    out = np.zeros(64, np.uint8)
    return out[: put(out, 0, *numbers)].tobytes().decode()


WORDS = st.one_of(st.integers(0, 2**62), st.integers(0, 10**6), st.sampled_from((5, 15 * 10**9, 25 * 10**14, 10**18)))


class CompiledNumbers(unittest.TestCase):
    @settings(max_examples=EXAMPLES, deadline=None)
    @given(WORDS, WORDS, WORDS, st.integers(1, 2**62 - 1), st.integers(0, 36))
    @example(2**62, 2, 1, 1, 0)
    @example(2**62, 2**62, 2**62, 2**62 - 1, 36)
    @example(5 * 10**17, 1, 1, 1, 18)
    def test_quotients_of_products_are_exact_or_said_to_need_more_bits(
        self, first: int, second: int, third: int, divisor: int, decimals: int
    ) -> None:
        product = first * second * third
        numbers = [np.int64(one) for one in (first, second, third)]
        quotient, rest = divmod(product, divisor)
        fits = product < 2**128
        expected = (quotient, rest) if fits and quotient < 2**63 else (NONE, 0)
        self.assertEqual(expected, quotient_of(*numbers, np.int64(divisor)))
        exact = Fraction(product, 10**decimals)
        rounded = round(exact) if fits and exact < 2**63 - 1 else NONE
        self.assertEqual(rounded, rounded_product(*numbers, np.int64(decimals)))

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.floats(1e-11, 1e12, exclude_max=True))
    @example(1e-11)
    @example(0.1)
    @example(999_999_999_999.5)
    @example(99_999_999_999.95)
    @example(123_456_789_012.5)
    @example(0.5 + 2.0**-33)
    def test_twelve_digits_are_those_of_the_kernel(self, value: float) -> None:
        digits, decimals = twelve_digits(value)
        self.assertEqual(computed(value), Decimal(int(digits)).scaleb(-decimals))

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.integers(1, 10**15 - 1), st.integers(1, 10**12), st.integers(1, 10**4), st.integers(0, 8))
    @example(999_999_999_999_500, 1, 1, 2)
    @example(10**12 + 5, 10, 1, 0)
    @example(1_000_000_000_005, 1, 2, 0)
    def test_averages_are_shown_as_the_kernel_shows_them(self, price: int, count: int, odd: int, decimals: int) -> None:
        total = price * count + odd % count
        if total < 2**62:
            exact = float(average(Decimal(total).scaleb(-decimals), Decimal(count)))
            self.assertEqual(exact, average_of(np.int64(total), np.int64(count), np.int64(decimals)))

    def test_a_digest_begins_as_that_of_the_library(self) -> None:
        for length in (0, 1, 55, 56, 63, 64, 119, 120, 150):
            text = bytes(range(length))
            given_text = np.frombuffer(text + bytes([7]) * PADDING, np.uint8).copy()
            expected = hashlib.sha256(text).digest()
            found = (int(word).to_bytes(4, "big") for word in digest(given_text, length))
            self.assertEqual(expected[:8], b"".join(found))

    def test_what_twelve_digits_cannot_hold_is_said(self) -> None:
        for value in (9e-12, 1e12, float("inf"), float("nan"), 0.0, -1.0):
            self.assertEqual(NONE, twelve_digits(value)[0])

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.integers(0, 10**12), st.integers(0, 22), st.integers(0, 10), st.integers(1, 10**6))
    def test_steps_are_counted_as_the_kernel_rounds(self, digits: int, decimals: int, unit: int, step: int) -> None:
        exact, size = Decimal(digits).scaleb(-decimals), Decimal(step).scaleb(-unit)
        for up, rounded in ((True, ceil_to), (False, floor_to)):
            found = in_steps(digits, decimals, unit, step, up)
            if found == NONE:
                self.assertGreater(unit - decimals, 6)
            else:
                self.assertEqual(rounded(exact, size), int(found) * size)

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.integers(-(4 * 10**18), 4 * 10**18), st.integers(8, 15))
    @example(2**53 + 1, 8)
    @example(-(2**62) + 1, 15)
    def test_a_float_of_money_is_the_nearest(self, value: int, decimals: int) -> None:
        self.assertEqual(float(Decimal(value).scaleb(-decimals)), float_of(value, 10.0**decimals))

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.integers(0, 10**15), st.integers(0, 10**12), st.integers(0, 17))
    def test_products_beyond_64_bits_are_divided_exactly(self, left: int, right: int, power: int) -> None:
        divisor = 10**power
        if left * right // divisor < 2**50:
            quotient, rest = divided_product(left, right, divisor)
            self.assertEqual(divmod(left * right, divisor), (quotient, rest))
            exact = Context(prec=60, rounding=ROUND_HALF_EVEN).to_integral_value(
                Context(prec=60).divide(Decimal(left * right), Decimal(divisor))
            )
            self.assertEqual(int(exact), half_even(quotient, rest, divisor))
            self.assertLessEqual(abs(Fraction(left * right, divisor) - int(exact)), Fraction(1, 2))

    def test_floats_are_written_as_python_writes_them(self) -> None:
        chance = np.random.default_rng(12)
        count = scaled(25_000, 2_000_000)
        special = [
            0.0,
            -0.0,
            1e16,
            1e15,
            1e-4,
            9.5e-5,
            5e-324,
            2.2250738585072014e-308,
            1.7976931348623157e308,
            1e22,
            1e23,
        ]
        values = np.concatenate(
            (
                chance.integers(-(2**63), 2**63 - 1, count).view(np.float64),
                chance.random(count) * 10.0 ** chance.integers(-12, 18, count),
                np.round(chance.random(count) * 1e5, 2),
                2.0 ** np.arange(-1074, 1024),
                special,
            )
        )
        values = values[np.isfinite(values)]
        out, ends = np.zeros(32 * len(values), np.uint8), np.zeros(len(values), np.int64)
        texts(values, out, ends)
        data, begins = out.tobytes(), [0, *ends.tolist()]
        for value, begin, end in zip(values.tolist(), begins, ends.tolist(), strict=False):
            self.assertEqual(repr(value), data[begin:end].decode())

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.integers(-(9 * 10**18), 9 * 10**18), st.integers(0, 18))
    def test_decimals_are_written_plain(self, value: int, decimals: int) -> None:
        self.assertEqual(plain(Decimal(value).scaleb(-decimals)), text_of(put_plain, value, decimals))

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.integers(-(10**12), 253_402_300_799_999))
    @example(951_782_399_999)
    @example(951_782_400_000)
    def test_times_are_written_as_the_kernel_writes_them(self, time_ms: int) -> None:
        self.assertEqual(format_ms(time_ms), text_of(put_time, time_ms))


if __name__ == "__main__":
    unittest.main()
