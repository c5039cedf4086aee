"""Funding amounts, by hand."""

import unittest
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from execution.money.funding_amount import funding_amount
from tests.support.scale import scaled


class FundingAmount(unittest.TestCase):
    def test_longs_pay_shorts_at_a_positive_rate_and_receive_at_a_negative_one(self) -> None:
        # 2 × 50 000 × 0.0001 = 10
        for sign, rate, amount in ((1, "0.0001", -10), (-1, "0.0001", 10), (1, "-0.0001", 10), (-1, "-0.0001", -10)):
            self.assertEqual(amount, funding_amount(sign, Decimal(2), Decimal(50_000), Decimal(rate)))

    def test_halves_of_the_eighth_digit_go_to_the_even_one(self) -> None:
        for quantity, amount in (("0.5", "0"), ("1.5", "2E-8"), ("2.5", "2E-8"), ("3.5", "4E-8")):
            self.assertEqual(
                Decimal(amount), funding_amount(-1, Decimal(quantity), Decimal(1), Decimal("0.00000001")), quantity
            )

    def test_a_rate_of_zero_moves_nothing(self) -> None:
        self.assertEqual(0, funding_amount(1, Decimal(3), Decimal(100), Decimal(0)))

    @settings(max_examples=scaled(100, 5_000), deadline=None)
    @given(
        st.sampled_from((1, -1)),
        st.decimals(0, 10**6, places=8),
        st.decimals(0, 10**6, places=8),
        st.decimals(-1, 1, places=8),
    )
    def test_what_one_side_pays_the_other_receives(
        self, sign: int, quantity: Decimal, mark: Decimal, rate: Decimal
    ) -> None:
        amount = funding_amount(sign, quantity, mark, rate)
        exact = -sign * Fraction(quantity) * Fraction(mark) * Fraction(rate)
        self.assertEqual(Fraction(round(exact * 10**8), 10**8), Fraction(amount))
        self.assertEqual(0, amount + funding_amount(-sign, quantity, mark, rate))


if __name__ == "__main__":
    unittest.main()
