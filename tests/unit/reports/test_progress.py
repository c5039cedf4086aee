import contextlib
import io
import threading
import unittest

from reports import ReplayProgress
from reports.console.progress import pace_text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """Seconds that pass only when the test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class ReplayProgressTest(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.terminal = Terminal()

    def test_a_short_run_is_silent(self) -> None:
        with ReplayProgress(200_000, stream=self.terminal, clock=self.clock) as progress:
            for done in range(0, 200_001, 2_000):
                self.clock.now_s = 100.0 + done / 100_000
                progress.advance(done)
        self.assertEqual(self.terminal.getvalue(), "")

    def test_a_run_of_many_candles_shows_its_bar_at_once(self) -> None:
        with ReplayProgress(200_001, stream=self.terminal, clock=self.clock):
            self.assertIn("Candles", self.terminal.getvalue())

    def test_a_run_that_takes_long_shows_its_bar_after_two_seconds(self) -> None:
        with ReplayProgress(100_000, stream=self.terminal, clock=self.clock) as progress:
            self.clock.now_s = 102.0
            progress.advance(10_000)
            self.assertEqual(self.terminal.getvalue(), "")
            self.clock.now_s = 102.5
            progress.advance(25_000)
            self.assertIn("25 %", self.terminal.getvalue())
            self.assertIn("10,000 candles/s, 0:08 left", self.terminal.getvalue())

    def test_what_is_no_terminal_or_not_wanted_stays_empty(self) -> None:
        for stream, shown in ((io.StringIO(), True), (self.terminal, False)):
            with ReplayProgress(10**7, stream=stream, clock=self.clock, shown=shown) as progress:
                self.clock.now_s += 1_000
                progress.advance(5 * 10**6)
            self.assertEqual(stream.getvalue(), "")

    def test_the_bar_is_drawn_four_times_a_second_at_most(self) -> None:
        with ReplayProgress(10**6, stream=self.terminal, clock=self.clock) as progress:
            before = len(self.terminal.getvalue())
            for done in range(1, 1_000):
                self.clock.now_s += 0.0002
                progress.advance(done)
            self.assertEqual(len(self.terminal.getvalue()), before)
            self.clock.now_s += 0.1
            progress.advance(1_000)
            self.assertGreater(len(self.terminal.getvalue()), before)

    def test_no_thread_is_started(self) -> None:
        before = set(threading.enumerate())
        with ReplayProgress(10**6, stream=self.terminal, clock=self.clock) as progress:
            progress.advance(1)
            self.assertLessEqual(set(threading.enumerate()), before)

    def test_what_is_printed_into_a_pipe_meanwhile_stays_in_it(self) -> None:
        pipe = io.StringIO()
        running = ReplayProgress(10**6, stream=self.terminal, clock=self.clock)
        with contextlib.redirect_stdout(pipe), running:
            print("from a strategy")
        self.assertEqual(pipe.getvalue(), "from a strategy\n")
        self.assertNotIn("strategy", self.terminal.getvalue())

    def test_the_bar_ends_when_the_run_is_interrupted_and_stays_ended(self) -> None:
        progress = ReplayProgress(10**6, stream=self.terminal, clock=self.clock)
        with self.assertRaises(KeyboardInterrupt), progress:
            raise KeyboardInterrupt
        ended = self.terminal.getvalue()
        self.assertTrue(ended.endswith("\x1b[?25h") or "\x1b[?25h" in ended, "the cursor is shown again")
        self.clock.now_s += 60
        progress.advance(500_000)
        self.assertEqual(self.terminal.getvalue(), ended)

    def test_pace_is_candles_per_second_and_time_left(self) -> None:
        self.assertEqual(pace_text(300_000, 1_200_000, 2.0), "150,000 candles/s, 0:06 left")
        self.assertEqual(pace_text(1_000, 4_000_000, 1.0), "1,000 candles/s, 1:06:39 left")
        self.assertEqual(pace_text(1_000, 1_000, 1.0), "1,000 candles/s, 0:00 left")
        self.assertEqual(pace_text(0, 1_000, 1.0), "")
        self.assertEqual(pace_text(10, 1_000, 0.0), "")


if __name__ == "__main__":
    unittest.main()
