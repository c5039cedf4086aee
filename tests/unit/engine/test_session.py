"""The session between its phases: days, equity rows, the kill switch, the end. Positions are 5 at 100."""

import unittest
from collections.abc import Mapping, Sequence

from core.candle import FundingRate
from core.errors import InvariantError
from core.trading_signal import Signal
from tests.support.candles import candle
from tests.support.runs.kernel_runs import columns
from tests.support.runs.stepped_session import SteppedSession, session_of_minutes
from tests.support.times import DAY_MS, MINUTE_MS, stamp

A, B = "A", "B"
LONG = Signal("LONG", sl_distance=20.0, tp_distance=10.0)
LAST = DAY_MS // MINUTE_MS - 1
"""The minute that closes at midnight."""


class EquityRows(unittest.TestCase):
    def test_the_first_step_each_change_and_the_end_have_a_row_and_a_quiet_step_has_none(self) -> None:
        session = session_of_minutes({A: {0: LONG}})
        for one in (candle(0), candle(1, close=101.0), candle(2, 102.0), candle(3, 102.0, high=111.0), candle(4)):
            session.play(one)
        session.session.finish()
        self.assertEqual(
            [
                (stamp(1), "10000", "10000", "0", "0"),
                (stamp(2), "10000", "10005", "5", "1"),
                (stamp(4), "10050", "10050", "0", "0"),
                (stamp(5), "10050", "10050", "0", "0"),
                (stamp(5), "10050", "10050", "0", "0"),
            ],
            session.run.equity_rows,
        )
        curve = [10_000.0, 10_005.0, 10_010.0, 10_050.0, 10_050.0, 10_050.0]
        self.assertEqual(curve, list(session.session.outputs.curve))

    def test_a_last_step_that_changed_something_has_its_row_already(self) -> None:
        session = session_of_minutes({A: {0: LONG}})
        session.play(candle(0))
        session.play(candle(1))
        session.session.finish()
        self.assertEqual(["0", "1", "0"], [row[4] for row in session.run.equity_rows])

    def test_the_account_begins_once_with_the_first_step(self) -> None:
        session = session_of_minutes({A: {}})
        session.play(candle(7))
        session.play(candle(8))
        told = [(stamp(8), "start", "cash", "10000"), (stamp(8), "start", "capital", "-10000")]
        self.assertEqual(set(told), set(columns(session.run.postings, "timestamp", "event", "account", "amount")))
        self.assertEqual(2, len(session.run.postings))

    def test_the_end_without_flattening_writes_the_last_step_once_and_keeps_what_is_open_and_waits(self) -> None:
        session = session_of_minutes({A: {0: LONG}, B: {2: LONG}})
        for minute in range(3):
            session.play(candle(minute), candle(minute))
        session.play(candle(3, close=101.0))
        session.session.finish(flatten=False)
        self.assertEqual(
            [(stamp(1), "0"), (stamp(2), "1"), (stamp(4), "1")],
            [(row[0], row[4]) for row in session.run.equity_rows],
        )
        self.assertEqual(["10005"], [row[2] for row in session.run.equity_rows[2:]])
        self.assertEqual((1, [A]), (len(session.run.rows), list(session.session.account.holdings)))
        self.assertEqual([], session.run.order_events)
        self.assertEqual(4, len(session.session.outputs.curve))

    def test_a_session_without_a_step_ends_without_a_row(self) -> None:
        session = session_of_minutes({A: {}})
        session.session.finish()
        self.assertEqual(
            ([], [], None), (session.run.equity_rows, list(session.session.outputs.curve), session.session.last_step_ms)
        )

    def test_the_last_step_of_a_day_has_a_row_and_the_step_at_midnight_belongs_to_the_old_day(self) -> None:
        session = session_of_minutes({A: {LAST - 4: LONG}})
        for minute in range(LAST - 4, LAST + 1):
            session.play(candle(minute, close=101.0 if minute == LAST else None))
        self.assertEqual([stamp(LAST - 3), stamp(LAST - 2)], [row[0] for row in session.run.equity_rows])
        session.play(candle(LAST + 1, 101.0))
        self.assertEqual((stamp(LAST + 1), "10000", "10005", "5", "1"), session.run.equity_rows[-1])
        self.assertEqual(3, len(session.run.equity_rows))

    def test_a_day_whose_last_step_changed_something_has_one_row_of_it(self) -> None:
        session = session_of_minutes({A: {LAST - 1: LONG}})
        for minute in (LAST - 1, LAST, LAST + 1):
            session.play(candle(minute))
        self.assertEqual([stamp(LAST), stamp(LAST + 1)], [row[0] for row in session.run.equity_rows])


class Days(unittest.TestCase):
    def test_a_daily_loss_is_measured_from_the_days_start_and_its_halt_ends_with_the_day(self) -> None:
        # 5 at 100: at 90 a loss of 50, 0.5 % of 10,000, which the limit of 0.4 % halts.
        session = session_of_minutes({A: {LAST - 2: LONG}, B: {LAST: LONG, LAST + 1: LONG}}, max_daily_loss_pct=0.004)
        for minute, price in ((LAST - 2, 100.0), (LAST - 1, 100.0), (LAST, 90.0), (LAST + 1, 90.0)):
            session.play(candle(minute, price), candle(minute))
        self.assertEqual([(stamp(LAST + 1), "daily_loss")], session.run.halts)
        self.assertEqual([(stamp(LAST + 1), B, "halted_daily_loss")], session.run.refused)
        (lifted,) = session.run.told("halt_lifted")
        self.assertEqual(stamp(LAST + 2), lifted["time"])
        self.assertEqual(9_950.0, session.session.safety.day_start_equity)
        session.play(candle(LAST + 2, 89.0), candle(LAST + 2))
        self.assertEqual((1, 2), (session.session.statistics.halts, len(session.session.account.holdings)))

    def test_the_first_day_is_that_of_the_first_step(self) -> None:
        session = session_of_minutes({A: {}})
        session.play(candle(LAST + 5))
        session.play(candle(LAST + 6))
        self.assertEqual([stamp(LAST + 6)], [row[0] for row in session.run.equity_rows])


class KillSwitch(unittest.TestCase):
    def entered(self, **flat: object) -> SteppedSession:
        """A session that holds A, entered at 100 and marked at 102, and waits for an entry of B."""
        session = session_of_minutes({A: {0: LONG}, B: {1: LONG, 2: LONG}}, **flat)
        session.play(candle(0), candle(0))
        session.play(candle(1, close=102.0), candle(1))
        return session

    def test_flattening_closes_at_the_last_mark_and_the_account_then_has_its_row(self) -> None:
        session = self.entered(on_kill="flatten")
        session.session.set_kill_switch(True)
        self.assertEqual(("kill_switch", "102", "10"), self.closed(session))
        self.assertEqual([(stamp(2), B, "cancelled", "kill_switch")], session.run.order_events)
        self.assertEqual(
            [(stamp(2), "10000", "10010", "10", "1"), (stamp(2), "10010", "10010", "0", "0")],
            session.run.equity_rows[1:],
        )
        self.assertTrue(session.session.kill_switch_engaged)

    def closed(self, session: SteppedSession) -> tuple[str, str, str]:
        row = session.run.rows[-1]
        return row["reason"], row["price"], row["realized_pnl"]

    def test_holding_cancels_waiting_entries_alone_and_writes_no_row(self) -> None:
        session = self.entered()
        session.session.set_kill_switch(True)
        self.assertEqual([(stamp(2), B, "cancelled", "kill_switch")], session.run.order_events)
        self.assertEqual((2, 1), (len(session.run.equity_rows), len(session.run.rows)))
        session.play(candle(2, 102.0), candle(2))
        self.assertEqual([(stamp(3), B, "kill_switch")], session.run.refused)

    def test_every_change_is_told_and_nothing_else(self) -> None:
        session = self.entered()
        for engaged in (False, True, True, False, False, True):
            session.session.set_kill_switch(engaged)
        told = session.run.told("kill_switch")
        changes = [{"event": "kill_switch", "engaged": engaged, "time": stamp(2)} for engaged in (True, False, True)]
        self.assertEqual(changes, told)

    def test_before_the_first_step_it_counts_and_is_not_told(self) -> None:
        session = session_of_minutes({A: {0: LONG}}, on_kill="flatten")
        session.session.set_kill_switch(True)
        self.assertEqual([], session.run.events)
        session.play(candle(0))
        self.assertEqual([(stamp(1), A, "kill_switch")], session.run.refused)

    def test_a_payment_that_is_due_is_settled_before_positions_close(self) -> None:
        # Due at 00:02 at a mark of 102: 5 x 102 x 0.01 = 5.1, told with a step in which A has no candle.
        session = self.entered(on_kill="flatten", perpetual={"leverage": 1.0})
        session.play(None, candle(2), funding=((FundingRate(2 * MINUTE_MS + 1, 0.01),), ()))
        self.assertEqual([], self.paid(session))
        session.session.set_kill_switch(True)
        self.assertEqual([-5.1], self.paid(session))
        self.assertEqual(("kill_switch", "102", "4.9"), self.closed_of(session, A))

    def paid(self, session: SteppedSession) -> list[float]:
        return [one["amount"] for one in session.run.told("funding")]

    def closed_of(self, session: SteppedSession, symbol: str) -> tuple[str, str, str]:
        row = next(one for one in session.run.rows if one["action"] == "CLOSE" and one["symbol"] == symbol)
        return row["reason"], row["price"], row["realized_pnl"]


class TheEnd(unittest.TestCase):
    def test_what_waits_is_cancelled_a_close_before_an_entry_then_positions_close_in_order(self) -> None:
        signals = {B: {0: LONG}, A: {0: LONG, 2: Signal("SHORT", sl_distance=20.0)}}
        session = session_of_minutes(signals, on_opposite_signal="reverse")
        for minute in range(3):
            session.play(candle(minute), candle(minute, close=101.0 if minute == 2 else None))
        session.session.finish()
        cancelled = session.run.told("order_cancelled")
        self.assertEqual([(A, "close", "end"), (A, "entry", "end")], columns(cancelled, "symbol", "order", "reason"))
        closed = [row for row in session.run.rows if row["action"] == "CLOSE"]
        self.assertEqual([(B, "end", stamp(3)), (A, "end", stamp(3))], columns(closed, "symbol", "reason", "timestamp"))
        self.assertEqual((stamp(3), "10005", "10005", "0", "0"), session.run.equity_rows[-1])
        self.assertEqual(10_005.0, session.session.safety.current_equity)


class Steps(unittest.TestCase):
    def test_a_step_that_is_not_later_than_the_one_before_stops_the_run(self) -> None:
        for later in (0, -MINUTE_MS):
            session = session_of_minutes({A: {}})
            session.play(candle(5))
            with self.assertRaises(InvariantError):
                session.step(6 * MINUTE_MS + later, candle(6))
            self.assertEqual(6 * MINUTE_MS, session.session.last_step_ms)

    def test_candles_of_a_segment_are_told_and_one_after_a_gap_has_none_before_it(self) -> None:
        session = session_of_minutes({A: {}, B: {}}, max_gap=3)
        session.play(candle(0), candle(0))
        session.play(candle(1))
        before = session.session.candles_before
        self.assertEqual((2, 1), (before(A), before(B)))
        self.assertEqual((2, 0), (before(A, 5 * MINUTE_MS), before(A, 5 * MINUTE_MS + 1)))


class Counts(unittest.TestCase):
    NOTHING: Mapping[str, object] = {
        **dict.fromkeys(("steps", "candles_processed", "signals_generated", "signals_refused"), 0),
        **dict.fromkeys(("orders_submitted", "orders_rejected", "orders_expired", "orders_cancelled"), 0),
        **dict.fromkeys(("entries_filled", "partial_fills", "funding_payments", "gaps", "halts", "candle_moves"), 0),
        **{key: {} for key in ("refusal_reasons", "rejection_reasons", "expiry_reasons", "cancellation_reasons")},
        "sizes_bound_by": {},
        "exposure_time_pct": 0.0,
    }

    def check(self, session: SteppedSession, **done: object) -> None:
        self.assertEqual({**self.NOTHING, **done}, session.session.statistics.to_dict())

    def test_a_session_without_a_step_has_done_nothing(self) -> None:
        self.check(session_of_minutes({A: {}}))

    def test_what_was_done_is_counted_and_what_becomes_of_protective_orders_is_not(self) -> None:
        session = session_of_minutes({A: {0: LONG, 1: LONG}, B: {}})
        session.play(candle(0), candle(0))
        session.play(candle(1))
        session.play(candle(2, high=111.0), candle(2))
        self.check(
            session,
            steps=3,
            candles_processed=5,
            signals_generated=2,
            signals_refused=1,
            refusal_reasons={"position_open": 1},
            orders_submitted=1,
            sizes_bound_by={"risk": 1},
            entries_filled=1,
            exposure_time_pct=100 / 3,
        )

    def test_an_entry_that_fills_in_parts_counts_once_and_so_does_each_part_but_the_last(self) -> None:
        session = session_of_minutes({A: {0: LONG}}, volume_cap=0.5)
        for minute in range(4):
            session.play(candle(minute, volume=4.0))
        told = {"signals_generated": 1, "orders_submitted": 1, "sizes_bound_by": {"risk": 1}}
        told |= {"entries_filled": 1, "partial_fills": 2}
        self.check(session, steps=4, candles_processed=4, exposure_time_pct=75.0, **told)

    def test_what_is_left_of_a_stop_or_a_close_that_ends_is_no_filled_entry(self) -> None:
        # Half of a volume of 4 leaves 3 of 5: of a stop that was met, then of a close; the end and a gap take the rest.
        told = {"signals_generated": 1, "orders_submitted": 1, "entries_filled": 1, "sizes_bound_by": {"risk": 1}}
        session = session_of_minutes({A: {0: LONG}}, volume_cap=0.5)
        for one in (candle(0), candle(1, volume=20.0), candle(2, low=80.0, volume=4.0)):
            session.play(one)
        session.session.finish()
        self.assertEqual(["5", "2", "3"], [row["quantity"] for row in session.run.rows])
        self.check(session, steps=3, candles_processed=3, exposure_time_pct=200 / 3, **told)
        session = session_of_minutes({A: {0: LONG}}, volume_cap=0.5, exits={"max_holding": 1}, max_gap=3)
        for one in (candle(0), candle(1, volume=20.0), candle(2, volume=4.0), candle(9)):
            session.play(one)
        self.assertEqual(["5", "2", "3"], [row["quantity"] for row in session.run.rows])
        ended = {"orders_cancelled": 1, "cancellation_reasons": {"gap": 1}, "gaps": 1}
        self.check(
            session, steps=4, candles_processed=4, exposure_time_pct=50.0, **{**told, "orders_submitted": 2}, **ended
        )


class MarketConditions(unittest.TestCase):
    """Slippage of half the volatility: of two candles of range 4 at 100 it is 2 %."""

    def price(self, minutes: Sequence[int], stored: Sequence[int] = ()) -> str:
        """Return the price of an entry decided at the last of the minutes and filled at 100."""
        costs = {"model": "volatility", "coefficient": 0.5, "candles": 2}
        session = session_of_minutes({A: {minutes[-1]: LONG}}, slippage_model=costs, max_gap=3)
        session.session.warm_up(0, [candle(minute, 100.0, 102.0, 98.0) for minute in stored])
        for minute in minutes:
            session.play(candle(minute, 100.0, 102.0, 98.0))
        session.play(candle(minutes[-1] + 1))
        return session.run.rows[0]["price"]

    def test_every_closed_candle_counts_the_decisions_own_included(self) -> None:
        self.assertEqual(("100", "102"), (self.price([0]), self.price([0, 1])))

    def test_stored_candles_count_and_none_from_before_a_gap(self) -> None:
        self.assertEqual("102", self.price([2], [0, 1]))
        self.assertEqual("102", self.price([8], [0, 7]))
        self.assertEqual("100", self.price([7], [0, 1]))
        self.assertEqual("100", self.price([0, 1, 9]))


if __name__ == "__main__":
    unittest.main()
