import fcntl
import io
import os
import pty
import struct
import tempfile
import termios
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

from live.views.terminal_view import CLOSE_SECONDS, TerminalView, can_draw
from tests.support.sessions.watched_session import WatchedSession
from tests.support.waiting import LONG_S, PATIENCE_S, wait_until

ALTERNATE_SCREEN, MAIN_SCREEN, SHOW_CURSOR = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?25h"


class TerminalViewTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.watched = WatchedSession(Path(folder.name))
        self.master, slave = pty.openpty()
        self.addCleanup(os.close, self.master)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.terminal = os.fdopen(slave, "w", encoding="utf-8")
        self.addCleanup(self.terminal.close)
        self.received = b""

    def drained(self) -> threading.Thread:
        def drain() -> None:
            while MAIN_SCREEN not in self.received:
                self.received += os.read(self.master, 65_536)

        thread = threading.Thread(target=drain, daemon=True)
        thread.start()
        return thread

    def test_it_draws_and_gives_the_terminal_back(self) -> None:
        reader = self.drained()
        view = TerminalView(self.watched.watch(), self.terminal)
        view.refresh()
        wait_until(lambda: self.watched.folder.name.encode() in self.received)
        view.close()
        reader.join(PATIENCE_S)
        self.assertTrue(self.received.startswith(b"\x1b[?1049h"), self.received[:40])
        self.assertIn(self.watched.folder.name.encode(), self.received)
        self.assertIn(SHOW_CURSOR, self.received)
        self.assertIn(MAIN_SCREEN, self.received)

    def test_a_terminal_that_takes_nothing_holds_up_nobody(self) -> None:
        view = TerminalView(self.watched.watch(), self.terminal)
        begun = time.monotonic()
        for _ in range(400):
            view.refresh()
            time.sleep(0.002)
        self.assertLess(time.monotonic() - begun, LONG_S)
        begun = time.monotonic()
        view.close()
        self.assertLess(time.monotonic() - begun, CLOSE_SECONDS + LONG_S)
        self.drained().join(PATIENCE_S)

    def test_a_picture_that_cannot_be_drawn_is_logged_once(self) -> None:
        reader = self.drained()
        view = TerminalView(self.watched.watch(), self.terminal)
        with (
            mock.patch("live.views.terminal_view.screen", side_effect=ZeroDivisionError) as drawn,
            self.assertLogs("live.views") as caught,
        ):
            for times in (1, 2, 3):
                view.refresh()
                wait_until(lambda times=times: drawn.call_count >= times or view.refresh())
        view.close()
        reader.join(PATIENCE_S)
        self.assertEqual(len(caught.records), 1)

    def test_a_view_that_never_drew_leaves_the_terminal_alone(self) -> None:
        TerminalView(self.watched.watch(), self.terminal).close()
        os.set_blocking(self.master, False)
        with self.assertRaises(BlockingIOError):
            os.read(self.master, 1)

    def test_only_a_terminal_that_can_be_drawn_on_is_drawn_on(self) -> None:
        with mock.patch.dict(os.environ, {"TERM": "xterm-256color"}):
            self.assertTrue(can_draw(self.terminal))
            self.assertFalse(can_draw(io.StringIO()))
            with os.fdopen(os.dup(self.terminal.fileno()), "w", encoding="latin-1") as other:
                self.assertFalse(can_draw(other))
        with mock.patch.dict(os.environ, {"TERM": "dumb"}):
            self.assertFalse(can_draw(self.terminal))


if __name__ == "__main__":
    unittest.main()
