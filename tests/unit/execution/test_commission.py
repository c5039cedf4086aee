"""Commission models: fractions, maker and taker, and the thirty days of a tier, by hand."""

import unittest
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from execution.costs.commission import (
    CommissionModel,
    CommissionTier,
    FractionCommission,
    LiquidityCommission,
    build_commission,
)
from execution.venue_settings import CommissionSettings
from tests.support.scale import scaled
from tests.support.times import DAY_MS

RATE = Decimal("0.0005")
TIERS = (
    CommissionTier(Decimal(1000), Decimal("0.0001"), Decimal("0.0004")),
    CommissionTier(Decimal(5000), Decimal("-0.0001"), Decimal("0.0003")),
)


def tiered() -> LiquidityCommission:
    return LiquidityCommission(Decimal("0.0002"), RATE, TIERS)


def taken(model: CommissionModel, time_ms: int, *, maker: bool = False) -> Decimal:
    """The commission of a fill of 10 000 at the time, in hundredths of a per cent."""
    return model.commission(Decimal(100), Decimal(100), time_ms, maker=maker)


class FixedFraction(unittest.TestCase):
    def test_it_is_the_fraction_of_the_filled_value(self) -> None:
        # 67000.5 x 0.02 x 0.0005
        model = FractionCommission(RATE)
        for maker in (False, True):
            self.assertEqual(Decimal("0.670005"), model.commission(Decimal("67000.5"), Decimal("0.02"), 0, maker=maker))

    def test_halves_of_the_eighth_digit_go_to_the_even_one(self) -> None:
        model = FractionCommission(Decimal("0.00000001"))
        for quantity, commission in (("0.5", "0"), ("1.5", "2E-8"), ("2.5", "2E-8"), ("2.500001", "3E-8")):
            self.assertEqual(Decimal(commission), model.commission(Decimal(1), Decimal(quantity), 0))

    def test_a_rate_of_zero_costs_nothing(self) -> None:
        self.assertEqual(0, FractionCommission(Decimal(0)).commission(Decimal(100), Decimal(1), 0))

    def test_volume_does_not_change_it(self) -> None:
        model = FractionCommission(RATE)
        model.note_fill(0, Decimal(10**12))
        self.assertEqual(5, taken(model, DAY_MS))

    @settings(max_examples=scaled(100, 5_000), deadline=None)
    @given(st.decimals(0, 10**6, places=8), st.decimals(0, 10**6, places=8), st.decimals(0, Decimal("0.1"), places=6))
    def test_it_agrees_with_fractions(self, price: Decimal, quantity: Decimal, rate: Decimal) -> None:
        exact = Fraction(price) * Fraction(quantity) * Fraction(rate)
        for model in (FractionCommission(rate), LiquidityCommission(-rate, rate)):
            self.assertEqual(Fraction(round(exact * 10**8), 10**8), Fraction(model.commission(price, quantity, 0)))
        rebate = LiquidityCommission(-rate, rate).commission(price, quantity, 0, maker=True)
        self.assertEqual(-Fraction(round(exact * 10**8), 10**8), Fraction(rebate))


class Tiers(unittest.TestCase):
    def test_makers_and_takers_pay_their_own_fraction(self) -> None:
        self.assertEqual((5, 2), (taken(tiered(), 0), taken(tiered(), 0, maker=True)))

    def test_a_tier_holds_from_its_volume_on(self) -> None:
        for volume, taker, maker in (("999.99999999", 5, 2), ("1000", 4, 1), ("4999.99", 4, 1), ("5000", 3, -1)):
            model = tiered()
            model.note_fill(0, Decimal(volume))
            self.assertEqual((taker, maker), (taken(model, DAY_MS), taken(model, DAY_MS, maker=True)), volume)

    def test_a_day_does_not_count_for_itself(self) -> None:
        model = tiered()
        model.note_fill(0, Decimal(1000))
        self.assertEqual(5, taken(model, DAY_MS - 1))
        self.assertEqual(4, taken(model, DAY_MS))

    def test_a_day_counts_for_the_thirty_days_after_it(self) -> None:
        # Filled in the last millisecond of day 0: days 1 to 30 have it among the thirty before them, day 31 has not.
        model = tiered()
        model.note_fill(DAY_MS - 1, Decimal(1000))
        self.assertEqual([4] * 30, [taken(model, day * DAY_MS) for day in range(1, 31)])
        self.assertEqual(4, taken(model, 31 * DAY_MS - 1))
        self.assertEqual(5, taken(model, 31 * DAY_MS))

    def test_the_first_instant_of_a_day_is_that_day(self) -> None:
        model = tiered()
        model.note_fill(DAY_MS, Decimal(1000))
        self.assertEqual((5, 4), (taken(model, 2 * DAY_MS - 1), taken(model, 2 * DAY_MS)))
        self.assertEqual((4, 5), (taken(model, 32 * DAY_MS - 1), taken(model, 32 * DAY_MS)))

    def test_volume_adds_up_over_days_and_falls_out_day_by_day(self) -> None:
        model = tiered()
        for day in (0, 1):
            model.note_fill(day * DAY_MS, Decimal(2500))
        self.assertEqual([4, 3, 3], [taken(model, day * DAY_MS) for day in (1, 2, 30)])
        self.assertEqual([4, 5], [taken(model, day * DAY_MS) for day in (31, 32)])

    def test_a_fill_that_is_told_late_counts_from_then_on(self) -> None:
        model = tiered()
        self.assertEqual(5, taken(model, 3 * DAY_MS))
        model.note_fill(2 * DAY_MS, Decimal(1000))
        self.assertEqual(4, taken(model, 3 * DAY_MS))

    def test_days_before_the_epoch_are_days(self) -> None:
        model = tiered()
        model.note_fill(-1, Decimal(1000))
        self.assertEqual((5, 4), (taken(model, -DAY_MS), taken(model, 0)))


class Building(unittest.TestCase):
    def test_plain_settings_are_the_one_fraction(self) -> None:
        self.assertIs(FractionCommission, type(build_commission(RATE, CommissionSettings())))

    def test_what_is_left_out_is_the_commission_rate(self) -> None:
        maker_only = build_commission(RATE, CommissionSettings(maker=-0.0001))
        taker_only = build_commission(RATE, CommissionSettings(taker=0.0003))
        self.assertEqual((-1, 5), (taken(maker_only, 0, maker=True), taken(maker_only, 0)))
        self.assertEqual((5, 3), (taken(taker_only, 0, maker=True), taken(taker_only, 0)))

    def test_tiers_alone_start_at_the_commission_rate(self) -> None:
        tiers = [{"volume": 1000.0, "maker": 0.0, "taker": 0.0002}]
        model = build_commission(RATE, CommissionSettings.model_validate({"tiers": tiers}))
        model.note_fill(0, Decimal(1000))
        self.assertEqual((5, 5), (taken(model, 0), taken(model, 0, maker=True)))
        self.assertEqual((2, 0), (taken(model, DAY_MS), taken(model, DAY_MS, maker=True)))


if __name__ == "__main__":
    unittest.main()
