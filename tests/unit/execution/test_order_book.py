"""The order book: what is accepted, how orders are changed and end, and what an order's fill does to others."""

import copy
import unittest
from decimal import Decimal

from core.orders import OrderRequest, OrderSide, OrderType
from execution.orders.order_status import OrderStatus
from execution.scripting.paper_trader import PaperTrader
from tests.support.runs.paper_venue import SYMBOL, PaperVenue
from tests.support.times import MINUTE_MS

LEVELS = {
    "LIMIT": {"price": 99.0},
    "STOP_MARKET": {"stop_price": 101.0},
    "STOP_LIMIT": {"price": 102.0, "stop_price": 101.0},
}


class Acceptance(unittest.TestCase):
    def reason(self, venue: PaperVenue, side: str, kind: str, quantity: float, **more: object) -> str:
        order = venue.submit(side, kind, quantity, **more)
        self.assertEqual(order.reason != "", order.status is OrderStatus.REJECTED)
        if order.reason:
            self.assertEqual(("REJECTED", order.reason), venue.events()[-1])
            self.assertEqual(("", ""), venue.events("order_id", "client_order_id")[-1])
            self.assertNotIn(order, venue.trader.book.orders_of(SYMBOL))
        return order.reason

    def test_quantities_are_rounded_down_to_the_lot_and_bounded(self) -> None:
        rules = {"lot_size": Decimal("0.1"), "min_quantity": Decimal("0.5"), "max_quantity": Decimal(10)}
        for kind, levels in {"MARKET": {}, **LEVELS}.items():
            for quantity, reason in (
                (0.09, "below_lot_size"),
                (0.49, "below_min_quantity"),
                (0.5, ""),
                (0.59, ""),
                (10.09, ""),
                (10.1, "above_max_quantity"),
            ):
                with self.subTest(kind=kind, quantity=quantity):
                    self.assertEqual(reason, self.reason(PaperVenue(instrument=rules), "BUY", kind, quantity, **levels))
        order = PaperVenue(instrument=rules).submit("BUY", "MARKET", 0.59)
        self.assertEqual(Decimal("0.5"), order.quantity)

    def test_the_value_is_that_at_the_limit_else_the_stop_else_the_last_close(self) -> None:
        venue = PaperVenue(instrument={"min_notional": Decimal(50)})
        venue.flat(200.0)
        for kind, least, levels in (
            ("LIMIT", 0.506, {"price": 99.0}),
            ("STOP_LIMIT", 0.491, {"price": 102.0, "stop_price": 300.0}),
            ("STOP_MARKET", 0.251, {"stop_price": 200.0}),
            ("STOP_MARKET", 0.25, {"stop_price": 200.0}),
            ("MARKET", 0.25, {}),
        ):
            with self.subTest(kind=kind, least=least):
                self.assertEqual("", self.reason(venue, "BUY", kind, least, **levels))
                self.assertEqual("below_min_notional", self.reason(venue, "BUY", kind, least - 0.002, **levels))

    def test_a_minimum_value_is_missed_by_more_than_a_billionth(self) -> None:
        rules = {"lot_size": Decimal("1E-12"), "min_notional": Decimal(100)}
        for quantity, reason in ((0.9999999991, ""), (0.9999999989, "below_min_notional")):
            self.assertEqual(reason, self.reason(PaperVenue(instrument=rules), "BUY", "MARKET", quantity))

    def test_what_only_reduces_has_no_minimum_value(self) -> None:
        venue = PaperVenue(instrument={"min_notional": Decimal(50)})
        venue.enter("BUY", 1.0)
        for kind, more in (
            ("TAKE_PROFIT", {"price": 105.0}),
            ("TRAILING_STOP", {"trailing_fraction": 0.1}),
            ("STOP_MARKET", {"stop_price": 95.0, "reduce_only": True}),
            ("MARKET", {"reduce_only": True}),
        ):
            self.assertEqual("", self.reason(venue, "SELL", kind, 0.1, **more), kind)
        self.assertEqual("below_min_notional", self.reason(venue, "SELL", "LIMIT", 0.1, price=105.0))

    def test_limit_prices_lie_inside_the_band_around_the_last_close_edges_included(self) -> None:
        rules = {"band_down": Decimal("0.9"), "band_up": Decimal("1.2")}
        venue = PaperVenue(instrument=rules)
        venue.flat(200.0)
        for price, reason in ((179.99, "percent_price"), (180.0, ""), (240.0, ""), (240.01, "percent_price")):
            self.assertEqual(reason, self.reason(venue, "BUY", "LIMIT", 1.0, price=price))
            self.assertEqual(reason, self.reason(venue, "BUY", "STOP_LIMIT", 1.0, price=price, stop_price=1.0))
        self.assertEqual("", self.reason(venue, "BUY", "STOP_MARKET", 1.0, stop_price=500.0))
        venue.enter("BUY")
        self.assertEqual("percent_price", self.reason(venue, "SELL", "TAKE_PROFIT", 1.0, price=500.0))

    def test_a_bound_of_zero_is_none(self) -> None:
        for rules, price in (({"band_down": Decimal("0.9")}, 1e6), ({"band_up": Decimal("1.1")}, 0.01)):
            self.assertEqual("", self.reason(PaperVenue(instrument=rules), "BUY", "LIMIT", 1000.0, price=price))

    def test_a_level_that_is_missing_or_not_above_zero_is_none(self) -> None:
        for kind, levels in (
            ("LIMIT", {}),
            ("LIMIT", {"stop_price": 99.0}),
            ("LIMIT", {"price": 0.0}),
            ("LIMIT", {"price": -1.0}),
            ("LIMIT", {"price": 0.009}),
            ("STOP_MARKET", {"price": 99.0}),
            ("STOP_MARKET", {"stop_price": -1.0}),
            ("STOP_LIMIT", {"price": 99.0}),
            ("STOP_LIMIT", {"stop_price": 99.0}),
        ):
            with self.subTest(kind=kind, levels=levels):
                self.assertEqual("price", self.reason(PaperVenue(), "BUY", kind, 1.0, **levels))

    def test_reduce_only_needs_a_position_on_the_other_side(self) -> None:
        for kind, levels in {"MARKET": {}, **LEVELS}.items():
            venue = PaperVenue()
            self.assertEqual("reduce_only", self.reason(venue, "BUY", kind, 1.0, reduce_only=True, **levels))
            venue.enter("BUY")
            self.assertEqual("reduce_only", self.reason(venue, "BUY", kind, 1.0, reduce_only=True, **levels))

    def test_shorts_are_refused_without_allow_shorting_while_no_long_is_open(self) -> None:
        venue = PaperVenue(allow_shorting=False)
        self.assertEqual("shorting_disabled", self.reason(venue, "SELL", "LIMIT", 1.0, price=101.0))
        venue.enter("BUY")
        waiting = venue.submit("SELL", "LIMIT", 1.0, price=110.0)
        self.assertEqual("", waiting.reason)
        # The long is gone when it is met: it would open a short.
        venue.submit("SELL", "MARKET", 1.0)
        venue.flat()
        self.assertEqual([], venue.flat(111.0))
        self.assertEqual((OrderStatus.REJECTED, "shorting_disabled"), (waiting.status, waiting.reason))

    def test_ids_count_accepted_orders_and_a_rejected_one_takes_none(self) -> None:
        venue = PaperVenue()
        orders = [venue.submit("BUY", "LIMIT", 1.0, price=price) for price in (99.0, 0.0, 98.0)]
        self.assertEqual(["1", None, "2"], [order.order_id for order in orders])
        named = venue.submit("BUY", "LIMIT", price=97.0, order_id="mine")
        self.assertEqual(("3", "mine"), (named.order_id, named.client_order_id))


class States(unittest.TestCase):
    def test_every_transition_of_one_life_is_a_row(self) -> None:
        venue = PaperVenue(volume_cap=Decimal("0.5"))
        venue.submit("BUY", "STOP_LIMIT", 3.0, price=102.0, stop_price=101.0, order_id="mine")
        venue.trader.book.amend(venue.trader.book.orders_of(SYMBOL)[0], 0, quantity=4.0, price=101.505)
        venue.play(100, 102, 100, 102, volume=2)
        venue.play(102, 102, 101, 101, volume=4)
        venue.trader.book.cancel(venue.trader.book.orders_of(SYMBOL)[0], venue.now_ms)
        columns = (
            "timestamp",
            "event",
            "status",
            "quantity",
            "filled_quantity",
            "price",
            "stop_price",
            "last_quantity",
            "last_price",
            "reason",
        )
        self.assertEqual(
            [
                ("1970-01-01T00:00:00.000Z", "NEW", "NEW", "3", "0", "102", "101", "", "", ""),
                ("1970-01-01T00:00:00.000Z", "REPLACED", "NEW", "4", "0", "101.5", "101", "", "", "request"),
                (
                    "1970-01-01T00:01:00.000Z",
                    "PARTIALLY_FILLED",
                    "PARTIALLY_FILLED",
                    "4",
                    "1",
                    "101.5",
                    "101",
                    "1",
                    "101",
                    "order",
                ),
                (
                    "1970-01-01T00:02:00.000Z",
                    "PARTIALLY_FILLED",
                    "PARTIALLY_FILLED",
                    "4",
                    "3",
                    "101.5",
                    "101",
                    "2",
                    "101.5",
                    "order",
                ),
                ("1970-01-01T00:02:00.000Z", "CANCELED", "CANCELED", "4", "3", "101.5", "101", "", "", "request"),
            ],
            venue.events(*columns, client="mine"),
        )

    def test_an_order_that_has_ended_ends_no_more(self) -> None:
        venue = PaperVenue()
        ended = [
            venue.submit("BUY", "MARKET"),
            venue.submit("BUY", "LIMIT", price=-1.0),
            venue.submit("BUY", "LIMIT", price=50.0),
        ]
        venue.flat()
        self.assertTrue(venue.trader.book.cancel(ended[2], venue.now_ms))
        rows = len(venue.order_rows)
        for order in ended:
            self.assertFalse(venue.trader.book.cancel(order, venue.now_ms))
            self.assertFalse(venue.trader.book.amend(order, venue.now_ms, quantity=5.0))
        self.assertEqual(
            (rows, ["FILLED", "REJECTED", "CANCELED"]), (len(venue.order_rows), [one.status.value for one in ended])
        )

    def test_an_entry_that_cannot_be_carried_is_rejected_as_a_whole(self) -> None:
        venue = PaperVenue(balance=1_000.0, taker="0.001")
        # 10 x 100 + 1 is more than 1,000; 999 + 0.999 is not.
        for quantity, expected in ((10.0, ("REJECTED", "insufficient_balance")), (9.99, ("FILLED", "order"))):
            order = venue.submit("BUY", "LIMIT", quantity, price=101.0)
            venue.flat()
            self.assertEqual(expected, (order.status.value, order.reason))

    def test_a_rest_that_cannot_be_carried_is_cancelled_not_rejected(self) -> None:
        venue = PaperVenue(balance=1_000.0, volume_cap=Decimal("0.5"))
        order = venue.submit("BUY", "MARKET", 10.0)
        venue.flat(volume=10)
        venue.flat(200, volume=100)
        self.assertEqual(
            ("CANCELED", "insufficient_balance", Decimal(5)), (order.status.value, order.reason, order.filled)
        )


class Amending(unittest.TestCase):
    def test_prices_are_rounded_and_act_from_the_next_candle_on(self) -> None:
        venue = PaperVenue()
        order = venue.submit("BUY", "LIMIT", 2.0, price=95.0)
        venue.flat()
        self.assertTrue(venue.trader.book.amend(order, venue.now_ms, price=98.019, quantity=3.0009))
        self.assertEqual((Decimal("98.01"), Decimal(3)), (order.price, order.quantity))
        self.assertEqual([("OPEN", "98.01", "3", "signal")], venue.play(100, 100, 98, 100))
        self.assertEqual(("REPLACED", "request"), venue.events()[1])

    def test_with_latency_it_acts_when_the_change_has_arrived(self) -> None:
        venue = PaperVenue(latency_ms=1)
        order = venue.submit("BUY", "LIMIT", price=95.0)
        venue.flat()
        venue.trader.book.amend(order, venue.now_ms, price=99.0)
        self.assertEqual([], venue.play(100, 100, 98, 100))
        self.assertEqual(1, len(venue.play(100, 100, 98, 100)))

    def test_what_is_refused_leaves_the_order_as_it_was(self) -> None:
        rules = {"band_down": Decimal("0.9"), "band_up": Decimal("1.1")}
        venue = PaperVenue(instrument=rules, volume_cap=Decimal("0.5"))
        order = venue.submit("BUY", "LIMIT", 3.0, price=100.0)
        venue.play(101, 101, 99, 100, volume=2)
        rows = len(venue.order_rows)
        self.assertEqual(Decimal(1), order.filled)
        for change in (
            {"quantity": 1.0},
            {"quantity": 0.5},
            {"quantity": 1.0009},
            {"price": 0.0},
            {"price": -1.0},
            {"price": 89.99},
            {"price": 110.01},
            {"stop_price": 105.0},
            {"quantity": 5.0, "price": 89.99},
        ):
            with self.subTest(change):
                self.assertFalse(venue.trader.book.amend(order, venue.now_ms, **change))
                self.assertEqual((Decimal(3), Decimal(100), rows), (order.quantity, order.price, len(venue.order_rows)))
        self.assertTrue(venue.trader.book.amend(order, venue.now_ms, quantity=1.001))

    def test_the_band_is_that_around_the_last_close(self) -> None:
        venue = PaperVenue(instrument={"band_down": Decimal("0.9"), "band_up": Decimal("1.1")})
        order = venue.submit("BUY", "LIMIT", price=95.0)
        venue.play(100, 200, 100, 200)
        self.assertFalse(venue.trader.book.amend(order, venue.now_ms, price=96.0))
        self.assertTrue(venue.trader.book.amend(order, venue.now_ms, price=190.0))

    def test_a_stop_can_be_moved_until_it_is_triggered(self) -> None:
        venue = PaperVenue()
        order = venue.submit("BUY", "STOP_LIMIT", price=100.5, stop_price=101.0)
        self.assertTrue(venue.trader.book.amend(order, 0, stop_price=101.005))
        self.assertEqual(Decimal("101.01"), order.stop_price)
        venue.play(100, 102, 100, 102)
        self.assertFalse(venue.trader.book.amend(order, venue.now_ms, stop_price=103.0))
        self.assertTrue(venue.trader.book.amend(order, venue.now_ms, price=101.0))

    def test_protective_orders_are_the_venues(self) -> None:
        venue = PaperVenue()
        holding = venue.enter("BUY", stop_loss=95.0)
        self.assertFalse(venue.trader.book.amend(holding.stop, venue.now_ms, stop_price=96.0))


class ReduceOnly(unittest.TestCase):
    def test_a_fill_is_cut_to_the_position_and_the_rest_is_cancelled(self) -> None:
        for reduce_only in (True, False):
            venue = PaperVenue()
            venue.enter("BUY", 2.0)
            order = venue.submit("SELL", "MARKET", 5.0, reduce_only=reduce_only)
            self.assertEqual([("CLOSE", "100", "2", "order")], venue.flat())
            self.assertEqual({}, venue.trader.positions)
            self.assertEqual(
                [("NEW", ""), ("PARTIALLY_FILLED", "order"), ("CANCELED", "nothing_to_reduce")],
                venue.events(client=order.order_id),
            )

    def test_with_the_position_gone_its_reduce_only_orders_are_cancelled_and_the_others_stay(self) -> None:
        venue = PaperVenue()
        venue.enter("BUY", 2.0)
        reducing = [
            venue.submit("SELL", "LIMIT", 1.0, price=110.0, reduce_only=True),
            venue.submit("SELL", "TAKE_PROFIT", 1.0, price=111.0),
            venue.submit("SELL", "TRAILING_STOP", 1.0, trailing_fraction=0.5),
        ]
        free = venue.submit("SELL", "LIMIT", 1.0, price=112.0)
        venue.submit("SELL", "MARKET", 2.0)
        venue.flat()
        self.assertEqual([("CANCELED", "position_closed")] * 3, [(one.status.value, one.reason) for one in reducing])
        self.assertEqual(("NEW", [free]), (free.status.value, venue.trader.book.orders_of(SYMBOL)))
        # Now it opens.
        self.assertEqual([("OPEN", "112", "1", "signal")], venue.play(100, 113, 100, 113))

    def test_other_symbols_keep_theirs(self) -> None:
        venue = PaperVenue()
        other = "B/USDT"
        venue.trader.submit_order(OrderRequest(other, OrderSide.BUY, OrderType.MARKET, 1.0), 50.0)
        request = OrderRequest(other, OrderSide.SELL, OrderType.TAKE_PROFIT, 1.0, price=60.0)
        kept = venue.trader.book.submit(request, 0, last_price=50.0)
        venue.enter("BUY")
        venue.submit("SELL", "MARKET")
        venue.flat()
        self.assertEqual("NEW", kept.status.value)

    def test_an_order_in_the_direction_of_the_position_adds(self) -> None:
        venue = PaperVenue()
        venue.enter("BUY", 1.0, stop_loss=95.0)
        venue.submit("BUY", "LIMIT", 2.0, price=99.0, stop_loss=90.0)
        self.assertEqual([("OPEN", "99", "2", "signal")], venue.play(100, 100, 98, 100))
        self.assertEqual((Decimal(95), Decimal(3)), (venue.holding.stop.stop_price, venue.holding.stop.quantity))


class OneCancelsOther(unittest.TestCase):
    def test_the_first_fill_cancels_the_others_of_the_group(self) -> None:
        venue = PaperVenue()
        venue.enter("BUY", 2.0)
        stop = venue.submit("SELL", "STOP_MARKET", 1.0, stop_price=95.0, oco_group="exit")
        target = venue.submit("SELL", "LIMIT", 1.0, price=105.0, oco_group="exit")
        other = venue.submit("SELL", "LIMIT", 1.0, price=106.0, oco_group="another")
        self.assertEqual([("CLOSE", "105", "1", "order")], venue.play(100, 105.5, 100, 100))
        self.assertEqual(("CANCELED", "oco"), (stop.status.value, stop.reason))
        self.assertEqual(("FILLED", "NEW"), (target.status.value, other.status.value))

    def test_a_partial_fill_is_enough(self) -> None:
        venue = PaperVenue(volume_cap=Decimal("0.5"))
        low = venue.submit("BUY", "LIMIT", 5.0, price=99.0, oco_group="entry")
        high = venue.submit("BUY", "STOP_MARKET", 5.0, stop_price=101.0, oco_group="entry")
        venue.play(100, 100, 98, 100, volume=2)
        self.assertEqual(("PARTIALLY_FILLED", "CANCELED", "oco"), (low.status.value, high.status.value, high.reason))

    def test_both_in_one_candle_never_both_fill(self) -> None:
        for intrabar, price in (("olhc", "99"), ("ohlc", "101")):
            venue = PaperVenue(intrabar=intrabar)
            venue.submit("BUY", "LIMIT", price=99.0, oco_group="entry")
            venue.submit("BUY", "STOP_MARKET", stop_price=101.0, oco_group="entry")
            self.assertEqual([("OPEN", price, "1", "signal")], venue.play(100, 102, 98, 100))

    def test_a_cancel_or_a_rejection_leaves_the_others_working(self) -> None:
        venue = PaperVenue()
        first = venue.submit("BUY", "LIMIT", price=99.0, oco_group="entry")
        second = venue.submit("BUY", "LIMIT", price=98.0, oco_group="entry")
        venue.submit("BUY", "LIMIT", price=-1.0, oco_group="entry")
        venue.trader.book.cancel(first, 0)
        self.assertEqual("NEW", second.status.value)

    def test_a_stop_that_closes_cancels_the_target_and_the_other_way_round(self) -> None:
        for candle, ended in (((100, 100, 94, 94), "1-target"), ((100, 106, 100, 106), "1-stop")):
            venue = PaperVenue()
            venue.enter("BUY", stop_loss=95.0, take_profit=105.0)
            venue.play(*candle)
            self.assertEqual([("NEW", ""), ("CANCELED", "oco")], venue.events(client=ended))
            self.assertEqual([], venue.trader.book.orders_of(SYMBOL))


class WaitingEntries(unittest.TestCase):
    def test_the_book_knows_a_sessions_entry_and_close_until_they_end(self) -> None:
        venue = PaperVenue()
        request = OrderRequest(SYMBOL, OrderSide.BUY, OrderType.LIMIT, 2.0, price=99.0)
        book = venue.trader.book
        entry = book.submit(request, 0, last_price=100.0, role="entry")
        self.assertEqual(({SYMBOL: entry}, 200.0), (book.entries, entry.exposure()))
        venue.play(100, 100, 98, 100)
        self.assertEqual({}, book.entries)
        close = book.submit_close(SYMBOL, venue.now_ms, "opposite_signal")
        self.assertEqual({SYMBOL: close}, book.closes)
        venue.flat()
        self.assertEqual(({}, "opposite_signal"), (book.closes, venue.trader.account.closed[0].reason))

    def test_a_waiting_market_entry_expires_only_where_no_candle_of_the_step_can_fill_it(self) -> None:
        request = OrderRequest(SYMBOL, OrderSide.BUY, OrderType.MARKET, 1.0)
        for opened, time_ms, expired in (
            (None, 3 * MINUTE_MS, False),
            (None, 3 * MINUTE_MS + 1, True),
            (3 * MINUTE_MS, 4 * MINUTE_MS, False),
            (3 * MINUTE_MS + 1, 4 * MINUTE_MS, True),
        ):
            venue = PaperVenue()
            book = venue.trader.book
            entry = book.submit(request, 0, last_price=100.0, role="entry", last_open_ms=3 * MINUTE_MS)
            book.expire(SYMBOL, opened, time_ms)
            self.assertEqual(expired, entry.status is OrderStatus.EXPIRED)
            if expired:
                self.assertEqual(
                    ("1970-01-01T00:03:00.000Z", "max_order_wait"), venue.events("timestamp", "reason")[-1]
                )


class Copies(unittest.TestCase):
    def test_a_copy_of_a_trader_has_orders_of_its_own(self) -> None:
        trader = PaperTrader()
        wanted = OrderRequest(SYMBOL, OrderSide.BUY, OrderType.LIMIT, 1.0, price=99.0)
        order = trader.book.submit(wanted, 0, last_price=100.0)
        book = copy.deepcopy(trader).book
        (copied,) = book.orders_of(SYMBOL)
        book.cancel(copied, MINUTE_MS)
        self.assertEqual(([], [order]), (book.orders_of(SYMBOL), trader.book.orders_of(SYMBOL)))


if __name__ == "__main__":
    unittest.main()
