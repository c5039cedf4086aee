import fcntl
import io
import logging
import os
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

from core.candle import Step
from core.errors import StoreError
from engine.journal_records import CommandRecord, MissingRecord
from live.intake.barrier import ClosedStep
from live.intake.candle_lane import Note, ReceivedCandle
from live.views import session_log
from live.views.log_view import LogView
from live.views.session_log import SessionLog, key_values
from live.views.session_updates import ConnectionChange, StepDone
from live.views.view_assembly import open_log
from tests.support.candles import candle
from tests.support.sessions.watched_session import LONG, WatchedSession
from tests.support.times import MINUTE_MS
from tests.support.waiting import LONG_S


class LogCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.file = self.folder / "logs" / "session.log"


class LogViewTest(LogCase):
    def setUp(self) -> None:
        super().setUp()
        self.watched = WatchedSession(self.folder, {"BTCUSDT": {0: LONG, 1: LONG}})
        self.view = LogView(self.watched.watch(), self.watched.clock)

    def step(self, number: int) -> None:
        self.view.take(StepDone(self.watched.step(candle(number, 100.0), candle(number, 50.0)), 0.0123))

    def lines(self, act, level: str = "INFO") -> list[str]:
        with self.assertLogs("live.session", level) as caught:
            act()
        return [record.getMessage() for record in caught.records]

    def test_what_a_step_lacks_is_said_once_it_has_lacked_it_for_a_while(self) -> None:
        self.watched.barrier.take("BTC/USDT", ReceivedCandle(candle(0, 100.0), "websocket"), 0.0)
        watch = self.watched.watch()
        view = LogView(watch, self.watched.clock)
        watch.refresh()
        self.watched.clock.now += 10.0
        lines = self.lines(lambda: [(watch.refresh(), view.refresh()) for _ in range(3)])
        self.assertEqual(['event=waiting detail="step 1970-01-01T00:01:00.000Z lacks candles of ETH/USDT"'], lines)

    def test_a_step_says_what_was_decided_and_filled_in_it(self) -> None:
        self.assertEqual(
            self.lines(lambda: self.step(0)),
            [
                "event=accepted time=1970-01-01T00:01:00.000Z symbol=BTCUSDT direction=LONG order_id=1",
                "event=step time=1970-01-01T00:01:00.000Z candles=2/2 delay_ms=12.3 equity=10000.00 positions=0 "
                "waiting=1",
            ],
        )
        said = self.lines(lambda: self.step(1))
        self.assertIn("event=open time=1970-01-01T00:01:00.000Z symbol=BTCUSDT side=LONG quantity=", said[0])
        self.assertIn("event=refused", said[1])
        self.assertIn("reason=position_open", said[1])

    def test_steps_in_which_nothing_happens_have_one_line_a_second(self) -> None:
        said = []
        for number in range(2, 42):
            self.watched.clock.now += 0.1
            with self.assertLogs("live.session", "DEBUG") as caught:
                self.step(number)
            said += [record.levelname for record in caught.records]
        self.assertEqual(len(said), 40)
        self.assertAlmostEqual(said.count("INFO"), 4, delta=1)

    def test_a_silent_minute_is_broken_by_a_status_line(self) -> None:
        with self.assertNoLogs("live.session"):
            self.watched.clock.now += 59.0
            self.view.refresh()
        self.watched.clock.now += 1.0
        (line,) = self.lines(self.view.refresh)
        self.assertTrue(line.startswith("event=status last_step=- exchange_time=- connection=connecting"), line)
        with self.assertNoLogs("live.session"):
            self.view.refresh()

    def test_candles_that_changed_nothing_are_warnings_except_repetitions(self) -> None:
        note = Note("revised", "BTC/USDT", ReceivedCandle(candle(1, 100.0), "websocket"), "after its step was closed")
        (line,) = self.lines(lambda: self.view.take(note), "WARNING")
        self.assertEqual(
            line,
            "event=candle kind=revised symbol=BTC/USDT opened=1970-01-01T00:01:00.000Z source=websocket "
            'detail="after its step was closed"',
        )
        with self.assertNoLogs("live.session", "INFO"):
            self.view.take(note._replace(kind="duplicate"))

    def test_what_a_step_goes_on_without_is_a_warning(self) -> None:
        missing = MissingRecord("funding", "BTC/USDT", 480 * MINUTE_MS, "not published in time")
        (line,) = self.lines(lambda: self.view.take(missing), "WARNING")
        self.assertEqual(
            line,
            'event=missing kind=funding symbol=BTC/USDT due=1970-01-01T08:00:00.000Z detail="not published in time"',
        )
        several = MissingRecord("open_interest", "BTC/USDT", 5 * MINUTE_MS, "", 15 * MINUTE_MS)
        (line,) = self.lines(lambda: self.view.take(several), "WARNING")
        self.assertIn("due=1970-01-01T00:05:00.000Z last=1970-01-01T00:15:00.000Z", line)

    def test_a_step_between_two_strategy_candles_counts_its_detail_candles(self) -> None:
        step = Step(MINUTE_MS, (None, None), (candle(0, 100.0), None))
        (line,) = self.lines(lambda: self.view.take(StepDone(ClosedStep(step, (), ("websocket", None)), 0.001)))
        self.assertIn("candles=1/2", line)

    def test_connection_and_kill_switch_have_their_lines(self) -> None:
        self.assertEqual(
            self.lines(lambda: self.view.take(ConnectionChange("disconnected", 'code 1006: "gone"'))),
            ['event=connection state=disconnected detail="code 1006: \\"gone\\""'],
        )
        self.assertEqual(
            self.lines(lambda: self.view.take(CommandRecord("kill", "signal SIGUSR1"))),
            ['event=kill_switch state=engaged by="signal SIGUSR1"'],
        )

    def test_what_follows_from_a_command_is_said_at_once(self) -> None:
        self.step(0)
        self.watched.session.cancel_entry("BTCUSDT")
        said = self.lines(lambda: self.view.take(CommandRecord("cancel", "a program", "BTCUSDT")))
        self.assertEqual(said[0], 'event=command command=cancel symbol=BTCUSDT by="a program"')
        self.assertEqual([line.split()[0] for line in said], 2 * ["event=command"] + ["event=order_cancelled"])

    def test_a_value_is_one_word_or_one_quoted_text(self) -> None:
        self.assertEqual(key_values(a=1, b="x y", c=None, d="a=b", e="", f="two\nlines"),
                         'a=1 b="x y" c=- d="a=b" e="" f="two\\nlines"')  # fmt: skip


class SessionLogTest(LogCase):
    def test_what_a_record_quotes_is_one_line_and_drives_no_terminal(self) -> None:
        stream = io.StringIO()
        log = self.log(stream=stream)
        said = "\x1b[2J\x9b\x7f\u202e\nlevel=INFO event=\u2028fill"
        logging.getLogger("live.session").warning("event=odd detail=%s", said)
        logging.getLogger("ccxt").warning(said)
        try:
            raise OSError(said)
        except OSError:
            logging.getLogger("aiohttp").exception("failed")
        logging.getLogger("live.session").warning("%s", key_values(event="note", detail=said))
        log.close()
        for text in (stream.getvalue(), self.file.read_text(encoding="utf-8")):
            lines = text.removesuffix("\n").split("\n")
            self.assertEqual(4, len(lines))
            self.assertTrue(all(line.isprintable() and " level=" in line for line in lines), lines)

    def log(self, level: str = "INFO", stream=None) -> SessionLog:
        log = SessionLog(self.folder, level, stream)
        self.addCleanup(log.close)
        return log

    def test_lines_go_to_the_file_and_to_the_stream_with_time_and_level(self) -> None:
        stream = io.StringIO()
        log = self.log(stream=stream)
        logging.getLogger("live.session").warning("event=%s", "test")
        log.close()
        text = self.file.read_text()
        self.assertRegex(text, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=WARNING event=test\n$")
        self.assertEqual(stream.getvalue(), text)

    def test_a_quiet_stream_has_warnings_alone_and_says_where_the_rest_is(self) -> None:
        stream = io.StringIO()
        log = open_log(self.folder, "INFO", stream, plain=False, quiet=True)
        self.addCleanup(log.close)
        logging.getLogger("live.session").info("event=step")
        logging.getLogger("live.session").warning("event=halt")
        log.close()
        first, second = stream.getvalue().splitlines()
        self.assertEqual(f"{self.folder}: running; what happens is in logs/session.log, warnings are here", first)
        self.assertIn("event=halt", second)
        self.assertIn("event=step", self.file.read_text())

    def test_the_level_is_that_of_the_settings_and_libraries_speak_from_warnings_on(self) -> None:
        log = self.log("DEBUG")
        logging.getLogger("live.session").debug("event=detail")
        logging.getLogger("websockets").info("handshake done")
        logging.getLogger("websockets").warning("slow %s", "peer")
        log.close()
        text = self.file.read_text()
        self.assertIn("level=DEBUG event=detail", text)
        self.assertNotIn("handshake", text)
        self.assertIn('event=log logger=websockets message="slow peer"', text)

    def test_a_trace_stays_on_its_line(self) -> None:
        log = self.log()
        try:
            raise ValueError("first\nsecond")
        except ValueError:
            logging.getLogger("live.views").exception("event=view_failed view=X")
        log.close()
        (line,) = self.file.read_text().splitlines()
        self.assertIn("event=view_failed view=X trace=", line)
        self.assertIn("ValueError: first\\nsecond", line)

    def test_files_rotate(self) -> None:
        log = self.log()
        text = "x" * 100_000
        for number in range(120):
            logging.getLogger("live.session").info("event=%d %s", number, text)
        log.close()
        names = sorted(path.name for path in self.file.parent.iterdir())
        self.assertEqual(names, ["session.log", "session.log.1", "session.log.2"])
        self.assertTrue(all(path.stat().st_size <= session_log.FILE_BYTES for path in self.file.parent.iterdir()))

    def test_a_stream_that_takes_nothing_never_holds_up_who_logs(self) -> None:
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        stuck = os.fdopen(writing, "w")
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4_096)
        log = self.log(stream=stuck)
        begun = time.monotonic()
        for _ in range(session_log.LINES_WAITING + 5_000):
            logging.getLogger("live.session").info("event=flood %s", "x" * 100)
        self.assertLess(time.monotonic() - begun, LONG_S)
        drain = threading.Thread(target=self.drain, args=(reading,))
        drain.start()
        with mock.patch.object(session_log, "CLOSE_SECONDS", LONG_S):
            log.close()
        stuck.close()
        drain.join(10.0)
        self.assertIn("event=log_lines_dropped lines=", self.file.read_text().splitlines()[-1])

    def test_lost_lines_are_told_as_soon_as_there_is_room(self) -> None:
        inlet = session_log._Inlet()
        for number in range(session_log.LINES_WAITING + 5):
            inlet.handle(logging.makeLogRecord({"msg": f"line {number}"}))
        while not inlet.queue.empty():
            inlet.queue.get()
        for number in range(2):
            inlet.handle(logging.makeLogRecord({"msg": f"later {number}"}))
        told = [inlet.queue.get().getMessage() for _ in range(inlet.queue.qsize())]
        self.assertEqual(told, ["event=log_lines_dropped lines=5", "later 0", "later 1"])

    def drain(self, pipe: int) -> None:
        while os.read(pipe, 1 << 20):
            pass

    def test_after_closing_logging_is_as_it_was(self) -> None:
        root, own = logging.getLogger(), logging.getLogger("live")
        before = list(root.handlers), own.level
        log = self.log("DEBUG")
        self.assertNotEqual((list(root.handlers), own.level), before)
        log.close()
        self.assertEqual((list(root.handlers), own.level), before)

    def test_a_file_where_the_folder_should_be_is_a_store_error(self) -> None:
        (self.folder / "logs").touch()
        with self.assertRaisesRegex(StoreError, "session.log"):
            SessionLog(self.folder)


if __name__ == "__main__":
    unittest.main()
