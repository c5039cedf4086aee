"""Waiting entries: until when they wait, in which order they end, and what fills them at the open."""

import unittest

from core.trading_signal import Signal
from tests.support.candles import candle
from tests.support.runs.kernel_runs import columns
from tests.support.runs.stepped_session import SteppedSession, session_of_minutes
from tests.support.times import stamp

A, B, C = "A", "B", "C"
LONG, SHORT = Signal("LONG", sl_distance=20.0), Signal("SHORT", sl_distance=20.0)


class Expiry(unittest.TestCase):
    def decided(self, **flat: object) -> SteppedSession:
        """A session that waits, since 00:01, for entries of A and B."""
        session = session_of_minutes({A: {0: LONG}, B: {0: LONG}, C: {}}, **flat)
        session.play(candle(0), candle(0), candle(0))
        return session

    def test_an_open_at_the_deadline_fills_and_one_after_it_does_not(self) -> None:
        for opened, told in ((4, []), (5, [(stamp(4), A, "expired", "max_order_wait")])):
            session = self.decided(max_order_wait=3)
            session.play(candle(opened), candle(4) if opened == 4 else None)
            self.assertEqual(told, [one for one in session.run.order_events if one[1] == A])
            self.assertEqual(A in session.session.account.holdings, not told)

    def test_it_ends_with_the_first_step_later_than_its_deadline_whichever_symbol_that_has(self) -> None:
        session = self.decided(max_order_wait=3)
        session.play(None, None, candle(3))
        self.assertEqual([], session.run.order_events)
        session.play(None, None, candle(4))
        self.assertEqual([(stamp(4), A), (stamp(4), B)], [one[:2] for one in session.run.order_events])
        self.assertEqual({"max_order_wait": 2}, dict(session.session.statistics.expired))

    def test_entries_end_in_order_of_their_deadlines(self) -> None:
        session = session_of_minutes({A: {1: LONG}, B: {0: LONG}, C: {}}, max_order_wait=3)
        session.play(candle(0), candle(0), candle(0))
        session.play(candle(1))
        session.play(None, None, candle(20))
        self.assertEqual([(stamp(4), B), (stamp(5), A)], [one[:2] for one in session.run.order_events])

    def test_resting_entries_end_in_order_of_their_own_ends(self) -> None:
        rules = {"entry_order": "limit", "entry_offset": 0.1, "entry_expiry": 2}
        session = session_of_minutes({A: {1: LONG}, B: {0: LONG}, C: {}}, **rules)
        session.play(candle(0), candle(0), candle(0))
        session.play(candle(1), candle(1), candle(1))
        session.play(None, None, candle(20))
        self.assertEqual([(stamp(3), B), (stamp(4), A)], [one[:2] for one in session.run.order_events])

    def test_a_resting_entry_that_is_good_for_some_candles_ends_by_its_own_time(self) -> None:
        session = session_of_minutes(
            {A: {0: LONG}, C: {}}, entry_order="limit", entry_offset=0.1, entry_expiry=2, max_order_wait=1
        )
        session.play(candle(0), candle(0))
        session.play(candle(1), candle(1))
        session.play(candle(2), candle(2))
        self.assertEqual([], session.run.order_events)
        session.play(None, candle(3))
        self.assertEqual([(stamp(3), A, "expired", "gtd")], session.run.order_events)

    def test_expired_entries_leave_room_for_the_decisions_of_the_same_step(self) -> None:
        session = session_of_minutes({A: {0: LONG}, B: {5: LONG}}, max_order_wait=3, max_open_trades=1)
        session.play(candle(0), candle(0))
        session.play(None, candle(5))
        self.assertEqual([], session.run.refused)


class AtTheOpen(unittest.TestCase):
    def test_a_market_entry_fills_at_its_own_symbols_next_open(self) -> None:
        session = session_of_minutes({A: {0: LONG}, B: {0: SHORT}})
        session.play(candle(0), candle(0))
        session.play(None, candle(1, 101.0))
        session.play(candle(2, 102.0), candle(2, 103.0))
        told = [(stamp(1), B, "SHORT", "101"), (stamp(2), A, "LONG", "102")]
        self.assertEqual(told, columns(session.run.rows, "timestamp", "symbol", "side", "price"))
        self.assertEqual(2, session.session.statistics.entries_filled)

    def test_exits_at_the_open_come_first_so_that_a_reversal_opens_what_it_closed(self) -> None:
        session = session_of_minutes({A: {0: LONG, 2: SHORT}}, on_opposite_signal="reverse")
        for minute in range(4):
            session.play(candle(minute))
        told = [("OPEN", "LONG"), ("CLOSE", "LONG"), ("OPEN", "SHORT")]
        self.assertEqual(told, columns(session.run.rows, "action", "side"))

    def test_an_entry_can_meet_its_stop_in_the_candle_that_filled_it(self) -> None:
        session = session_of_minutes({A: {0: LONG}})
        session.play(candle(0))
        session.play(candle(1, low=80.0))
        self.assertEqual([(stamp(1), "signal"), (stamp(2), "stop")], columns(session.run.rows, "timestamp", "reason"))


if __name__ == "__main__":
    unittest.main()
