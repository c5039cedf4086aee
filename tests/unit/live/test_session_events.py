import tempfile
import unittest
from pathlib import Path

from core.events import CommandTaken, Decision, FundingPayment
from core.exact import received
from core.trading_signal import Signal
from core.verdicts import SafetyVerdict, WarmupVerdict
from live.views.session_events import SessionEvents, session_event
from tests.support.candles import candle
from tests.support.sessions.watched_session import LONG, WatchedSession
from tests.support.times import MINUTE_MS


class SessionEventsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def session(self, **settings: object) -> WatchedSession:
        return WatchedSession(self.folder, {"BTCUSDT": {0: LONG}}, **settings)

    def test_what_was_told_is_not_told_again(self) -> None:
        watched = self.session()
        events = SessionEvents(watched.session)
        watched.step(candle(0, 100.0), None)
        self.assertEqual([one.name for one in events.fresh()], ["accepted"])
        self.assertEqual(events.fresh(), [])
        watched.step(candle(1, 100.0), None)
        self.assertEqual([one.name for one in events.fresh()], ["open"])

    def test_it_begins_where_it_began_to_listen(self) -> None:
        watched = self.session()
        watched.step(candle(0, 100.0), None)
        watched.step(candle(1, 100.0), None)
        self.assertEqual(SessionEvents(watched.session).fresh(), [])

    def test_of_many_events_the_latest_are_kept(self) -> None:
        watched = self.session()
        events = SessionEvents(watched.session, 1)
        for number in (0, 1):
            watched.step(candle(number, 100.0), None)
        self.assertEqual([one.name for one in events.fresh()], ["open"])

    def test_a_stop_inside_a_candle_is_told_before_the_decisions_at_its_close(self) -> None:
        watched = self.session(max_daily_loss_pct=0.001)
        events = SessionEvents(watched.session)
        for number in (0, 1):
            watched.step(candle(number, 100.0), None)
        events.fresh()
        watched.step(candle(2, 100.0, low=94.0), None)
        told = events.fresh()
        self.assertEqual([(one.name, one.severity) for one in told], [("close", "info"), ("halt", "warning")])
        self.assertEqual(told[0].fields["reason"], "stop")
        self.assertTrue(told[0].fields["realized_pnl"].startswith("-"))
        self.assertEqual(told[1].fields["reason"], "daily_loss")

    def test_a_refusal_names_the_gate_and_its_reason(self) -> None:
        verdicts = (WarmupVerdict(5, 5), SafetyVerdict(1, 100.0, 1.0, 50.0, "max_exposure"))
        decision = Decision(0, "X", Signal("SHORT", sl_distance=1.0), {}, verdicts, None, "7")
        event = session_event("decision", decision)
        self.assertEqual((event.name, event.symbol, event.severity), ("refused", "X", "info"))
        self.assertEqual(
            dict(event.fields),
            {"direction": "SHORT", "close_order_id": "7", "gate": "safety", "reason": "max_exposure"},
        )

    def test_other_events_have_their_details_by_name(self) -> None:
        paid = session_event("funding", FundingPayment(MINUTE_MS, "X", 0.0001, 100.0, received(-0.5)))
        self.assertEqual(
            list(paid.fields.items()),
            [("amount", "-0.5"), ("due", "1970-01-01T00:01:00.000Z"), ("mark", "100.0"), ("rate", "0.0001")],
        )
        asked = session_event("command", CommandTaken(MINUTE_MS, "close", "X", None, "no_position"))
        self.assertEqual(
            (asked.time, dict(asked.fields)),
            ("1970-01-01T00:01:00.000Z", {"command": "close", "order_id": "null", "reason": "no_position"}),
        )


if __name__ == "__main__":
    unittest.main()
