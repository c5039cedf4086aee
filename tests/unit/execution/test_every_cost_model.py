"""Every cost model there is: costs have the right sign, never fall as what they depend on grows, and keep nothing back.

A model is a class of ``execution.costs`` with the method of its kind; it is built from what its constructor names.
"""

import unittest
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

from core.exact import round_commission
from execution.costs.commission import CommissionModel, build_commission
from execution.costs.fill_pricing import FillPricing
from execution.costs.market_conditions import MarketConditions
from execution.costs.slippage import SlippageModel, build_slippage
from execution.costs.spread import SpreadModel, build_spread
from execution.venue_settings import CommissionSettings, SlippageSettings, SpreadSettings
from tests.support.candles import candle
from tests.support.discovery import arguments_of, implementations
from tests.support.times import DAY_MS

ARGUMENTS: Mapping[str, tuple[object, ...]] = {
    "rate": (Decimal(0), Decimal("0.0005")),
    "maker": (Decimal(0), Decimal("0.0002")),
    "taker": (Decimal("0.0005"),),
    "fraction": (Decimal(0), Decimal("0.002")),
    "base": (Decimal(0), Decimal("0.001")),
    "coefficient": (0.1, 2.0),
    "fallback": (Decimal(0), Decimal("0.002")),
}
"""What models are built from, by name."""

QUANTITIES = tuple(Decimal(one) for one in ("0.001", "1", "50", "1000"))


def there_are(protocol: type) -> list[type]:
    """Return the classes of a kind; the pricing that asks them is none of them, though it answers alike."""
    return [one for one in implementations(protocol, "execution.costs") if one is not FillPricing]


def models(protocol: type) -> Iterator[Any]:
    """Yield every model of a kind, built from every choice of arguments."""
    for one in there_are(protocol):
        names = arguments_of(one)
        for chosen in product(*(ARGUMENTS[name] for name in names)):
            yield one(**dict(zip(names, chosen, strict=True)))


def conditions(
    width: float, volume: float = 100.0, candles: int = 3, before: MarketConditions | None = None
) -> MarketConditions:
    """Return conditions of candles around 100 that are so wide; ``before`` is restarted and goes on."""
    seen = before or MarketConditions(3, 2)
    seen.restart()
    for minute in range(candles):
        seen.update(candle(minute, 100.0, 100.0 + width, 100.0 - width, 100.0, volume))
    return seen


class Commissions(unittest.TestCase):
    def test_a_larger_value_never_costs_less_and_every_commission_is_on_the_grid(self) -> None:
        for model, maker in product(models(CommissionModel), (False, True)):
            paid = [model.commission(Decimal(100), quantity, 0, maker=maker) for quantity in QUANTITIES]
            self.assertTrue(all(0 <= less <= more for less, more in pairwise(paid)), (model, paid))
            self.assertEqual(paid, [round_commission(one) for one in paid])
            self.assertEqual(
                paid, [model.commission(quantity, Decimal(100), 0, maker=maker) for quantity in QUANTITIES]
            )

    def test_who_waits_in_the_book_never_pays_more(self) -> None:
        for model in models(CommissionModel):
            told = [model.commission(Decimal(100), Decimal(5), 0, maker=maker) for maker in (True, False)]
            self.assertLessEqual(*told, model)

    def test_what_was_filled_counts_from_the_next_day_on_and_never_makes_it_dearer(self) -> None:
        tiers = [{"volume": 1_000.0, "maker": 0.0001, "taker": 0.0004}]
        settings = CommissionSettings(maker=0.0002, taker=0.0005, tiers=tiers)

        def every() -> list[CommissionModel]:
            return [*models(CommissionModel), build_commission(Decimal(0), settings)]

        for model, untouched in zip(every(), every(), strict=True):
            today, order = 3 * DAY_MS, (Decimal(100), Decimal(5))
            model.note_fill(today, Decimal(5_000))
            before = untouched.commission(*order, today)
            self.assertEqual(before, model.commission(*order, today), model)
            self.assertLessEqual(model.commission(*order, 4 * DAY_MS), before, model)
            self.assertEqual(before, model.commission(*order, 99 * DAY_MS), "it is forgotten")


class FractionCase(unittest.TestCase):
    """A kind of model that answers a fraction of the price, from conditions of the market."""

    def check(self, protocol: type, ask: Any) -> None:
        found = list(models(protocol))
        self.assertTrue(found)
        wide, narrow, unknown = conditions(4.0), conditions(1.0), conditions(1.0, candles=1)
        for model in found:
            with self.subTest(type(model).__name__):
                nothing = ask(model, None)
                self.assertGreaterEqual(nothing, 0)
                self.assertEqual(nothing, ask(model, unknown), "too few candles are as good as none")
                told = [ask(model, narrow), ask(model, wide)]
                self.assertTrue(all(isinstance(one, Decimal) and 0 <= one < 10 for one in told))
                if model.constant is None:
                    self.assertLess(*told)
                else:
                    self.assertEqual([model.constant] * 3, [nothing, *told])
                restarted = conditions(9.0, 1e6)
                self.assertEqual(nothing, ask(model, conditions(4.0, candles=0, before=restarted)), "after a gap")
                self.assertEqual(told[1], ask(model, conditions(4.0, before=restarted)), "nothing from before a gap")
                self.assertEqual(told, [ask(model, narrow), ask(model, wide)], "a model keeps nothing back")


class Slippages(FractionCase):
    def test_slippage_is_never_negative_and_grows_with_the_range(self) -> None:
        self.check(SlippageModel, lambda model, seen: model.fraction(Decimal(5), seen))

    def test_a_larger_order_never_slips_less_nor_one_in_a_thinner_market(self) -> None:
        for model in models(SlippageModel):
            by_size = [model.fraction(quantity, conditions(2.0)) for quantity in QUANTITIES]
            self.assertEqual(sorted(by_size), by_size, model)
            by_volume = [model.fraction(Decimal(5), conditions(2.0, volume)) for volume in (1e6, 1e3, 1.0)]
            self.assertEqual(sorted(by_volume), by_volume, model)


class Spreads(FractionCase):
    def test_half_a_spread_is_never_negative_and_grows_with_the_range(self) -> None:
        self.check(SpreadModel, lambda model, seen: model.half_spread(seen))


class Settings(unittest.TestCase):
    def test_every_model_can_be_chosen(self) -> None:
        def names(settings: type[Any]) -> tuple[str, ...]:
            return settings.model_fields["model"].annotation.__args__

        slippages = [SlippageSettings(model=one) for one in names(SlippageSettings)]
        spreads = [SpreadSettings(model=one, fraction=0.001 * (one == "fixed")) for one in names(SpreadSettings)]
        commissions = [CommissionSettings(), CommissionSettings(maker=0.0002, taker=0.0005)]
        for protocol, chosen in (
            (SlippageModel, [build_slippage(Decimal(0), one) for one in slippages]),
            (SpreadModel, [build_spread(one) for one in spreads]),
            (CommissionModel, [build_commission(Decimal(0), one) for one in commissions]),
        ):
            self.assertEqual({type(one) for one in chosen}, set(there_are(protocol)))


if __name__ == "__main__":
    unittest.main()
