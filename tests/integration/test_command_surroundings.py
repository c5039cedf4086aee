"""Commands in poor surroundings: too few open files, no network. One clear line, and soon."""

import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from core.errors import FeedError
from market_data.adapters.adapter_registry import open_adapter
from tests.support.sessions.live_processes import run_live, session_config
from tests.support.shared import REPOSITORY
from tests.support.waiting import LONG_S

NOWHERE = ("--rest-url", "http://nosuch.invalid", "--stream-url", "ws://nosuch.invalid")
FETCH = "market_data fetch --exchange practice --symbols BTC/USDT --timeframe 1h --start 2024-01-01 --end 2024-01-02"


class SurroundingsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def limited(self, files: int, *command: str | Path, flag: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command under a limit of open files; ``-S`` as flag leaves the process the right to raise it."""
        shell = ("sh", "-c", f'ulimit {flag} -n {files}; exec "$@"', "sh", sys.executable)
        return subprocess.run(
            [*shell, *map(str, command)], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
        )

    def test_too_few_open_files_are_one_line_that_says_how_many_are_needed(self) -> None:
        live = ("run_live.py", "--config", session_config(self.base), "--practice-start", "2024-01-01", "--for", "5m")
        fetch = ("-m", *FETCH.split(), "--data-dir", self.base / "store")
        for command, needed in ((live, 64), (("-m", "practice", "--port", "0"), 64), (fetch, 32)):
            for files in (16, 31):
                with self.subTest(command=command[:2], files=files):
                    done = self.limited(files, *command)
                    self.assertEqual((2, ""), (done.returncode, done.stdout))
                    (line,) = done.stderr.splitlines()
                    self.assertRegex(
                        line, rf"^error: this process may open {files} files .* needs {needed}; .*ulimit -n"
                    )

    def test_as_many_as_are_asked_for_are_enough_and_a_soft_limit_is_raised(self) -> None:
        live = (
            "run_live.py",
            "--config",
            session_config(self.base, live={"execution": {"perpetual": {"leverage": 2}}}),
        )
        live += (
            "--out",
            self.base / "out",
            "--practice-start",
            "2024-01-01",
            "--speed",
            "600",
            "--for",
            "5m",
            "--quiet",
        )
        for files, flag in ((64, ""), (20, "-S")):
            with self.subTest(files=files):
                done = self.limited(files, *live, flag=flag)
                self.assertEqual(0, done.returncode, done.stderr)
                self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)
        self.assertEqual(0, self.limited(32, "-m", *FETCH.split(), "--data-dir", self.base / "store").returncode)

    def test_a_host_that_cannot_be_looked_up_ends_the_first_command_in_seconds(self) -> None:
        for exchange in ("practice", "binanceus", "kraken"):
            config = session_config(self.base / exchange, live={"exchange": exchange, "symbols": ["BTC/USDT"]})
            with self.subTest(exchange=exchange):
                begun_s = time.monotonic()
                code, output, errors = run_live("--config", config, *NOWHERE)
                self.assertLess(time.monotonic() - begun_s, LONG_S)
                self.assertEqual((3, "", 1), (code, output, len(errors)), errors)
                self.assertIn("nosuch.invalid", errors[0])
                self.assertIn("check the network", errors[0])

    def test_history_asks_twice_for_a_host_that_cannot_be_looked_up(self) -> None:
        adapter = open_adapter("binance", base_url="http://nosuch.invalid", give_up_seconds=60.0)
        self.addCleanup(adapter.close)
        begun_s = time.monotonic()
        with self.assertRaisesRegex(FeedError, "nosuch.invalid"):
            adapter.markets()
        self.assertLess(time.monotonic() - begun_s, LONG_S)


if __name__ == "__main__":
    unittest.main()
