import contextlib
import io
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from core.candle import Candle
from engine.journal_records import CommandRecord
from live.heartbeat import check, main
from live.views.heartbeat_view import HeartbeatView
from live.views.session_updates import ConnectionChange, FormingCandle, StepDone
from tests.support.candles import candle
from tests.support.sessions.watched_session import LONG, WatchedSession
from tests.support.shared import REPOSITORY
from tests.support.times import MINUTE_MS


class HeartbeatTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.watched = WatchedSession(self.folder)
        self.file = self.folder / "heartbeat.json"
        self.heartbeat = HeartbeatView(self.watched.watch(), self.folder, self.watched.clock)

    def written(self) -> dict[str, object]:
        return json.loads(self.file.read_text())

    def healthy(self, max_age: float = 60.0) -> bool:
        return check(self.folder, max_age, self.watched.clock.now)[0]

    def test_it_beats_at_once_and_then_at_least_every_ten_seconds(self) -> None:
        beats = []
        for _ in range(200):
            self.heartbeat.refresh()
            beats.append(self.written()["monotonic_seconds"])
            self.watched.clock.now += 0.25
        distances = [after - before for before, after in itertools.pairwise(beats) if after != before]
        self.assertGreater(len(distances), 3)
        self.assertLessEqual(max(distances), 10.0)

    def test_it_says_what_a_supervisor_wants_to_know(self) -> None:
        self.watched.step(candle(0, 100.0), candle(0, 50.0))
        self.heartbeat.refresh()
        document = self.written()
        self.assertEqual(document["state"], "running")
        self.assertEqual(document["pid"], os.getpid())
        self.assertEqual(document["session"], self.folder.name)
        self.assertEqual(document["last_step"], "1970-01-01T00:01:00.000Z")
        self.assertLessEqual(
            {"exchange_time", "connection", "positions", "equity", "processing_delay_seconds"}, set(document)
        )

    def test_a_change_of_the_connection_or_the_kill_switch_is_written_at_the_next_refresh(self) -> None:
        self.heartbeat.refresh()
        for change in (
            lambda: self.heartbeat.take(ConnectionChange("disconnected", "")),
            lambda: self.heartbeat.take(CommandRecord("kill", "file")),
        ):
            self.watched.clock.now += 0.25
            change()
            self.heartbeat.refresh()
            self.assertEqual(self.written()["monotonic_seconds"], self.watched.clock.now)

    def test_a_level_that_the_forming_candle_reaches_is_written_at_the_next_refresh(self) -> None:
        watched = WatchedSession(self.folder, {"BTCUSDT": {0: LONG}})
        watch = watched.watch()
        heartbeat = HeartbeatView(watch, self.folder, watched.clock)
        for number in range(2):
            watched.step(candle(number, 100.0), candle(number, 50.0))
        for low, touched in ((96.0, None), (94.0, "stop")):
            watched.clock.now += 0.25
            watch.take(FormingCandle("BTC/USDT", Candle(2 * MINUTE_MS, 100.0, 100.0, low, 99.0, 1.0)))
            heartbeat.refresh()
            self.assertEqual(self.written()["positions"][0]["touched"], touched)
        self.assertEqual(self.written()["monotonic_seconds"], watched.clock.now)

    def test_a_message_that_nobody_can_read_is_no_reason_to_beat(self) -> None:
        self.heartbeat.refresh()
        self.watched.clock.now += 0.25
        self.heartbeat.take(ConnectionChange("unreadable", "half a frame"))
        self.heartbeat.refresh()
        self.assertEqual(self.written()["monotonic_seconds"], self.watched.clock.now - 0.25)

    def test_it_beats_while_steps_are_worked_off(self) -> None:
        self.heartbeat.refresh()
        self.watched.clock.now += 5.0
        self.heartbeat.take(StepDone(self.watched.step(candle(0, 100.0), None), 0.001))
        self.assertEqual(self.written()["monotonic_seconds"], self.watched.clock.now)

    def test_a_reader_never_finds_half_a_heartbeat(self) -> None:
        self.heartbeat.refresh()
        with self.file.open() as before:
            self.watched.clock.now += 60.0
            self.heartbeat.refresh()
            self.assertEqual(json.loads(before.read())["monotonic_seconds"], 1_000.0)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["heartbeat.json"])

    def test_it_is_healthy_until_it_is_too_old(self) -> None:
        self.heartbeat.refresh()
        self.watched.clock.now += 60.0
        self.assertTrue(self.healthy())
        self.watched.clock.now += 0.1
        self.assertFalse(self.healthy())

    def test_one_from_before_the_machine_started_is_not_healthy(self) -> None:
        self.heartbeat.refresh()
        self.watched.clock.now = 20.0
        self.assertFalse(self.healthy())

    def test_a_stopped_session_is_not_healthy(self) -> None:
        self.heartbeat.refresh()
        self.heartbeat.close()
        self.assertEqual(self.written()["state"], "stopped")
        self.assertFalse(self.healthy())

    def test_a_missing_or_foreign_file_is_not_healthy_and_says_so(self) -> None:
        self.assertIn("no heartbeat", check(self.folder, 60.0, 0.0)[1])
        for content in ("", "[]", "{}", '{"state": "running", "monotonic_seconds": "x"}', "\x00"):
            self.file.write_text(content)
            healthy, said = check(self.folder, 60.0, 0.0)
            self.assertFalse(healthy)
            self.assertIn("not a heartbeat", said)

    def test_the_command_returns_0_or_1_and_starts_without_heavy_libraries(self) -> None:
        now = time.monotonic()
        for age, code in ((5.0, 0), (100.0, 1)):
            self.file.write_text(json.dumps({"state": "running", "monotonic_seconds": now - age}))
            done = subprocess.run(
                [sys.executable, "-X", "importtime", "-m", "live.heartbeat", str(self.folder), "--max-age", "60"],
                cwd=REPOSITORY,
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn("s old", done.stdout)
            for heavy in ("numpy", "msgspec", "rich", "pydantic"):
                self.assertNotIn(f" {heavy}\n", done.stderr)

    def test_the_command_refuses_an_age_that_is_none(self) -> None:
        for age in ("0", "-5", "nan", "inf", "soon"):
            with self.assertRaises(SystemExit) as left, contextlib.redirect_stderr(io.StringIO()):
                main([str(self.folder), "--max-age", age])
            self.assertEqual(left.exception.code, 2)


if __name__ == "__main__":
    unittest.main()
