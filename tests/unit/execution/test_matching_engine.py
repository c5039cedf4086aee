"""Candles against orders: stops, targets and the order of fills at the open, for longs and mirrored for shorts."""

import hashlib
import unittest
from decimal import Decimal
from fractions import Fraction

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle import Candle
from tests.support.runs.paper_venue import SYMBOL, PaperVenue
from tests.support.scale import scaled
from tests.support.times import MINUTE_MS

EXIT = {"BUY": "SELL", "SELL": "BUY"}


class ProtectiveLevels(unittest.TestCase):
    def placed(self, side: str, tick: str = "0.01", **levels: float) -> tuple[str, str]:
        venue = PaperVenue(instrument={"tick_size": Decimal(tick)})
        holding = venue.enter(side, **levels)
        return f"{holding.stop.stop_price.normalize():f}", f"{holding.targets[0].price.normalize():f}"

    def test_a_long_rounds_its_stop_down_and_its_target_up(self) -> None:
        self.assertEqual(("95.01", "105.02"), self.placed("BUY", stop_loss=95.019, take_profit=105.011))

    def test_a_short_rounds_its_stop_up_and_its_target_down(self) -> None:
        self.assertEqual(("105.02", "95.01"), self.placed("SELL", stop_loss=105.011, take_profit=95.019))

    def test_levels_below_zero_stand_and_are_never_reached(self) -> None:
        venue = PaperVenue()
        holding = venue.enter("BUY", at=1.0, stop_distance=6.005)
        self.assertEqual(Decimal("-5.01"), holding.stop.stop_price)
        self.assertEqual([], venue.play(1.0, 1.0, 0.00000001, 1.0))

    def test_without_a_tick_nothing_is_rounded(self) -> None:
        self.assertEqual(("95.0191", "105.0111"), self.placed("BUY", "0", stop_loss=95.0191, take_profit=105.0111))


class PassedByTheOpen(unittest.TestCase):
    """(side, stop, target, open, expected reason and price); slippage is 0.001 of what slips."""

    TABLE = (
        ("BUY", 95.0, 105.0, 95.0, ("stop", "94.9")),
        ("BUY", 95.0, 105.0, 90.0, ("stop", "89.91")),
        ("BUY", 95.0, 105.0, 95.01, None),
        ("BUY", 95.0, 105.0, 105.0, None),
        ("BUY", 95.0, 105.0, 105.01, ("target", "105.01")),
        ("BUY", None, 105.0, 1.0, None),
        ("BUY", 95.0, None, 1000.0, None),
        ("BUY", None, None, 1.0, None),
        ("SELL", 105.0, 95.0, 105.0, ("stop", "105.11")),
        ("SELL", 105.0, 95.0, 110.0, ("stop", "110.11")),
        ("SELL", 105.0, 95.0, 104.99, None),
        ("SELL", 105.0, 95.0, 95.0, None),
        ("SELL", 105.0, 95.0, 94.99, ("target", "94.99")),
        ("SELL", None, 95.0, 1000.0, None),
        ("SELL", 105.0, None, 1.0, None),
        ("SELL", None, None, 1.0, None),
    )

    def test_a_stop_is_passed_at_its_price_and_a_target_only_beyond_and_both_fill_at_the_open(self) -> None:
        for side, stop, target, price, expected in self.TABLE:
            with self.subTest(side=side, stop=stop, target=target, price=price):
                venue = PaperVenue(slippage="0.001")
                venue.enter(side, stop_loss=stop, take_profit=target)
                got = [(reason, at) for _, at, _, reason in venue.flat(price)]
                self.assertEqual([] if expected is None else [expected], got)
                if expected is not None:
                    self.assertEqual(MINUTE_MS, venue.trader.account.rows[-1].time_ms)
                    self.assertEqual("{}", venue.trader.account.rows[-1].metadata)


class ReachedInACandle(unittest.TestCase):
    """(side, candle's open, high, low, expected reason, price, ambiguous); stop 5 and target 5 from 100."""

    TABLE = (
        # A stop needs a touch and fills at its price, less slippage.
        ("BUY", (100, 101, 95), ("stop", "94.9", False)),
        ("BUY", (100, 101, 95.01), None),
        ("SELL", (100, 105, 99), ("stop", "105.11", False)),
        ("SELL", (100, 104.99, 99), None),
        # A target needs a trade through it and fills at its price, without slippage.
        ("BUY", (100, 105.01, 99), ("target", "105", False)),
        ("BUY", (100, 105, 99), None),
        ("SELL", (100, 101, 94.99), ("target", "95", False)),
        ("SELL", (100, 101, 95), None),
        # Both in the candle: the stop, and the target is what might have been.
        ("BUY", (100, 106, 94), ("stop", "94.9", True)),
        ("SELL", (100, 106, 94), ("stop", "105.11", True)),
        # Target touched, not traded through, beside the stop: nothing is ambiguous.
        ("BUY", (100, 105, 94), ("stop", "94.9", False)),
        ("SELL", (100, 106, 95), ("stop", "105.11", False)),
        # A stop beyond the open fills at that open, never better, and the open alone decided.
        ("BUY", (94, 106, 93), ("stop", "93.9", False)),
        ("SELL", (106, 107, 94), ("stop", "106.11", False)),
        # An open at the stop is at or beyond it.
        ("BUY", (95, 106, 94), ("stop", "94.9", False)),
        ("SELL", (105, 106, 94), ("stop", "105.11", False)),
    )

    def test_adverse_before_favourable_on_both_sides(self) -> None:
        for side, (opened, high, low), expected in self.TABLE:
            with self.subTest(side=side, candle=(opened, high, low)):
                stop, target = (95.0, 105.0) if side == "BUY" else (105.0, 95.0)
                venue = PaperVenue(slippage="0.001")
                venue.enter(side, stop_loss=stop, take_profit=target)
                fills = venue.play(opened, high, low, opened)
                flags = [trade.ambiguous for trade in venue.trader.account.closed]
                got = [(reason, at, flag) for (_, at, _, reason), flag in zip(fills, flags, strict=True)]
                self.assertEqual([] if expected is None else [expected], got)
                # What the open passed is filled at the open's time, what the candle reached at its close.
                if expected is not None:
                    passed = opened <= 95 if side == "BUY" else opened >= 105
                    self.assertEqual((1 if passed else 2) * MINUTE_MS, venue.trader.account.rows[-1].time_ms)

    def test_the_best_case_of_an_ambiguous_stop_is_the_target_at_its_price(self) -> None:
        # Entry 100, stop 95 taker 0.001 x 95 x 2 = 0.19, target 105 maker 0.0002 x 105 x 2 = 0.042; entry 0.2.
        for side, stop, target in (("BUY", 95.0, 105.0), ("SELL", 105.0, 95.0)):
            venue = PaperVenue(maker="0.0002", taker="0.001")
            venue.enter(side, 2.0, stop_loss=stop, take_profit=target)
            venue.play(100, 106, 94, 100)
            (trade,) = venue.trader.account.closed
            paid = Decimal(str(stop)) * 2 * Decimal("0.001")
            best = Decimal(str(target)) * 2 * Decimal("0.0002")
            self.assertEqual(
                (-10 - Decimal("0.2") - paid, 10 - Decimal("0.2") - best), (trade.realized_pnl, trade.best_case_pnl)
            )

    def test_without_levels_nothing_is_reached(self) -> None:
        for side in EXIT:
            venue = PaperVenue()
            venue.enter(side)
            self.assertEqual([], venue.play(100.0, 1e9, 1e-9, 100.0))


class Trailing(unittest.TestCase):
    def venue(self, side: str, trail: float, tick: str = "0.01", **more: float) -> PaperVenue:
        venue = PaperVenue(instrument={"tick_size": Decimal(tick)})
        venue.trader.set_risk_config({"enable_trailing_stop": True, "trailing_stop_pct": trail})
        venue.enter(side, **more)
        return venue

    def stops_after(self, venue: PaperVenue, *closes: float) -> list[str]:
        """Return the stop after each close, told to the venue as a mark."""
        stops = []
        for close in closes:
            venue.trader.update_positions({SYMBOL: close})
            stops.append(f"{venue.holding.stop.stop_price.normalize():f}")
        return stops

    def test_a_long_follows_the_highest_close_and_never_loosens(self) -> None:
        venue = self.venue("BUY", 0.02, stop_loss=99.0)
        # 96 x 0.98 = 94.08, 110 x 0.98 = 107.8
        self.assertEqual(["99", "107.8", "107.8", "107.8"], self.stops_after(venue, 96.0, 110.0, 105.0, 110.0))
        self.assertEqual([("CLOSE", "107.8", "1", "trailing_stop")], venue.flat(107.8))

    def test_a_short_follows_the_lowest_close(self) -> None:
        venue = self.venue("SELL", 0.02, stop_loss=101.0)
        # 104 x 1.02 = 106.08, 90 x 1.02 = 91.8
        self.assertEqual(["101", "91.8", "91.8"], self.stops_after(venue, 104.0, 90.0, 95.0))
        self.assertEqual([("CLOSE", "91.8", "1", "trailing_stop")], venue.play(91.0, 91.8, 90.0, 91.0))

    def test_a_stop_that_trailing_has_not_moved_is_a_stop(self) -> None:
        venue = self.venue("BUY", 0.02, stop_loss=99.0)
        self.stops_after(venue, 100.0)
        self.assertEqual([("CLOSE", "99", "1", "stop")], venue.play(100, 100, 98, 99))

    def test_it_is_rounded_away_from_the_market_like_any_stop(self) -> None:
        # 100.01 x 0.9667 = 96.679667 and 99.99 x 1.0333 = 103.319667
        self.assertEqual(["96.67"], self.stops_after(self.venue("BUY", 0.0333), 100.01))
        self.assertEqual(["103.32"], self.stops_after(self.venue("SELL", 0.0333), 99.99))

    def test_a_tighter_rounded_stop_is_all_that_counts_as_a_move(self) -> None:
        venue = self.venue("BUY", 0.02, "1")
        # 98 from the entry's own close, 98.49 rounds to 98 again, 99.078 to 99
        self.assertEqual(["98", "98", "99"], self.stops_after(venue, 100.0, 100.5, 101.1))
        moves = [row for row in venue.order_rows if row["event"] == "REPLACED"]
        self.assertEqual(["98", "99"], [row["stop_price"] for row in moves])

    def test_the_close_of_the_entry_candle_counts_and_the_stop_acts_from_the_next_candle_on(self) -> None:
        venue = PaperVenue()
        venue.trader.set_risk_config({"enable_trailing_stop": True, "trailing_stop_pct": 0.02})
        venue.submit("BUY", "MARKET")
        # 110 x 0.98 = 107.8 lies inside this candle and does not act in it.
        self.assertEqual([("OPEN", "100", "1", "order")], [(*f[:3], "order") for f in venue.play(100, 110, 90, 110)])
        self.assertEqual([("CLOSE", "107.8", "1", "trailing_stop")], venue.play(110, 110, 107.8, 109))

    def test_a_candle_that_tightens_the_stop_is_not_stopped_by_it(self) -> None:
        venue = self.venue("BUY", 0.02, stop_loss=95.0)
        self.assertEqual([], venue.play(100, 112, 100, 112))
        self.assertEqual([("CLOSE", "109.76", "1", "trailing_stop")], venue.play(112, 112, 109.76, 111))

    def test_without_a_fraction_nothing_moves(self) -> None:
        venue = PaperVenue()
        venue.enter("BUY", stop_loss=95.0)
        self.assertEqual(["95"], self.stops_after(venue, 1000.0))


class AtTheOpen(unittest.TestCase):
    """Phase A1 and A2: market closes, stops, limits that reduce, then what opens."""

    def test_a_market_close_comes_before_a_stop_that_the_open_has_passed(self) -> None:
        venue = PaperVenue(slippage="0.001")
        venue.enter("BUY", stop_loss=95.0, take_profit=105.0)
        venue.trader.book.submit_close(SYMBOL, venue.now_ms, "opposite_signal")
        self.assertEqual([("CLOSE", "89.91", "1", "opposite_signal")], venue.flat(90.0))
        self.assertEqual(
            [("CANCELED", "position_closed")], venue.events(client="1-stop")[1:], "the stop goes with the position"
        )

    def test_stops_come_before_limits_whatever_came_first(self) -> None:
        # At an open of 97 a sell limit at 96 and a sell stop at 98 are both satisfied.
        venue = PaperVenue()
        venue.enter("BUY", 2.0)
        venue.submit("SELL", "LIMIT", 1.0, price=96.0, reduce_only=True)
        venue.submit("SELL", "STOP_MARKET", 1.0, stop_price=98.0, reduce_only=True)
        venue.flat(97.0)
        self.assertEqual(["1", "3", "2"], [row.order_id for row in venue.trader.account.rows])

    def test_market_orders_that_reduce_act_in_order_of_acceptance(self) -> None:
        venue = PaperVenue()
        venue.enter("BUY", 5.0)
        for quantity in (1.0, 2.0, 1.5):
            venue.submit("SELL", "MARKET", quantity)
        self.assertEqual(["1", "2", "1.5"], [quantity for _, _, quantity, _ in venue.flat()])

    def test_exits_come_before_entries_and_market_entries_before_resting_ones(self) -> None:
        venue = PaperVenue()
        venue.enter("BUY", 1.0, stop_loss=95.0)
        venue.submit("BUY", "LIMIT", 2.0, price=99.0)
        venue.submit("BUY", "MARKET", 3.0)
        got = [(action, quantity) for action, _, quantity, _ in venue.flat(90.0)]
        self.assertEqual([("CLOSE", "1"), ("OPEN", "3"), ("OPEN", "2")], got)

    def test_a_position_opened_at_the_open_has_the_whole_candle_before_it(self) -> None:
        for side, (high, low), reason in (
            ("BUY", (101, 95), "stop"),
            ("BUY", (105.01, 99), "target"),
            ("SELL", (105, 99), "stop"),
            ("SELL", (101, 94.99), "target"),
        ):
            venue = PaperVenue()
            venue.submit(side, "MARKET", stop_distance=5.0, target_distance=5.0)
            self.assertEqual(["signal", reason], [fill[3] for fill in venue.play(100, high, low, 100)])

    def test_a_stop_beyond_the_open_of_its_own_entry_candle_fills_inside_at_that_open(self) -> None:
        # Bought at 100 x 1.01 = 101, stop 100.5 above the open: sold at 100 x 0.99, at the candle's close time.
        venue = PaperVenue(slippage="0.01")
        venue.submit("BUY", "MARKET", stop_distance=0.5, target_distance=1.0)
        self.assertEqual([("OPEN", "101", "1", "signal"), ("CLOSE", "99", "1", "stop")], venue.play(100, 104, 100, 104))
        self.assertEqual([0, MINUTE_MS], [row.time_ms for row in venue.trader.account.rows])
        self.assertEqual("{}", venue.trader.account.rows[-1].metadata)


class LimitRule(unittest.TestCase):
    """(rule, side, extreme that is at or beyond the limit at 99 or 101, whether it fills)."""

    def test_what_a_touch_and_a_trade_through_do(self) -> None:
        for rule, side, extreme, fills in (
            ("through", "BUY", 99.0, False),
            ("through", "BUY", 98.99, True),
            ("touch", "BUY", 99.0, True),
            ("touch", "BUY", 99.01, False),
            ("through", "SELL", 101.0, False),
            ("through", "SELL", 101.01, True),
            ("touch", "SELL", 101.0, True),
            ("touch", "SELL", 100.99, False),
        ):
            with self.subTest(rule=rule, side=side, extreme=extreme):
                venue = PaperVenue(limit_fill=rule, slippage="0.01")
                price = 99.0 if side == "BUY" else 101.0
                venue.submit(side, "LIMIT", price=price)
                got = venue.play(100, max(100, extreme), min(100, extreme), 100)
                self.assertEqual([("OPEN", f"{price:.0f}", "1", "signal")] if fills else [], got)

    def test_an_open_at_the_limit_is_a_touch(self) -> None:
        for rule, status in (("through", "NEW"), ("touch", "FILLED")):
            venue = PaperVenue(limit_fill=rule)
            order = venue.submit("BUY", "LIMIT", price=99.0)
            venue.flat(99.0)
            self.assertEqual(status, order.status.value)

    def drawn(self, seed: int, client: str, minute: int, share: float) -> bool:
        """The published draw: first 8 bytes, big endian, of SHA-256 of "seed|symbol|client|open", over 2^64."""
        text = f"{seed}|{SYMBOL}|{client}|{minute * MINUTE_MS}"
        return Fraction(int(hashlib.sha256(text.encode()).hexdigest()[:16], 16), 2**64) < Fraction(share)

    def test_a_touch_fills_with_the_probability_that_is_drawn_once_for_each_order_and_candle(self) -> None:
        for seed in (0, 7):
            venue = PaperVenue(limit_fill="probability", limit_fill_probability=0.3, limit_fill_seed=seed)
            clients = [f"mine-{number}" for number in range(40)]
            orders = [venue.submit("BUY", "LIMIT", 0.01, price=99.0, order_id=client) for client in clients]
            for minute in range(4):
                # The candle touches 99 twice and its open is above it: still one draw.
                venue.play(100, 100, 99, 99)
                expected = {
                    one for one in clients if any(self.drawn(seed, one, past, 0.3) for past in range(minute + 1))
                }
                self.assertEqual(expected, {one.client_order_id for one in orders if one.status.value == "FILLED"})
        self.assertEqual({True, False}, {self.drawn(7, one, 0, 0.3) for one in clients})

    def test_a_probability_of_one_is_a_touch_and_of_none_a_trade_through(self) -> None:
        for share, extreme, fills in ((1.0, 99.0, True), (0.0, 99.0, False), (0.0, 98.99, True)):
            venue = PaperVenue(limit_fill="probability", limit_fill_probability=share)
            venue.submit("BUY", "LIMIT", price=99.0)
            self.assertEqual(fills, bool(venue.play(100, 100, extreme, 100)))

    def test_targets_follow_the_same_rule(self) -> None:
        for rule, fills in (("through", False), ("touch", True)):
            venue = PaperVenue(limit_fill=rule)
            venue.enter("BUY", take_profit=105.0)
            self.assertEqual(fills, bool(venue.play(100, 105, 100, 100)))

    def test_with_touch_a_target_that_is_only_touched_makes_a_stop_ambiguous(self) -> None:
        for rule, flagged in (("through", False), ("touch", True)):
            venue = PaperVenue(limit_fill=rule)
            venue.enter("BUY", stop_loss=95.0, take_profit=105.0)
            venue.play(100, 105, 95, 100)
            self.assertEqual(flagged, venue.trader.account.closed[0].ambiguous)


class Latency(unittest.TestCase):
    def test_an_order_acts_in_the_first_candle_that_opens_at_or_after_its_delay(self) -> None:
        for latency, minute in ((0, 0), (1, 1), (MINUTE_MS, 1), (MINUTE_MS + 1, 2)):
            for kind, more in (
                ("MARKET", {}),
                ("LIMIT", {"price": 101.0}),
                ("STOP_MARKET", {"stop_price": 99.0}),
            ):
                venue = PaperVenue(latency_ms=latency)
                venue.submit("BUY", kind, **more)
                filled = [bool(venue.flat()) for _ in range(3)]
                self.assertEqual([number == minute for number in range(3)], filled, (latency, kind))

    def test_the_range_of_the_candle_that_caused_an_order_does_not_fill_it(self) -> None:
        venue = PaperVenue(latency_ms=1)
        venue.submit("BUY", "LIMIT", price=99.0)
        self.assertEqual([], venue.play(100, 100, 90, 100))
        self.assertEqual(1, len(venue.play(100, 100, 98, 100)))

    def test_a_limit_is_marketable_at_the_first_open_at_which_it_acts(self) -> None:
        venue = PaperVenue(latency_ms=1, maker="0.0001", taker="0.001")
        venue.submit("BUY", "LIMIT", price=99.0)
        venue.flat()
        venue.flat(98.0)
        # 98 x 0.001: it takes at its own first open, although it was accepted two candles before.
        self.assertEqual(Decimal("0.098"), venue.trader.account.rows[0].commission)

    def test_protective_orders_are_attached_to_the_fill(self) -> None:
        venue = PaperVenue(latency_ms=MINUTE_MS)
        venue.submit("BUY", "MARKET", stop_distance=5.0)
        venue.flat()
        self.assertEqual(["signal", "stop"], [fill[3] for fill in venue.play(100, 100, 95, 95)])

    def test_a_market_close_has_latency_too_and_the_stop_works_meanwhile(self) -> None:
        venue = PaperVenue(latency_ms=1)
        venue.submit("BUY", "MARKET", stop_distance=5.0)
        venue.flat()
        venue.flat()
        venue.trader.book.submit_close(SYMBOL, venue.now_ms, "halt")
        self.assertEqual([("CLOSE", "95", "1", "stop")], venue.play(100, 100, 95, 95))
        self.assertEqual({}, venue.trader.book.closes)


class VolumeCap(unittest.TestCase):
    def venue(self, **more: object) -> PaperVenue:
        return PaperVenue(volume_cap=Decimal("0.1"), **more)

    def test_a_market_entry_fills_what_the_candle_gives_and_goes_on_at_the_next_opens(self) -> None:
        venue = self.venue()
        order = venue.submit("BUY", "MARKET", 10.0, stop_distance=5.0)
        # 0.1 x 40.009 = 4.0009, down to the lot of 0.001
        self.assertEqual([("OPEN", "100", "4", "signal")], venue.flat(volume=40.009))
        self.assertEqual(("PARTIALLY_FILLED", Decimal(6)), (order.status.value, order.remaining))
        self.assertEqual([("OPEN", "101", "5", "signal")], venue.flat(101, volume=50))
        self.assertEqual([("OPEN", "102", "1", "signal")], venue.flat(102, volume=50))
        self.assertEqual(("FILLED", 1), (order.status.value, venue.holding.entries))
        # The levels are those of the first fill, the stop stands for everything.
        self.assertEqual((Decimal(95), Decimal(10)), (venue.holding.stop.stop_price, venue.holding.stop.quantity))
        self.assertEqual(
            [("NEW", "0"), ("PARTIALLY_FILLED", "4"), ("PARTIALLY_FILLED", "9"), ("FILLED", "10")],
            venue.events("event", "filled_quantity", client="1"),
        )

    def test_a_candle_without_volume_fills_nothing(self) -> None:
        for kind, more in (("MARKET", {}), ("LIMIT", {"price": 101.0}), ("STOP_MARKET", {"stop_price": 99.0})):
            venue = self.venue()
            order = venue.submit("BUY", kind, **more)
            self.assertEqual([], venue.flat(volume=0.0))
            self.assertEqual("NEW", order.status.value)

    def test_all_fills_of_one_candle_share_it_in_their_order(self) -> None:
        venue = self.venue()
        venue.enter("BUY", 3.0)
        venue.submit("BUY", "MARKET", 3.0)
        venue.submit("SELL", "MARKET", 2.0, reduce_only=True)
        venue.submit("BUY", "LIMIT", 3.0, price=99.0)
        # 4.5 in all: the reducing market order 2, the adding one 2.5 of its 3, nothing for the limit inside.
        self.assertEqual(["2", "2.5"], [fill[2] for fill in venue.play(100, 100, 98, 100, volume=45)])

    def test_a_resting_limit_rests_on_for_what_did_not_fit(self) -> None:
        venue = self.venue(maker="0.001", taker="0.01")
        order = venue.submit("BUY", "LIMIT", 5.0, price=99.0)
        self.assertEqual([("OPEN", "99", "2", "signal")], venue.play(100, 100, 98, 100, volume=20))
        self.assertEqual([], venue.flat())
        # The open is beyond it: filled there, as maker: 98 x 3 x 0.001
        self.assertEqual([("OPEN", "98", "3", "signal")], venue.flat(98))
        self.assertEqual(("FILLED", Decimal("0.294")), (order.status.value, venue.trader.account.rows[-1].commission))

    def test_a_stop_that_is_triggered_acts_on_as_a_market_order_with_its_reason(self) -> None:
        venue = self.venue(slippage="0.01")
        venue.enter("BUY", 5.0, at=100.0, stop_distance=5.0)
        # Bought at 101, stop 96; 96 x 0.99 = 95.04
        self.assertEqual([("CLOSE", "95.04", "2", "stop")], venue.play(100, 100, 95, 100, volume=20))
        # Back above the stop: the rest is at the market all the same. 110 x 0.99
        self.assertEqual([("CLOSE", "108.9", "3", "stop")], venue.flat(110, volume=100))
        self.assertEqual(2, venue.trader.account.closed[0].parts)

    def test_a_triggered_stop_entry_acts_on_as_a_market_order(self) -> None:
        venue = self.venue()
        venue.submit("BUY", "STOP_MARKET", 5.0, stop_price=101.0)
        self.assertEqual([("OPEN", "101", "2", "signal")], venue.play(100, 102, 100, 100, volume=20))
        self.assertEqual([("OPEN", "90", "3", "signal")], venue.flat(90))

    def test_a_target_that_fills_in_part_reduces_what_the_stop_stands_for(self) -> None:
        venue = self.venue()
        holding = venue.enter("BUY", 5.0, stop_loss=95.0, take_profit=105.0)
        self.assertEqual([("CLOSE", "105", "2", "target")], venue.play(100, 106, 100, 100, volume=20))
        self.assertEqual((Decimal(3), Decimal(3)), (holding.stop.remaining, holding.targets[0].remaining))
        self.assertEqual([("CLOSE", "95", "3", "stop")], venue.play(100, 100, 95, 95))

    def test_a_market_entrys_rest_expires_like_a_waiting_entry(self) -> None:
        venue = self.venue()
        request = venue.submit("BUY", "MARKET", 1.0).request
        venue.flat()
        order = venue.trader.book.submit(
            msgspec.structs.replace(request, quantity=9.0),
            venue.now_ms,
            last_price=100.0,
            role="entry",
            last_open_ms=2 * MINUTE_MS,
        )
        venue.flat(volume=20)
        venue.flat(volume=20)
        self.assertEqual([], venue.flat(volume=20))
        self.assertEqual(("EXPIRED", "max_order_wait", Decimal(4)), (order.status.value, order.reason, order.filled))

    def test_a_queued_close_closes_whatever_is_left_when_it_is_its_turn(self) -> None:
        venue = self.venue()
        venue.enter("BUY", 5.0)
        venue.trader.book.submit_close(SYMBOL, venue.now_ms, "time_stop")
        got = [venue.flat(volume=20)[0][2:] for _ in range(3)]
        self.assertEqual([("2", "time_stop"), ("2", "time_stop"), ("1", "time_stop")], got)
        self.assertEqual({}, venue.trader.book.closes)

    def test_a_close_at_the_last_mark_is_not_capped(self) -> None:
        venue = self.venue()
        venue.enter("BUY", 5.0)
        venue.flat(volume=0.0)
        (result,) = venue.trader.close_all_positions({SYMBOL: 100.0})
        self.assertEqual(5.0, result.filled_quantity)


class AgainstFractions(unittest.TestCase):
    """The float bounds only spare work: exact fractions of the shortest texts decide the same, near a level too."""

    NEAR = st.integers(-4, 4)

    @settings(max_examples=scaled(300, 10_000), deadline=None)
    @given(st.booleans(), st.decimals(1, 1000, places=17), NEAR, NEAR, st.booleans())
    def test_prices_within_some_floats_of_a_level(
        self, is_long: bool, level: Decimal, steps: int, width: int, is_stop: bool
    ) -> None:
        price = float(level)
        step = price * 2**-52
        near, other = price + steps * step, price + (steps + width) * step
        low, high = min(near, other), max(near, other)
        exact_open, exact_low, exact_high = (Fraction(repr(one)) for one in (near, low, high))
        falls = is_long == is_stop
        beyond = [
            one < Fraction(level) if falls else one > Fraction(level) for one in (exact_open, exact_low, exact_high)
        ]
        touched = [one == Fraction(level) and is_stop for one in (exact_open, exact_low, exact_high)]
        at_open = beyond[0] or touched[0]
        inside = any(beyond) or any(touched)
        for whole_candle, expected in ((False, at_open), (True, inside)):
            venue = PaperVenue(instrument={"tick_size": Decimal(0)})
            levels = {"stop_distance": 1.0} if is_stop else {"target_distance": 1.0}
            holding = venue.enter("BUY" if is_long else "SELL", 0.01, **levels)
            if is_stop:
                holding.stop.stop_price = level
            else:
                holding.targets[0].price = level
            venue.trader.book.bound(SYMBOL)
            candle = Candle(venue.now_ms, near, high, low, other, 1.0)
            if whole_candle:
                venue.trader.process_candle(SYMBOL, candle, MINUTE_MS)
            else:
                venue.trader.venue.matching.exits_at_open(SYMBOL, candle, candle)
            self.assertEqual(expected, venue.holding is None)


if __name__ == "__main__":
    unittest.main()
