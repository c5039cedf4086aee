"""Prices of fills: spread and slippage together, on the tick."""

import math
import unittest
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle import Candle
from core.instrument import Instrument
from execution.costs.commission import FractionCommission
from execution.costs.fill_pricing import FillPricing, build_pricing
from execution.costs.slippage import FractionSlippage
from execution.costs.spread import FixedSpread, NoSpread, SpreadModel
from execution.execution_settings import ExecutionSettings
from tests.support.scale import scaled

TICK = {"S": Instrument("S", tick_size=Decimal("0.1"))}
ONE = Decimal(1)


def constant(slippage: str, spread: SpreadModel, instruments: dict[str, Instrument] | None = None) -> FillPricing:
    return FillPricing(
        FractionCommission(Decimal("0.0005")), FractionSlippage(Decimal(slippage)), spread, instruments or {}
    )


class MarketPrice(unittest.TestCase):
    def test_buys_pay_more_and_sells_get_less(self) -> None:
        pricing = constant("0.0005", NoSpread())
        self.assertEqual(Decimal("100.05"), pricing.market_price("S", Decimal(100), ONE, buying=True))
        self.assertEqual(Decimal("99.95"), pricing.market_price("S", Decimal(100), ONE, buying=False))

    def test_half_the_spread_and_the_slippage_add_up(self) -> None:
        # 200 × (1 ± (0.0005 + 0.001 / 2)) = 200 ± 0.2
        pricing = constant("0.0005", FixedSpread(Decimal("0.001")))
        self.assertEqual(Decimal("200.2"), pricing.market_price("S", Decimal(200), ONE, buying=True))
        self.assertEqual(Decimal("199.8"), pricing.market_price("S", Decimal(200), ONE, buying=False))

    def test_without_a_grid_the_price_is_not_rounded(self) -> None:
        # 67123.457 x 1.0033 = 67123.457 + 221.5074081
        price = constant("0.0033", NoSpread()).market_price("S", Decimal("67123.457"), ONE, buying=True)
        self.assertEqual(Decimal("67344.9644081"), price)

    def test_buys_round_up_and_sells_down_to_the_tick(self) -> None:
        # 123.45 × 1.0005 = 123.511725, 123.45 × 0.9995 = 123.388275
        pricing = constant("0.0005", NoSpread(), TICK)
        self.assertEqual(Decimal("123.6"), pricing.market_price("S", Decimal("123.45"), ONE, buying=True))
        self.assertEqual(Decimal("123.3"), pricing.market_price("S", Decimal("123.45"), ONE, buying=False))

    def test_a_price_on_the_tick_stays_there(self) -> None:
        pricing = constant("0", NoSpread(), TICK)
        for buying in (True, False):
            self.assertEqual(Decimal("1.5"), pricing.market_price("S", Decimal("1.5"), ONE, buying=buying))

    @settings(max_examples=scaled(200, 5_000), deadline=None)
    @given(
        st.decimals(Decimal("0.01"), 10**6, places=8),
        st.decimals(0, Decimal("0.0999"), places=6),
        st.decimals(0, Decimal("0.0999"), places=6),
        st.booleans(),
    )
    def test_it_agrees_with_fractions(
        self, reference: Decimal, slippage: Decimal, spread: Decimal, buying: bool
    ) -> None:
        worse = Fraction(slippage) + Fraction(spread) / 2
        exact = Fraction(reference) * (1 + worse if buying else 1 - worse)
        tick = Fraction(1, 10)
        expected = (math.ceil(exact / tick) if buying else math.floor(exact / tick)) * tick
        price = constant(str(slippage), FixedSpread(spread), TICK).market_price("S", reference, ONE, buying=buying)
        self.assertEqual(expected, Fraction(price))

    def test_a_sell_is_never_below_zero(self) -> None:
        pricing = constant("1.5", NoSpread(), TICK)
        self.assertEqual(0, pricing.market_price("S", Decimal(100), ONE, buying=False))
        self.assertEqual(250, pricing.market_price("S", Decimal(100), ONE, buying=True))


class LimitPrice(unittest.TestCase):
    def test_it_has_no_spread_and_no_slippage(self) -> None:
        pricing = constant("0.05", FixedSpread(Decimal("0.05")), TICK)
        self.assertEqual(Decimal("100.1"), pricing.limit_price("S", Decimal("100.01"), buying=True))
        self.assertEqual(Decimal("100"), pricing.limit_price("S", Decimal("100.01"), buying=False))


class Rules(unittest.TestCase):
    def test_rules_can_change_and_the_mapping_given_does_not(self) -> None:
        given_rules = dict(TICK)
        pricing = constant("0", NoSpread(), given_rules)
        coarse = Instrument("S", tick_size=Decimal(5))
        pricing.set_rules("S", coarse)
        self.assertIs(coarse, pricing.rules("S"))
        self.assertEqual(105, pricing.limit_price("S", Decimal(101), buying=True))
        self.assertEqual(TICK, given_rules)

    def test_an_unknown_symbol_has_no_grid(self) -> None:
        self.assertEqual(
            (0, 0), (constant("0", NoSpread()).rules("X").tick_size, constant("0", NoSpread()).rules("X").lot_size)
        )


class Observing(unittest.TestCase):
    def built(self, **sections: object) -> FillPricing:
        return build_pricing(ExecutionSettings.model_validate({"slippage": 0.001, **sections}), {}, ["S"])

    def price(self, pricing: FillPricing, symbol: str = "S", quantity: str = "1") -> Decimal:
        return pricing.market_price(symbol, Decimal(100), Decimal(quantity), buying=True)

    def test_the_default_settings_look_at_no_candle(self) -> None:
        pricing = self.built()
        self.assertFalse(pricing.observes)
        pricing.observe("S", Candle(0, 100.0, 110.0, 90.0, 100.0, 1.0))
        pricing.restart("S")
        self.assertEqual(Decimal("100.1"), self.price(pricing))
        self.assertEqual(Decimal("0.05"), pricing.commission(Decimal(100), ONE, 0))

    def test_candles_that_were_seen_move_the_price_of_their_symbol_only(self) -> None:
        pricing = self.built(
            slippage_model={"model": "square_root", "coefficient": 0.5, "candles": 2},
            spread={"model": "corwin_schultz", "fraction": 0.002, "candles": 2},
        )
        self.assertTrue(pricing.observes)
        for count in range(3):
            # base 0.001 and half of the fallback 0.002; with two candles also 0.5 × 0.02 × √(1/100) = 0.001
            self.assertEqual(Decimal("100.2") if count < 2 else Decimal("100.3"), self.price(pricing))
            pricing.observe("S", Candle(count, 99.0, 101.0, 99.0, 100.0, 100.0))
        # three candles are two pairs: the spread is 2 (101 − 99) / (101 + 99) = 0.02, half of it 0.01
        self.assertEqual(Decimal("101.2"), self.price(pricing))
        # √(25/100) = 0.5: 0.5 × 0.02 × 0.5 = 0.005
        self.assertEqual(Decimal("101.6"), self.price(pricing, quantity="25"))
        pricing.observe("X", Candle(0, 99.0, 101.0, 99.0, 100.0, 100.0))
        self.assertEqual(Decimal("100.2"), self.price(pricing, "X"))
        pricing.restart("S")
        self.assertEqual(Decimal("100.2"), self.price(pricing))

    def test_fills_move_the_commission_tier(self) -> None:
        tiers = [{"volume": 1000.0, "maker": 0.0001, "taker": 0.0002}]
        pricing = self.built(commission={"maker": 0.0003, "taker": 0.0004, "tiers": tiers})
        day = 86_400_000
        pricing.note_fill(0, Decimal(1000))
        for time_ms, maker, commission in (
            (0, False, "0.04"),
            (0, True, "0.03"),
            (day, False, "0.02"),
            (day, True, "0.01"),
        ):
            self.assertEqual(Decimal(commission), pricing.commission(Decimal(100), ONE, time_ms, maker=maker))


if __name__ == "__main__":
    unittest.main()
