"""What a user sees of a fetch."""

import contextlib
import io
import threading
import unittest
from unittest import mock

from market_data.history import plain_progress
from market_data.history.fetch_progress import open_progress
from market_data.history.plain_progress import LineProgress, SilentProgress
from market_data.history.progress_bar import BarProgress


class Progress(unittest.TestCase):
    def test_a_short_fetch_writes_no_line(self) -> None:
        text = io.StringIO()
        with contextlib.redirect_stderr(text), open_progress("binanceus 1m", 100, None) as progress:
            self.assertIsInstance(progress, LineProgress)
            progress.advance(100)
        self.assertEqual(text.getvalue(), "")

    def test_a_long_fetch_writes_count_share_and_time_left(self) -> None:
        text = io.StringIO()
        with (
            mock.patch.object(plain_progress, "_LINE_EVERY_S", 0.0),
            contextlib.redirect_stderr(text),
            open_progress("binanceus 1m", 200, None) as progress,
        ):
            progress.advance(50)
        self.assertRegex(text.getvalue(), r"^binanceus 1m: 50 of 200 candles \(25 %\), \d+ s left\n$")

    def test_the_bar_goes_to_stderr_and_may_be_moved_from_threads(self) -> None:
        text, out = io.StringIO(), io.StringIO()
        with contextlib.redirect_stderr(text), contextlib.redirect_stdout(out):
            with open_progress("binanceus 1m", 300, True) as progress:
                self.assertIsInstance(progress, BarProgress)
                threads = [threading.Thread(target=progress.advance, args=(100,)) for _ in range(3)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
            self.assertEqual(out.getvalue(), "")
        self.assertIn("300/300", text.getvalue())

    def test_silence_can_be_asked_for(self) -> None:
        self.assertIsInstance(open_progress("binanceus 1m", 5, False), SilentProgress)
