"""``python -m practice`` as a process: addresses, faults, stored candles, its end, bad arguments."""

import json
import re
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

from benchmarks.live_path import ADDRESSES
from market_data.store.candle_store import CandleStore
from tests.support.exchanges.loopback import practice_columns
from tests.support.shared import REPOSITORY
from tests.support.times import MINUTE_MS, at
from tests.support.waiting import PATIENCE_S


def started(*arguments: str) -> subprocess.Popen[str]:
    """Start the command on a free port."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "practice", "--port", "0", *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refused(*arguments: str) -> tuple[int, str]:
    """Return exit code and the one line of a command that must not start."""
    with started(*arguments) as process:
        out, error = process.communicate(timeout=PATIENCE_S)
        return process.returncode, out + error


class Command(unittest.TestCase):
    def test_it_serves_until_it_is_interrupted_and_tells_what_happens(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "faults.yaml"
            script.write_text("faults:\n  - {kind: drop, at: 10m}\n", encoding="utf-8")
            with started(
                "--speed", "6000", "--for", "1h", "--symbols", "BTCUSDT,abc/usdt", "--faults", str(script)
            ) as process:
                assert process.stdout is not None and process.stderr is not None
                lines = [process.stdout.readline() for _ in range(3)]
                address = re.search(r"http://127\.0\.0\.1:\d+", lines[0])
                self.assertIsNotNone(address)
                both = ADDRESSES.match(lines[0])
                self.assertIsNotNone(both, "the benchmarks read the addresses in this line")
                self.assertEqual((address[0], address[0].replace("http", "ws")), both.groups())  # type: ignore[index,union-attr]
                told = process.stdout.readline(), process.stdout.readline()
                with urllib.request.urlopen(f"{address[0]}/api/v3/time", timeout=PATIENCE_S) as answer:  # type: ignore[index]
                    self.assertEqual(json.loads(answer.read()), {"serverTime": at(60)})
                process.send_signal(signal.SIGINT)
                out, error = process.communicate(timeout=PATIENCE_S)
        self.assertEqual((process.returncode, error), (0, ""))
        self.assertEqual(lines[1], "BTC/USDT, ABC/USDT\n")
        self.assertRegex(told[0], r"^2024-01-01T00:1\d:\d\d\.\d{3}Z drop\n$")
        self.assertIn("the end is reached", told[1])
        self.assertIn("stopped; 0 final candles", out)

    def test_it_serves_stored_candles_to_the_last(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            CandleStore(folder).write("binance", "BTC/USDT", "1m", practice_columns("BTC/USDT", 30), source="a test")
            arguments = ("--store", folder, "--exchange", "binance")
            code, line = refused(*arguments)
            self.assertEqual(code, 2)
            self.assertRegex(line, r"needs --start: stored from 2024-01-01T00:00.* to 2024-01-01T00:30")
            with started(*arguments, "--start", "2024-01-01T00:10", "--speed", "60000") as process:
                assert process.stdout is not None
                lines = [process.stdout.readline() for _ in range(4)]
                process.terminate()
                process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 0)
        self.assertIn("from 2024-01-01T00:10:00.000Z to 2024-01-01T00:30:00.000Z", lines[2])
        self.assertIn("the end is reached", lines[3])

    def test_it_serves_perpetual_contracts_too(self) -> None:
        with started("--speed", "60000", "--for", "9h", "--symbols", "BTCUSDT", "--funding-delay", "30m") as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(4)]
            self.assertIn("/api/v3 and /fapi/v1", lines[0])
            self.assertIn("the end is reached", lines[3])
            address = re.search(r"http://127\.0\.0\.1:\d+", lines[0])
            path = f"/fapi/v1/fundingRate?symbol=BTCUSDT&startTime={at(60)}"
            with urllib.request.urlopen(f"{address[0]}{path}", timeout=PATIENCE_S) as answer:  # type: ignore[index]
                self.assertEqual(
                    [row["fundingTime"] // MINUTE_MS * MINUTE_MS for row in json.loads(answer.read())],
                    [at(480)],
                )
            process.terminate()
            process.communicate(timeout=PATIENCE_S)

    def test_bad_arguments_are_one_line_and_an_exit_code(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for arguments, code, words in (
                (("--host", "0.0.0.0"), 2, "127.0.0.1 only"),
                (("--faults", f"{folder}/none.yaml"), 2, "no such file"),
                (("--funding-delay", "soon"), 2, "funding_delay 'soon' is no length of time"),
                (
                    ("--store", folder, "--exchange", "binance", "--start", "2024-01-01"),
                    3,
                    "holds no candles of binance 1m",
                ),
            ):
                returned, text = refused(*arguments)
                self.assertEqual(returned, code)
                self.assertRegex(text, f"^error: [^\n]*{words}[^\n]*\n$")
