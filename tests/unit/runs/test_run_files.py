"""Outputs of a run: their names, how they come to be, and that a failure leaves nothing half-written."""

import io
import subprocess
import sys
import tempfile
import textwrap
import threading
import unittest
from decimal import Decimal
from pathlib import Path

import numpy as np

from core.errors import StoreError
from core.events import EquityPoint
from core.instants import parse_instant
from runs.folder.run_files import RunFiles, run_stem
from tests.support.runs.backtest_runs import command_environment
from tests.support.shared import REPOSITORY

STEM = "config_backtest_20240101_20240102"


class Stems(unittest.TestCase):
    def stem(self, start, end):
        return run_stem(parse_instant(start), parse_instant(end))

    def test_whole_days_have_dates_only(self):
        self.assertEqual(self.stem("2024-01-01", "2024-01-02"), STEM)
        self.assertEqual(self.stem("2023-12-31", "2025-01-01"), "config_backtest_20231231_20250101")

    def test_hours_stand_in_the_name_where_either_end_is_no_whole_day(self):
        self.assertEqual(self.stem("2024-01-01T12:00", "2024-01-02"), "config_backtest_20240101T1200_20240102T0000")
        self.assertEqual(self.stem("2024-01-01", "2024-01-01T23:59"), "config_backtest_20240101T0000_20240101T2359")

    def test_days_are_those_of_utc_whatever_zone_was_given(self):
        self.assertEqual(self.stem("2024-01-01T02:00+02:00", "2024-01-02"), STEM)


class Writing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name) / "out"

    def open(self):
        files = RunFiles(self.out, STEM)
        self.addCleanup(files.discard)
        return files

    def written(self):
        return sorted(str(path.relative_to(self.out)) for path in self.out.rglob("*"))

    def fill(self, files, balance=1):
        outputs = files.outputs()
        outputs.render(EquityPoint(0, Decimal(balance), Decimal(0), 0))
        files.write("result.json", b"%d\n" % balance)
        files.write_curve(np.array([60_000]), np.array([1.0, 2.5]))

    def test_until_it_is_published_nothing_has_its_final_name(self):
        self.fill(self.open())
        self.assertFalse((self.out / f"{STEM}.csv").exists())
        self.assertFalse((self.out / STEM).exists())

    def test_publishing_gives_every_file_its_name_and_leaves_nothing_else(self):
        files = self.open()
        self.fill(files)
        files.publish("a")
        inside = ("decisions.jsonl", "equity.csv", "equity.npy", "ledger.csv", "orders.csv", "result.json", "steps.npy")
        latest = [STEM, *(f"{STEM}/{name}" for name in inside), f"{STEM}.csv"]
        own = [f"{STEM}/a", *(f"{STEM}/a/{name}" for name in (*inside, "trades.csv")), f"{STEM}/latest"]
        self.assertEqual(self.written(), sorted(latest + own))
        self.assertEqual(str((self.out / STEM / "latest").readlink()), "a")
        self.assertEqual(files.log_file.read_text().split(",")[0], "timestamp")
        np.testing.assert_array_equal(np.load(files.folder / "equity.npy"), [1.0, 2.5])
        np.testing.assert_array_equal(np.load(files.folder / "steps.npy"), [60_000, 60_000], "the end stands twice")

    def test_a_run_cut_short_has_the_times_of_the_steps_it_came_to(self):
        files = self.open()
        files.write_curve(np.array([60_000, 120_000, 180_000]), np.array([1.0, 2.5]))
        files.publish("a")
        np.testing.assert_array_equal(np.load(files.folder / "steps.npy"), [60_000, 120_000])

    def test_publishing_again_replaces_an_earlier_run(self):
        for balance in (1, 2):
            files = self.open()
            self.fill(files, balance)
            files.publish("a")
        self.assertEqual((files.folder / "result.json").read_text(), "2\n")
        self.assertEqual(len(self.written()), 19)

    def test_discarding_removes_what_was_written_and_leaves_an_earlier_run(self):
        first = self.open()
        self.fill(first, 1)
        first.publish("a")
        before = self.written()
        second = self.open()
        self.fill(second, 2)
        second.discard()
        self.assertEqual(self.written(), before)
        self.assertEqual((first.folder / "result.json").read_text(), "1\n")

    def test_two_runs_at_once_leave_the_files_of_one_of_them(self):
        everyone = threading.Barrier(4)
        failures = []

        def run(balance):
            try:
                files = RunFiles(self.out, STEM)
                self.fill(files, balance)
                everyone.wait(30)
                files.publish("a")
            except Exception as error:
                failures.append(error)

        for _ in range(10):
            threads = [threading.Thread(target=run, args=(balance,)) for balance in range(1, 5)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(failures, [])
            winner = (self.out / STEM / "result.json").read_text().strip()
            row = (self.out / STEM / "equity.csv").read_text().splitlines()[1]
            self.assertEqual(row.split(",")[1], winner)
            self.assertEqual(len(self.written()), 19)

    def test_a_file_where_the_folder_is_expected_is_a_store_error_that_names_it(self):
        self.out.write_text("in the way")
        with self.assertRaisesRegex(StoreError, rf"cannot write {self.out}: .*--out"):
            RunFiles(self.out, STEM)
        with self.assertRaisesRegex(StoreError, "cannot write"):
            RunFiles(self.out / "below", STEM)
        self.assertEqual(self.out.read_text(), "in the way")

    def test_a_file_with_the_name_of_the_run_s_folder_is_not_replaced(self):
        self.out.mkdir()
        (self.out / STEM).write_text("in the way")
        files = self.open()
        self.fill(files)
        with self.assertRaisesRegex(StoreError, rf"cannot write {self.out / STEM}: "):
            files.publish("a")
        files.discard()
        self.assertEqual(self.written(), [STEM])

    def test_a_disk_that_fills_up_is_a_store_error_that_names_the_file_and_leaves_nothing(self):
        program = textwrap.dedent(
            f"""
            import resource
            from pathlib import Path
            from core.errors import StoreError
            from core.events import Gap
            from runs.folder.run_files import RunFiles
            resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
            files = RunFiles({str(self.out)!r}, {STEM!r})
            outputs = files.outputs()
            try:
                for number in range(10_000):
                    outputs.render(Gap(number, "BTC/USDT", number))
                files.publish("a")
            except StoreError as error:
                print(error)
            files.discard()
            print(sorted(path.name for path in Path({str(self.out)!r}).iterdir()))
            """
        )
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            cwd=REPOSITORY,
            env=command_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        message, left = done.stdout.splitlines()
        self.assertEqual(message.split(";")[0], f"cannot write {self.out / STEM / 'decisions.jsonl'}: File too large")
        self.assertEqual(left, "[]")

    def test_a_device_without_room_is_a_store_error_when_the_buffer_is_written_out(self):
        if not Path("/dev/full").exists():
            self.skipTest("this system has no /dev/full")
        files = self.open()
        files.outputs()
        # The log's file is exchanged for a device that refuses every byte once they leave the buffer.
        files._work._open["equity.csv"].close()
        files._work._open["equity.csv"] = io.BufferedWriter(io.FileIO("/dev/full", "wb"))
        files._work._open["equity.csv"].write(b"row\n")
        with self.assertRaisesRegex(StoreError, "equity.csv: No space left on device"):
            files.publish("a")
        files.discard()
        self.assertEqual(self.written(), [])


if __name__ == "__main__":
    unittest.main()
