"""Protective orders of a position: ladders, scaling in, break-even and what the logs say of them, worked by hand."""

import json
import unittest
from decimal import Decimal

from tests.support.runs.paper_venue import SYMBOL, PaperVenue, rungs

THIRDS = rungs(("0.333", "1"), ("0.333", "2"), ("0.334", "3"))
HALVES = rungs(("0.5", "1"), ("0.5", "2"))


def quantities(venue: PaperVenue) -> list[str]:
    """Return what the stop and every working target stand for."""
    holding = venue.holding
    working = [one for one in (holding.stop, *holding.targets) if one is not None and one.status.working]
    return [f"{one.remaining.normalize():f}" for one in working]


class Ladder(unittest.TestCase):
    def test_each_rung_stands_at_its_distance_for_its_share_and_the_last_for_what_is_left(self) -> None:
        # Lot 0.1 of 1.0: 0.333 is 0.3, twice, and 0.4 is left. Stop distance 2.005 from 100; targets up to the tick.
        venue = PaperVenue(ladder=THIRDS, instrument={"lot_size": Decimal("0.1")})
        holding = venue.enter("BUY", 1.0, stop_distance=2.005, target_distance=50.0)
        self.assertEqual(["1", "0.3", "0.3", "0.4"], quantities(venue))
        self.assertEqual(["102.01", "104.01", "106.02"], [str(one.price) for one in holding.targets])
        self.assertEqual(
            '{"stop":"97.99","targets":["102.01","104.01","106.02"]}', venue.trader.account.rows[0].metadata
        )
        self.assertEqual(
            [("1-stop",), ("1-tp1",), ("1-tp2",), ("1-tp3",)],
            [one for one in venue.events("client_order_id") if one != ("1",)],
        )

    def test_a_shorts_rungs_lie_below_and_round_down(self) -> None:
        venue = PaperVenue(ladder=HALVES)
        holding = venue.enter("SELL", 1.0, stop_distance=2.005)
        self.assertEqual(["97.99", "95.99"], [str(one.price) for one in holding.targets])
        self.assertEqual("102.01", str(holding.stop.stop_price))

    def test_a_rung_of_quantity_zero_is_left_out(self) -> None:
        venue = PaperVenue(ladder=THIRDS, instrument={"lot_size": Decimal("0.5")})
        holding = venue.enter("BUY", 1.0, stop_distance=2.0)
        self.assertEqual([(3, Decimal(1))], [(one.rung, one.quantity) for one in holding.targets])

    def test_a_ladder_that_does_not_add_up_leaves_a_rest_to_the_stop(self) -> None:
        venue = PaperVenue(ladder=rungs(("0.25", "1"), ("0.25", "2")))
        venue.enter("BUY", 4.0, stop_distance=2.0)
        self.assertEqual(["4", "1", "1"], quantities(venue))
        venue.play(100, 110, 100, 110)
        self.assertEqual(["2"], quantities(venue))
        self.assertEqual([("CLOSE", "98", "2", "stop")], venue.play(100, 100, 98, 98))

    def test_without_a_stop_there_is_nothing_to_measure_rungs_in(self) -> None:
        venue = PaperVenue(ladder=HALVES)
        holding = venue.enter("BUY", 1.0, target_distance=2.0)
        self.assertEqual((None, []), (holding.stop, holding.targets))

    def test_each_part_is_a_close_with_its_own_exact_result_and_the_trade_is_their_sum(self) -> None:
        venue = PaperVenue(ladder=THIRDS, taker="0.001", maker="0.0005", instrument={"lot_size": Decimal("0.1")})
        venue.enter("BUY", 1.0, stop_distance=2.0)
        venue.play(100, 105, 100, 105)
        venue.play(105, 107, 105, 107)
        rows = venue.trader.account.rows[1:]
        # Entry commission 0.1: 0.03 and 0.03 and 0.04. Exits 102 x 0.3, 104 x 0.3, 106 x 0.4, each x 0.0005.
        # 0.6 - 0.03 - 0.0153; 1.2 - 0.03 - 0.0156; 2.4 - 0.04 - 0.0212
        self.assertEqual(
            [("102", "0.3", "0.5547"), ("104", "0.3", "1.1544"), ("106", "0.4", "2.3388")],
            [tuple(f"{value.normalize():f}" for value in (one.price, one.quantity, one.realized_pnl)) for one in rows],
        )
        self.assertEqual(['{"rung":1}', '{"rung":2}', '{"rung":3}'], [one.metadata for one in rows])
        self.assertEqual(["2", "3", "4"], [one.order_id for one in rows])
        (trade,) = venue.trader.account.closed
        # 0.5547 + 1.1544 + 2.3388; the average exit is (30.6 + 31.2 + 42.4) / 1
        self.assertEqual(
            (Decimal("4.0479"), Decimal("4.2"), Decimal("104.2"), 3, Decimal(1)),
            (trade.realized_pnl, trade.gross_pnl, trade.exit_price, trade.parts, trade.quantity),
        )
        self.assertEqual({1: 1, 2: 1, 3: 1}, dict(venue.trader.account.rung_fills))
        self.assertEqual({"target": 3}, dict(venue.trader.account.exits))
        self.assertEqual(Decimal("10004.0479"), venue.trader.account.ledger.balance)

    def test_a_rung_that_fills_reduces_what_the_stop_stands_for(self) -> None:
        venue = PaperVenue(ladder=HALVES)
        venue.enter("BUY", 4.0, stop_distance=2.0)
        venue.play(100, 103, 100, 103)
        self.assertEqual(["2", "2"], quantities(venue))
        self.assertEqual(
            ("REPLACED", "2", "position"), venue.events("event", "quantity", "reason", client="1-stop")[-1]
        )
        self.assertEqual([("CLOSE", "98", "2", "stop")], venue.play(103, 103, 98, 98))
        self.assertEqual(("CANCELED", "oco"), venue.events(client="1-tp2")[-1])

    def test_entry_commissions_of_uneven_parts_are_shared_half_even_and_add_up(self) -> None:
        # Commission 0.00000001 of three lots: a third rounds to 0, a half of 1e-8 to 0, the last carries it.
        venue = PaperVenue(
            ladder=rungs(("0.34", "1"), ("0.34", "2"), ("0.32", "3")),
            taker="0.0000000001",
            instrument={"lot_size": Decimal("0.1")},
        )
        venue.enter("BUY", 0.9, stop_distance=1.0)
        self.assertEqual(Decimal("0.00000001"), venue.trader.account.rows[0].commission)
        venue.play(100, 104, 100, 104)
        results = [row.realized_pnl for row in venue.trader.account.rows[1:]]
        self.assertEqual([Decimal("0.3"), Decimal("0.6"), Decimal("0.9") - Decimal("0.00000001")], results)


class ScalingIn(unittest.TestCase):
    def test_the_levels_stay_those_of_the_first_fill_and_stand_for_the_whole(self) -> None:
        venue = PaperVenue()
        holding = venue.enter("BUY", 1.0, stop_distance=5.0, target_distance=10.0)
        venue.enter("BUY", 2.0, at=103.0, stop_distance=1.0, target_distance=1.0)
        self.assertEqual((Decimal(95), Decimal(110)), (holding.stop.stop_price, holding.targets[0].price))
        self.assertEqual((["3", "3"], 2), (quantities(venue), holding.entries))
        self.assertEqual('{"stop":"95","target":"110"}', venue.trader.account.rows[1].metadata)

    def test_rungs_stand_for_their_share_of_everything_entered(self) -> None:
        venue = PaperVenue(ladder=THIRDS, instrument={"lot_size": Decimal("0.1")})
        venue.enter("BUY", 1.0, stop_distance=2.0)
        venue.enter("BUY", 1.5)
        # 0.333 x 2.5 = 0.8325: 0.8 twice, 0.9 left
        self.assertEqual(["2.5", "0.8", "0.8", "0.9"], quantities(venue))

    def test_a_rung_that_was_left_out_is_placed_when_an_add_gives_it_a_lot(self) -> None:
        venue = PaperVenue(ladder=THIRDS, instrument={"lot_size": Decimal("0.5")})
        venue.enter("BUY", 1.0, stop_distance=2.0)
        venue.enter("BUY", 1.0)
        # 0.333 x 2 = 0.666: 0.5 twice, 1 left
        self.assertEqual(["2", "0.5", "0.5", "1"], quantities(venue))
        self.assertEqual([1, 2, 3], [one.rung for one in venue.holding.targets])

    def test_a_part_of_an_inexact_average_is_rounded_and_the_sum_is_exact(self) -> None:
        venue = PaperVenue(ladder=rungs(("0.34", "1"), ("0.66", "2")), instrument={"lot_size": Decimal(1)})
        venue.enter("BUY", 1.0, stop_distance=5.0)
        venue.enter("BUY", 2.0, at=101.0)
        self.assertEqual(["3", "1", "2"], quantities(venue))
        venue.play(101, 111, 101, 111)
        # Cost 302: a third is 100.66666667. 105 - 100.66666667, and 220 - 201.33333333.
        self.assertEqual(
            [Decimal("4.33333333"), Decimal("18.66666667")], [row.realized_pnl for row in venue.trader.account.rows[2:]]
        )
        (trade,) = venue.trader.account.closed
        self.assertEqual((Decimal(23), Decimal("100.666666667")), (trade.realized_pnl, trade.entry_price))
        self.assertEqual(Decimal("108.333333333"), trade.exit_price)

    def test_an_add_at_the_same_price_keeps_one_exact_entry_price(self) -> None:
        venue = PaperVenue()
        venue.enter("BUY", 1.0)
        venue.enter("BUY", 2.0)
        venue.submit("SELL", "MARKET", 3.0)
        venue.flat(101.0)
        self.assertEqual(Decimal(100), venue.trader.account.closed[0].entry_price)


class BreakEven(unittest.TestCase):
    """A position of 1 at 100 and 2 at another price, with a stop 5 away; rung 1 stands 10 away from 100."""

    def broke_even(self, side: str, second: float, quantity: float = 2.0, **more: object) -> PaperVenue:
        venue = PaperVenue(ladder=rungs(("0.4", "2"), ("0.6", "9")), break_even_after=1, **more)
        venue.enter(side, 1.0, stop_distance=5.0)
        venue.enter(side, quantity, at=second)
        target = 110.0 if side == "BUY" else 90.0
        venue.play(second, max(second, target + 1), min(second, target - 1), target)
        return venue

    def test_the_stop_becomes_the_average_entry_rounded_as_a_stop(self) -> None:
        # (100 + 2 x 101) / 3 = 100.666..., down; (100 + 2 x 99) / 3 = 99.333..., up
        for side, second, level in (("BUY", 101.0, "100.66"), ("SELL", 99.0, "99.34")):
            venue = self.broke_even(side, second)
            self.assertEqual(Decimal(level), venue.holding.stop.stop_price)
            last = venue.events("event", "stop_price", "reason", client="1-stop")[-1]
            self.assertEqual(("REPLACED", level, "break_even"), last)
            self.assertEqual(float(level), venue.trader.positions[SYMBOL].stop_loss)

    def test_an_average_on_the_tick_stays_there(self) -> None:
        # (100 + 2 x 101.5) / 3 = 101 exactly
        self.assertEqual(Decimal(101), self.broke_even("BUY", 101.5).holding.stop.stop_price)
        self.assertEqual(Decimal(99), self.broke_even("SELL", 98.5).holding.stop.stop_price)

    def test_it_is_effective_from_the_next_candle_and_closes_with_its_own_reason(self) -> None:
        venue = PaperVenue(ladder=HALVES, break_even_after=1, intrabar="ohlc")
        venue.enter("BUY", 2.0, stop_distance=5.0)
        # Rung 1 at 105 fills on the way up; the candle then falls to 99, below the entry, and is not stopped.
        self.assertEqual([("CLOSE", "105", "1", "target")], venue.play(100, 106, 99, 101))
        self.assertEqual([("CLOSE", "100", "1", "break_even")], venue.play(101, 101, 100, 100))
        self.assertEqual({"target": 1, "break_even": 1}, dict(venue.trader.account.exits))

    def test_the_tighter_of_break_even_and_trailing_stands_and_names_the_close(self) -> None:
        for fraction, level, reason in ((0.01, "103.95", "trailing_stop"), (0.2, "100", "break_even")):
            venue = PaperVenue(ladder=HALVES, break_even_after=1)
            venue.trader.set_risk_config({"enable_trailing_stop": True, "trailing_stop_pct": fraction})
            venue.enter("BUY", 2.0, stop_distance=5.0)
            # Trailing from 105: 105 x 0.99 = 103.95, 105 x 0.8 = 84
            venue.play(100, 106, 100, 105)
            self.assertEqual(Decimal(level), venue.holding.stop.stop_price)
            self.assertEqual([reason], [fill[3] for fill in venue.play(105, 105, 90, 90)])

    def test_a_later_trail_takes_over_from_break_even(self) -> None:
        venue = PaperVenue(ladder=HALVES, break_even_after=1)
        venue.trader.set_risk_config({"enable_trailing_stop": True, "trailing_stop_pct": 0.06})
        venue.enter("BUY", 2.0, stop_distance=5.0)
        venue.play(100, 105.5, 100, 105.5)  # 99.17 trails, 100 is the entry
        self.assertEqual("break_even", venue.holding.stop.exit_reason)
        venue.flat(108.0)  # 101.52
        self.assertEqual([("CLOSE", "101.52", "1", "trailing_stop")], venue.play(108, 108, 100, 100))

    def test_it_waits_for_the_whole_rung(self) -> None:
        venue = PaperVenue(ladder=HALVES, break_even_after=1, volume_cap=Decimal("0.5"))
        venue.enter("BUY", 4.0, stop_distance=5.0)
        venue.play(100, 106, 100, 106, volume=2)
        self.assertEqual(
            (Decimal(95), "PARTIALLY_FILLED"), (venue.holding.stop.stop_price, venue.holding.targets[0].status.value)
        )
        venue.flat(106)
        self.assertEqual(Decimal(100), venue.holding.stop.stop_price)

    def test_a_rung_other_than_the_named_one_moves_nothing(self) -> None:
        venue = PaperVenue(ladder=rungs(("0.3", "1"), ("0.3", "2"), ("0.4", "3")), break_even_after=2)
        venue.enter("BUY", 10.0, stop_distance=5.0)
        venue.play(100, 106, 100, 106)
        self.assertEqual(Decimal(95), venue.holding.stop.stop_price)
        venue.play(106, 111, 106, 111)
        self.assertEqual(Decimal(100), venue.holding.stop.stop_price)


class TrailingByDistance(unittest.TestCase):
    def test_an_entrys_own_distance_wins_over_the_fraction(self) -> None:
        for side, stops in (("BUY", ["97.49", "107.49"]), ("SELL", ["102.51", "92.51"])):
            venue = PaperVenue()
            venue.trader.set_risk_config({"enable_trailing_stop": True, "trailing_stop_pct": 0.5})
            holding = venue.enter(side, stop_distance=5.0, trailing_distance=2.505)
            got = [str(holding.stop.stop_price)]
            venue.flat(110.0 if side == "BUY" else 90.0)
            self.assertEqual(stops, [*got, str(holding.stop.stop_price)])

    def test_a_position_without_a_stop_has_only_the_trailing_one(self) -> None:
        venue = PaperVenue()
        holding = venue.enter("BUY", trailing_distance=2.0)
        self.assertEqual("TRAILING_STOP", holding.stop.order_type.value)
        self.assertEqual([("CLOSE", "98", "1", "trailing_stop")], venue.play(100, 100, 98, 98))


class Metadata(unittest.TestCase):
    def test_a_position_without_levels_says_so(self) -> None:
        venue = PaperVenue()
        venue.enter("BUY")
        self.assertEqual({}, json.loads(venue.trader.account.rows[0].metadata))


if __name__ == "__main__":
    unittest.main()
