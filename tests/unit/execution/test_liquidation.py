"""Liquidation by hand: where it is judged, what it costs, and what else becomes one.

Unless a case says otherwise: 10 contracts at 100, leverage 10, so a margin of 100; maintenance 0.01, fee 0.01.
Long: LP = (100 - 1000) / (10 x 0.01 - 10) = 90.90909091, bankruptcy 900 / 9.9 = 90.909..., up to 90.91.
Short: LP = (100 + 1000) / (10 x 0.01 + 10) = 108.91089109, bankruptcy 1100 / 10.1 = 108.910..., down to 108.91.
"""

import unittest
from decimal import Decimal

from core.instrument import MarginTier
from execution.matching.venue_rules import PerpetualRules
from execution.money.margin import MarginTable
from tests.support.runs.paper_venue import SYMBOL, PaperVenue
from tests.support.times import MINUTE_MS


def perpetual(
    leverage: str = "10", fee: str = "0.01", rate: str = "0.01", *, stops_by_mark: bool = False
) -> PerpetualRules:
    return PerpetualRules(
        {SYMBOL: Decimal(leverage)}, {SYMBOL: MarginTable.flat(Decimal(rate))}, Decimal(fee), stops_by_mark
    )


def venue_of(**more: object) -> PaperVenue:
    rules = {"perpetual": perpetual(), **more}
    return PaperVenue(**rules)  # type: ignore[arg-type]


class LiquidationPrice(unittest.TestCase):
    def test_it_is_found_at_the_entry_and_shown_in_its_row(self) -> None:
        for side, price in (("BUY", "90.90909091"), ("SELL", "108.91089109")):
            venue = venue_of()
            holding = venue.enter(side, 10.0)
            self.assertEqual(Decimal(price), holding.liquidation)
            self.assertEqual(f'{{"liquidation":"{price}"}}', venue.trader.account.rows[0].metadata)

    def test_it_follows_adds_and_parts(self) -> None:
        venue = venue_of()
        holding = venue.enter("BUY", 10.0)
        venue.enter("BUY", 10.0, at=110.0)
        # M = 100 + 110, cost 2100: (210 - 2100) / (0.2 - 20) = 95.4545...
        self.assertEqual(Decimal("95.45454545"), holding.liquidation)
        venue.submit("SELL", "MARKET", 5.0)
        venue.flat(110.0)
        # Three quarters of both: the same price.
        self.assertEqual((Decimal("157.5"), Decimal("95.45454545")), (holding.entry.margin, holding.liquidation))

    def test_funding_does_not_move_it(self) -> None:
        venue = venue_of()
        holding = venue.enter("BUY", 10.0)
        venue.trader.account.fund(SYMBOL, Decimal(100), Decimal("0.01"), venue.now_ms)
        self.assertEqual(Decimal("90.90909091"), holding.liquidation)

    def test_a_long_without_leverage_has_none(self) -> None:
        self.assertIsNone(venue_of(perpetual=perpetual("1")).enter("BUY", 10.0).liquidation)

    def test_without_perpetual_rules_there_is_none(self) -> None:
        self.assertIsNone(PaperVenue().enter("SELL", 10.0).liquidation)


class WhereItIsJudged(unittest.TestCase):
    def assert_liquidated(self, venue: PaperVenue, fills: list, side: str, minute: int) -> None:
        price = {"BUY": "90.91", "SELL": "108.91"}[side]
        self.assertEqual([("CLOSE", price, "10", "liquidation")], fills)
        row = venue.trader.account.rows[-1]
        self.assertEqual((minute * MINUTE_MS, Decimal(0), "{}"), (row.time_ms, row.slippage, row.metadata))

    def test_a_long_at_or_below_it_and_a_short_at_or_above_it_at_the_open(self) -> None:
        for side, opened, happens in (
            ("BUY", 90.90909091, True),
            ("BUY", 90.90909092, False),
            ("BUY", 80.0, True),
            ("SELL", 108.91089109, True),
            ("SELL", 108.91089108, False),
            ("SELL", 120.0, True),
        ):
            with self.subTest(side=side, opened=opened):
                venue = venue_of()
                venue.enter(side, 10.0)
                mark = venue.mark(opened, opened, opened, opened)
                fills = venue.flat(100.0, mark=mark)
                if happens:
                    self.assert_liquidated(venue, fills, side, 1)
                else:
                    self.assertEqual([], fills)

    def test_the_range_of_the_mark_candle_inside(self) -> None:
        for side, high, low, happens in (
            ("BUY", 100, 90.90909091, True),
            ("BUY", 100, 90.90909092, False),
            ("SELL", 108.91089109, 100, True),
            ("SELL", 108.91089108, 100, False),
        ):
            venue = venue_of()
            venue.enter(side, 10.0)
            fills = venue.flat(100.0, mark=venue.mark(100, high, low, 100))
            if happens:
                self.assert_liquidated(venue, fills, side, 2)
            else:
                self.assertEqual([], fills)

    def test_the_last_price_does_not_liquidate_where_there_is_a_mark(self) -> None:
        venue = venue_of()
        venue.enter("BUY", 10.0)
        self.assertEqual([], venue.play(100, 100, 50, 100, mark=venue.mark(100, 100, 91, 100)))
        venue.flat(100.0)

    def test_without_a_mark_candle_it_is_the_candle_itself(self) -> None:
        venue = venue_of()
        venue.enter("BUY", 10.0)
        self.assert_liquidated(venue, venue.play(100, 100, 90, 95), "BUY", 2)

    def test_a_close_that_is_no_range_judges_nothing(self) -> None:
        venue = venue_of()
        venue.enter("BUY", 10.0)
        venue.trader.update_positions({SYMBOL: 50.0})
        self.assertIsNotNone(venue.holding)

    def test_at_the_open_market_closes_come_first_then_liquidation_then_stops(self) -> None:
        # The mark has passed it at the open; the last price is far better.
        venue = venue_of()
        venue.enter("BUY", 10.0, stop_loss=99.0)
        venue.trader.book.submit_close(SYMBOL, venue.now_ms, "opposite_signal")
        self.assertEqual(["opposite_signal"], [one[3] for one in venue.flat(98.0, mark=venue.mark(90, 90, 90, 90))])
        venue = venue_of()
        venue.enter("BUY", 10.0, stop_loss=99.0)
        self.assertEqual(["liquidation"], [one[3] for one in venue.flat(98.0, mark=venue.mark(90, 90, 90, 90))])

    def test_what_the_cap_leaves_of_an_ioc_order_has_expired_before_the_liquidation(self) -> None:
        # Half of a volume of 8 may fill: 4 of 10 are sold at 98, 6 are liquidated at the mark.
        venue = venue_of(volume_cap=Decimal("0.5"))
        venue.enter("BUY", 10.0)
        venue.submit("SELL", "MARKET", 10.0, reduce_only=True, time_in_force="IOC", order_id="ioc")
        fills = venue.flat(98.0, volume=8.0, mark=venue.mark(90, 90, 90, 90))
        self.assertEqual([("4", "order"), ("6", "liquidation")], [one[2:] for one in fills])
        told = [("NEW", ""), ("PARTIALLY_FILLED", "order"), ("EXPIRED", "ioc")]
        self.assertEqual(told, venue.events(client="ioc"))


class InTheWalk(unittest.TestCase):
    def reasons(
        self, side: str, stop: float, candle: tuple[float, ...], mark: tuple[float, ...] | None = None, **more: object
    ) -> list[str]:
        venue = venue_of(**more)
        venue.enter(side, 10.0, stop_loss=stop)
        return [one[3] for one in venue.play(*candle, mark=None if mark is None else venue.mark(*mark))]

    def test_it_stands_at_its_price_among_the_stops(self) -> None:
        self.assertEqual(["stop"], self.reasons("BUY", 91.0, (100, 100, 90, 95)))
        self.assertEqual(["liquidation"], self.reasons("BUY", 90.0, (100, 100, 89, 95)))
        self.assertEqual(["stop"], self.reasons("SELL", 108.9, (100, 110, 100, 100)))
        self.assertEqual(["liquidation"], self.reasons("SELL", 109.0, (100, 110, 100, 100)))

    def test_beyond_the_candles_own_range_it_comes_after_the_stops_in_it(self) -> None:
        mark = (100, 100, 90, 95)
        for stop, reason in ((95.0, "stop"), (94.0, "stop"), (93.99, "liquidation")):
            self.assertEqual([reason], self.reasons("BUY", stop, (100, 100, 94, 95), mark), stop)
        mark = (100, 110, 100, 100)
        for stop, reason in ((105.0, "stop"), (106.0, "stop"), (106.01, "liquidation")):
            self.assertEqual([reason], self.reasons("SELL", stop, (100, 106, 100, 100), mark), stop)

    def test_targets_on_the_other_side_come_first_where_the_path_says_so(self) -> None:
        for path, reason in (
            ("pessimistic", "liquidation"),
            ("optimistic", "target"),
            ("ohlc", "target"),
            ("olhc", "liquidation"),
        ):
            venue = venue_of(intrabar=path)
            venue.enter("BUY", 10.0, take_profit=105.0)
            self.assertEqual([reason], [one[3] for one in venue.play(100, 106, 90, 100)])

    def test_an_entry_inside_the_candle_can_be_liquidated_in_it(self) -> None:
        venue = venue_of()
        venue.submit("BUY", "LIMIT", 10.0, price=99.0)
        # LP of 99: 891 / 9.9 = 90
        self.assertEqual(["signal", "liquidation"], [one[3] for one in venue.play(100, 100, 90, 95)])

    def test_it_is_not_capped_by_the_volume(self) -> None:
        venue = venue_of(volume_cap=Decimal("0.1"))
        venue.enter("BUY", 10.0)
        self.assertEqual([("CLOSE", "90.91", "10", "liquidation")], venue.play(100, 100, 90, 95, volume=1))


class WhatItCosts(unittest.TestCase):
    def test_the_loss_and_the_fee_are_at_most_the_margin(self) -> None:
        # Long: loss 9.09 x 10 = 90.9; fee 0.01 x 909.1 = 9.091, 9.1 are left. Short: 89.1 and 10.891, 10.9 left.
        for side, candle, fee, result in (
            ("BUY", (100, 100, 50, 60), "9.091", "-99.991"),
            ("SELL", (100, 150, 100, 140), "10.891", "-99.991"),
        ):
            venue = venue_of()
            venue.enter(side, 10.0)
            venue.play(*candle)
            row = venue.trader.account.rows[-1]
            self.assertEqual((Decimal(fee), Decimal(result)), (row.commission, row.realized_pnl))

    def test_a_coarse_tick_rounds_toward_the_entry_and_leaves_the_fee_whole(self) -> None:
        # A tick of 1: bankruptcy 90.909..., up to 91: loss 90, fee 9.1 of 10. Without a fee 90: the whole margin.
        for fee, price, paid, result in (("0.01", 91, "9.1", "-99.1"), ("0", 90, "0", "-100")):
            venue = venue_of(perpetual=perpetual(fee=fee), instrument={"tick_size": Decimal(1)})
            venue.enter("BUY", 10.0)
            venue.play(100, 100, 50, 60)
            row = venue.trader.account.rows[-1]
            self.assertEqual((price, Decimal(paid), Decimal(result)), (row.price, row.commission, row.realized_pnl))

    def test_a_fee_that_rounding_lifts_above_what_is_left_is_cut_to_it(self) -> None:
        # 0.001 at 100, leverage 2, M = 0.05: 0.15 / 0.00101 = 148.514851485..., down to the tick of 1e-8. The loss is
        # 0.04851485148, the fee 0.0014851485148 would be 0.00148515, and 0.00148514852 is left.
        venue = venue_of(perpetual=perpetual("2"), instrument={"tick_size": Decimal("0.00000001")})
        venue.enter("SELL", 0.001)
        venue.play(100, 200, 100, 200)
        row = venue.trader.account.rows[-1]
        self.assertEqual(
            (Decimal("148.51485148"), Decimal("0.00148514852"), Decimal("-0.05")),
            (row.price, row.commission, row.realized_pnl),
        )

    def test_funding_and_entry_commission_come_on_top(self) -> None:
        venue = venue_of(taker="0.001")
        venue.enter("BUY", 10.0)
        venue.trader.account.fund(SYMBOL, Decimal(100), Decimal("0.002"), venue.now_ms)
        venue.play(100, 100, 50, 60)
        row = venue.trader.account.rows[-1]
        # -90.9 - 9.091 - 1 entry - 2 funding; the fee stands instead of the exit's commission
        self.assertEqual((Decimal("-102.991"), '{"funding":"-2"}'), (row.realized_pnl, row.metadata))

    def test_the_ledger_names_it_and_releases_the_margin(self) -> None:
        venue = venue_of()
        venue.enter("BUY", 10.0)
        venue.play(100, 100, 50, 60)
        lines = [line.split(",", 1)[1] for line in venue.ledger_text.splitlines() if ",liquidation," in line]
        self.assertEqual(
            [
                "3,liquidation,2,A/USDT,margin:A/USDT,-100,0",
                "3,liquidation,2,A/USDT,cash,100,10000",
                "3,liquidation,2,A/USDT,cash,-90.9,9909.1",
                "3,liquidation,2,A/USDT,realized_pnl,90.9,90.9",
                "3,liquidation,2,A/USDT,commission,9.091,9.091",
                "3,liquidation,2,A/USDT,cash,-9.091,9900.009",
            ],
            lines,
        )

    def test_the_orders_of_the_position_end_with_it(self) -> None:
        venue = venue_of()
        venue.enter("BUY", 10.0, stop_loss=80.0, take_profit=150.0)
        venue.submit("SELL", "LIMIT", 1.0, price=120.0, reduce_only=True)
        venue.play(100, 100, 85, 90)
        self.assertEqual([], venue.trader.book.orders_of(SYMBOL))
        self.assertEqual(
            ("1-liquidation", "MARKET", "FILLED", "liquidation"),
            venue.events("client_order_id", "order_type", "status", "reason")[-4],
        )


class OtherClosesThatLoseMore(unittest.TestCase):
    def test_a_stop_that_slips_beyond_the_bankruptcy_price_is_a_liquidation(self) -> None:
        # The open of the last price is at 85 while the mark is still at 100.
        for more in ({}, {"volume_cap": Decimal("0.5")}):
            venue = venue_of(**more)
            venue.enter("BUY", 10.0, stop_loss=95.0)
            fills = venue.flat(85.0, mark=venue.mark(100, 100, 100, 100))
            self.assertEqual([("CLOSE", "90.91", "10", "liquidation")], fills)

    def test_one_that_loses_exactly_the_margin_is_none(self) -> None:
        # 10 x (100 - 90) is the margin of 100; without any commission.
        for opened, reason in ((90.0, "stop"), (89.99, "liquidation")):
            venue = venue_of(perpetual=perpetual(fee="0", rate="0.00001"))
            venue.enter("BUY", 10.0, stop_loss=95.0)
            fills = venue.flat(opened, mark=venue.mark(100, 100, 100, 100))
            self.assertEqual([reason], [one[3] for one in fills])

    def test_the_commission_counts(self) -> None:
        # 99.9 and 0.1 x 0.9001 is within 100; 99.95 is not.
        for opened, reason in ((90.1, "stop"), (90.05, "liquidation")):
            venue = venue_of(taker="0.001", perpetual=perpetual(fee="0", rate="0.00001"))
            venue.enter("BUY", 10.0, stop_loss=95.0)
            fills = venue.flat(opened, mark=venue.mark(100, 100, 100, 100))
            self.assertEqual([reason], [one[3] for one in fills])

    def test_a_close_at_the_last_mark_too(self) -> None:
        venue = venue_of()
        venue.enter("BUY", 10.0)
        (result,) = venue.trader.close_all_positions({SYMBOL: 50.0})
        self.assertEqual(("liquidation", 90.91), (result.fill.metadata["reason"], result.fill.fill_price))

    def test_an_order_of_a_script_that_would_have_closed_it_opens_nothing_afterwards(self) -> None:
        venue = venue_of()
        venue.enter("BUY", 10.0)
        order = venue.submit("SELL", "STOP_MARKET", 5.0, stop_price=95.0)
        fills = venue.play(85, 86, 84, 85, mark=venue.mark(100, 100, 100, 100))
        self.assertEqual([("CLOSE", "90.91", "10", "liquidation")], fills)
        self.assertEqual(("CANCELED", "nothing_to_reduce"), (order.status.value, order.reason))
        self.assertEqual([], venue.play(85, 100, 60, 85))


class Margin(unittest.TestCase):
    def test_margins_and_what_the_entry_needs_weigh_against_equity(self) -> None:
        # Leverage 10: 100 x 100 / 10 = 1000 of 1000. With a commission of 0.001: 99.9 x 100 x 1.001 / 10 = 999.999.
        for taker, quantity, status in (
            ("0", 100.0, "FILLED"),
            ("0", 100.001, "REJECTED"),
            ("0.001", 100.0, "REJECTED"),
            ("0.001", 99.9, "FILLED"),
        ):
            venue = venue_of(balance=1_000.0, taker=taker)
            order = venue.submit("BUY", "MARKET", quantity)
            venue.flat()
            self.assertEqual(status, order.status.value)
            if status == "REJECTED":
                self.assertEqual("insufficient_margin", order.reason)

    def test_what_is_open_weighs_by_its_margin(self) -> None:
        venue = venue_of(balance=1_000.0)
        venue.enter("BUY", 60.0)
        for quantity, status in ((40.01, "REJECTED"), (40.0, "FILLED")):
            order = venue.submit("BUY", "MARKET", quantity)
            venue.flat()
            self.assertEqual(status, order.status.value)
        self.assertEqual(Decimal(1000), venue.holding.entry.margin)

    def test_margin_is_rounded_half_even_and_a_part_releases_its_share(self) -> None:
        venue = venue_of(perpetual=perpetual("3"))
        holding = venue.enter("BUY", 1.0)
        self.assertEqual(Decimal("33.33333333"), holding.entry.margin)
        venue.submit("SELL", "MARKET", 0.5)
        venue.flat()
        # Half of it is 16.666666665: to the even digit, 16.66666666 (released), and 16.66666667 stay.
        self.assertEqual(Decimal("16.66666667"), holding.entry.margin)

    def test_leverage_above_that_of_the_notionals_tier_is_rejected(self) -> None:
        tiers = (
            MarginTier(Decimal(1000), Decimal("0.01"), Decimal(0), Decimal(20)),
            MarginTier(Decimal(5000), Decimal("0.02"), Decimal(10), Decimal(5)),
        )
        rules = PerpetualRules({SYMBOL: Decimal(10)}, {SYMBOL: MarginTable(tiers)}, Decimal(0))
        for quantity, status in ((10.0, "FILLED"), (10.001, "REJECTED")):
            venue = venue_of(perpetual=rules)
            order = venue.submit("BUY", "MARKET", quantity)
            venue.flat()
            self.assertEqual(status, order.status.value)
        self.assertEqual("max_leverage", order.reason)
        venue = venue_of(perpetual=rules)
        venue.enter("BUY", 6.0)
        order = venue.submit("BUY", "MARKET", 5.0)
        venue.flat()
        self.assertEqual("max_leverage", order.reason)


class StopsByTheMark(unittest.TestCase):
    def test_the_mark_triggers_and_the_last_price_fills(self) -> None:
        rules = perpetual(stops_by_mark=True)
        # At the open: the mark has passed 95, the last price is 98.
        venue = venue_of(perpetual=rules)
        venue.enter("BUY", 10.0, stop_loss=95.0)
        self.assertEqual([("CLOSE", "98", "10", "stop")], venue.flat(98.0, mark=venue.mark(95, 95, 95, 95)))
        # The last price is below 95 and the mark is not.
        venue = venue_of(perpetual=rules)
        venue.enter("BUY", 10.0, stop_loss=95.0)
        self.assertEqual([], venue.play(94, 96, 93, 94, mark=venue.mark(96, 96, 95.01, 96)))
        # Inside: at the stop's price where the candle has it, else at the adverse extreme.
        for low, price in ((94.0, "95"), (97.0, "97")):
            venue = venue_of(perpetual=rules)
            venue.enter("BUY", 10.0, stop_loss=95.0)
            fills = venue.play(100, 100, low, 98, mark=venue.mark(100, 100, 95, 98))
            self.assertEqual([("CLOSE", price, "10", "stop")], fills)

    def test_stops_that_open_follow_the_last_price(self) -> None:
        venue = venue_of(perpetual=perpetual(stops_by_mark=True))
        venue.submit("BUY", "STOP_MARKET", stop_price=101.0)
        self.assertEqual([], venue.flat(100.0, mark=venue.mark(105, 105, 105, 105)))
        self.assertEqual(1, len(venue.play(100, 101, 100, 100, mark=venue.mark(100, 100, 100, 100))))


if __name__ == "__main__":
    unittest.main()
