"""The walk through a candle: which of two levels each reading of its path meets first, worked by hand.

A path is told by the order in which two sides are met; every case is a drawing of the legs in words.
"""

import unittest
from decimal import Decimal

from tests.support.runs.paper_venue import PaperVenue, rungs
from tests.support.times import MINUTE_MS

PATHS = ("pessimistic", "optimistic", "ohlc", "olhc")


class HeldPosition(unittest.TestCase):
    """A long from 100 (a short in the mirror) with stop 5 and target 5 away, and a candle of 94 to 106."""

    def test_the_first_level_that_the_path_meets_closes_and_the_trade_is_ambiguous_whichever_it_was(self) -> None:
        first = {
            ("BUY", "pessimistic"): "stop",
            ("BUY", "optimistic"): "target",
            ("BUY", "ohlc"): "target",
            ("BUY", "olhc"): "stop",
            ("SELL", "pessimistic"): "stop",
            ("SELL", "optimistic"): "target",
            ("SELL", "ohlc"): "stop",
            ("SELL", "olhc"): "target",
        }
        for (side, path), reason in first.items():
            with self.subTest(side=side, path=path):
                venue = PaperVenue(intrabar=path)
                venue.enter(side, stop_distance=5.0, target_distance=5.0)
                (fill,) = venue.play(100, 106, 94, 100)
                price = {"BUY": {"stop": "95", "target": "105"}, "SELL": {"stop": "105", "target": "95"}}[side][reason]
                self.assertEqual(("CLOSE", price, "1", reason), fill)
                row = venue.trader.account.rows[-1]
                self.assertEqual(('{"ambiguous":true}', 2 * MINUTE_MS), (row.metadata, row.time_ms))
                (trade,) = venue.trader.account.closed
                self.assertEqual((True, Decimal(5)), (trade.ambiguous, trade.best_case_pnl))

    def test_only_one_of_them_in_the_range_is_met_on_every_path_and_nothing_is_ambiguous(self) -> None:
        for path in PATHS:
            for candle, reason in (((100, 104, 94, 100), "stop"), ((100, 106, 96, 100), "target")):
                venue = PaperVenue(intrabar=path)
                venue.enter("BUY", stop_distance=5.0, target_distance=5.0)
                self.assertEqual([reason], [fill[3] for fill in venue.play(*candle)])
                self.assertFalse(venue.trader.account.closed[0].ambiguous)

    def test_on_the_way_to_the_favourable_side_rungs_are_met_in_order_of_distance_and_then_the_stop(self) -> None:
        ladder = rungs(("0.3", "0.4"), ("0.3", "1"), ("0.4", "5"))
        expected = {
            "pessimistic": [("95", "10", "stop")],
            "optimistic": [("102", "3", "target"), ("105", "3", "target"), ("95", "4", "stop")],
            "ohlc": [("102", "3", "target"), ("105", "3", "target"), ("95", "4", "stop")],
            "olhc": [("95", "10", "stop")],
        }
        for path, fills in expected.items():
            with self.subTest(path):
                venue = PaperVenue(intrabar=path, ladder=ladder)
                venue.enter("BUY", 10.0, stop_distance=5.0)
                self.assertEqual(fills, [fill[1:] for fill in venue.play(100, 106, 94, 100)])
                (trade,) = venue.trader.account.closed
                # Best: 3 x 2 + 3 x 5 - 4 x 5
                self.assertEqual((True, Decimal(1)), (trade.ambiguous, trade.best_case_pnl))

    def test_at_one_price_stops_come_before_limits_whatever_was_accepted_first(self) -> None:
        # Up to 103: the short's stop at 102 closes it, then the sell limit at 102 opens; not the other way round.
        for protective in (True, False):
            venue = PaperVenue(intrabar="ohlc")
            venue.enter("SELL", 1.0, **({"stop_loss": 102.0} if protective else {}))
            venue.submit("SELL", "LIMIT", 2.0, price=102.0)
            if not protective:
                venue.submit("BUY", "STOP_MARKET", 1.0, stop_price=102.0)
            fills = [(action, quantity) for action, _, quantity, _ in venue.play(100, 103, 100, 100)]
            self.assertEqual([("CLOSE", "1"), ("OPEN", "2")], fills)

    def test_limits_at_one_price_are_met_in_order_of_acceptance(self) -> None:
        venue = PaperVenue(intrabar="ohlc", volume_cap=Decimal("0.5"))
        venue.enter("BUY", 10.0)
        limits = [venue.submit("SELL", "LIMIT", 1.0, price=102.0) for _ in range(2)]
        venue.submit("SELL", "TAKE_PROFIT", 1.0, price=101.0)
        # 2.5 in all: 101 first, then the two at 102, the later one in part.
        venue.play(100, 103, 100, 100, volume=5)
        rows = [(str(row.order_id), float(row.quantity)) for row in venue.trader.account.rows[1:]]
        self.assertEqual([("4", 1.0), ("2", 1.0), ("3", 0.5)], rows)
        self.assertEqual(["FILLED", "PARTIALLY_FILLED"], [one.status.value for one in limits])

    def test_limits_at_one_price_that_is_only_touched_all_fill(self) -> None:
        for path in PATHS:
            venue = PaperVenue(intrabar=path, limit_fill="touch")
            for _ in range(3):
                venue.submit("BUY", "LIMIT", 1.0, price=99.0)
            self.assertEqual(3, len(venue.play(100, 101, 99, 100)), path)


class WithoutAPosition(unittest.TestCase):
    """Pessimistic and optimistic walk first to the side of the nearest reachable resting order."""

    def filled(
        self, path: str, orders: list[tuple[str, str, float]], candle: tuple[float, float, float, float]
    ) -> list[str]:
        venue = PaperVenue(intrabar=path)
        for side, kind, level in orders:
            venue.submit(side, kind, **({"price": level} if kind == "LIMIT" else {"stop_price": level}))
        venue.play(*candle)
        return [f"{row.action} {float(row.price):g}" for row in venue.trader.account.rows]

    def test_the_nearest_side_comes_first(self) -> None:
        for path in ("pessimistic", "optimistic"):
            below, above = ("BUY", "LIMIT", 99.5), ("BUY", "STOP_MARKET", 101.0)
            self.assertEqual(["OPEN 99.5", "OPEN 101"], self.filled(path, [above, below], (100, 102, 98, 100)))
            near, far = ("BUY", "STOP_MARKET", 100.5), ("BUY", "LIMIT", 99.0)
            self.assertEqual(["OPEN 100.5", "OPEN 99"], self.filled(path, [far, near], (100, 102, 98, 100)))

    def test_equal_distances_go_down_first(self) -> None:
        orders = [("BUY", "STOP_MARKET", 101.0), ("BUY", "LIMIT", 99.0)]
        for path in ("pessimistic", "optimistic"):
            self.assertEqual(["OPEN 99", "OPEN 101"], self.filled(path, orders, (100, 102, 98, 100)))

    def test_an_order_that_the_candle_does_not_reach_decides_nothing(self) -> None:
        # The buy limit at 99.9 is only touched; the stop at 101 is the nearest that is reached.
        orders = [("BUY", "LIMIT", 99.9), ("BUY", "STOP_MARKET", 101.0)]
        self.assertEqual(["OPEN 101"], self.filled("pessimistic", orders, (100, 102, 99.9, 100)))

    def test_fixed_paths_do_not_ask_where_orders_lie(self) -> None:
        orders = [("BUY", "STOP_MARKET", 101.5), ("BUY", "LIMIT", 99.9)]
        self.assertEqual(["OPEN 101.5", "OPEN 99.9"], self.filled("ohlc", orders, (100, 102, 98, 100)))
        self.assertEqual(["OPEN 99.9", "OPEN 101.5"], self.filled("olhc", orders, (100, 102, 98, 100)))

    def test_an_order_against_the_position_that_another_one_opened_only_closes(self) -> None:
        # Down first: buy 99.5; then the sell stop at 99 closes it and, cut to it, opens nothing.
        orders = [("BUY", "LIMIT", 99.5), ("SELL", "STOP_MARKET", 99.0)]
        self.assertEqual(["OPEN 99.5", "CLOSE 99"], self.filled("pessimistic", orders, (100, 100, 98, 100)))


class AfterAnEntryInside(unittest.TestCase):
    """A buy limit at 99 fills inside; its stop is 97, its target 101; the candle is 100, 102, 96, 100."""

    def reasons(self, path: str, candle: tuple[float, float, float, float], **levels: float) -> list[tuple[str, str]]:
        venue = PaperVenue(intrabar=path)
        venue.submit("BUY", "LIMIT", price=99.0, **(levels or {"stop_distance": 2.0, "target_distance": 2.0}))
        return [(price, reason) for _, price, _, reason in venue.play(*candle)]

    def test_pessimistic_its_stop_may_be_met_and_its_target_not(self) -> None:
        self.assertEqual([("99", "signal"), ("97", "stop")], self.reasons("pessimistic", (100, 102, 96, 100)))
        self.assertEqual([("99", "signal")], self.reasons("pessimistic", (100, 102, 98, 100)))

    def test_pessimistic_the_stop_may_lie_on_the_side_that_came_before(self) -> None:
        # A buy stop at 101 fills on the way up; the candle's low of 98 may have come after it: stopped at 99.
        venue = PaperVenue()
        venue.submit("BUY", "STOP_MARKET", stop_price=101.0, stop_distance=2.0, target_distance=0.5)
        self.assertEqual(["signal", "stop"], [fill[3] for fill in venue.play(100, 102, 98, 100)])
        self.assertEqual(Decimal(99), venue.trader.account.rows[-1].price)

    def test_optimistic_targets_come_and_then_the_stop(self) -> None:
        self.assertEqual([("99", "signal"), ("101", "target")], self.reasons("optimistic", (100, 102, 96, 100)))
        self.assertEqual([("99", "signal"), ("97", "stop")], self.reasons("optimistic", (100, 101, 96, 100)))

    def test_ohlc_and_olhc_walk_the_rest_of_the_path(self) -> None:
        # ohlc: 100, up to 102, down through 99 (entry) and 97 (stop), back to 100: the target 101 was before the entry.
        self.assertEqual([("99", "signal"), ("97", "stop")], self.reasons("ohlc", (100, 102, 96, 100)))
        # A low of 98 misses the stop, and the close of 101.5 trades through the target on the last leg.
        self.assertEqual([("99", "signal"), ("101", "target")], self.reasons("ohlc", (100, 102, 98, 101.5)))
        # olhc: down through 99 and 97 first.
        self.assertEqual([("99", "signal"), ("97", "stop")], self.reasons("olhc", (100, 102, 96, 100)))
        self.assertEqual([("99", "signal"), ("101", "target")], self.reasons("olhc", (100, 102, 98, 100)))

    def test_an_entry_inside_whose_stop_and_target_lie_in_the_candle_is_ambiguous(self) -> None:
        for path in PATHS:
            venue = PaperVenue(intrabar=path)
            venue.submit("BUY", "LIMIT", price=99.0, stop_distance=2.0, target_distance=2.0)
            venue.play(100, 102, 96, 100)
            (trade,) = venue.trader.account.closed
            self.assertEqual((True, Decimal(2)), (trade.ambiguous, trade.best_case_pnl), path)

    def test_the_flag_is_the_positions_own(self) -> None:
        # The first long is stopped out with its target in the candle; the next one has no target at all.
        venue = PaperVenue()
        venue.enter("BUY", stop_loss=95.0, take_profit=105.0)
        venue.submit("BUY", "LIMIT", price=94.0, stop_loss=92.0)
        venue.play(100, 106, 90, 100)
        self.assertEqual([True, False], [trade.ambiguous for trade in venue.trader.account.closed])

    def test_pessimistic_after_an_add_no_target_of_the_symbol_is_met_any_more(self) -> None:
        for path, fills in (("pessimistic", ["signal"]), ("optimistic", ["target"]), ("olhc", ["signal", "target"])):
            venue = PaperVenue(intrabar=path)
            venue.enter("BUY", stop_distance=5.0, target_distance=1.0)
            venue.submit("BUY", "LIMIT", 1.0, price=99.0)
            self.assertEqual(fills, [fill[3] for fill in venue.play(100, 102, 98, 100)][: len(fills)], path)

    def test_selling_is_the_mirror_image(self) -> None:
        for path, reason in (("pessimistic", "stop"), ("optimistic", "target"), ("ohlc", "stop"), ("olhc", "stop")):
            venue = PaperVenue(intrabar=path)
            venue.submit("SELL", "LIMIT", price=101.0, stop_distance=2.0, target_distance=2.0)
            self.assertEqual(["signal", reason], [fill[3] for fill in venue.play(100, 104, 98, 100)], path)


if __name__ == "__main__":
    unittest.main()
