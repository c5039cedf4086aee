import json
import tempfile
import unittest
from pathlib import Path

from live.views.session_events import RECENT_BYTES, SessionEvents, decision_event
from tests.support.candles import candle
from tests.support.sessions.watched_session import LONG, WatchedSession


class SessionEventsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.watched = WatchedSession(self.folder, {"BTCUSDT": {0: LONG}})
        self.addCleanup(self.watched.close)
        self.file = self.folder / "decisions.jsonl"

    def events(self, *, recent: bool) -> SessionEvents:
        return SessionEvents(self.watched.session.account, self.file, recent=recent)

    def test_what_was_told_is_not_told_again(self) -> None:
        events = self.events(recent=False)
        self.watched.step(candle(0, 100.0), None)
        self.assertEqual([one.name for one in events.fresh()], ["accepted"])
        self.assertEqual(events.fresh(), [])
        self.watched.step(candle(1, 100.0), None)
        self.assertEqual([one.name for one in events.fresh()], ["open"])

    def test_without_recent_events_it_begins_where_the_outputs_end(self) -> None:
        self.watched.step(candle(0, 100.0), None)
        self.watched.step(candle(1, 100.0), None)
        self.assertEqual(self.events(recent=False).fresh(), [])

    def test_a_half_written_line_waits_for_its_end(self) -> None:
        events = self.events(recent=False)
        line = json.dumps({"time": "1970-01-01T00:01:00.000Z", "event": "halt", "reason": "drawdown"}).encode()
        with self.file.open("ab") as file:
            file.write(line[:20])
            file.flush()
            self.assertEqual(events.fresh(), [])
            file.write(line[20:] + b"\n")
        (event,) = events.fresh()
        self.assertEqual((event.name, event.severity, event.fields["reason"]), ("halt", "warning", "drawdown"))

    def test_of_a_long_file_only_whole_recent_lines_are_read(self) -> None:
        line = json.dumps({"time": "1970-01-01T00:01:00.000Z", "event": "halt", "reason": "drawdown"}).encode() + b"\n"
        self.file.write_bytes(line * (3 * RECENT_BYTES // len(line)))
        found = self.events(recent=True).fresh()
        self.assertGreater(len(found), 100)
        self.assertLessEqual(len(found) * len(line), RECENT_BYTES)

    def test_a_file_that_is_not_there_yet_holds_nothing(self) -> None:
        events = SessionEvents(self.watched.session.account, self.folder / "later.jsonl", recent=True)
        self.assertEqual(events.fresh(), [])

    def test_a_stop_inside_a_candle_is_told_before_the_decisions_at_its_close(self) -> None:
        events = self.events(recent=False)
        for number in (0, 1):
            self.watched.step(candle(number, 100.0), None)
        events.fresh()
        with self.file.open("ab") as file:
            file.write(b'{"event":"halt","reason":"daily_loss","time":"1970-01-01T00:03:00.000Z"}\n')
        self.watched.step(candle(2, 100.0, low=94.0), None)
        told = events.fresh()
        self.assertEqual([one.name for one in told], ["close", "halt"])
        self.assertEqual(told[0].fields["reason"], "stop")
        self.assertTrue(told[0].fields["realized_pnl"].startswith("-"))

    def test_a_refusal_names_the_gate_and_its_reason(self) -> None:
        event = decision_event(
            {
                "time": "t",
                "event": "decision",
                "symbol": "X",
                "signal": {"direction": "SHORT"},
                "gates": [{"gate": "warmup"}, {"gate": "safety"}],
                "reason": "max_exposure",
                "entry_order_id": None,
                "close_order_id": "7",
            }
        )
        self.assertEqual(event.name, "refused")
        self.assertEqual(
            dict(event.fields),
            {"direction": "SHORT", "close_order_id": "7", "gate": "safety", "reason": "max_exposure"},
        )


if __name__ == "__main__":
    unittest.main()
