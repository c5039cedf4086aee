"""The journal: whole records on the disk, torn ends dropped, damage named, and a fold that gives the same bytes."""

import os
import resource
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from core.errors import ParityError, StoreError
from core.instants import parse_instant
from engine.fold import SessionFold
from engine.journal import JournalWriter, read_journal
from engine.journal_records import CommandRecord, EndRecord, SessionRecord, StepRecord, candle_of, fields_of
from engine.renderer import SessionOutputs
from market_data.practice.practice_market import PracticeMarket
from tests.support.runs.kernel_runs import settings_from
from tests.support.times import MINUTE_MS
from validation.composed_settings import Settings

SYMBOLS = ("BTC/USDT", "ETH/USDT")
START = parse_instant("2024-01-01T06:00")


def journalled_session(path: Path, steps: int = 600) -> tuple[Settings, bytes]:
    """Write a session of the shipped strategy on practice candles; return its settings and its trade log."""
    settings = settings_from({"on_opposite_signal": "reverse", "slippage": 0.0005}, SYMBOLS)
    market = PracticeMarket()
    columns = {
        symbol: market.candles(symbol, "1m", START - 300 * MINUTE_MS, START + steps * MINUTE_MS) for symbol in SYMBOLS
    }
    rows = {symbol: list(zip(*(one.tolist() for one in columns[symbol]), strict=True)) for symbol in SYMBOLS}
    record = SessionRecord(
        session="test",
        settings_sha256=settings.settings_sha256,
        code_version="test",
        settings=dict(settings.resolved()),
        instruments={symbol: market.markets()[symbol] for symbol in SYMBOLS},
        warmup={symbol: rows[symbol][:300] for symbol in SYMBOLS},
        kill_switch=False,
        start_ms=START,
    )
    trades = bytearray()
    with JournalWriter(path) as journal:
        journal.append(record)
        fold = SessionFold(record, settings, SessionOutputs(trades.extend))
        for index in range(300, 300 + steps):
            candles = tuple(rows[symbol][index] for symbol in SYMBOLS)
            step = StepRecord(candles[0][0] + MINUTE_MS, candles, fold.outputs.digest())
            journal.append(step)
            fold.apply(step)
            if index == 500:
                switch = CommandRecord("kill", "test")
                journal.append(switch)
                fold.apply(switch)
            if index == 520:
                switch = CommandRecord("release", "test")
                journal.append(switch)
                fold.apply(switch)
        end = EndRecord("flatten")
        journal.append(end)
        fold.apply(end)
    return settings, bytes(trades)


class JournalTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "journal.jsonl"

    def folded(self, settings: Settings) -> bytes:
        trades = bytearray()
        lines = list(read_journal(self.path))
        fold = SessionFold(lines[0].record, settings, SessionOutputs(trades.extend))
        for line in lines[1:]:
            fold.apply(line.record)
        return bytes(trades)

    def test_folding_what_was_read_back_gives_the_same_bytes(self) -> None:
        settings, trades = journalled_session(self.path)
        self.assertGreater(trades.count(b"\n"), 10)
        self.assertEqual(trades, self.folded(settings))

    def test_every_float_reads_back_to_the_same_bits(self) -> None:
        for number in (0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 65000.12, 1e22, 123456789.123456789):
            step = StepRecord(1, ((0, number, number, number, number, number),), "")
            with JournalWriter(self.path) as journal:
                journal.append(step)
            (line,) = read_journal(self.path)
            self.assertEqual(candle_of(step.candles[0]), candle_of(line.record.candles[0]))
            self.assertEqual(step.candles[0], fields_of(candle_of(line.record.candles[0])))

    def test_a_record_and_the_files_name_are_on_the_disk_when_the_writer_returns(self) -> None:
        synced: list[tuple[Path, bytes]] = []

        def fsync(descriptor: int) -> None:
            synced.append((Path(f"/proc/self/fd/{descriptor}").readlink(), self.path.read_bytes()))

        folder, file = self.path.parent.resolve(), self.path.resolve()
        with mock.patch("os.fsync", fsync), JournalWriter(self.path) as journal:
            self.assertEqual([(folder, b"")], synced)
            for by in ("one", "two"):
                journal.append(CommandRecord("kill", by))
                self.assertEqual((file, self.path.read_bytes()), synced[-1])
        self.assertEqual(3, len(synced))

    def test_a_torn_last_line_is_dropped_wherever_it_is_torn(self) -> None:
        with JournalWriter(self.path) as journal:
            journal.append(CommandRecord("kill", "one"))
            journal.append(CommandRecord("release", "two"))
        whole = self.path.read_bytes()
        first = whole.index(b"\n") + 1
        for length in range(first, len(whole)):
            self.path.write_bytes(whole[:length])
            lines = list(read_journal(self.path))
            self.assertEqual(["one"], [line.record.by for line in lines])
            self.assertEqual(first, lines[-1].end_byte)
            with JournalWriter(self.path, keep_bytes=lines[-1].end_byte) as journal:
                journal.append(CommandRecord("release", "two"))
            self.assertEqual(whole, self.path.read_bytes())

    def test_damage_before_the_last_line_names_line_byte_and_last_good_point(self) -> None:
        with JournalWriter(self.path) as journal:
            for number in range(3):
                journal.append(CommandRecord("kill", str(number)))
        data = bytearray(self.path.read_bytes())
        start = data.index(b"\n") + 1
        data[start + 3] = 0xFF
        self.path.write_bytes(data)
        with self.assertRaises(StoreError) as caught:
            list(read_journal(self.path))
        for part in (str(self.path), "line 2", f"byte {start}", f"first {start} bytes"):
            self.assertIn(part, str(caught.exception))

    def test_a_changed_candle_stops_the_fold_at_a_later_step_with_both_digests(self) -> None:
        settings, _ = journalled_session(self.path)
        lines = list(read_journal(self.path))
        fold = SessionFold(lines[0].record, settings, SessionOutputs())
        with self.assertRaises(ParityError) as caught:
            for line in lines[1:]:
                record = line.record
                if line.number == 100:
                    changed = tuple((t, o, h * 1.2, low, c * 1.2, v) for t, o, h, low, c, v in record.candles)
                    record = StepRecord(record.time_ms, changed, record.digest)
                fold.apply(record)
        self.assertIn("code or data have changed", str(caught.exception))
        self.assertEqual(4, caught.exception.exit_code)

    def test_a_full_disk_stops_the_write_and_leaves_whole_records(self) -> None:
        code = (
            "import resource, sys\n"
            "from core.errors import StoreError\n"
            "from engine.journal import JournalWriter\n"
            "from engine.journal_records import CommandRecord\n"
            "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
            "journal, written = JournalWriter(sys.argv[1]), 0\n"
            "try:\n"
            "    while True:\n"
            "        journal.append(CommandRecord('kill', 'x' * 40)); written += 1\n"
            "except StoreError as error:\n"
            "    print(written, error)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(self.path)], capture_output=True, text=True, check=True, cwd=Path.cwd()
        )
        self.assertIn("trading has stopped", done.stdout)
        self.assertEqual(int(done.stdout.split()[0]), len(list(read_journal(self.path))))
        self.assertEqual(b"\n", self.path.read_bytes()[-1:])
        self.assertEqual(resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_FSIZE)[0])

    def test_a_journal_that_cannot_be_opened_is_one_clear_error(self) -> None:
        with self.assertRaises(StoreError):
            JournalWriter(self.path.parent)
        with self.assertRaises(StoreError):
            list(read_journal(self.path))
        self.assertFalse(os.path.lexists(self.path))


if __name__ == "__main__":
    unittest.main()
