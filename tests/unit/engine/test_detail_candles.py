"""Finer candles inside the strategy's: which of them orders are matched with, and when the strategy decides."""

import unittest
from decimal import Decimal

from core.candle import Candle, Step
from core.errors import InvariantError
from core.instrument import Instrument
from core.trading_signal import Signal
from engine.step_candles import matched_candles, strategy_candles
from engine.symbol_state import SymbolState
from execution.orders.symbol_orders import SymbolOrders
from tests.support.candles import candle
from tests.support.runs.stepped_session import SteppedSession
from tests.support.scripted_strategy import ScriptedStrategy
from tests.support.times import MINUTE_MS

FIVE = 5 * MINUTE_MS
A, B = "A", "B"


class MatchedCandles(unittest.TestCase):
    def setUp(self) -> None:
        self.states = [SymbolState(symbol, ScriptedStrategy({}).stream, SymbolOrders()) for symbol in (A, B)]

    def matched(self, step: Step, *, marks: bool = True) -> list[tuple[str, Candle, Candle]]:
        return [(state.symbol, candle, mark) for state, candle, mark in matched_candles(self.states, step, marks=marks)]

    def test_a_detail_candle_is_matched_with_its_mark_beside_it(self) -> None:
        fine, mark = candle(4), candle(4, 101.0)
        step = Step(FIVE, (candle(0), candle(0)), (fine, candle(4)), (mark, None))
        self.assertEqual([(A, fine, mark), (B, candle(4), candle(4))], self.matched(step))
        self.assertEqual([(A, fine, fine), (B, candle(4), candle(4))], self.matched(step, marks=False))

    def test_a_strategy_candle_is_matched_itself_where_none_of_its_detail_was_there(self) -> None:
        self.assertEqual(
            [(A, candle(3), candle(3))], self.matched(Step(4 * MINUTE_MS, (None, None), (candle(3), None)))
        )
        # A had one at minute 3, B none: only B's candle of five minutes is matched.
        self.assertEqual([(B, candle(0), candle(0))], self.matched(Step(FIVE, (candle(0), candle(0)))))

    def test_detail_of_an_earlier_strategy_candle_does_not_count(self) -> None:
        self.matched(Step(FIVE, (candle(0), None), (candle(4), None)))
        self.assertEqual([(A, candle(5), candle(5))], self.matched(Step(2 * FIVE, (candle(5), None))))

    def test_strategy_candles_take_marks_only_where_they_are_wanted(self) -> None:
        step = Step(FIVE, (candle(0), None), (), (candle(0, 99.0), None))
        self.assertEqual([candle(0, 99.0)], [mark for _, _, mark in strategy_candles(self.states, step, marks=True)])
        self.assertEqual([candle(0)], [mark for _, _, mark in strategy_candles(self.states, step, marks=False)])


class SessionOnDetail(unittest.TestCase):
    def session(self, *symbols: str, **flat: object) -> SteppedSession:
        instruments = {symbol: Instrument(symbol, Decimal("0.01"), Decimal("0.001")) for symbol in symbols}
        signals = {symbol: {0: Signal("LONG", sl_distance=5.0, tp_distance=5.0)} for symbol in symbols}
        return SteppedSession({"detail_interval": "1m", **flat}, instruments, signals, timeframe="5m")

    def play_first(self, session: SteppedSession) -> None:
        """Play the decision's candle and the first minute after it, in which the entry fills at 100."""
        quiet = [candle(4)] * len(session.symbols)
        session.step(FIVE, *([candle(0)] * len(session.symbols)), detail=quiet)
        session.step(6 * MINUTE_MS, detail=[candle(5)] * len(session.symbols))

    def test_an_entry_fills_at_the_open_of_the_next_minute_and_a_stop_within_its_minute(self) -> None:
        session = self.session(A)
        self.play_first(session)
        session.step(7 * MINUTE_MS, detail=[candle(6, low=95.0)])
        self.assertEqual(
            [("1970-01-01T00:05:00.000Z", "signal"), ("1970-01-01T00:07:00.000Z", "stop")],
            [(row["timestamp"], row["reason"]) for row in session.run.rows],
        )

    def test_the_minutes_decide_what_five_minutes_leave_open(self) -> None:
        for first, reason in (({"high": 106.0}, "target"), ({"low": 94.0}, "stop")):
            session = self.session(A, intrabar="detail")
            self.play_first(session)
            session.step(7 * MINUTE_MS, detail=[candle(6, **first)])
            session.step(8 * MINUTE_MS, detail=[candle(7, high=106.0, low=94.0)])
            row = session.run.rows[-1]
            self.assertEqual((reason, "{}"), (row["reason"], row["metadata"]))

    def test_both_in_one_minute_is_the_stop_and_flagged(self) -> None:
        session = self.session(A, intrabar="detail")
        self.play_first(session)
        session.step(7 * MINUTE_MS, detail=[candle(6, high=106.0, low=94.0)])
        self.assertEqual(
            ("stop", '{"ambiguous":true}'), tuple(session.run.rows[-1][name] for name in ("reason", "metadata"))
        )

    def test_a_symbol_without_detail_is_matched_with_its_strategy_candle_beside_one_that_has_some(self) -> None:
        session = self.session(A, B)
        session.step(FIVE, candle(0), candle(0), detail=[candle(4), None])
        for minute in range(5, 9):
            session.step((minute + 1) * MINUTE_MS, detail=[candle(minute), None])
        session.step(2 * FIVE, candle(5), candle(5, 103.0, low=97.0), detail=[candle(9), None])
        self.assertEqual(
            [
                ("1970-01-01T00:05:00.000Z", "A", "100"),
                ("1970-01-01T00:05:00.000Z", "B", "103"),
                ("1970-01-01T00:10:00.000Z", "B", "98"),
            ],
            [(row["timestamp"], row["symbol"], row["price"]) for row in session.run.rows],
        )

    def test_a_strategy_candle_with_some_of_its_detail_is_not_matched_again(self) -> None:
        session = self.session(A)
        self.play_first(session)
        # The minutes after the first are missing; the five-minute candle shows a low that no minute did.
        session.step(2 * FIVE, candle(5, low=90.0))
        self.assertIsNotNone(session.holding())
        self.assertEqual(1, len(session.run.rows))

    def test_missing_minutes_are_no_gap_for_the_strategy(self) -> None:
        session = self.session(A, max_gap=3)
        self.play_first(session)
        session.step(20 * MINUTE_MS, detail=[candle(19)])
        self.assertIsNotNone(session.holding())
        session.step(60 * MINUTE_MS, detail=[candle(59, 101.0)])
        self.assertEqual("gap", session.run.rows[-1]["reason"])

    def test_equity_is_that_of_every_minute_and_decisions_are_those_of_the_strategys_candles(self) -> None:
        session = self.session(A)
        self.play_first(session)
        session.step(7 * MINUTE_MS, detail=[candle(6, 101.0)])
        curve = list(session.session.outputs.curve)
        self.assertEqual([10_000.0, 10_000.0, 10_005.0], curve)
        statistics = session.session.statistics
        self.assertEqual((3, 1, 1), (statistics.steps, statistics.candles_processed, statistics.signals_generated))

    def test_a_gap_is_counted_in_the_strategys_candles_from_the_one_that_was_reached(self) -> None:
        for last, opened, missing in ((6, 29, []), (9, 29, []), (9, 30, [4]), (6, 34, [4])):
            session = self.session(A, max_gap=3)
            self.play_first(session)
            session.step((last + 1) * MINUTE_MS, detail=[candle(last)])
            session.step((opened + 1) * MINUTE_MS, detail=[candle(opened)])
            self.assertEqual(missing, [one["missing_candles"] for one in session.run.told("gap")], (last, opened))

    def test_time_moves_forward_among_the_finer_candles_too(self) -> None:
        session = self.session(A)
        session.step(6 * MINUTE_MS, detail=[candle(5)])
        for minute in (5, 4):
            with self.assertRaises(InvariantError):
                session.step(10 * MINUTE_MS + minute, detail=[candle(minute)])

    def test_an_entry_at_the_close_shares_the_volume_of_the_last_finer_candle(self) -> None:
        session = self.session(A, entry_fill="close", volume_cap=0.5, intrabar="detail")
        whole = Candle(0, 100.0, 100.0, 100.0, 100.0, 50.0)
        session.step(FIVE, whole, detail=[Candle(4 * MINUTE_MS, 100.0, 100.0, 100.0, 100.0, 4.0)])
        # Half of 4, not of the 50 of the strategy's candle; the rest at the next minutes, half of 1 each.
        session.step(6 * MINUTE_MS, detail=[candle(5)])
        self.assertEqual(
            [("1970-01-01T00:05:00.000Z", "2"), ("1970-01-01T00:05:00.000Z", "0.5")],
            [(row["timestamp"], row["quantity"]) for row in session.run.rows],
        )


if __name__ == "__main__":
    unittest.main()
