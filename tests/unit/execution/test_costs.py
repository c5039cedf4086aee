"""Commission and slippage models, by hand."""

import unittest
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from execution.commission import FractionCommission
from execution.slippage import FractionSlippage
from tests.support.scale import scaled


class Commission(unittest.TestCase):
    def test_it_is_the_fraction_of_the_filled_value(self) -> None:
        # 67000.5 x 0.02 x 0.0005
        self.assertEqual(
            Decimal("0.670005"), FractionCommission(Decimal("0.0005")).commission(Decimal("67000.5"), Decimal("0.02"))
        )

    def test_halves_of_the_eighth_digit_go_to_the_even_one(self) -> None:
        model = FractionCommission(Decimal("0.00000001"))
        for quantity, commission in (("0.5", "0"), ("1.5", "2E-8"), ("2.5", "2E-8"), ("2.500001", "3E-8")):
            self.assertEqual(Decimal(commission), model.commission(Decimal(1), Decimal(quantity)))

    def test_a_rate_of_zero_costs_nothing(self) -> None:
        self.assertEqual(0, FractionCommission(Decimal(0)).commission(Decimal(100), Decimal(1)))

    @settings(max_examples=scaled(100, 5_000), deadline=None)
    @given(st.decimals(0, 10**6, places=8), st.decimals(0, 10**6, places=8), st.decimals(0, Decimal("0.1"), places=6))
    def test_it_agrees_with_fractions(self, price: Decimal, quantity: Decimal, rate: Decimal) -> None:
        exact = Fraction(price) * Fraction(quantity) * Fraction(rate)
        self.assertEqual(
            Fraction(round(exact * 10**8), 10**8), Fraction(FractionCommission(rate).commission(price, quantity))
        )


class Slippage(unittest.TestCase):
    def test_buys_pay_more_and_sells_get_less(self) -> None:
        model = FractionSlippage(Decimal("0.0005"))
        self.assertEqual(Decimal("100.05"), model.slipped(Decimal(100), buying=True))
        self.assertEqual(Decimal("99.95"), model.slipped(Decimal(100), buying=False))

    def test_the_price_is_not_rounded(self) -> None:
        model = FractionSlippage(Decimal("0.0033"))
        # 67123.457 x 1.0033 = 67123.457 + 221.5074081
        self.assertEqual(Decimal("67344.9644081"), model.slipped(Decimal("67123.457"), buying=True))

    def test_without_slippage_the_reference_stands(self) -> None:
        model = FractionSlippage(Decimal(0))
        for buying in (True, False):
            self.assertEqual(Decimal("1.5"), model.slipped(Decimal("1.5"), buying=buying))


if __name__ == "__main__":
    unittest.main()
