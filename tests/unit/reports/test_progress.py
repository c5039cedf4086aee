import contextlib
import io
import time
import unittest

from reports import ReplayProgress
from reports.console.progress import pace_text
from tests.support.waiting import LONG_S


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class ReplayProgressTest(unittest.TestCase):
    def setUp(self) -> None:
        self.terminal = Terminal()

    def wait_for(self, words: str) -> None:
        until_s = time.monotonic() + LONG_S
        while words not in self.terminal.getvalue():
            self.assertLess(time.monotonic(), until_s, self.terminal.getvalue())
            time.sleep(0.01)

    def test_a_short_run_is_silent_however_many_candles_it_has(self) -> None:
        with ReplayProgress(10**7, stream=self.terminal) as progress:
            progress.candles_done = 10**7
        self.assertEqual(self.terminal.getvalue(), "")

    def test_a_run_that_takes_time_shows_how_far_it_is_though_no_candle_ends_meanwhile(self) -> None:
        begun_s = time.monotonic()
        with ReplayProgress(1_000, stream=self.terminal) as progress:
            progress.candles_done = 250
            self.wait_for("25 %")
            self.assertGreater(time.monotonic() - begun_s, 0.3)
            self.wait_for("candles/s")
            progress.candles_done = 500
            self.wait_for("50 %")

    def test_what_is_no_terminal_or_not_wanted_stays_empty(self) -> None:
        for stream, shown in ((io.StringIO(), True), (self.terminal, False)):
            with ReplayProgress(10**7, stream=stream, shown=shown):
                time.sleep(1.2)
            self.assertEqual(stream.getvalue(), "")

    def test_what_is_printed_into_a_pipe_meanwhile_stays_in_it(self) -> None:
        pipe = io.StringIO()
        with contextlib.redirect_stdout(pipe), ReplayProgress(10**6, stream=self.terminal):
            self.wait_for("0 %")
            print("from a strategy")
        self.assertEqual(pipe.getvalue(), "from a strategy\n")
        self.assertNotIn("strategy", self.terminal.getvalue())

    def test_the_bar_ends_when_the_run_is_interrupted_and_stays_ended(self) -> None:
        progress = ReplayProgress(10**6, stream=self.terminal)
        with self.assertRaises(KeyboardInterrupt), progress:
            self.wait_for("0 %")
            raise KeyboardInterrupt
        ended = self.terminal.getvalue()
        self.assertIn("\x1b[?25h", ended, "the cursor is shown again")
        time.sleep(0.6)
        self.assertEqual(self.terminal.getvalue(), ended)

    def test_pace_is_candles_per_second_and_time_left(self) -> None:
        self.assertEqual(pace_text(300_000, 1_200_000, 2.0), "150,000 candles/s, 0:06 left")
        self.assertEqual(pace_text(1_000, 4_000_000, 1.0), "1,000 candles/s, 1:06:39 left")
        self.assertEqual(pace_text(1_000, 1_000, 1.0), "1,000 candles/s, 0:00 left")
        self.assertEqual(pace_text(0, 1_000, 1.0), "")
        self.assertEqual(pace_text(10, 1_000, 0.0), "")


if __name__ == "__main__":
    unittest.main()
