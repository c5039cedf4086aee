"""The venue model on hand-worked figures: every expected number is worked out in the comment beside it."""

import unittest
from decimal import Decimal
from fractions import Fraction

from core.candle import Candle
from core.instrument import Instrument
from core.orders import OrderRequest
from tests.support.oracles.venue_model import (
    ModelOrder,
    ModelRules,
    ModelTier,
    Venue,
    amend,
    cancel,
    play_candle,
    submit,
)
from tests.support.oracles.venue_model_margin import liquidation_price
from tests.support.times import MINUTE_MS

A = "A/USDT"


def venue_of(tick: str = "1", lot: str = "0.1", **rules: object) -> Venue:
    """Return a venue with 10000 and one symbol."""
    instrument = Instrument(A, tick_size=Decimal(tick), lot_size=Decimal(lot))
    return Venue(ModelRules(**rules), {A: instrument}, Fraction(10_000))


def ask(venue: Venue, side: str, kind: str, quantity: float, slot: int = 0, **more: object) -> ModelOrder:
    """Submit an order at the start of a minute; the last price is 100."""
    return submit(venue, OrderRequest(A, side, kind, quantity, **more), slot * MINUTE_MS, 100.0)


def play(venue: Venue, slot: int, *prices: float, volume: float = 100.0) -> None:
    """Play the candle of a minute: open, high, low, close."""
    play_candle(venue, A, Candle(slot * MINUTE_MS, *(float(price) for price in prices), volume), MINUTE_MS)


def fills(venue: Venue) -> list[tuple[float, str, float, float]]:
    """Return the slot of the event time, action, price and quantity of each fill."""
    return [(fill.time_ms / MINUTE_MS, fill.action, float(fill.price), float(fill.quantity)) for fill in venue.fills]


def state(order: ModelOrder) -> tuple[str, str]:
    """Return an order's state and its reason."""
    return order.status, order.reason


class Acceptance(unittest.TestCase):
    def test_levels_round_away_from_a_gift_and_quantities_down(self):
        venue = venue_of(tick="0.5")
        buy, sell = (ask(venue, side, "LIMIT", 1.19, price=100.3) for side in ("BUY", "SELL"))
        self.assertEqual((buy.price, sell.price, buy.quantity), (100, Fraction("100.5"), Fraction("1.1")))
        buy, sell = (ask(venue, side, "STOP_MARKET", 1.0, stop_price=100.3) for side in ("BUY", "SELL"))
        self.assertEqual((buy.stop, sell.stop), (Fraction("100.5"), 100))

    def test_reasons_of_rejection(self):
        instrument = Instrument(
            A, tick_size=Decimal(1), lot_size=Decimal("0.1"), min_notional=Decimal(50), min_quantity=Decimal("0.3"),
            max_quantity=Decimal(20), band_down=Decimal("0.9"), band_up=Decimal("1.1"),
        )  # fmt: skip
        venue = Venue(ModelRules(), {A: instrument}, Fraction(10_000))
        for expected, kind, quantity, levels in (
            ("below_lot_size", "MARKET", 0.09, {}),
            ("below_min_quantity", "MARKET", 0.2, {}),
            ("above_max_quantity", "MARKET", 20.1, {}),
            ("below_min_notional", "MARKET", 0.4, {}),
            ("", "MARKET", 0.5, {}),
            # 0.5 x 99 = 49.5 < 50; 0.5 x 110 = 55.
            ("below_min_notional", "LIMIT", 0.5, {"price": 99.0}),
            ("", "LIMIT", 0.5, {"price": 110.0}),
            ("percent_price", "LIMIT", 1.0, {"price": 111.0}),
            ("percent_price", "LIMIT", 1.0, {"price": 89.0}),
            ("", "STOP_MARKET", 1.0, {"stop_price": 150.0}),
            ("price", "LIMIT", 1.0, {}),
            ("price", "STOP_LIMIT", 1.0, {"price": 100.0}),
            ("price", "STOP_MARKET", 1.0, {"stop_price": 0.0}),
            ("reduce_only", "TAKE_PROFIT", 1.0, {"price": 105.0}),
            ("reduce_only", "MARKET", 1.0, {"reduce_only": True}),
        ):
            with self.subTest(expected=expected, kind=kind, levels=levels):
                order = ask(venue, "BUY", kind, quantity, **levels)
                self.assertEqual(state(order), ("REJECTED" if expected else "NEW", expected))

    def test_cancel_and_amend(self):
        venue = venue_of()
        order = ask(venue, "BUY", "LIMIT", 2.0, price=90.0)
        self.assertTrue(amend(venue, order, 0, quantity=1.57, price=91.9))
        self.assertEqual((order.quantity, order.price), (Fraction("1.5"), 91))
        self.assertFalse(amend(venue, order, 0, quantity=0.05))
        self.assertTrue(cancel(venue, order, 0))
        self.assertEqual(state(order), ("CANCELED", "request"))
        self.assertFalse(cancel(venue, order, 0))
        self.assertFalse(amend(venue, order, 0, price=92.0))


class AtTheOpen(unittest.TestCase):
    def test_a_market_order_pays_spread_and_slippage_rounded_to_the_tick(self):
        # 101 x (1 + 0.002 + 0.003) = 101.505 -> up to 102; commission 102 x 2 x 0.001 = 0.204.
        venue = venue_of(slippage=Fraction(2, 1000), half_spread=Fraction(3, 1000), taker=Fraction(1, 1000))
        order = ask(venue, "BUY", "MARKET", 2.0)
        play(venue, 0, 101, 103, 99, 100)
        self.assertEqual(fills(venue), [(0, "OPEN", 102, 2)])
        self.assertEqual(venue.fills[0].commission, Fraction("0.204"))
        self.assertEqual((venue.balance, state(order)), (10_000, ("FILLED", "")))
        # Sold at 110 x 0.995 = 109.45 -> 109: gross 14, commission 0.218 and 0.204.
        ask(venue, "SELL", "MARKET", 5.0, slot=1)
        play(venue, 1, 110, 110, 110, 110)
        self.assertEqual(fills(venue)[1:], [(1, "CLOSE", 109, 2)])
        self.assertEqual(venue.balance, 10_000 + 14 - Fraction("0.422"))
        self.assertEqual(state(venue.orders[-1]), ("CANCELED", "nothing_to_reduce"))

    def test_a_marketable_limit_takes_at_its_first_open_and_makes_later(self):
        venue = venue_of(maker=Fraction(1, 1000), taker=Fraction(2, 1000))
        first = ask(venue, "BUY", "LIMIT", 1.0, price=101.0)
        later = ask(venue, "BUY", "LIMIT", 1.0, price=99.0)
        play(venue, 0, 100, 102, 99, 100)
        play(venue, 1, 97, 98, 97, 98)
        self.assertEqual(fills(venue), [(0, "OPEN", 100, 1), (1, "OPEN", 97, 1)])
        self.assertEqual([fill.commission for fill in venue.fills], [Fraction("0.2"), Fraction("0.097")])
        self.assertEqual((state(first), state(later)), (("FILLED", ""), ("FILLED", "")))

    def test_post_only_is_rejected_where_it_would_take_and_ioc_expires(self):
        venue = venue_of()
        post = ask(venue, "BUY", "LIMIT", 1.0, price=101.0, post_only=True)
        ioc = ask(venue, "BUY", "LIMIT", 1.0, price=100.0, time_in_force="IOC")
        edge = ask(venue, "BUY", "LIMIT", 1.0, price=100.0, post_only=True)
        play(venue, 0, 100, 101, 99, 100)
        self.assertEqual([state(order) for order in (post, ioc)], [("REJECTED", "would_take"), ("EXPIRED", "ioc")])
        # 100 is not beyond 100: it rests, and 99 is beyond.
        self.assertEqual((fills(venue), state(edge)), ([(1, "OPEN", 100, 1)], ("FILLED", "")))

    def test_a_stop_passed_by_the_open_fills_there_and_latency_holds_orders_back(self):
        venue = venue_of(slippage=Fraction(1, 100), latency_ms=1)
        ask(venue, "SELL", "STOP_MARKET", 1.0, stop_price=100.0)
        play(venue, 0, 90, 91, 89, 90)
        self.assertEqual(fills(venue), [])
        # 95 x 0.99 = 94.05 -> 94.
        play(venue, 1, 95, 99, 94, 98)
        self.assertEqual(fills(venue), [(1, "OPEN", 94, 1)])

    def test_a_gtd_order_acts_before_its_end_only(self):
        venue = venue_of()
        order = ask(venue, "BUY", "LIMIT", 1.0, price=95.0, time_in_force="GTD", expires_ms=2 * MINUTE_MS)
        play(venue, 0, 100, 101, 99, 100)
        play(venue, 1, 100, 101, 99, 100)
        self.assertEqual(state(order), ("NEW", ""))
        play(venue, 2, 100, 101, 90, 100)
        self.assertEqual((state(order), fills(venue)), (("EXPIRED", "gtd"), []))
        self.assertEqual(venue.events[-1][0], 2 * MINUTE_MS)

    def test_an_entry_that_equity_cannot_carry_is_rejected(self):
        venue = venue_of()
        first, second = ask(venue, "BUY", "MARKET", 60.0), ask(venue, "BUY", "MARKET", 40.1)
        third = ask(venue, "BUY", "MARKET", 40.0)
        play(venue, 0, 100, 100, 100, 100)
        self.assertEqual([order.status for order in (first, second, third)], ["FILLED", "REJECTED", "FILLED"])
        self.assertEqual(second.reason, "insufficient_balance")

    def test_an_order_that_meets_a_position_opened_at_its_open_reduces_it_there(self):
        venue = venue_of()
        ask(venue, "BUY", "MARKET", 1.0)
        ask(venue, "SELL", "MARKET", 3.0, time_in_force="IOC")
        play(venue, 0, 100, 101, 99, 100)
        self.assertEqual(fills(venue), [(0, "OPEN", 100, 1), (0, "CLOSE", 100, 1)])
        self.assertEqual(state(venue.orders[1]), ("CANCELED", "nothing_to_reduce"))

    def test_an_amended_order_takes_at_its_next_open(self):
        # 97 after 99 as amended: 97 x 0.002.
        venue = venue_of(maker=Fraction(1, 1000), taker=Fraction(2, 1000))
        order = ask(venue, "BUY", "LIMIT", 1.0, price=90.0)
        play(venue, 0, 100, 100, 99, 100)
        amend(venue, order, MINUTE_MS, price=99.0)
        play(venue, 1, 97, 98, 97, 98)
        self.assertEqual(venue.fills[0].commission, Fraction("0.194"))


class StopLimits(unittest.TestCase):
    def test_the_three_ways_of_a_trigger(self):
        # Buy stop 105, slippage 1 %: 105 x 1.01 = 106.05 -> 107. Limit 107: fills at 107. Limit 106: 107 is worse, 105
        # is not: fills at 106. Limit 104: 105 is beyond it: it rests and fills at 104 in the next candle.
        venue = venue_of(slippage=Fraction(1, 100))
        for limit in (107.0, 106.0, 104.0):
            ask(venue, "BUY", "STOP_LIMIT", 1.0, price=limit, stop_price=105.0)
        play(venue, 0, 100, 106, 100, 106)
        self.assertEqual(fills(venue), [(1, "OPEN", 107, 1), (1, "OPEN", 106, 1)])
        self.assertEqual(state(venue.orders[2]), ("NEW", ""))
        self.assertEqual(venue.events[-1], (MINUTE_MS, 3, "REPLACED", "triggered"))
        play(venue, 1, 106, 106, 103, 105)
        self.assertEqual(fills(venue)[2:], [(2, "OPEN", 104, 1)])


class Groups(unittest.TestCase):
    def test_the_first_fill_cancels_the_rest_of_the_group(self):
        venue = venue_of()
        up = ask(venue, "BUY", "STOP_MARKET", 1.0, stop_price=102.0, oco_group="g")
        down = ask(venue, "SELL", "STOP_MARKET", 1.0, stop_price=97.0, oco_group="g")
        # 102 is 2 away and 97 is 3: up first.
        play(venue, 0, 100, 103, 96, 100)
        self.assertEqual((state(up), state(down)), (("FILLED", ""), ("CANCELED", "oco")))

    def test_reduce_only_orders_go_with_the_position(self):
        venue = venue_of()
        ask(venue, "BUY", "MARKET", 2.0)
        play(venue, 0, 100, 100, 100, 100)
        far = ask(venue, "SELL", "TAKE_PROFIT", 1.0, slot=1, price=120.0)
        near = ask(venue, "SELL", "TAKE_PROFIT", 9.0, slot=1, price=105.0)
        play(venue, 1, 100, 106, 100, 105)
        self.assertEqual(fills(venue)[1:], [(2, "CLOSE", 105, 2)])
        self.assertEqual(
            (state(near), state(far)), (("CANCELED", "nothing_to_reduce"), ("CANCELED", "position_closed"))
        )


class Paths(unittest.TestCase):
    def closes(self, intrabar: str, *prices: float) -> list[tuple[float, str, float, float]]:
        """Enter long at 100 with stop 97 and target 104 (distances 3 and 4), play one candle; return the closes."""
        venue = venue_of(intrabar=intrabar)
        ask(venue, "BUY", "MARKET", 1.0, stop_distance=3.0, target_distance=4.0)
        play(venue, 0, *prices)
        return fills(venue)[1:]

    def test_stop_and_target_in_one_candle(self):
        both = (100, 105, 96, 101)
        self.assertEqual(self.closes("pessimistic", *both), [(1, "CLOSE", 97, 1)])
        self.assertEqual(self.closes("optimistic", *both), [(1, "CLOSE", 104, 1)])
        self.assertEqual(self.closes("ohlc", *both), [(1, "CLOSE", 104, 1)])
        self.assertEqual(self.closes("olhc", *both), [(1, "CLOSE", 97, 1)])

    def test_a_target_needs_a_trade_through_it_and_a_stop_a_touch(self):
        self.assertEqual(self.closes("pessimistic", 100, 104, 98, 101), [])
        self.assertEqual(self.closes("pessimistic", 100, 104, 97, 101), [(1, "CLOSE", 97, 1)])

    def test_an_entry_inside_the_candle(self):
        # Buy limit 98, stop 96, target 101. Candle 100, 103, 95, 102: pessimistic 98, then 95: stopped at 96.
        # Candle with low 97: the high comes after the entry in fact, but no target is met.
        # Optimistic: 98, then 103 (target 101). ohlc: 103 comes before 98; after it 95: stopped. olhc with low 97:
        # 98, 97, 103: target.
        for intrabar, low, expected in (
            ("pessimistic", 95, 96.0),
            ("pessimistic", 97, None),
            ("optimistic", 95, 101.0),
            ("ohlc", 95, 96.0),
            ("ohlc", 97, 101.0),
            ("olhc", 97, 101.0),
        ):
            with self.subTest(intrabar=intrabar, low=low):
                venue = venue_of(intrabar=intrabar)
                ask(venue, "BUY", "LIMIT", 1.0, price=98.0, stop_distance=2.0, target_distance=3.0)
                play(venue, 0, 100, 103, low, 102)
                closes = [] if expected is None else [(1, "CLOSE", expected, 1)]
                self.assertEqual(fills(venue), [(1, "OPEN", 98, 1), *closes])

    def test_a_stop_beyond_the_open_of_its_entry_fills_at_that_open(self):
        # Bought at 100 x 1.05 = 105, stop 102 lies above the open 100: sold at 100 x 0.95 = 95, stamped with T.
        venue = venue_of(slippage=Fraction(5, 100))
        ask(venue, "BUY", "MARKET", 1.0, stop_distance=3.0)
        play(venue, 0, 100, 104, 99, 103)
        self.assertEqual(fills(venue), [(0, "OPEN", 105, 1), (1, "CLOSE", 95, 1)])

    def test_a_mere_touch_fills_by_rule_and_by_draw(self):
        # u lies in [0, 1): every draw is below 1 and none below 0.
        for rule, probability, filled in (
            ("through", 0.5, 0), ("touch", 0.5, 1), ("probability", 1.0, 1), ("probability", 0.0, 0),
        ):  # fmt: skip
            with self.subTest(rule=rule, probability=probability):
                venue = venue_of(limit_fill=rule, limit_fill_probability=probability)
                ask(venue, "BUY", "LIMIT", 1.0, price=98.0, order_id="c")
                play(venue, 0, 100, 101, 98, 100)
                self.assertEqual(len(venue.fills), filled)

    def test_a_trailing_stop_follows_the_close_from_the_next_candle_on(self):
        venue = venue_of()
        ask(venue, "BUY", "MARKET", 1.0)
        play(venue, 0, 100, 100, 100, 100)
        trailing = ask(venue, "SELL", "TRAILING_STOP", 1.0, slot=1, reduce_only=True, trailing_fraction=0.05)
        self.assertIsNone(trailing.stop)
        # Close 110: 110 x 0.95 = 104.5 -> 104. The low of 90 came before that.
        play(venue, 1, 100, 111, 90, 110)
        self.assertEqual(trailing.stop, 104)
        play(venue, 2, 109, 109, 103, 104)
        self.assertEqual(fills(venue)[1:], [(3, "CLOSE", 104, 1)])


class VolumeCap(unittest.TestCase):
    def test_what_does_not_fit_acts_on_in_the_next_candle(self):
        # 10 % of 12.9 is 1.29 -> 1.2 of 3; then 1.2; then 0.6, and 0.6 of the second order.
        venue = venue_of(volume_cap=Fraction(1, 10))
        market, other = ask(venue, "BUY", "MARKET", 3.0), ask(venue, "BUY", "LIMIT", 1.0, price=105.0)
        for slot in range(3):
            play(venue, slot, 100 + slot, 103, 99, 100, volume=12.9)
        self.assertEqual(
            fills(venue), [(0, "OPEN", 100, 1.2), (1, "OPEN", 101, 1.2), (2, "OPEN", 102, 0.6), (2, "OPEN", 102, 0.6)]
        )
        self.assertEqual([order.status for order in (market, other)], ["FILLED", "PARTIALLY_FILLED"])

    def test_a_stop_filled_in_part_closes_the_rest_at_the_next_open(self):
        venue = venue_of(volume_cap=Fraction(1, 10))
        ask(venue, "BUY", "MARKET", 1.0, stop_distance=3.0, target_distance=2.0)
        play(venue, 0, 100, 101, 99, 100)
        play(venue, 1, 100, 101, 96, 98, volume=4.0)
        play(venue, 2, 99, 105, 99, 104)
        self.assertEqual(fills(venue)[1:], [(2, "CLOSE", 97, 0.4), (2, "CLOSE", 99, 0.6)])
        self.assertEqual([fill.reason for fill in venue.fills[1:]], ["stop", "stop"])

    def test_a_stop_touched_where_nothing_is_traded_closes_at_the_next_open(self):
        venue = venue_of(volume_cap=Fraction(1, 10))
        ask(venue, "BUY", "MARKET", 1.0, stop_distance=3.0)
        play(venue, 0, 100, 101, 99, 100)
        play(venue, 1, 100, 101, 96, 98, volume=0.0)
        play(venue, 2, 99, 105, 99, 104)
        self.assertEqual(fills(venue)[1:], [(2, "CLOSE", 99, 1)])

    def test_an_ioc_order_expires_where_nothing_is_traded(self):
        venue = venue_of(volume_cap=Fraction(1, 10))
        order = ask(venue, "BUY", "MARKET", 1.0, time_in_force="IOC")
        play(venue, 0, 100, 101, 99, 100, volume=0.0)
        self.assertEqual(state(order), ("EXPIRED", "ioc"))


class Money(unittest.TestCase):
    def test_an_add_keeps_the_exact_cost_and_a_part_carries_its_share(self):
        # 1 at 100 and 2 at 101: cost 302. One of three at 110: 302 / 3 = 100.66666667 to 1e-8; commissions of 1/1000:
        # 0.1 and 0.202, a third of 0.302 is 0.10066667; 0.11 for the close. 110 - 100.66666667 - 0.10066667 - 0.11.
        venue = venue_of(taker=Fraction(1, 1000), maker=Fraction(1, 1000))
        ask(venue, "BUY", "MARKET", 1.0)
        play(venue, 0, 100, 100, 100, 100)
        ask(venue, "BUY", "MARKET", 2.0, slot=1)
        play(venue, 1, 101, 101, 101, 101)
        ask(venue, "SELL", "MARKET", 1.0, slot=2)
        play(venue, 2, 110, 110, 110, 110)
        self.assertEqual(venue.fills[-1].realized, Fraction("9.12266666"))
        # The rest: cost 201.33333333, entry commission 0.20133333; 2 at 120: 240 - 0.24.
        ask(venue, "SELL", "MARKET", 2.0, slot=3)
        play(venue, 3, 120, 120, 120, 120)
        self.assertEqual(venue.fills[-1].realized, Fraction("38.22533334"))
        # In all: 110 + 240 - 302 gross, 0.302 + 0.35 commission.
        self.assertEqual(venue.balance, 10_000 + 48 - Fraction("0.652"))

    def test_the_last_rung_met_first_closes_what_other_orders_have_left(self):
        half = Fraction(1, 2)
        ladder = ((half, Fraction(1)), (half, Fraction(1)))
        venue = venue_of(ladder=ladder, limit_fill="probability", limit_fill_seed=7)
        ask(venue, "SELL", "MARKET", 3.0, stop_distance=1.0, order_id="c")
        play(venue, 0, 100, 100, 100, 100)
        ask(venue, "BUY", "MARKET", 2.0, 1, reduce_only=True)
        # Both rungs stand at 99 with 1.5; of SHA-256 of 7|A/USDT|c-tp1|60000 u = 0.862 misses, of c-tp2 0.119 fills.
        play(venue, 1, 100, 100, 99, 99)
        self.assertEqual([(0, "OPEN", 100, 3), (1, "CLOSE", 100, 2), (2, "CLOSE", 99, 1)], fills(venue))

    def test_a_ladder_closes_its_fractions_and_break_even_follows(self):
        # 1.0 at 100, stop 98: rungs of 0.5 at 102 and the rest at 104. After rung 1 the stop stands at 100.
        half = Fraction(1, 2)
        venue = venue_of(ladder=((half, Fraction(1)), (half, Fraction(2))), break_even_after=1)
        ask(venue, "BUY", "MARKET", 1.0, stop_distance=2.0, target_distance=50.0)
        play(venue, 0, 100, 103, 99, 103)
        play(venue, 1, 103, 104, 100, 101)
        self.assertEqual(fills(venue)[1:], [(1, "CLOSE", 102, 0.5), (2, "CLOSE", 100, 0.5)])
        self.assertEqual([fill.reason for fill in venue.fills[1:]], ["target", "break_even"])


class Margin(unittest.TestCase):
    TIERS = (
        ModelTier(Fraction(50_000), Fraction("0.004"), Fraction(0), Fraction(125)),
        ModelTier(Fraction(250_000), Fraction("0.005"), Fraction(50), Fraction(100)),
    )

    def test_liquidation_prices_of_the_published_formula(self):
        # Long 1 at 40000, margin 4000: (4000 - 40000) / (0.004 - 1) = 36144.57831325.
        # Short: (4000 + 40000) / (0.004 + 1) = 43824.70119522.
        # Long 4 at 40000, margin 16000: notional beyond 50000: (16000 + 50 - 160000) / (0.02 - 4) = 36168.34170854.
        for sign, quantity, margin, expected in (
            (1, 1, 4_000, "36144.57831325"),
            (-1, 1, 4_000, "43824.70119522"),
            (1, 4, 16_000, "36168.34170854"),
        ):
            price = liquidation_price(sign, Fraction(quantity), Fraction(40_000), Fraction(margin), self.TIERS)
            self.assertEqual(price, Fraction(expected))

    def test_a_liquidation_loses_the_margin_and_no_more(self):
        # 10 at 100, leverage 5: margin 200; LP (200 - 1000) / (0.04 - 10) = 80.32128514. Bankruptcy with a fee of 1 %:
        # (1000 - 200) / (10 x 0.99) = 80.808 -> 81: loss 190, fee 810 x 0.01 = 8.1.
        venue = venue_of(leverage=Fraction(5), tiers=self.TIERS, liquidation_fee=Fraction(1, 100))
        ask(venue, "BUY", "MARKET", 10.0)
        play(venue, 0, 100, 101, 81, 99)
        self.assertEqual(len(venue.fills), 1)
        play(venue, 1, 99, 99, 80, 99)
        self.assertEqual(fills(venue)[1:], [(2, "CLOSE", 81, 10)])
        self.assertEqual((venue.fills[1].commission, venue.balance), (Fraction("8.1"), 10_000 - Fraction("198.1")))


if __name__ == "__main__":
    unittest.main()
