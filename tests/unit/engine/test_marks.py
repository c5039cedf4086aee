"""Phase B: marks, equity, limits, and closes that time asks for. Positions are 5 at 100."""

import unittest

from core.trading_signal import Signal
from tests.support.candles import candle
from tests.support.runs.kernel_runs import columns
from tests.support.runs.stepped_session import SteppedSession, session_of_minutes
from tests.support.times import stamp

A, B = "A", "B"
LONG, SHORT = Signal("LONG", sl_distance=20.0), Signal("SHORT", sl_distance=20.0)


def entered(signals: dict[str, dict[int, Signal]] | None = None, **flat: object) -> SteppedSession:
    """Return a session that holds what was decided at minute 0 (a long of A, unless it is told), after minute 1."""
    session = session_of_minutes({A: {0: LONG}, B: {}} if signals is None else signals, **flat)
    session.play(candle(0), candle(0))
    session.play(candle(1), candle(1))
    return session


class Marks(unittest.TestCase):
    def curve(self, session: SteppedSession) -> list[float]:
        return list(session.session.outputs.curve)

    def test_equity_is_the_balance_and_every_position_at_its_symbols_last_close(self) -> None:
        session = entered({A: {0: LONG}, B: {0: SHORT}})
        session.play(candle(2, close=103.0), candle(2, close=102.0))
        session.play(None, candle(3, 102.0, close=101.0))
        # 5 x 3 - 5 x 2, then 5 x 3 - 5 x 1: A keeps its mark where it has no candle.
        self.assertEqual([10_000.0, 10_000.0, 10_005.0, 10_010.0], self.curve(session))
        self.assertEqual(3, session.session.statistics.steps_with_position)

    def test_the_safety_monitor_is_shown_every_equity(self) -> None:
        session = entered()
        for minute, close in ((2, 103.0), (3, 99.0)):
            session.play(candle(minute, close=close))
        safety = session.session.safety
        self.assertEqual(
            (9_995.0, 10_015.0, 10_000.0), (safety.current_equity, safety.peak_equity, safety.day_start_equity)
        )

    def test_a_trailing_stop_follows_the_close_for_the_next_candle(self) -> None:
        session = entered(enable_trailing_stop=True, trailing_stop_pct=0.05)
        # At a close of 110 the stop moves to 104.5; the low of that candle does not meet it, that of the next does.
        session.play(candle(2, 105.0, low=103.0, close=110.0))
        self.assertIsNotNone(session.holding())
        session.play(candle(3, 110.0, low=104.0))
        self.assertEqual(("trailing_stop", "104.5"), columns(session.run.rows, "reason", "price")[-1])


class Halts(unittest.TestCase):
    def test_a_limit_that_is_only_reached_does_not_halt_and_one_that_is_passed_does(self) -> None:
        # 5 x 10 of 10,000 are 0.5 %.
        for limit, halts in ((0.005, []), (0.00499, [(stamp(3), "daily_loss")])):
            session = entered(max_daily_loss_pct=limit)
            session.play(candle(2, 90.0))
            self.assertEqual(halts, session.run.halts)

    def test_two_limits_broken_at_once_are_two_halts_drawdown_first(self) -> None:
        session = entered(max_daily_loss_pct=0.004, max_drawdown_pct=0.004)
        session.play(candle(2, 90.0))
        session.play(candle(3, 89.0))
        self.assertEqual([(stamp(3), "drawdown"), (stamp(3), "daily_loss")], session.run.halts)
        self.assertEqual(2, session.session.statistics.halts)

    def test_a_second_limit_halts_when_its_turn_comes(self) -> None:
        session = entered(max_daily_loss_pct=0.004, max_drawdown_pct=0.006)
        session.play(candle(2, 90.0))
        session.play(candle(3, 87.0))
        self.assertEqual([(stamp(3), "daily_loss"), (stamp(4), "drawdown")], session.run.halts)

    def test_a_halt_cancels_waiting_entries_and_holds_positions(self) -> None:
        session = entered({A: {0: LONG}, B: {2: LONG}}, max_daily_loss_pct=0.004, entry_order="market")
        session.play(candle(2), candle(2))
        session.play(candle(3, 90.0))
        self.assertEqual([(stamp(4), B, "cancelled", "halt")], session.run.order_events)
        session.play(candle(4, 90.0), candle(4))
        self.assertEqual([A], list(session.session.account.holdings))

    def test_flattening_queues_a_close_of_every_position_for_its_next_open(self) -> None:
        session = entered({A: {0: LONG}, B: {0: LONG}}, max_daily_loss_pct=0.004, on_halt="flatten")
        session.play(candle(2, 90.0), candle(2))
        self.assertEqual(2, len(session.run.rows))
        session.play(candle(3, 91.0))
        session.play(None, candle(4, 99.0))
        told = [(stamp(3), A, "halt", "91"), (stamp(4), B, "halt", "99")]
        self.assertEqual(told, columns(session.run.rows, "timestamp", "symbol", "reason", "price")[2:])

    def test_a_close_that_waits_already_is_not_queued_again(self) -> None:
        signals = {A: {0: LONG, 2: SHORT}, B: {0: LONG}}
        session = entered(signals, max_daily_loss_pct=0.004, on_halt="flatten", on_opposite_signal="close")
        session.play(candle(2), candle(2))
        session.play(None, candle(3, 90.0))
        session.play(candle(4), candle(4, 90.0))
        told = {row["symbol"]: row["reason"] for row in session.run.rows if row["action"] == "CLOSE"}
        self.assertEqual({A: "opposite_signal", B: "halt"}, told)
        self.assertEqual(4, session.session.statistics.orders_submitted)


class TimeStops(unittest.TestCase):
    def test_a_position_is_closed_at_the_open_after_it_was_held_for_so_many_candles(self) -> None:
        for candles in (1, 2, 3):
            session = entered(exits={"max_holding": candles})
            for minute in range(2, 6):
                session.play(candle(minute))
            told = [(stamp(1 + candles), "time_stop")]
            self.assertEqual(told, columns(session.run.rows, "timestamp", "reason")[1:])

    def test_it_is_counted_by_the_clock_and_asked_of_a_symbol_with_a_candle_alone(self) -> None:
        session = entered({A: {0: LONG}, B: {0: LONG}}, exits={"max_holding": 2})
        session.play(None, candle(2))
        session.play(None, candle(3))
        session.play(candle(4), candle(4))
        session.play(candle(5), candle(5))
        told = [(stamp(3), B, "time_stop"), (stamp(5), A, "time_stop")]
        self.assertEqual(told, columns(session.run.rows, "timestamp", "symbol", "reason")[2:])

    def test_a_close_that_waits_keeps_its_reason_and_is_not_asked_for_again(self) -> None:
        session = entered({A: {0: LONG, 2: SHORT}, B: {}}, exits={"max_holding": 2}, on_opposite_signal="close")
        session.play(candle(2))
        session.play(candle(3))
        self.assertEqual(["time_stop"], [row["reason"] for row in session.run.rows[1:]])
        self.assertEqual(["close_waiting"], [reason for *_, reason in session.run.refused])
        self.assertEqual(2, session.session.statistics.orders_submitted)

    def test_it_is_asked_for_once(self) -> None:
        # A volume cap leaves a part of the position open; its close goes on waiting.
        session = entered(exits={"max_holding": 1}, volume_cap=0.5)
        session.play(candle(2, volume=4.0))
        session.play(candle(3, volume=4.0))
        self.assertEqual(2, session.session.statistics.orders_submitted)


if __name__ == "__main__":
    unittest.main()
