"""Slippage models, by hand."""

import unittest
from decimal import Decimal

from core.candle import Candle
from execution.costs.market_conditions import MarketConditions
from execution.costs.slippage import (
    FractionSlippage,
    SlippageModel,
    SquareRootImpact,
    VolatilitySlippage,
    build_slippage,
)
from execution.venue_settings import SlippageSettings

BASE = Decimal("0.0005")
ONE = Decimal(1)


def observed(count: int, *, volume: float = 400.0) -> MarketConditions:
    """Candles of range 4 at a close of 200: v = 0.02."""
    conditions = MarketConditions(2, 0)
    for _ in range(count):
        conditions.update(Candle(0, 198.0, 201.0, 197.0, 200.0, volume))
    return conditions


class Slippage(unittest.TestCase):
    def test_the_fixed_fraction_knows_no_market(self) -> None:
        model = FractionSlippage(BASE)
        self.assertEqual((BASE, BASE), (model.constant, model.fraction(Decimal(10**6), observed(2))))

    def test_volatility_scales_and_quantity_does_not(self) -> None:
        # 0.0005 + 0.1 × 0.02
        model = VolatilitySlippage(BASE, 0.1)
        self.assertIsNone(model.constant)
        for quantity in ("0.001", "1", "1000"):
            self.assertEqual(Decimal("0.0025"), model.fraction(Decimal(quantity), observed(2)))

    def test_impact_grows_with_the_root_of_the_share_of_volume(self) -> None:
        model = SquareRootImpact(BASE, 0.1)
        self.assertIsNone(model.constant)
        # 0.0005 + 0.1 × 0.02 × √(quantity / 400): √(1/400) = 1/20, √(100/400) = 1/2, √1 = 1, √(1600/400) = 2
        for quantity, fraction in (("1", "0.0006"), ("100", "0.0015"), ("400", "0.0025"), ("1600", "0.0045")):
            self.assertEqual(Decimal(fraction), model.fraction(Decimal(quantity), observed(2)))

    def test_an_irrational_root_has_twelve_digits(self) -> None:
        # √(2/400) = 0.07071067811865; × 0.002 = 0.0001414213562373, to twelve digits 0.000141421356237
        impact = SquareRootImpact(Decimal(0), 0.1).fraction(Decimal(2), observed(2))
        self.assertEqual(Decimal("0.000141421356237"), impact)

    def test_without_volume_impact_is_the_volatility_form(self) -> None:
        self.assertEqual(Decimal("0.0025"), SquareRootImpact(BASE, 0.1).fraction(ONE, observed(2, volume=0.0)))

    def test_until_enough_is_known_the_base_stands_alone(self) -> None:
        for model in (VolatilitySlippage(BASE, 0.1), SquareRootImpact(BASE, 0.1)):
            for conditions in (None, observed(1), MarketConditions(0, 4)):
                self.assertEqual(BASE, model.fraction(ONE, conditions))

    def test_the_settings_name_the_model(self) -> None:
        expected: list[tuple[SlippageSettings, type[SlippageModel], str]] = [
            (SlippageSettings(), FractionSlippage, "0.0005"),
            (SlippageSettings(model="volatility", coefficient=0.5), VolatilitySlippage, "0.0105"),
            (SlippageSettings(model="square_root", coefficient=0.5), SquareRootImpact, "0.001"),
        ]
        for settings, kind, fraction in expected:
            model = build_slippage(BASE, settings)
            self.assertIs(kind, type(model))
            # 0.0005 + 0.5 × 0.02 and 0.0005 + 0.5 × 0.02 / 20
            self.assertEqual(Decimal(fraction), model.fraction(ONE, observed(2)))


if __name__ == "__main__":
    unittest.main()
