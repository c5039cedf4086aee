"""Every order type by hand: at its first open, at later opens, inside a candle; buying and mirrored selling."""

import unittest
from decimal import Decimal

from execution.orders.order import Order
from tests.support.runs.paper_venue import PaperVenue
from tests.support.times import MINUTE_MS

# Costs that tell maker from taker: of 100 units 1 per mille and 1 per cent.
COSTS = {"maker": "0.001", "taker": "0.01"}


def mirrored(price: float) -> float:
    """Return a price on the other side of 100."""
    return round(200.0 - price, 2)


class TypeTest(unittest.TestCase):
    def on_both_sides(
        self,
        kind: str,
        levels: dict[str, float],
        candles: list[tuple[float, float, float, float]],
        expected: list[tuple[float, str, int]],
        *,
        slippage: str = "0",
        **more: object,
    ) -> None:
        """Assert the fills (price, liquidity, minute of the event) of a buy, and of a sell in the mirrored market."""
        for side in ("BUY", "SELL"):
            with self.subTest(side=side, candles=candles):
                at = (lambda price: price) if side == "BUY" else mirrored
                venue = PaperVenue(slippage=slippage, **COSTS)
                order = venue.submit(side, kind, 1.0, **{name: at(level) for name, level in levels.items()}, **more)
                for opened, high, low, close in candles:
                    low_high = sorted((at(high), at(low)))
                    venue.play(at(opened), low_high[1], low_high[0], at(close))
                rates = {"maker": Decimal("0.001"), "taker": Decimal("0.01")}
                got = [
                    (
                        at(float(row.price)),
                        next(name for name, rate in rates.items() if row.commission == row.price * rate),
                        row.time_ms // MINUTE_MS,
                    )
                    for row in venue.trader.account.rows
                ]
                self.assertEqual(expected, got)
                self.assertEqual("FILLED" if expected else "NEW", order.status.value)


class MarketOrders(TypeTest):
    def test_it_fills_at_the_open_with_slippage_and_takes(self) -> None:
        for side, price in (("BUY", "100.71"), ("SELL", "99.69")):
            venue = PaperVenue(slippage="0.005", **COSTS)
            venue.submit(side, "MARKET")
            # 100.2 x 1.005 = 100.701 up, 100.2 x 0.995 = 99.699 down
            self.assertEqual([("OPEN", price, "1", "signal")], venue.play(100.2, 110, 90, 100))
            row = venue.trader.account.rows[0]
            self.assertEqual((0, abs(row.price - Decimal("100.2"))), (row.time_ms, row.slippage))
            self.assertEqual(row.price * Decimal("0.01"), row.commission)


class LimitOrders(TypeTest):
    def test_one_that_its_first_open_satisfies_fills_there_without_slippage_and_takes(self) -> None:
        self.on_both_sides("LIMIT", {"price": 99.0}, [(98, 98, 98, 98)], [(98.0, "taker", 0)], slippage="0.01")

    def test_one_that_a_later_open_is_beyond_fills_at_that_open_and_makes(self) -> None:
        self.on_both_sides(
            "LIMIT", {"price": 99.0}, [(100, 100, 99, 100), (98, 98, 98, 98)], [(98.0, "maker", 1)], slippage="0.01"
        )

    def test_one_that_a_candle_trades_through_fills_at_its_price_and_makes(self) -> None:
        self.on_both_sides("LIMIT", {"price": 99.0}, [(100, 101, 98.99, 100)], [(99.0, "maker", 1)], slippage="0.01")

    def test_a_touch_and_an_open_at_its_price_do_not_fill(self) -> None:
        self.on_both_sides("LIMIT", {"price": 99.0}, [(99, 101, 99, 100), (100, 100, 99, 99)], [])

    def test_prices_are_rounded_in_favour_of_the_order(self) -> None:
        for side, price in (("BUY", "99.01"), ("SELL", "99.02")):
            venue = PaperVenue()
            self.assertEqual(Decimal(price), venue.submit(side, "LIMIT", price=99.015).price)


class PostOnly(TypeTest):
    def test_an_order_that_would_take_at_its_first_open_is_rejected_there(self) -> None:
        for side, at in (("BUY", 98.0), ("SELL", 102.0)):
            venue = PaperVenue()
            order = venue.submit(side, "LIMIT", price=mirrored(at), post_only=True)
            self.assertEqual([], venue.play(at, 110, 90, 100))
            self.assertEqual(("REJECTED", "would_take"), (order.status.value, order.reason))
            self.assertEqual([("NEW", ""), ("REJECTED", "would_take")], venue.events())

    def test_an_order_that_rests_at_its_first_open_makes_later(self) -> None:
        self.on_both_sides(
            "LIMIT", {"price": 99.0}, [(99, 99, 99, 99), (98, 98, 98, 98)], [(98.0, "maker", 1)], post_only=True
        )
        self.on_both_sides("LIMIT", {"price": 99.0}, [(100, 100, 98, 98)], [(99.0, "maker", 1)], post_only=True)

    def test_with_touch_an_open_at_the_price_would_take(self) -> None:
        venue = PaperVenue(limit_fill="touch")
        order = venue.submit("BUY", "LIMIT", price=99.0, post_only=True)
        venue.flat(99)
        self.assertEqual("would_take", order.reason)


class ImmediateOrCancel(TypeTest):
    def test_it_fills_at_its_first_open_or_expires_there(self) -> None:
        for opened, status, fills in ((98.99, "FILLED", 1), (99.0, "EXPIRED", 0), (99.5, "EXPIRED", 0)):
            venue = PaperVenue()
            order = venue.submit("BUY", "LIMIT", price=99.0, time_in_force="IOC")
            self.assertEqual(fills, len(venue.play(opened, 100, 90, 95)))
            self.assertEqual(status, order.status.value)
        self.assertEqual([("NEW", ""), ("EXPIRED", "ioc")], venue.events())
        self.assertEqual("1970-01-01T00:00:00.000Z", venue.order_rows[-1]["timestamp"])

    def test_what_the_volume_cap_leaves_of_it_expires(self) -> None:
        venue = PaperVenue(volume_cap=Decimal("0.5"))
        order = venue.submit("BUY", "MARKET", 3.0, time_in_force="IOC")
        self.assertEqual([("OPEN", "100", "1", "signal")], venue.flat(volume=2))
        self.assertEqual(("EXPIRED", "ioc", Decimal(1)), (order.status.value, order.reason, order.filled))
        self.assertEqual([("NEW",), ("PARTIALLY_FILLED",), ("EXPIRED",)], venue.events("status", client="1"))

    def test_with_latency_its_first_open_is_the_one_at_which_it_acts(self) -> None:
        venue = PaperVenue(latency_ms=1)
        order = venue.submit("BUY", "LIMIT", price=99.0, time_in_force="IOC")
        venue.flat(98)
        self.assertEqual("NEW", order.status.value)
        self.assertEqual(1, len(venue.flat(98)))

    def test_one_that_cannot_act_at_its_first_open_because_it_is_against_what_is_left_of_a_position_expires(
        self,
    ) -> None:
        venue = PaperVenue(volume_cap=Decimal("0.5"))
        venue.enter("BUY", 10.0)
        venue.trader.book.submit_close("A/USDT", venue.now_ms, "opposite_signal")
        request = venue.submit("SELL", "LIMIT", 5.0, price=99.0, time_in_force="IOC").request
        venue.trader.book.cancel(venue.trader.book.orders_of("A/USDT")[-1], venue.now_ms)
        entry = venue.trader.book.submit(request, venue.now_ms, last_price=100.0, role="entry")
        venue.flat(volume=10)
        self.assertEqual("EXPIRED", entry.status.value)


class GoodTillDate(TypeTest):
    def test_it_acts_in_candles_that_open_before_its_end_and_expires_with_that_time(self) -> None:
        for minute, fills in ((1, 1), (2, 0)):
            venue = PaperVenue()
            order = venue.submit("BUY", "LIMIT", price=99.0, time_in_force="GTD", expires_ms=2 * MINUTE_MS)
            for number in range(3):
                venue.flat(98.0 if number == minute else 100.0)
            self.assertEqual(fills, len(venue.trader.account.rows))
            self.assertEqual("FILLED" if fills else "EXPIRED", order.status.value)
        self.assertEqual(
            [("NEW", "1970-01-01T00:00:00.000Z"), ("EXPIRED", "1970-01-01T00:02:00.000Z")],
            venue.events("event", "timestamp"),
        )
        self.assertEqual("gtd", order.reason)

    def test_an_end_inside_a_candle_is_after_that_candle(self) -> None:
        venue = PaperVenue()
        order = venue.submit("BUY", "LIMIT", price=99.0, time_in_force="GTD", expires_ms=MINUTE_MS + 1)
        venue.flat()
        self.assertEqual([("OPEN", "98", "1", "signal")], venue.flat(98))
        self.assertEqual("FILLED", order.status.value)

    def test_without_an_end_it_is_not_accepted_and_the_end_of_another_order_means_nothing(self) -> None:
        venue = PaperVenue()
        self.assertEqual("expiry", venue.submit("BUY", "LIMIT", price=99.0, time_in_force="GTD").reason)
        venue.submit("BUY", "LIMIT", price=99.0, expires_ms=MINUTE_MS)
        venue.flat()
        self.assertEqual(1, len(venue.flat(98)))

    def test_the_range_of_its_last_candle_counts(self) -> None:
        venue = PaperVenue()
        venue.submit("BUY", "LIMIT", price=99.0, time_in_force="GTD", expires_ms=MINUTE_MS)
        self.assertEqual(1, len(venue.play(100, 100, 98, 98)))

    def test_after_missing_candles_it_expires_with_its_own_time(self) -> None:
        venue = PaperVenue()
        venue.submit("BUY", "LIMIT", price=99.0, time_in_force="GTD", expires_ms=MINUTE_MS)
        venue.minute = 7
        self.assertEqual([], venue.flat(90))
        self.assertEqual("1970-01-01T00:01:00.000Z", venue.order_rows[-1]["timestamp"])

    def test_its_first_step_after_its_end_is_before_anything_else(self) -> None:
        # The open at 105 is beyond the stop, and the order is over already.
        venue = PaperVenue()
        venue.submit("BUY", "STOP_MARKET", stop_price=101.0, time_in_force="GTD", expires_ms=MINUTE_MS)
        venue.flat()
        self.assertEqual([], venue.flat(105))
        self.assertEqual([("NEW", ""), ("EXPIRED", "gtd")], venue.events())


class StopMarketOrders(TypeTest):
    def test_an_open_at_or_beyond_it_fills_at_the_open_with_slippage_and_takes(self) -> None:
        # 101 x 1.01, 103 x 1.01; 99 x 0.99, 97 x 0.99
        for side, stop, opened, price in (
            ("BUY", 101.0, 101.0, "102.01"),
            ("BUY", 101.0, 103.0, "104.03"),
            ("SELL", 99.0, 99.0, "98.01"),
            ("SELL", 99.0, 97.0, "96.03"),
        ):
            venue = PaperVenue(slippage="0.01", **COSTS)
            venue.submit(side, "STOP_MARKET", stop_price=stop)
            self.assertEqual([("OPEN", price, "1", "signal")], venue.flat(opened))
            row = venue.trader.account.rows[0]
            self.assertEqual((0, row.price * Decimal("0.01")), (row.time_ms, row.commission))

    def test_a_touch_inside_the_candle_fills_at_its_price_and_takes(self) -> None:
        self.on_both_sides("STOP_MARKET", {"stop_price": 101.0}, [(100, 101, 99, 100)], [(101.0, "taker", 1)])
        self.on_both_sides("STOP_MARKET", {"stop_price": 101.0}, [(100, 100.99, 99, 100)], [])

    def test_with_slippage_it_fills_worse_than_its_price_on_both_sides(self) -> None:
        # 101 x 1.01 = 102.01 and 99 x 0.99 = 98.01
        for side, stop, price in (("BUY", 101.0, "102.01"), ("SELL", 99.0, "98.01")):
            venue = PaperVenue(slippage="0.01")
            venue.submit(side, "STOP_MARKET", stop_price=stop)
            self.assertEqual([("OPEN", price, "1", "signal")], venue.play(100, 101, 99, 100)[:1])

    def test_stop_prices_are_rounded_away_from_the_market(self) -> None:
        for side, price in (("BUY", "101.02"), ("SELL", "101.01")):
            self.assertEqual(Decimal(price), PaperVenue().submit(side, "STOP_MARKET", stop_price=101.015).stop_price)


class StopLimitOrders(TypeTest):
    """Stop 101; the three outcomes of its trigger at the open (reference: the open) and inside (reference: 101)."""

    def bought(
        self, limit: float, candle: tuple[float, float, float, float], slippage: str = "0.01"
    ) -> tuple[PaperVenue, Order]:
        venue = PaperVenue(slippage=slippage, **COSTS)
        order = venue.submit("BUY", "STOP_LIMIT", stop_price=101.0, price=limit)
        venue.play(*candle)
        return venue, order

    def test_the_slipped_reference_is_not_worse_than_the_limit(self) -> None:
        # 101 x 1.01 = 102.01 at the touch; 101.5 x 1.01 = 102.515, up to 102.52, at the open.
        for limit, candle, price, minute in (
            (102.01, (100, 101, 100, 100), "102.01", 1),
            (110.0, (100, 101, 100, 100), "102.01", 1),
            (102.52, (101.5, 101.5, 101.5, 101.5), "102.52", 0),
        ):
            venue, _ = self.bought(limit, candle)
            row = venue.trader.account.rows[0]
            self.assertEqual((Decimal(price), minute), (row.price, row.time_ms // MINUTE_MS))
            self.assertEqual(row.price * Decimal("0.01"), row.commission)

    def test_only_the_reference_itself_is_not_worse_and_it_fills_at_the_limit(self) -> None:
        for limit, candle in (
            (102.0, (100, 101, 100, 100)),
            (101.0, (100, 101, 100, 100)),
            (101.5, (101.5, 101.5, 101.5, 101.5)),
        ):
            venue, _ = self.bought(limit, candle)
            row = venue.trader.account.rows[0]
            self.assertEqual((Decimal(str(limit)), Decimal(str(limit)) * Decimal("0.01")), (row.price, row.commission))

    def test_the_reference_is_beyond_the_limit_and_it_rests_from_the_next_candle_on(self) -> None:
        # The candle falls back through the limit after the trigger: not in this candle.
        venue, order = self.bought(100.5, (100, 101, 99, 99), "0")
        self.assertEqual([], venue.trader.account.rows)
        self.assertEqual([("NEW", ""), ("REPLACED", "triggered")], venue.events())
        self.assertEqual(("NEW", "limit"), (order.status.value, order.acts))
        # It needs a trade through 100.5, makes, and the stop price plays no part any more.
        self.assertEqual([], venue.play(100.5, 101.2, 100.5, 101))
        self.assertEqual([("OPEN", "100.5", "1", "signal")], venue.play(101, 101, 100, 100))
        self.assertEqual(Decimal("0.1005"), venue.trader.account.rows[0].commission)

    def test_an_open_beyond_the_limit_rests_it_too(self) -> None:
        venue, order = self.bought(101.5, (102, 102, 100, 100))
        self.assertEqual([], venue.trader.account.rows)
        self.assertEqual("1970-01-01T00:00:00.000Z", venue.order_rows[-1]["timestamp"])
        # At its next open the market is below the limit: filled at that open, without slippage, as maker.
        self.assertEqual([("OPEN", "101", "1", "signal")], venue.flat(101))
        self.assertEqual(Decimal("0.101"), venue.trader.account.rows[0].commission)
        self.assertEqual("FILLED", order.status.value)

    def test_selling_is_the_mirror_image(self) -> None:
        for limit, price, status in ((98.01, "98.01", "FILLED"), (98.5, "98.5", "FILLED"), (99.5, None, "NEW")):
            venue = PaperVenue(slippage="0.01", **COSTS)
            order = venue.submit("SELL", "STOP_LIMIT", stop_price=99.0, price=limit)
            fills = venue.play(100, 100, 99, 99)
            self.assertEqual([] if price is None else [("OPEN", price, "1", "signal")], fills)
            self.assertEqual(status, order.status.value)

    def test_an_untouched_stop_does_nothing_though_the_limit_is_traded_through(self) -> None:
        venue, order = self.bought(102.0, (100, 100.99, 90, 95))
        self.assertEqual(([], "stop"), (venue.trader.account.rows, order.acts))

    def test_what_the_volume_cap_leaves_rests_at_the_limit(self) -> None:
        venue = PaperVenue(volume_cap=Decimal("0.5"), **COSTS)
        order = venue.submit("BUY", "STOP_LIMIT", 3.0, stop_price=101.0, price=102.0)
        self.assertEqual([("OPEN", "101", "1", "signal")], venue.play(100, 103, 100, 103, volume=2))
        self.assertEqual([], venue.flat(103))
        self.assertEqual([("OPEN", "102", "2", "signal")], venue.play(103, 103, 101, 103))
        self.assertEqual("FILLED", order.status.value)


class TakeProfitOrders(TypeTest):
    def test_it_is_a_limit_order_that_only_reduces(self) -> None:
        for side, price, (high, low) in (("SELL", 105.0, (105.01, 100)), ("BUY", 95.0, (100, 94.99))):
            venue = PaperVenue(slippage="0", **COSTS)
            venue.enter("BUY" if side == "SELL" else "SELL", 2.0)
            order = venue.submit(side, "TAKE_PROFIT", 5.0, price=price)
            self.assertEqual([("CLOSE", f"{price:.0f}", "2", "order")], venue.play(100, high, low, 100))
            self.assertEqual(("CANCELED", "nothing_to_reduce"), (order.status.value, order.reason))
            self.assertEqual(Decimal(str(price)) * 2 * Decimal("0.001"), venue.trader.account.rows[-1].commission)

    def test_without_a_position_it_is_not_accepted(self) -> None:
        venue = PaperVenue()
        self.assertEqual("reduce_only", venue.submit("SELL", "TAKE_PROFIT", price=105.0).reason)
        venue.enter("SELL")
        self.assertEqual("reduce_only", venue.submit("SELL", "TAKE_PROFIT", price=105.0).reason)
        self.assertEqual("NEW", venue.submit("BUY", "TAKE_PROFIT", price=95.0).status.value)


class TrailingStopOrders(TypeTest):
    def test_by_a_fraction_it_follows_the_close_and_never_loosens(self) -> None:
        venue = PaperVenue()
        venue.enter("BUY", 2.0)
        order = venue.submit("SELL", "TRAILING_STOP", 1.0, trailing_fraction=0.0333)
        stops = []
        for close in (100.0, 110.01, 108.0):
            venue.play(close, close, close, close)
            stops.append(order.stop_price)
        # 96.67 exactly; 110.01 x 0.9667 = 106.346667, down; 108 would loosen it
        self.assertEqual([Decimal("96.67"), Decimal("106.34"), Decimal("106.34")], stops)
        self.assertEqual([("CLOSE", "106.34", "1", "order")], venue.play(108, 108, 106.34, 107))
        self.assertEqual(
            [("NEW", "", ""), ("REPLACED", "96.67", "trailing_stop"), ("REPLACED", "106.34", "trailing_stop")],
            venue.events("event", "stop_price", "reason", client="2")[:3],
        )

    def test_by_a_distance_a_buy_follows_from_above(self) -> None:
        venue = PaperVenue()
        venue.enter("SELL", 1.0)
        order = venue.submit("BUY", "TRAILING_STOP", 1.0, trailing_distance=2.505)
        stops = []
        for close in (100.0, 90.0, 91.0):
            venue.play(close, close, close, close)
            stops.append(order.stop_price)
        # 102.505 and 92.505, up
        self.assertEqual([Decimal("102.51"), Decimal("92.51"), Decimal("92.51")], stops)
        self.assertEqual([("CLOSE", "92.51", "1", "order")], venue.play(91, 93, 91, 91))

    def test_it_acts_with_a_stop_from_the_candle_after_the_close_that_set_it(self) -> None:
        venue = PaperVenue()
        venue.enter("BUY", 1.0)
        venue.submit("SELL", "TRAILING_STOP", 1.0, trailing_fraction=0.01)
        # 120 x 0.99 = 118.8 is in this candle's range and past.
        self.assertEqual([], venue.play(100, 120, 50, 120))
        self.assertEqual([("CLOSE", "110", "1", "order")], venue.flat(110))

    def test_one_that_is_triggered_follows_no_more(self) -> None:
        venue = PaperVenue(volume_cap=Decimal("0.5"))
        venue.enter("BUY", 10.0)
        order = venue.submit("SELL", "TRAILING_STOP", 10.0, trailing_distance=2.0)
        venue.flat(100.0)
        self.assertEqual([("CLOSE", "98", "2", "order")], venue.play(100, 100, 97, 99, volume=4))
        self.assertEqual([("CLOSE", "105", "2", "order")], venue.play(105, 110, 105, 110, volume=4))
        self.assertEqual(Decimal(98), order.stop_price)

    def test_fractions_lie_between_0_and_1_and_distances_above_0(self) -> None:
        venue = PaperVenue()
        venue.enter("BUY")
        for wrong in (
            {"trailing_fraction": 0.0},
            {"trailing_fraction": -0.1},
            {"trailing_fraction": 1.0},
            {"trailing_distance": 0.0},
            {"trailing_distance": -5.0},
        ):
            with self.subTest(wrong):
                self.assertEqual("price", venue.submit("SELL", "TRAILING_STOP", **wrong).reason)

    def test_it_only_reduces_and_needs_a_fraction_or_a_distance(self) -> None:
        venue = PaperVenue()
        self.assertEqual("reduce_only", venue.submit("SELL", "TRAILING_STOP", trailing_fraction=0.01).reason)
        venue.enter("BUY")
        self.assertEqual("price", venue.submit("SELL", "TRAILING_STOP").reason)


if __name__ == "__main__":
    unittest.main()
