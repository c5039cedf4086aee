"""Margin tables and liquidation prices: published figures, brute force, and the ends of tiers.

Published figures (numbers only). BTCUSDT tiers: the announcement of 2021-03-18, "Updates to Leverage and Margin Tiers
of Binance Futures Contracts". Wallet balances and liquidation prices: the examples of "How to Calculate Liquidation
Price of USDⓈ-M Futures Contracts" (two contracts of one account in cross margin, where the balance that carries a
contract is WB − TMM + UPNL). Both sides in isolated margin: the sample answer of ``GET /fapi/v2/positionRisk`` in the
API documentation, where ``isolatedMargin`` includes the unrealised profit.
"""

import itertools
import unittest
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.instrument import Instrument, MarginTier
from execution.money.margin import MarginTable, bankruptcy_price, initial_margin, table_of
from execution.venue_settings import PerpetualSettings
from tests.support.scale import scaled

BTC_ROWS = (
    ("50000", "0.004", "0", "125"),
    ("250000", "0.005", "50", "100"),
    ("1000000", "0.01", "1300", "50"),
    ("10000000", "0.025", "16300", "20"),
    ("20000000", "0.05", "266300", "10"),
    ("50000000", "0.1", "1266300", "5"),
    ("100000000", "0.125", "2516300", "4"),
    ("200000000", "0.15", "5016300", "3"),
    ("300000000", "0.25", "25016300", "2"),
    ("500000000", "0.5", "100016300", "1"),
)
ETH_ROWS = (
    ("10000", "0.005", "0", "100"),
    ("100000", "0.0065", "15", "75"),
    ("500000", "0.01", "365", "50"),
    ("1000000", "0.02", "5365", "25"),
    ("2000000", "0.05", "35365", "10"),
    ("5000000", "0.1", "135365", "5"),
)
UNIT = Fraction(1, 10**8)


def table(rows: Sequence[tuple[str, str, str, str]]) -> MarginTable:
    return MarginTable(tuple(MarginTier(*map(Decimal, row)) for row in rows))


BTC = table(BTC_ROWS)
ETH = table(ETH_ROWS)


def sliced_maintenance(notional: Fraction, tiers: Sequence[MarginTier]) -> Fraction:
    """The maintenance margin as a sum of slices, each at its own tier's rate: no maintenance amounts in it."""
    total, floor = Fraction(0), Fraction(0)
    for tier in tiers:
        cap = Fraction(tier.notional_cap)
        top = notional if tier is tiers[-1] else min(notional, cap)
        total += max(top - floor, Fraction(0)) * Fraction(tier.maintenance_rate)
        floor = cap
    return total


def margin_left(sign: int, quantity: Decimal, cost: Decimal, margin: Decimal, price: Fraction) -> Fraction:
    return Fraction(margin) + sign * (Fraction(quantity) * price - Fraction(cost))


def rounded(value: Fraction) -> Decimal:
    return Decimal(round(value / UNIT)).scaleb(-8)


class Tiers(unittest.TestCase):
    def test_the_amounts_of_the_table_follow_the_published_rule(self) -> None:
        # amount of a level = floor × (rate − rate of the level before) + amount of the level before
        for tiers in (BTC.tiers, ETH.tiers):
            for before, tier in itertools.pairwise(tiers):
                step = before.notional_cap * (tier.maintenance_rate - before.maintenance_rate)
                self.assertEqual(step + before.maintenance_amount, tier.maintenance_amount)

    def test_the_published_figures_of_the_table(self) -> None:
        # A position of 264 000 has a rate of 1 %, one of 500 000 an amount of 1300.
        self.assertEqual(Decimal("0.01"), BTC.tier_at(Decimal(264_000)).maintenance_rate)
        self.assertEqual(1300, BTC.tier_at(Decimal(500_000)).maintenance_amount)
        # 500 000 × 1 % − 1300
        self.assertEqual(3700, BTC.maintenance(Decimal(500_000)))

    def test_a_cap_belongs_to_its_tier(self) -> None:
        self.assertEqual(125, BTC.max_leverage(Decimal(50_000)))
        self.assertEqual(100, BTC.max_leverage(Decimal("50000.00000001")))
        self.assertEqual(125, BTC.max_leverage(Decimal(0)))

    def test_above_the_last_cap_nothing_opens_and_the_last_tier_holds_for_what_has_grown(self) -> None:
        last = BTC.tiers[-1]
        self.assertEqual(last.max_leverage, BTC.max_leverage(last.notional_cap))
        self.assertEqual(0, BTC.max_leverage(last.notional_cap + 1))
        self.assertEqual(last, BTC.tier_at(Decimal(10**12)))

    def test_a_flat_table_has_one_rate(self) -> None:
        flat = MarginTable.flat(Decimal("0.005"))
        self.assertEqual(Decimal("0.5"), flat.maintenance(Decimal(100)))
        self.assertEqual(5 * 10**17, flat.maintenance(Decimal(10**20)))
        self.assertEqual(1000, flat.max_leverage(Decimal(100)))

    def test_tables_without_tiers_or_with_caps_that_do_not_rise_are_refused(self) -> None:
        for rows in ((), (BTC_ROWS[1], BTC_ROWS[0]), (BTC_ROWS[0], BTC_ROWS[0])):
            with self.assertRaises(ValueError):
                table(rows)

    @settings(max_examples=scaled(100, 5_000), deadline=None)
    @given(st.decimals(0, 10**9, places=8))
    def test_maintenance_is_the_sum_of_its_slices(self, notional: Decimal) -> None:
        for each in (BTC, ETH):
            self.assertEqual(sliced_maintenance(Fraction(notional), each.tiers), Fraction(each.maintenance(notional)))


class PublishedLiquidationPrices(unittest.TestCase):
    def check(
        self, expected: str, tiers: MarginTable, sign: int, quantity: str, entry: Decimal, margin: Decimal
    ) -> None:
        price = tiers.liquidation_price(sign, Decimal(quantity), Decimal(quantity) * entry, margin)
        assert price is not None
        self.assertEqual(Decimal(expected), price.quantize(Decimal("0.01")))

    def test_a_long_of_the_sixth_eth_tier_in_an_account_with_another_contract(self) -> None:
        carried = Decimal("1535443.01") - Decimal("71200.81144") - Decimal("56354.57")
        self.check("1153.26", ETH, 1, "3683.979", Decimal("1456.84"), carried)

    def test_a_long_of_the_fourth_btc_tier_in_an_account_with_another_contract(self) -> None:
        carried = Decimal("1535443.01") - Decimal("356512.508") - Decimal("448192.89")
        self.check("26316.89", BTC, 1, "109.488", Decimal("32481.980"), carried)

    def test_a_long_of_the_second_tier_alone(self) -> None:
        margin = Decimal("15517.54150468") - Decimal("2316.83423560")
        self.check("5930.78", BTC, 1, "20", Decimal("6563.66500"), margin)

    def test_a_short_of_the_second_tier_alone(self) -> None:
        # The sample leaves its entry out; mark 6679.50671178 and loss 1156.46711780 on 10 give 6563.86.
        entry = Decimal("6679.50671178") - Decimal("115.646711780")
        margin = Decimal("5413.95799991") + Decimal("1156.46711780")
        self.check("7189.95", BTC, -1, "10", entry, margin)


class LiquidationByHand(unittest.TestCase):
    def test_a_long_and_a_short_with_one_rate(self) -> None:
        # 1 at 100, leverage 10, rate 0.5 %: (10 − 100) / (0.005 − 1) = 90 / 0.995; (10 + 100) / 1.005 = 110 / 1.005
        flat = MarginTable.flat(Decimal("0.005"))
        one, cost, margin = Decimal(1), Decimal(100), Decimal(10)
        self.assertEqual(Decimal("90.45226131"), flat.liquidation_price(1, one, cost, margin))
        self.assertEqual(Decimal("109.45273632"), flat.liquidation_price(-1, one, cost, margin))

    def test_a_long_crosses_into_a_lower_tier_on_its_way_down(self) -> None:
        # 2 at 26 000 = 52 000, second tier; leverage 10, margin 5200; at LP 46 800 / (2 × 0.996) the first tier holds.
        price = BTC.liquidation_price(1, Decimal(2), Decimal(52_000), Decimal(5200))
        self.assertEqual(Decimal("23493.97590361"), price)

    def test_a_short_crosses_into_a_higher_tier_on_its_way_up(self) -> None:
        # 2 at 24 500 = 49 000, first tier; margin 4900; (4900 + 50 + 49 000) / (2 × 1.005) = 53 950 / 2.01
        price = BTC.liquidation_price(-1, Decimal(2), Decimal(49_000), Decimal(4900))
        self.assertEqual(Decimal("26840.79601990"), price)

    def test_a_liquidation_exactly_at_a_cap(self) -> None:
        # maintenance at 50 000 is 200: a long of cost 50 000 + M − 200, a short of cost 50 000 − M + 200
        for sign, cost in ((1, 54_800), (-1, 45_200)):
            self.assertEqual(50_000, BTC.liquidation_price(sign, Decimal(1), Decimal(cost), Decimal(5000)))

    def test_a_position_below_its_maintenance_from_the_start_is_liquidated_on_the_winning_side_of_its_entry(
        self,
    ) -> None:
        # Without margin a long of 49 900 rises into the second tier: (49 900 − 50) / 0.995; a short of 50 100 falls
        # into the first: 50 100 / 1.004.
        one = Decimal(1)
        self.assertEqual(Decimal("50100.50251256"), BTC.liquidation_price(1, one, Decimal(49_900), Decimal(0)))
        self.assertEqual(Decimal("49900.39840637"), BTC.liquidation_price(-1, one, Decimal(50_100), Decimal(0)))

    def test_a_jump_of_the_maintenance_margin_that_a_long_just_escapes(self) -> None:
        # 1 at 12 with margin 3: above 10 the spare margin is 0.9 P − 9, at 10 and below it is P − 9.
        jump = table((("10", "0", "0", "10"), ("20", "0.1", "0", "10")))
        self.assertEqual(9, jump.liquidation_price(1, Decimal(1), Decimal(12), Decimal(3)))

    def test_a_long_without_leverage_is_never_liquidated(self) -> None:
        for margin in ("100", "100.00000001", "1000"):
            self.assertIsNone(BTC.liquidation_price(1, Decimal(1), Decimal(100), Decimal(margin)))
        self.assertIsNotNone(BTC.liquidation_price(-1, Decimal(1), Decimal(100), Decimal(100)))

    def test_a_price_that_rounds_to_zero_is_never_reached(self) -> None:
        self.assertIsNone(BTC.liquidation_price(1, Decimal(1000), Decimal(100), Decimal("99.999999")))

    def test_halves_go_to_the_even_digit_of_the_exact_quotient(self) -> None:
        # With a rate of 0 the price is (cost − margin) / quantity: 1e-8 / 2 and 3e-8 / 2 above 1
        free = table((("1000", "0", "0", "10"),))
        for over, expected in (("1e-8", "1"), ("3e-8", "1.00000002")):
            price = free.liquidation_price(1, Decimal(2), 2 + Decimal(over) + 1, Decimal(1))
            self.assertEqual(Decimal(expected), price)


class LiquidationByBruteForce(unittest.TestCase):
    @settings(max_examples=scaled(300, 20_000), deadline=None)
    @given(
        st.sampled_from((BTC, ETH)),
        st.sampled_from((1, -1)),
        st.floats(-2, 5.5),
        st.decimals(Decimal("0.5"), 90_000, places=2),
        st.integers(1, 150),
    )
    def test_the_margin_left_equals_the_maintenance_margin(
        self, tiers: MarginTable, sign: int, magnitude: float, entry: Decimal, leverage: int
    ) -> None:
        quantity = Decimal(repr(round(10.0**magnitude, 3))) + Decimal("0.001")
        cost = quantity * entry
        margin = initial_margin(cost, Decimal(leverage))
        price = tiers.liquidation_price(sign, quantity, cost, margin)

        def spare(at: Fraction) -> Fraction:
            maintained = sliced_maintenance(Fraction(quantity) * at, tiers.tiers)
            return margin_left(sign, quantity, cost, margin, at) - maintained

        if price is None:
            self.assertEqual(1, sign)
            self.assertGreaterEqual(spare(UNIT / 2), 0)
            return
        # The exact root lies within half a step of the rounded price, so the spare margin changes its sign there.
        self.assertGreaterEqual(spare(Fraction(price) + sign * UNIT / 2), 0)
        self.assertLessEqual(spare(Fraction(price) - sign * UNIT / 2), 0)

    def test_every_tier_of_the_table_is_reached_from_both_sides(self) -> None:
        for sign in (1, -1):
            floor = Fraction(0)
            for tier in BTC.tiers:
                cap = Fraction(tier.notional_cap)
                for notional in (floor + UNIT, (floor + cap) / 2, cap):
                    # cost and margin of a position of quantity 1 that is liquidated exactly at the notional
                    margin = Decimal(1000)
                    cost = rounded(notional + sign * (1000 - sliced_maintenance(notional, BTC.tiers)))
                    if cost <= 0:
                        continue
                    price = BTC.liquidation_price(sign, Decimal(1), cost, margin)
                    assert price is not None
                    self.assertLessEqual(abs(Fraction(price) - notional), 3 * UNIT)
                floor = cap

    @settings(max_examples=scaled(300, 20_000), deadline=None)
    @given(
        st.lists(st.tuples(st.integers(1, 40), st.integers(0, 90), st.integers(0, 5)), min_size=1, max_size=4),
        st.sampled_from((1, -1)),
        st.integers(2, 150),
        st.integers(1, 60),
    )
    def test_tiers_that_do_not_join_give_the_first_price_that_liquidates(
        self, steps: list[tuple[int, int, int]], sign: int, cost: int, margin: int
    ) -> None:
        cap, tiers = 0, []
        for width, rate, amount in steps:
            cap += width
            tiers.append(MarginTier(Decimal(cap), Decimal(rate) / 100, Decimal(amount), Decimal(1)))
        each = MarginTable(tuple(tiers))

        def is_liquidated(at: Fraction) -> bool:
            tier = next((tier for tier in tiers if at <= Fraction(tier.notional_cap)), tiers[-1])
            maintained = at * Fraction(tier.maintenance_rate) - Fraction(tier.maintenance_amount)
            return margin_left(sign, Decimal(1), Decimal(cost), Decimal(margin), at) <= maintained

        assume(not is_liquidated(Fraction(cost)))
        price = each.liquidation_price(sign, Decimal(1), Decimal(cost), Decimal(margin))
        end = Fraction(0) if price is None else Fraction(price)
        # Nothing between the entry and the price liquidates; the price does, or what lies just beyond it.
        for part in range(1, 200):
            between = Fraction(cost) + (end - Fraction(cost)) * Fraction(part, 200)
            if abs(between - end) > UNIT:
                self.assertFalse(is_liquidated(between), (price, between))
        if price is not None:
            self.assertTrue(is_liquidated(end) or is_liquidated(end - sign * UNIT))


class InitialMargin(unittest.TestCase):
    def test_it_is_the_notional_over_the_leverage_rounded_half_even(self) -> None:
        for notional, leverage, margin in (
            ("1000", "5", "200"),
            ("100", "3", "33.33333333"),
            ("0.00000001", "2", "0"),
            ("0.00000003", "2", "2E-8"),
            ("10", "2.5", "4"),
        ):
            self.assertEqual(Decimal(margin), initial_margin(Decimal(notional), Decimal(leverage)))


class BankruptcyPrice(unittest.TestCase):
    def price(self, sign: int, margin: str, fee: str, tick: str) -> Decimal:
        return bankruptcy_price(sign, Decimal(2), Decimal(200), Decimal(margin), Decimal(fee), Decimal(tick))

    def test_the_loss_and_the_fee_are_the_margin(self) -> None:
        # long: (200 − 40) / (2 × 0.99) = 80.808…; short: (200 + 40) / (2 × 1.01) = 118.811…
        self.assertEqual(Decimal("80.80808081"), self.price(1, "40", "0.01", "0"))
        self.assertEqual(Decimal("118.81188118"), self.price(-1, "40", "0.01", "0"))

    def test_it_is_rounded_to_the_tick_toward_the_entry(self) -> None:
        self.assertEqual(Decimal("80.9"), self.price(1, "40", "0.01", "0.1"))
        self.assertEqual(Decimal("118.8"), self.price(-1, "40", "0.01", "0.1"))
        self.assertEqual(
            (Decimal(80), Decimal(120)), (self.price(1, "40", "0", "0.5"), self.price(-1, "40", "0", "0.5"))
        )

    def test_it_is_never_below_zero(self) -> None:
        for margin in ("200", "200.00000001", "900"):
            self.assertEqual("0.0", str(self.price(1, margin, "0", "0.1")))

    @settings(max_examples=scaled(100, 5_000), deadline=None)
    @given(
        st.sampled_from((1, -1)),
        st.decimals(Decimal("0.001"), 1000, places=3),
        st.decimals(1, 10**5, places=2),
        st.integers(1, 125),
        st.decimals(0, Decimal("0.02"), places=4),
        st.sampled_from(("0", "0.01", "0.5")),
    )
    def test_no_closer_tick_costs_less_than_the_margin_and_this_one_does_not_cost_more(
        self, sign: int, quantity: Decimal, entry: Decimal, leverage: int, fee: Decimal, tick: str
    ) -> None:
        cost = quantity * entry
        margin = initial_margin(cost, Decimal(leverage))
        price = Fraction(bankruptcy_price(sign, quantity, cost, margin, fee, Decimal(tick)))
        step = Fraction(tick) or UNIT

        def spent(at: Fraction) -> Fraction:
            return sign * (Fraction(cost) - Fraction(quantity) * at) + Fraction(fee) * Fraction(quantity) * at

        self.assertLessEqual(spent(price), Fraction(margin))
        if price > 0:
            self.assertGreater(spent(price - sign * step), Fraction(margin))


class TableInForce(unittest.TestCase):
    INSTRUMENT = Instrument("S", margin_tiers=ETH.tiers)

    def test_the_tiers_of_the_settings_come_first(self) -> None:
        tiers = [
            {"notional_cap": 1000.0, "maintenance_rate": 0.01, "max_leverage": 50.0},
            {"notional_cap": 5000.0, "maintenance_rate": 0.02, "maintenance_amount": 10.0, "max_leverage": 25.0},
        ]
        chosen = PerpetualSettings.model_validate({"tiers": tiers})
        expected = (
            MarginTier(Decimal(1000), Decimal("0.01"), Decimal(0), Decimal(50)),
            MarginTier(Decimal(5000), Decimal("0.02"), Decimal(10), Decimal(25)),
        )
        self.assertEqual(expected, table_of(chosen, self.INSTRUMENT).tiers)

    def test_then_those_of_the_instrument(self) -> None:
        self.assertEqual(ETH.tiers, table_of(PerpetualSettings(), self.INSTRUMENT).tiers)

    def test_then_the_flat_rate(self) -> None:
        flat = table_of(PerpetualSettings(maintenance_rate=0.004), Instrument("S"))
        self.assertEqual((1, Decimal("0.004")), (len(flat.tiers), flat.tiers[0].maintenance_rate))


if __name__ == "__main__":
    unittest.main()
