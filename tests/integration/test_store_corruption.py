"""Damaged, foreign and unwritable files of the candle store: one line that names the file, and nothing lost."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import StoreError
from market_data.commands.store_verification import verify, verify_folders
from market_data.store.atomic_files import folder_lock, write_atomically
from market_data.store.candle_store import CandleStore
from tests.support.candle_tables import APRIL, candles_at, minutes, row_at, rows_of, table_of
from tests.support.scale import scaled
from tests.support.times import MINUTE_MS
from tests.support.waiting import wait_until
from tests.support.warm_starts import ForkedCode

SERIES = ("binance", "BTC/USDT", "1m")
COUNT = 300


class DamagedStore(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name) / "store"
        self.store = CandleStore(self.root)
        self.store.write(*SERIES, candles_at(minutes(APRIL - 2 * MINUTE_MS, COUNT)), source="test")
        self.store.add_coverage(*SERIES, APRIL - 2 * MINUTE_MS, APRIL + COUNT * MINUTE_MS)
        self.folder = self.root / "binance" / "BTC-USDT" / "1m"
        self.april = self.folder / "2024-04.parquet"
        self.content = self.april.read_bytes()

    def assert_named(self, action, path):
        with self.assertRaises(StoreError) as caught:
            action()
        message = str(caught.exception)
        self.assertIn(str(path), message)
        self.assertNotIn("\n", message)
        return message

    def read_all(self):
        return CandleStore(self.root).read(*SERIES, 0, 2**60)

    def findings(self):
        store = CandleStore(self.root)
        return [*verify_folders(store), *verify(store, store.series()).findings]

    def assert_damage_found(self, path):
        self.assertTrue(any(finding.damage and finding.path == path for finding in self.findings()), self.findings())


class DamagedMonthFiles(DamagedStore):
    def test_a_truncated_file_is_named_by_reads_and_writes_and_stays_as_it_is(self):
        for length in (0, 1, 4, 100, len(self.content) // 2, len(self.content) - 1):
            with self.subTest(length):
                self.april.write_bytes(self.content[:length])
                self.assertIn("delete that file", self.assert_named(self.read_all, self.april))
                self.assert_named(lambda: self.store.read_last(*SERIES, COUNT, 2**50), self.april)
                self.assert_named(lambda: self.store.open_times(*SERIES), self.april)
                write = lambda: self.store.write(*SERIES, candles_at([APRIL + 10**9 - 10**9 % MINUTE_MS]), source="t")  # noqa: E731
                self.assert_named(write, self.april)
                self.assertEqual(self.april.read_bytes(), self.content[:length])
                self.assert_damage_found(self.april)

    def test_after_following_the_advice_the_month_is_asked_for_again_and_comes_back(self):
        before = rows_of(self.read_all())
        self.april.write_bytes(b"garbage")
        self.april.unlink()
        missing = self.store.missing_ranges(*SERIES, APRIL - 2 * MINUTE_MS, APRIL + (COUNT - 2) * MINUTE_MS)
        self.assertEqual(missing, [(APRIL, APRIL + (COUNT - 2) * MINUTE_MS)])
        self.assertEqual([finding.damage for finding in self.findings()], [False])
        self.store.write(*SERIES, candles_at(minutes(APRIL - 2 * MINUTE_MS, COUNT)), source="test")
        self.store.add_coverage(*SERIES, *missing[0])
        self.assertEqual(rows_of(self.read_all()), before)
        self.assertEqual(self.findings(), [])

    @settings(max_examples=scaled(60, 1_500), deadline=None)
    @given(st.data())
    def test_a_flipped_byte_is_an_error_or_is_found_by_verify_unless_it_changes_nothing(self, data):
        position = data.draw(st.integers(0, len(self.content) - 1))
        flipped = bytearray(self.content)
        flipped[position] ^= data.draw(st.integers(1, 255))
        self.april.write_bytes(bytes(flipped))
        try:
            try:
                read = self.read_all()
            except StoreError as error:
                self.assertIn(str(self.april), str(error))
                return
            before = table_of(candles_at(minutes(APRIL - 2 * MINUTE_MS, COUNT)))
            if table_of(read) != before:
                self.assertTrue(any(finding.damage for finding in self.findings()), f"byte {position}")
        finally:
            self.april.write_bytes(self.content)

    def test_parquet_of_other_contents_is_named(self):
        target = str(self.april).replace("'", "''")
        foreign = {
            "other columns": "SELECT 1 AS a, 2 AS b",
            "text": f"SELECT '{APRIL}' AS open_time_ms, 1::DOUBLE AS open, 1::DOUBLE AS high, 1::DOUBLE AS low, "
            "1::DOUBLE AS close, 1::DOUBLE AS volume",
            "whole numbers": f"SELECT {APRIL}::BIGINT AS open_time_ms, 1::DOUBLE AS open, 1::DOUBLE AS high, "
            "1::DOUBLE AS low, 1::DOUBLE AS close, 1::BIGINT AS volume",
            "empty cells": f"SELECT {APRIL}::BIGINT AS open_time_ms, 1::DOUBLE AS open, 1::DOUBLE AS high, "
            "NULL::DOUBLE AS low, 1::DOUBLE AS close, 1::DOUBLE AS volume",
            "time going back": f"SELECT {APRIL}::BIGINT - i * 60000 AS open_time_ms, 1::DOUBLE AS open, "
            "1::DOUBLE AS high, 1::DOUBLE AS low, 1::DOUBLE AS close, 1::DOUBLE AS volume FROM range(3) t(i)",
        }
        with duckdb.connect() as connection:
            for name, query in foreign.items():
                with self.subTest(name):
                    connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet)")
                    self.assert_named(lambda: CandleStore(self.root).read(*SERIES, APRIL - 10**7, 2**60), self.april)
                    self.assert_damage_found(self.april)

    def test_sound_candles_that_were_not_written_by_the_store_are_found_by_verify(self):
        changed = CandleStore(self.root.parent / "other")
        changed.write(*SERIES, candles_at(minutes(APRIL, COUNT - 2), 130.0), source="test")
        other = changed.read(*SERIES, 0, 2**60)
        with duckdb.connect() as connection:
            connection.register("other", other._asdict())
            connection.execute(f"COPY (SELECT * FROM other) TO '{self.april}' (FORMAT parquet)")
        self.assert_damage_found(self.april)

    def test_candles_of_another_month_are_found_by_verify(self):
        self.april.write_bytes((self.folder / "2024-03.parquet").read_bytes())
        texts = [finding.text for finding in self.findings() if finding.damage]
        self.assertTrue(any("another month" in text for text in texts), texts)

    def test_a_file_that_holds_fewer_candles_than_were_recorded_is_found_by_verify(self):
        other = CandleStore(self.root.parent / "other")
        other.write(*SERIES, candles_at(minutes(APRIL, 5)), source="test")
        self.april.write_bytes((self.root.parent / "other/binance/BTC-USDT/1m/2024-04.parquet").read_bytes())
        texts = [finding.text for finding in self.findings() if finding.damage]
        self.assertTrue(any("holds 5 candles where the record says 298" in text for text in texts), texts)


class ForeignFiles(DamagedStore):
    def test_a_parquet_file_that_is_no_month_is_not_silently_left_out(self):
        for name in ("2024-13.parquet", "extra.parquet", "2024-4.parquet"):
            stray = self.folder / name
            stray.write_bytes(self.content)
            with self.subTest(name):
                self.assert_named(self.read_all, stray)
                self.assert_damage_found(stray)
            stray.unlink()

    def test_other_garbage_is_reported_by_verify_and_hidden_files_are_not(self):
        strays = [
            self.root / "notes.txt",
            self.root / "binance" / "x.csv",
            self.folder.parent / "3d",
            self.folder / "a.csv",
        ]
        for stray in strays:
            stray.write_text("x")
        (self.folder / ".DS_Store").write_text("x")
        found = {finding.path for finding in self.findings() if finding.damage}
        self.assertEqual(found, set(strays))
        self.assertEqual(self.read_all().rows, COUNT)

    def test_a_folder_where_a_month_file_belongs_is_named(self):
        self.april.unlink()
        self.april.mkdir()
        self.assert_named(self.read_all, self.april)
        self.assert_named(lambda: self.store.write(*SERIES, candles_at([APRIL]), source="test"), self.april)

    def test_a_broken_record_stops_writing_and_asking_but_not_reading(self):
        record = self.folder / "coverage.json"
        record.write_text("{broken")
        self.assert_named(lambda: self.store.missing_ranges(*SERIES, 0, 1), record)
        self.assert_named(lambda: self.store.write(*SERIES, candles_at([APRIL]), source="test"), record)
        self.assert_named(lambda: self.store.add_coverage(*SERIES, 0, 1), record)
        self.assertEqual(self.read_all().rows, COUNT)
        self.assert_damage_found(record)
        record.unlink()
        self.assertEqual(self.store.missing_ranges(*SERIES, 0, 10), [(0, 10)])
        self.assertEqual(self.read_all().rows, COUNT)

    def test_a_file_where_a_folder_belongs_is_named(self):
        blocked = self.root / "blocked"
        blocked.write_text("x")
        self.assert_named(lambda: self.store.write("blocked", "A/B", "1m", candles_at([0]), source="t"), blocked)
        self.assert_named(lambda: self.store.symbols("blocked"), blocked)
        self.assert_named(lambda: self.store.read("blocked", "A/B", "1m", 0, 9), blocked)
        self.assert_named(lambda: CandleStore(self.april).entries(), self.april)

    def test_a_folder_that_cannot_be_written_is_named(self):
        if os.geteuid() == 0:
            self.skipTest("the superuser may write anywhere")
        self.folder.chmod(0o500)
        self.addCleanup(self.folder.chmod, 0o700)
        self.assert_named(lambda: self.store.write(*SERIES, candles_at([0]), source="test"), self.folder)
        self.assertEqual(self.read_all().rows, COUNT)


class FullDisk(DamagedStore):
    def _limited(self, program, limit):
        def limit_file_size():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return subprocess.run(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(program), str(self.root)],
            preexec_fn=limit_file_size,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def test_a_write_that_finds_no_room_leaves_the_old_files_and_no_leftovers(self):
        before = {path: path.read_bytes() for path in self.root.rglob("*") if path.is_file()}
        program = """
            import sys
            from core.errors import StoreError
            from market_data.store.candle_store import CandleStore
            from tests.support.candle_tables import APRIL, candles_at, minutes
            try:
                CandleStore(sys.argv[1]).write(
                    "binance", "BTC/USDT", "1m", candles_at(minutes(APRIL, 9_000)), source="test"
                )
            except StoreError as error:
                print(error)
                sys.exit(7)
        """
        done = self._limited(program, 20_000)
        self.assertEqual((done.returncode, done.stderr), (7, ""))
        self.assertIn(str(self.april), done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        self.assertEqual({path: path.read_bytes() for path in self.root.rglob("*") if path.is_file()}, before)

    def test_a_record_that_finds_no_room_leaves_the_old_one(self):
        record = self.folder / "coverage.json"
        before = record.read_bytes()
        program = """
            import sys
            from core.errors import StoreError
            from market_data.store.candle_store import CandleStore
            try:
                CandleStore(sys.argv[1]).add_coverage("binance", "BTC/USDT", "1m", 0, 5)
            except StoreError as error:
                print(error)
                sys.exit(7)
        """
        done = self._limited(program, 50)
        self.assertEqual((done.returncode, done.stderr), (7, ""))
        self.assertIn(str(record), done.stdout)
        self.assertEqual(record.read_bytes(), before)

    def test_a_full_device_is_an_error_and_not_a_short_file(self):
        device = Path("/dev/full")
        if not device.exists():
            self.skipTest("needs /dev/full")
        with device.open("wb", buffering=0) as full:
            done = subprocess.run(
                [sys.executable, "-m", "market_data", "list", "--data-dir", str(self.root)],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                timeout=60,
            )
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\Aerror: cannot write the output \(No space left on device\)\n\Z")


class KilledWriters(DamagedStore):
    def test_a_writer_killed_before_the_rename_leaves_the_old_file_and_the_next_writer_clears_up(self):
        program = """
            import sys, time
            from pathlib import Path
            import market_data.store.atomic_files as atomic_files
            from market_data.store.candle_store import CandleStore
            from tests.support.candle_tables import APRIL, candles_at, minutes

            def stuck(path):
                print("written, not renamed", flush=True)
                time.sleep(60)

            atomic_files._flush = stuck
            CandleStore(sys.argv[1]).write(
                "binance", "BTC/USDT", "1m", candles_at(minutes(APRIL, 900)), source="test"
            )
        """
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program), str(self.root)], stdout=subprocess.PIPE, text=True
        ) as writer:
            self.assertEqual(writer.stdout.readline(), "written, not renamed\n")
            self.assertEqual(len(list(self.folder.glob(".*.tmp"))), 1)
            self.assertEqual(self.read_all().rows, COUNT)
            writer.send_signal(signal.SIGKILL)
        self.assertEqual(self.april.read_bytes(), self.content)
        self.assertEqual(self.store.write(*SERIES, candles_at([APRIL + COUNT * MINUTE_MS]), source="test").added, 1)
        self.assertEqual(list(self.folder.glob(".*.tmp")), [])
        self.assertEqual([finding for finding in self.findings() if finding.damage], [])

    def test_writers_killed_at_any_moment_leave_a_store_that_is_whole(self):
        program = """
            import sys
            import market_data.store.parquet_files
            from market_data.store.candle_store import CandleStore
            from core.candle_columns import CandleColumns
            from tests.support.candle_tables import APRIL, row_at
            from tests.support.times import MINUTE_MS
            store = CandleStore(sys.argv[1])
            print("ready", flush=True)
            for number in range(100_000):
                time_ms = APRIL + number * MINUTE_MS * 7
                store.write("binance", "ETH/USDT", "1m", CandleColumns.from_rows([row_at(time_ms)]), source="test")
                store.add_coverage("binance", "ETH/USDT", "1m", time_ms, time_ms + MINUTE_MS)
        """
        series = ("binance", "ETH/USDT", "1m")
        rows = 0
        for turn in range(scaled(4, 25)):
            with ForkedCode(
                [sys.executable, "-c", textwrap.dedent(program), str(self.root)], stdout=subprocess.PIPE, text=True
            ) as writer:
                writer.stdout.readline()
                time.sleep(0.15 + 0.037 * (turn % 8))
                if turn:  # On a busy machine the first may have been killed before it wrote anything.
                    wait_until(lambda: CandleStore(self.root).read(*series, 0, 2**60).rows, "nothing is written")
                writer.kill()
            read = CandleStore(self.root).read(*series, 0, 2**60)
            self.assertGreaterEqual(read.rows, rows)
            rows = read.rows
            self.assertEqual(rows_of(read), [row_at(APRIL + number * MINUTE_MS * 7) for number in range(rows)])
            covered = 10**9 - len(self.store.missing_ranges(*series, APRIL, APRIL + 10**10))
            self.assertGreater(covered, 0)
            self.assertEqual([finding for finding in self.findings() if finding.damage], [])
        self.assertGreater(rows, 0)


class AtomicFiles(unittest.TestCase):
    def test_an_interrupted_replacement_keeps_the_old_content(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.json"
            write_atomically(path, b"old")
            with self.assertRaises(StoreError):
                write_atomically(path / "below", b"new")
            self.assertEqual([(one.name, one.read_bytes()) for one in Path(folder).iterdir()], [("a.json", b"old")])

    def test_a_lock_that_is_held_for_too_long_is_an_error(self):
        with (
            tempfile.TemporaryDirectory() as folder,
            folder_lock(Path(folder)),
            self.assertRaisesRegex(StoreError, "another process has been writing"),
            folder_lock(Path(folder), timeout_seconds=0.2),
        ):
            self.fail("two writers at a time")


if __name__ == "__main__":
    unittest.main()
