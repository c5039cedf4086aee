import json
import os
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from dashboard.sessions import growing_file
from dashboard.sessions.growing_file import GrowingFile
from dashboard.sessions.session_facts import SessionFacts, facts_of
from dashboard.sessions.session_files import tail_lines
from dashboard.sessions.session_follower import SessionFollower
from dashboard.sessions.session_standing import standing_of
from live.life.session_folder import SessionFolder
from live.views.heartbeat_view import HeartbeatView
from live.views.session_updates import FormingCandle
from tests.support.candles import candle
from tests.support.sessions.watched_session import LONG, WatchedSession


class SessionFilesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.file = self.folder / "lines"

    def append(self, data: bytes) -> None:
        with self.file.open("ab") as file:
            file.write(data)

    def test_lines_are_handed_out_once_each_when_they_are_whole(self) -> None:
        grown = GrowingFile(self.file)
        self.assertEqual([], grown.lines())
        self.append(b"one\ntw")
        self.assertEqual([b"one"], grown.lines())
        self.append(b"o\n\nthree\n")
        self.assertEqual([b"two", b"", b"three"], grown.lines())
        self.assertEqual([], grown.lines())
        self.assertEqual(0, grown.behind())

    def test_one_that_is_followed_from_its_end_begins_with_the_next_line(self) -> None:
        self.append(b"old\nhal")
        grown = GrowingFile(self.file)
        self.append(b"f\nnew\n")
        self.assertEqual([b"new"], grown.lines())
        self.assertEqual([b"old", b"half", b"new"], GrowingFile(self.file, whole=True).lines())

    def test_a_file_that_is_rebuilt_under_its_name_is_read_on_where_it_was(self) -> None:
        self.append(b"one\n")
        grown = GrowingFile(self.file, whole=True)
        self.assertEqual([b"one"], grown.lines())
        rebuilt = self.folder / "rebuilt"
        rebuilt.write_bytes(b"one\ntwo\n")
        rebuilt.replace(self.file)
        self.assertEqual([b"two"], grown.lines())

    def test_a_look_is_bounded_but_for_a_line_that_is_longer(self) -> None:
        with mock.patch.object(growing_file, "LOOK_BYTES", 8):
            grown = GrowingFile(self.file)
            self.append(b"a" * 30 + b"\nb\nc\nd\ne\nf\n")
            looks = [grown.lines() for _ in range(3)]
        self.assertEqual([[b"a" * 30], [b"b", b"c", b"d", b"e"], [b"f"]], looks)

    def test_the_tail_has_whole_lines_alone(self) -> None:
        self.assertEqual([], tail_lines(self.file))
        self.append(b"one\ntwo\nthree\nfou")
        self.assertEqual([b"one", b"two", b"three"], tail_lines(self.file))
        self.assertEqual([b"three"], tail_lines(self.file, 11))
        self.assertEqual([b"two", b"three"], tail_lines(self.file, 13))

    def facts(self) -> SessionFacts:
        found = facts_of(self.folder)
        assert found is not None
        return found

    def beat(self, pid: int, at: float, **more: object) -> None:
        told = {"state": "running", "pid": pid, "monotonic_seconds": at, **more}
        (self.folder / "heartbeat.json").write_text(json.dumps(told))

    def test_a_session_runs_only_while_the_process_of_its_heartbeat_has_its_lock(self) -> None:
        self.assertIsNone(facts_of(self.folder), "a folder of something else")
        journal = self.folder / "journal.jsonl"
        journal.write_text('{"record":"connection","event":"connected","detail":"","ingress_ms":1}\n')
        self.beat(os.getpid(), time.monotonic())
        self.assertEqual(("dead", None), (self.facts().state, self.facts().pid))
        held = SessionFolder(self.folder)
        self.addCleanup(held.close)
        self.assertEqual(("running", os.getpid()), (self.facts().state, self.facts().pid))
        self.assertTrue(self.facts().is_healthy)
        self.beat(os.getpid(), time.monotonic() - 61.0)
        self.assertFalse(self.facts().is_healthy)
        # The number of a process that has ended, and of another one since.
        for other in (1, 2**22 - 1):
            self.beat(other, time.monotonic())
            self.assertEqual(("starting", None), (self.facts().state, self.facts().pid))
        held.close()
        for record, state in (
            ('{"record":"end","mode":"keep"}', "stopped"),
            ('{"record":"resume","last_step_ms":1,"missed_steps":"trade"}', "dead"),
            ('{"record":"end","mode":"flatten"}', "ended"),
        ):
            with journal.open("a") as file:
                file.write(record + "\n")
            self.assertEqual(state, self.facts().state)

    def test_a_heartbeat_is_read_as_a_session_writes_it_and_none_that_is_damaged(self) -> None:
        watched = WatchedSession(self.folder, {"BTCUSDT": {0: LONG}, "ETHUSDT": {2: LONG}})
        watch = watched.watch()
        for number in range(3):
            watched.step(candle(number, 100.0), candle(number, 50.0))
        watch.take(FormingCandle("BTC/USDT", candle(3, 100.0, low=94.0)))
        HeartbeatView(watch, self.folder, watched.clock).refresh()
        (self.folder / "journal.jsonl").write_text("")
        told = standing_of(self.facts())
        (held,), (order,) = told["open_positions"], told["orders"]
        self.assertEqual(("BTCUSDT", "LONG", "95", ["110"], "stop", True), (
            held["symbol"], held["side"], held["stop"], held["targets"], held["touched"], held["forming"]
        ))  # fmt: skip
        self.assertEqual(("ETHUSDT", "enter LONG", "MARKET"), (order["symbol"], order["what"], order["type"]))
        self.assertEqual(("10000", 0, False), (told["balance"], told["feeds"]["counts"]["late"], told["paused"]))
        file = self.folder / "heartbeat.json"
        document = json.loads(file.read_text())
        halts, pid = json.dumps({**document, "halts": None}), json.dumps({**document, "pid": "x"})
        for damaged in ("[]", "{", "\x00", halts, pid):
            file.write_text(damaged)
            told = standing_of(self.facts())
            self.assertEqual((None, []), (told["balance"], told["orders"]))

    def test_lines_that_no_session_writes_keep_nothing_from_being_told(self) -> None:
        (self.folder / "journal.jsonl").write_text("")
        follower = SessionFollower(self.facts())
        hostile = (b'{"event":"x","a":"\\ud800"}', b"[" * 100_000, b'{"event":"a\\ndata: b"}', b"\xff\0", b"{", b"7")
        (self.folder / "decisions.jsonl").write_bytes(b"\n".join((*hostile, b'{"event":"halt"}', b"")))
        for name in ("trades.csv", "equity.csv"):
            (self.folder / name).write_bytes(b"a" * 200_000 + b'\n"\0\n\xff,,\n')
        told = list(follower.happened(self.facts()))
        self.assertEqual(["decision", "halt"], [one.kind for one in told if one.kind != "health"])

    def test_a_level_that_the_forming_candle_reaches_is_told_once(self) -> None:
        (self.folder / "journal.jsonl").write_text("")
        follower = SessionFollower(self.facts())
        told: list[tuple[str, object]] = []
        for number, level in enumerate((None, "stop", "stop", "target", None, "stop")):
            self.beat(1, float(number), positions=[{"symbol": "BTC/USDT", "side": "LONG", "touched": level}])
            told += [(one.kind, one.data.get("level")) for one in follower.happened(self.facts())]
        levels = [level for kind, level in told if kind == "level"]
        self.assertEqual((["stop", "target", "stop"], 6), (levels, len(told) - len(levels)), "and a heartbeat each")


if __name__ == "__main__":
    unittest.main()
