"""Candles that move too far: told, named in the result and the views, and the same when a journal is folded."""

import json
import tempfile
import unittest
from decimal import Decimal
from pathlib import Path

from backtests.proof.indexed_outputs import IndexedOutputs
from backtests.proof.replayed_journal import replay_journal
from backtests.proof.session_head import read_head
from core.candle import Candle
from core.instrument import Instrument
from core.trading_signal import Signal
from reports import render
from runs.figures.session_input import session_input
from runs.figures.session_window import SessionWindow
from runs.result_builder import build_result
from tests.support.candles import candle
from tests.support.runs.kernel_runs import settings_from
from tests.support.runs.stepped_session import SteppedSession, session_of_minutes
from tests.support.sessions.session_folders import BTC, ETH, practice_recording, record_session, timed_settings
from tests.support.times import MINUTE_MS, at, stamp

A, B = "A", "B"
LONG = Signal("LONG", sl_distance=20.0)
WIDE = {"max_daily_loss_pct": 1.0, "max_drawdown_pct": 1.0}


class Moved(unittest.TestCase):
    def session(self, **flat: object) -> SteppedSession:
        """A session that is long of A when its price becomes a thousandth; B stands still."""
        session = session_of_minutes({A: {0: LONG, 2: Signal("LONG", sl_distance=0.02)}, B: {}}, **WIDE, **flat)
        for number, price in enumerate((100.0, 100.0, 0.1)):
            session.play(candle(number, price), candle(number))
        return session

    def test_it_is_told_once_with_its_numbers_and_the_symbol_is_halted(self) -> None:
        session = self.session()
        (told,) = session.run.told("candle_move")
        self.assertEqual(
            {
                "time": stamp(3), "event": "candle_move", "symbol": A, "opened": stamp(2), "before": 100.0,
                "high": 0.1, "low": 0.1, "factor": 1000.0,
            },
            told,
        )  # fmt: skip
        self.assertEqual({A: "halted_candle_move"}, session.session.safety.halted_symbols)
        self.assertEqual([(stamp(3), A, "halted_candle_move")], session.run.refused)
        self.assertEqual((1, 0), (session.session.statistics.candle_moves, session.session.statistics.halts))

    def test_the_result_and_its_report_name_it(self) -> None:
        session = self.session().session
        settings = settings_from(WIDE, (A, B))
        window = SessionWindow({A: A, B: B}, MINUTE_MS)
        result = build_result(session, settings, session_input(window, session, settings))
        (warning,) = [text for text in result.warnings if text.startswith(f"{A}: the candle opened {stamp(2)}")]
        self.assertIn("moved by a factor of 1,000 (close before it 100.0, high 0.1, low 0.1)", warning)
        self.assertEqual(1, result.statistics.candle_moves)
        self.assertIn("Candles that moved too far: 1", render(result, rich_output=False))

    def test_the_halt_outlives_the_day(self) -> None:
        session = self.session()
        day = 24 * 60
        session.play(candle(day, 0.1), candle(day))
        self.assertIn(A, session.session.safety.halted_symbols)

    def test_what_moves_is_judged_by_the_finer_candles_where_there_are_some(self) -> None:
        rules = {A: Instrument(A, Decimal("0.01"), Decimal("0.001"))}
        flat = {"detail_interval": "1m", "max_candle_move": 1.5, **WIDE}
        session = SteppedSession(flat, rules, {A: {0: LONG}}, timeframe="2m")

        def fine(number: int, close: float) -> Candle:
            return candle(number, 100.0, close=close)

        session.step(MINUTE_MS, None, detail=(fine(0, 100.0),))
        session.step(2 * MINUTE_MS, candle(0, 100.0), detail=(fine(1, 100.0),))
        # 100 to 140 and back: each minute moves by 1.4.
        session.step(3 * MINUTE_MS, None, detail=(fine(2, 140.0),))
        session.step(4 * MINUTE_MS, candle(2, 100.0), detail=(Candle(3 * MINUTE_MS, 140.0, 140.0, 100.0, 100.0, 1.0),))
        self.assertEqual([], session.run.told("candle_move"))
        session.step(5 * MINUTE_MS, None, detail=(fine(4, 151.0),))
        self.assertEqual([stamp(5)], [one["time"] for one in session.run.told("candle_move")])

    def test_a_journal_folded_anew_halts_alike(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            base = Path(name)
            settings = timed_settings(base, {BTC: {2: "LONG", 8: "LONG"}, ETH: {8: "LONG"}}, mode=dict(WIDE))
            recording = practice_recording(settings, 12)
            for number in range(5, 12):  # a thousand of the old unit are one of another
                one = next(candle for candle in recording.candles[BTC] if candle.open_time_ms == at(number))
                prices = {price: getattr(one, price) / 1_000 for price in ("open", "high", "low", "close")}
                recording.changed(BTC, number, **prices)
            folder = record_session(base / "session", recording)
            written = (folder / "decisions.jsonl").read_bytes()
            events = [json.loads(line) for line in written.splitlines()]
            self.assertEqual([BTC], [one["symbol"] for one in events if one["event"] == "candle_move"])
            self.assertEqual("halted_candle_move", events[-2]["reason"])
            self.assertEqual((ETH, None), (events[-1]["symbol"], events[-1]["reason"]))
            head = read_head(folder)
            with IndexedOutputs(base / "again") as out:
                self.assertIsNone(replay_journal(head, head.settings(), out).broken)
            self.assertEqual(written, (base / "again" / "decisions.jsonl").read_bytes())


if __name__ == "__main__":
    unittest.main()
