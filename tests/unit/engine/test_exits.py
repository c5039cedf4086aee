"""Phases A1 and A3 as the session calls them: gaps, what the open has passed, what the candle meets."""

import unittest

from core.errors import InvariantError
from core.trading_signal import Signal
from tests.support.candles import candle
from tests.support.runs.kernel_runs import columns
from tests.support.runs.stepped_session import SteppedSession, session_of_minutes
from tests.support.times import MINUTE_MS, stamp

A, B = "A", "B"
LONG, SHORT = Signal("LONG", sl_distance=5.0, tp_distance=5.0), Signal("SHORT", sl_distance=5.0, tp_distance=5.0)


def closes(session: SteppedSession) -> list[tuple[object, ...]]:
    """Return (time, reason, price) of every close."""
    rows = [row for row in session.run.rows if row["action"] == "CLOSE"]
    return columns(rows, "timestamp", "reason", "price")


def entered(signal: Signal = LONG, **flat: object) -> SteppedSession:
    """Return a session that holds a position of A entered at 100, after minute 1."""
    session = session_of_minutes({A: {0: signal}, B: {}}, **flat)
    session.play(candle(0), candle(0))
    session.play(candle(1), candle(1))
    return session


class Levels(unittest.TestCase):
    def test_an_open_at_or_beyond_a_stop_fills_there_and_a_target_needs_an_open_beyond_it(self) -> None:
        for signal, opened, at_open in (
            (LONG, 95.0, ("stop", "95")), (LONG, 94.0, ("stop", "94")), (LONG, 105.01, ("target", "105.01")),
            (SHORT, 105.0, ("stop", "105")), (SHORT, 94.99, ("target", "94.99")),
        ):  # fmt: skip
            session = entered(signal)
            session.play(candle(2, opened))
            self.assertEqual([(stamp(2), *at_open)], closes(session))
        for signal, opened in ((LONG, 105.0), (SHORT, 95.0), (LONG, 95.01), (SHORT, 104.99)):
            session = entered(signal)
            session.play(candle(2, opened))
            self.assertEqual([], closes(session), opened)

    def test_a_touch_inside_meets_a_stop_and_a_target_needs_a_trade_through_it(self) -> None:
        for signal, shape, met in (
            (LONG, {"low": 95.0}, [(stamp(3), "stop", "95")]), (LONG, {"low": 95.01}, []),
            (LONG, {"high": 105.0}, []), (LONG, {"high": 105.01}, [(stamp(3), "target", "105")]),
            (SHORT, {"high": 105.0}, [(stamp(3), "stop", "105")]), (SHORT, {"high": 104.99}, []),
            (SHORT, {"low": 95.0}, []), (SHORT, {"low": 94.99}, [(stamp(3), "target", "95")]),
        ):  # fmt: skip
            session = entered(signal)
            session.play(candle(2, **shape))
            self.assertEqual(met, closes(session), (signal.direction, shape))

    def test_liquidation_is_judged_on_the_mark_price_where_there_is_one(self) -> None:
        # Margin 500 / 10 = 50: without a fee it is used up at 90, and the maintenance of 1 % asks for a little more.
        far = Signal("LONG", sl_distance=20.0)
        for opened, shape in ((80.0, {}), (100.0, {"low": 80.0})):
            session = entered(far, perpetual={"leverage": 10.0, "maintenance_rate": 0.01})
            session.play(candle(2), marks=(candle(2, opened, **shape), None))
            self.assertEqual(["liquidation"], [reason for _, reason, _ in closes(session)])
        both = entered(far, perpetual={"leverage": 10.0, "maintenance_rate": 0.01})
        both.play(candle(2, low=80.0), candle(2), marks=(None, candle(2)))
        self.assertEqual(["liquidation"], [reason for _, reason, _ in closes(both)], "its own price, without a mark")
        short = entered(Signal("SHORT", sl_distance=20.0), perpetual={"leverage": 10.0, "maintenance_rate": 0.01})
        short.play(candle(2), marks=(candle(2, high=120.0), None))
        self.assertEqual(["liquidation"], [reason for _, reason, _ in closes(short)])


class Gaps(unittest.TestCase):
    def missing(self, session: SteppedSession) -> list[tuple[object, ...]]:
        return columns(session.run.told("gap"), "time", "symbol", "missing_candles")

    def test_more_missing_candles_than_max_gap_are_a_gap_which_says_how_many(self) -> None:
        for opened, told in ((5, []), (6, [(stamp(6), A, 4)]), (9, [(stamp(9), A, 7)])):
            session = entered(max_gap=3)
            session.play(candle(opened))
            self.assertEqual(told, self.missing(session))
            self.assertEqual(len(told), session.session.statistics.gaps)

    def test_a_gap_closes_at_its_open_also_where_a_stop_was_passed(self) -> None:
        session = entered(max_gap=3)
        session.play(candle(9, 90.0))
        self.assertEqual([(stamp(9), "gap", "90")], closes(session))

    def test_a_gap_replaces_a_waiting_close(self) -> None:
        session = session_of_minutes({A: {0: LONG, 2: SHORT}}, max_gap=3, on_opposite_signal="close")
        for minute in range(3):
            session.play(candle(minute))
        session.play(candle(9))
        told = columns(session.run.told("order_cancelled"), "time", "order", "reason")
        self.assertEqual([(stamp(9), "close", "gap")], told)
        self.assertEqual([(stamp(9), "gap", "100")], closes(session))

    def test_after_a_gap_the_strategy_starts_empty(self) -> None:
        session = session_of_minutes({A: {9: LONG, 10: LONG, 11: LONG}}, max_gap=3, warmup_candles=2)
        for minute in (0, 1, 2, 9, 10, 11):
            session.play(candle(minute))
        self.assertEqual([(stamp(10), A, "warming_up"), (stamp(11), A, "warming_up")], session.run.refused)

    def test_a_gap_is_counted_from_the_symbols_own_last_candle_the_stored_ones_included(self) -> None:
        session = session_of_minutes({A: {}, B: {}}, max_gap=3)
        session.session.warm_up(0, [candle(0), candle(1)])
        session.play(None, candle(5))
        session.play(candle(6), candle(6))
        self.assertEqual([(stamp(6), A, 4)], self.missing(session))

    def test_a_stored_gap_lets_the_warm_up_begin_again(self) -> None:
        session = session_of_minutes({A: {9: LONG}}, max_gap=3, warmup_candles=3)
        session.session.warm_up(0, [candle(0), candle(1), candle(6), candle(7)])
        self.assertEqual(2, session.session.candles_before(A))
        session.play(candle(8))
        session.play(candle(9))
        self.assertEqual(([], []), (session.run.refused, self.missing(session)))


class TimeOfASymbol(unittest.TestCase):
    def test_a_candle_that_is_not_after_the_one_before_stops_the_run(self) -> None:
        session = entered()
        with self.assertRaisesRegex(InvariantError, f"A: the candle opened {stamp(1)} is not after"):
            session.step(5 * MINUTE_MS, candle(1), None)

    def test_a_close_waits_for_its_own_symbols_next_open(self) -> None:
        session = session_of_minutes({A: {0: LONG, 2: SHORT}, B: {}}, on_opposite_signal="close")
        for minute in range(3):
            session.play(candle(minute), candle(minute))
        session.play(None, candle(3))
        self.assertEqual([], closes(session))
        session.play(candle(5, 101.0))
        self.assertEqual([(stamp(5), "opposite_signal", "101")], closes(session))


if __name__ == "__main__":
    unittest.main()
