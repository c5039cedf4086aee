"""What a session's alerts say: fills, halts, the kill switch, storms, the feed, days and its end, each once."""

import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

from alerts.alert import Alert
from alerts.alert_settings import AlertSettings
from alerts.outbox import Outbox
from alerts.post import Post
from core.candle import Candle
from core.timeframe import DAY_MS
from core.trading_signal import Signal
from engine.journal_records import CommandRecord
from live.views.alert_view import AlertView
from live.views.session_updates import ConnectionChange, SessionFailed, StepDone
from tests.support.sessions.watched_session import LONG, WatchedSession
from tests.support.times import MINUTE_MS


class _Kept(Post):
    """Keeps what it is given: nobody sends it."""

    def __init__(self, outbox: Outbox, **settings: object) -> None:
        super().__init__(AlertSettings.from_dict(settings), {}, outbox)
        self.kept: list[Alert] = []

    def put(self, alert: Alert) -> None:
        self.kept.append(alert)


class AlertViewTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def begin(self, signals: dict[str, dict[int, Signal]] | None = None, **settings: object) -> None:
        outbox = self.enterContext(Outbox(self.folder / "alerts.jsonl"))
        self.session = WatchedSession(self.folder, signals)
        self.post = _Kept(outbox, **settings)
        self.watch = self.session.watch()
        self.view = AlertView(self.post, self.watch._watched, self.watch, self.session.clock)

    def step(self, number: int, price: float = 100.0) -> None:
        candle = Candle(number * MINUTE_MS, price, price + 1.0, price - 1.0, price, 1.0)
        done = StepDone(self.session.step(candle, candle), 0.001)
        self.watch.take(done)
        self.view.take(done)

    def told(self, *kinds: str) -> list[Alert]:
        return [one for one in self.post.kept if one.kind in kinds]

    def test_fills_carry_what_a_person_wants_to_know_and_their_numbers(self) -> None:
        self.begin({"BTCUSDT": {1: LONG}})
        for number, price in ((0, 100.0), (1, 100.0), (2, 100.0), (3, 120.0)):
            self.step(number, price)
        opened, closed = self.told("fill")
        self.assertRegex(opened.title, r": LONG BTCUSDT opened at 100")
        self.assertRegex(closed.title, r": LONG BTCUSDT closed at 1\d\d\.?\d* \(target\): ")
        self.assertEqual(
            ("CLOSE", "target", "BTCUSDT"), (closed.facts["action"], closed.facts["reason"], closed.symbol)
        )
        self.assertEqual(closed.facts["realized_pnl"], str(closed.title.rpartition(" ")[2]))
        self.assertLess(opened.sequence, closed.sequence)
        self.view.close()
        (stop,) = self.told("stop")
        self.assertIn("1 trade so far, 1 won", stop.text)
        self.assertEqual("info", stop.severity)

    def test_the_kill_switch_is_told_with_who_engaged_it(self) -> None:
        self.begin()
        self.step(0)
        self.session.kill(True)
        self.watch.take(CommandRecord("kill", "signal SIGUSR1"))
        self.view.refresh()
        (engaged,) = self.told("kill_switch")
        self.assertEqual(("critical", "signal SIGUSR1"), (engaged.severity, engaged.facts["by"]))
        self.session.kill(False)
        self.view.refresh()
        self.assertEqual("info", self.told("kill_switch")[1].severity)

    def test_a_storm_of_refusals_is_told_once_and_again_when_it_comes_again(self) -> None:
        self.begin({"BTCUSDT": dict.fromkeys((*range(1, 7), *range(20, 26)), LONG)}, refusals=4, refusal_steps=5)
        self.session.kill(True)
        for number in range(30):
            self.step(number)
        storms = self.told("refusal_storm")
        self.assertEqual([4, 23], [one.time_ms // MINUTE_MS - 1 for one in storms])
        self.assertEqual({"refusals": "4", "steps": "5", "reason": "kill_switch"}, storms[0].facts)

    def test_a_lost_feed_is_told_after_a_while_and_once_that_it_is_back(self) -> None:
        self.begin(feed_lost_seconds=10)
        self.watch.take(ConnectionChange("connected", "2 symbols"))
        self.view.refresh()
        for _ in range(2):
            self.watch.take(ConnectionChange("disconnected", "line cut"))
            self.view.refresh()
            self.session.clock.now += 9
            self.view.refresh()
            self.watch.take(ConnectionChange("connected", "2 symbols"))
            self.view.refresh()
        self.assertEqual([], self.told("feed_lost", "feed_back"), "short losses are nobody's concern")
        self.watch.take(ConnectionChange("disconnected", "line cut"))
        for _ in range(5):
            self.view.refresh()
            self.session.clock.now += 5
        self.watch.take(ConnectionChange("connected", "2 symbols"))
        self.view.refresh()
        lost, back = self.told("feed_lost", "feed_back")
        self.assertEqual(("feed_lost", "warning", "disconnected: line cut"), (lost.kind, lost.severity, lost.text))
        self.assertEqual("feed_back", back.kind)

    def test_a_day_is_summed_up_when_the_next_has_begun(self) -> None:
        self.begin()
        last = DAY_MS // MINUTE_MS - 1
        self.step(last - 1)
        self.step(last)
        self.assertEqual([], self.told("day_summary"), "the step at midnight closes the old day")
        self.step(last + 1)
        (day,) = self.told("day_summary")
        self.assertEqual((DAY_MS, "0.00"), (day.time_ms, day.facts["change"]))
        self.assertIn("1970-01-01", day.title)

    def test_a_failure_is_the_last_thing_that_is_told(self) -> None:
        self.begin()
        self.view.take(SessionFailed("the strategy raised ValueError"))
        self.view.close()
        self.assertEqual(["start", "stop"], [one.kind for one in self.post.kept])
        stop = self.post.kept[-1]
        self.assertEqual(("critical", "the strategy raised ValueError"), (stop.severity, stop.text))

    def test_what_an_earlier_process_did_not_write_down_is_told_by_the_next_one_under_the_same_id(self) -> None:
        self.begin({"BTCUSDT": {1: LONG}})
        for number in range(3):
            self.step(number)
        (fill,) = self.told("fill")
        for told, kept in ((fill.sequence - 1, [fill]), (fill.sequence, [])):
            outbox = SimpleNamespace(told={"a": told}, unconfirmed=[], trouble="")
            again = _Kept(outbox)  # type: ignore[arg-type]
            # The same journal, folded: the same session, whose views have not asked yet what was told.
            folded = WatchedSession(self.folder, {"BTCUSDT": {1: LONG}})
            for number in range(3):
                candle = Candle(number * MINUTE_MS, 100.0, 101.0, 99.0, 100.0, 1.0)
                folded.step(candle, candle)
            watch = folded.watch()
            AlertView(again, watch._watched, watch, folded.clock)
            self.assertEqual(kept, again.kept)


if __name__ == "__main__":
    unittest.main()
