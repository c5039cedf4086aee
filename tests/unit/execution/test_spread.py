"""Spread models: half of the spread, by hand."""

import unittest
from decimal import Decimal

from core.candle import Candle
from execution.costs.market_conditions import MarketConditions
from execution.costs.spread import CorwinSchultzSpread, FixedSpread, NoSpread, SpreadModel, build_spread
from execution.venue_settings import SpreadSettings


def observed(count: int) -> MarketConditions:
    """Candles whose every pair shows a spread of 2 / 100."""
    conditions = MarketConditions(0, 2)
    for _ in range(count):
        conditions.update(Candle(0, 99.0, 101.0, 99.0, 101.0, 1.0))
    return conditions


class Spread(unittest.TestCase):
    def test_no_spread_is_zero(self) -> None:
        self.assertEqual((0, 0), (NoSpread().constant, NoSpread().half_spread(None)))

    def test_a_fill_crosses_half_of_a_fixed_spread(self) -> None:
        model = FixedSpread(Decimal("0.0005"))
        self.assertEqual((Decimal("0.00025"), Decimal("0.00025")), (model.constant, model.half_spread(observed(3))))

    def test_a_fill_crosses_half_of_an_estimated_spread(self) -> None:
        model = CorwinSchultzSpread(Decimal("0.0004"))
        self.assertIsNone(model.constant)
        self.assertEqual(Decimal("0.01"), model.half_spread(observed(3)))

    def test_without_an_estimate_the_fixed_spread_stands(self) -> None:
        model = CorwinSchultzSpread(Decimal("0.0004"))
        for conditions in (None, MarketConditions(5, 0), observed(2)):
            self.assertEqual(Decimal("0.0002"), model.half_spread(conditions))

    def test_an_estimate_of_zero_is_an_estimate(self) -> None:
        conditions = MarketConditions(0, 1)
        for price in (100.0, 105.0):
            conditions.update(Candle(0, price, price, price, price, 1.0))
        self.assertEqual(0, CorwinSchultzSpread(Decimal("0.0004")).half_spread(conditions))

    def test_the_settings_name_the_model(self) -> None:
        expected: list[tuple[SpreadSettings, type[SpreadModel], str]] = [
            (SpreadSettings(), NoSpread, "0"),
            (SpreadSettings(model="fixed", fraction=0.0003), FixedSpread, "0.00015"),
            (SpreadSettings(model="corwin_schultz", fraction=0.0003), CorwinSchultzSpread, "0.00015"),
        ]
        for settings, kind, half in expected:
            model = build_spread(settings)
            self.assertIs(kind, type(model))
            self.assertEqual(Decimal(half), model.half_spread(None))


if __name__ == "__main__":
    unittest.main()
