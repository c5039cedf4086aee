"""The store is what the folders of the runs say: nothing of it is lost with its database."""

import csv
import fcntl
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from decimal import Decimal
from pathlib import Path
from unittest import mock

import msgspec
import numpy as np

from runs.folder.run_notes import RunNotes, write_notes
from runs.store import synchronising
from runs.store.run_filter import RunFilter
from runs.store.run_store import open_store
from runs.store.synchronising import SyncReport
from tests.support.runs.backtest_runs import command_environment
from tests.support.shared import REPOSITORY
from tests.support.stores.run_folders import ONE_DAY, TWO_DAYS, copy_runs, own_folder
from tests.support.stores.store_rows import RUN
from tests.support.waiting import wait_until


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


class Syncing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name).resolve()
        self.backtests = copy_runs(self.base)
        self.url = f"sqlite:///{self.base / 'runs.sqlite'}"
        self.store = self.opened()

    def opened(self, host="here"):
        store = open_store(self.url, host=host)
        self.addCleanup(store.close)
        return store

    def sync(self, store=None, **how):
        return (store or self.store).sync([self.base / "logs" / "backtests", self.base / "logs" / "live"], **how)

    def by_name(self):
        return {run.name: run for run in self.store.runs()}

    def bare(self, store=None):
        """Return all runs without what is the store's own."""
        runs = (store or self.store).runs(without=())
        return sorted((msgspec.structs.replace(run, id=None) for run in runs), key=lambda run: run.folder)

    def test_every_run_is_found_once_with_what_its_files_say(self):
        self.assertEqual(SyncReport(added=2), self.sync())
        for name in (ONE_DAY, TWO_DAYS):
            run, folder = self.by_name()[name], own_folder(self.backtests, name)
            result = json.loads((folder / "result.json").read_text())
            log = rows_of(folder / "trades.csv")
            self.assertEqual((str(folder), folder.name), (run.folder, run.run_id))
            self.assertEqual(("COMPLETED", "backtest", "practice"), (run.status, run.kind, run.exchange))
            self.assertEqual((["BTC/USDT", "ETH/USDT"], "15m"), (run.symbols, run.timeframe))
            for hash_ in ("trades_sha256", "settings_sha256", "strategy_sha256", "data_sha256", "code_version"):
                self.assertEqual(result[hash_], getattr(run, hash_))
            self.assertEqual(result["performance"]["total_trades"], run.trades)
            self.assertAlmostEqual(result["performance"]["total_return_pct"], run.total_return_pct)
            self.assertEqual(Decimal(log[-1]["balance"]) - 10_000, run.net_profit)
            self.assertEqual((folder / "manifest.json").stat().st_mtime_ns // 1_000_000, run.started_ms)

    def test_the_trades_are_those_of_the_log_to_the_last_digit(self):
        self.sync()
        run, folder = self.by_name()[TWO_DAYS], own_folder(self.backtests, TWO_DAYS)
        log, trades = rows_of(folder / "trades.csv"), self.store.trades(run)
        closes = [row for row in log if row["action"] == "CLOSE"]
        # Every position of this run is one entry and one exit, so that a row that closes is a trade.
        self.assertEqual(len(log), 2 * len(closes))
        self.assertGreater(len(closes), 3)
        for name, column in (("realized_pnl", "realized_pnl"), ("exit_price", "price"), ("quantity", "quantity")):
            self.assertEqual([Decimal(row[column]) for row in closes], [getattr(one, name) for one in trades])
        self.assertEqual(sum(Decimal(row["commission"]) for row in log), sum(one.commission for one in trades))
        self.assertEqual([row["reason"] for row in closes], [one.reason for one in trades])

    def test_the_account_is_that_of_the_equity_file_and_its_drawdown_that_of_every_step(self):
        self.sync()
        folder = own_folder(self.backtests, TWO_DAYS)
        rows, points = rows_of(folder / "equity.csv"), self.store.metric_points(self.by_name()[TWO_DAYS])
        self.assertEqual([Decimal(row["equity"]) for row in rows], [one.equity for one in points])
        self.assertEqual([Decimal(row["balance"]) for row in rows], [one.cash for one in points])
        self.assertEqual([int(row["open_positions"]) for row in rows], [one.open_positions for one in points])
        times, curve = np.load(folder / "steps.npy").tolist(), np.load(folder / "equity.npy").tolist()
        peak, below = 10_000.0, {}
        for time_ms, equity in zip(times[:-1], curve[:-1], strict=True):
            peak = max(peak, equity)
            below[time_ms] = 1.0 - equity / peak
        for one in points[:-1]:
            self.assertAlmostEqual(below[one.time_ms], one.drawdown, places=12)

    def test_what_has_not_changed_is_not_read_again(self):
        self.sync()
        with mock.patch.object(synchronising, "_take", side_effect=AssertionError("read again")):
            self.assertEqual(SyncReport(), self.sync())

    def test_a_database_that_is_deleted_is_made_anew_with_tags_and_notes(self):
        write_notes(own_folder(self.backtests, ONE_DAY), RunNotes(("best", "Good"), "why not", "the good one"))
        self.sync()
        before = self.bare()
        self.store.close()
        for path in self.base.glob("runs.sqlite*"):
            path.unlink()
        again = self.opened()
        self.assertEqual(SyncReport(added=2), self.sync(again))
        self.assertEqual(before, self.bare(again))
        self.assertEqual([["Good", "best"], "why not"], [before[0].tags and sorted(before[0].tags), before[0].note])
        self.assertEqual(before[0].run_id, again.run("the good one").run_id)
        called = [one.given_name or one.name for one in again.runs(RunFilter(sort="name"))]
        self.assertEqual(sorted(["the good one", TWO_DAYS]), called)
        self.assertEqual(1, again.count(RunFilter(text="GOOD one")))

    def test_notes_that_change_are_taken_over_without_reading_the_run(self):
        self.sync()
        write_notes(own_folder(self.backtests, ONE_DAY), RunNotes(("new",), None))
        with mock.patch("runs.store.folder_reading.read_run", side_effect=AssertionError("read again")):
            self.assertEqual(SyncReport(changed=1), self.sync())
        self.assertEqual(["new"], self.by_name()[ONE_DAY].tags)

    def test_runs_that_are_gone_are_let_go_of_and_changed_ones_are_read_again(self):
        self.sync()
        shutil.rmtree(self.backtests / ONE_DAY)
        folder = own_folder(self.backtests, TWO_DAYS)
        result = json.loads((folder / "result.json").read_text())
        result["partial"] = True
        (folder / "result.json").unlink()
        (folder / "result.json").write_text(json.dumps(result))
        self.assertEqual(SyncReport(changed=1, removed=1), self.sync())
        [run] = self.store.runs()
        self.assertEqual((TWO_DAYS, "PARTIAL"), (run.name, run.status))

    def test_runs_of_earlier_layouts_are_found(self):
        one, two = self.backtests / ONE_DAY, self.backtests / TWO_DAYS
        own = own_folder(self.backtests, ONE_DAY)
        (one / "runs").mkdir()
        old = own.rename(one / "runs" / own.name)
        (one / "latest").unlink()
        # The other has no folder of its own at all: what stands under its name is the run.
        shutil.rmtree(own_folder(self.backtests, TWO_DAYS))
        (two / "latest").unlink()
        self.assertEqual(SyncReport(added=2), self.sync())
        self.assertEqual({ONE_DAY: str(old), TWO_DAYS: str(two)}, {n: r.folder for n, r in self.by_name().items()})
        self.assertEqual(SyncReport(), self.sync())
        # A run with a folder of its own takes its place when there is one.
        copied = two / self.by_name()[TWO_DAYS].run_id
        copied.mkdir()
        for path in two.iterdir():
            if path.is_file():
                shutil.copy2(path, copied)
        shutil.copy2(self.backtests / f"{TWO_DAYS}.csv", copied / "trades.csv")
        self.assertEqual(SyncReport(added=1, removed=1), self.sync())
        self.assertEqual(str(copied), self.by_name()[TWO_DAYS].folder)

    def test_a_damaged_run_is_listed_as_failed_with_the_reason_and_hinders_no_other(self):
        folder = own_folder(self.backtests, ONE_DAY)
        (folder / "result.json").write_text('{"config": ')
        report = self.sync()
        self.assertEqual((2, [str(folder)]), (report.added, list(report.unreadable)))
        run = self.by_name()[ONE_DAY]
        self.assertEqual("FAILED", run.status)
        self.assertIn("is no result of a run", run.failure)
        self.assertEqual("COMPLETED", self.by_name()[TWO_DAYS].status)
        self.assertEqual(SyncReport(), self.sync())

    def test_files_that_were_changed_are_a_failed_run_whatever_reading_stumbles_over(self):
        folder = own_folder(self.backtests, TWO_DAYS)
        np_header = (folder / "equity.npy").read_bytes().replace(b"'shape': (", b"'shape': [", 1)
        backwards = io.BytesIO()
        np.save(backwards, np.load(folder / "steps.npy")[::-1])
        log, account = (folder / "trades.csv").read_text(), (folder / "equity.csv").read_text()
        damage = {
            "equity.npy": np_header,
            "steps.npy": backwards.getvalue(),
            "trades.csv": log.replace(",OPEN,LONG,", ",OPEN,LONG,1E999999", 1).replace("SHORT,4", "SHORT,9E9999994", 1),
            "equity.csv": account.replace(".000Z", "-0100", 1),
            "result.json": (folder / "result.json").read_text().replace('"starting_balance": 10000.0', '"a": 1'),
        }
        self.sync()
        for name, content in damage.items():
            with self.subTest(name):
                kept = (folder / name).read_bytes()
                (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
                self.assertEqual(0, self.sync().changed)
                self.assertEqual(1, self.sync(thorough=True).changed)
                run = self.by_name()[TWO_DAYS]
                self.assertEqual("FAILED", run.status)
                self.assertIn(str(folder), run.failure)
                self.assertNotIn("\n", run.failure)
                (folder / name).write_bytes(kept)
                self.sync(thorough=True)
                self.assertEqual("COMPLETED", self.by_name()[TWO_DAYS].status)

    def test_notes_that_cannot_be_read_are_named_and_the_run_is_there(self):
        (own_folder(self.backtests, ONE_DAY) / "notes.json").write_text('{"tags": "x"}')
        report = self.sync()
        self.assertRegex(next(iter(report.unreadable.values())), r"notes\.json: has no notes of a run \(.*\); mend or")
        self.assertEqual("COMPLETED", self.by_name()[ONE_DAY].status)

    def session(self, name, *without):
        """Make a live session's folder of a backtest's files."""
        folder = self.base / "logs" / "live" / "rehearsal-x" / name
        shutil.copytree(own_folder(self.backtests, ONE_DAY), folder)
        for document, own in (("manifest.json", {"session": name}), ("result.json", {})):
            values = json.loads((folder / document).read_text())
            del values["run_id"]
            (folder / document).write_text(json.dumps(values | own))
        (folder / "journal.jsonl").write_text("{}\n")
        for one in without:
            (folder / one).unlink()
        return folder

    def test_a_session_is_running_while_its_lock_is_held_and_partial_when_it_was_killed(self):
        folder = self.session("one", "result.json")
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.sync()
            self.assertEqual(("live", "RUNNING"), (self.by_name()["one"].kind, self.by_name()["one"].status))
            self.assertEqual(1, self.sync().changed)
        self.sync()
        self.assertEqual("PARTIAL", self.by_name()["one"].status)
        with (folder / "journal.jsonl").open("a") as journal:
            journal.write("{}\n")
        self.assertEqual(1, self.sync().changed)
        self.assertEqual(0, self.sync().changed)

    def test_a_session_that_has_ended_is_complete(self):
        self.session("two")
        self.sync()
        run = self.by_name()["two"]
        self.assertEqual(("two", "COMPLETED", 2), (run.run_id, run.status, run.trades))

    def test_runs_of_another_machine_and_of_other_folders_stay(self):
        self.store.put(msgspec.structs.replace(RUN, host="there", folder=str(self.backtests / "x" / "y")))
        elsewhere = self.base / "elsewhere"
        shutil.copytree(own_folder(self.backtests, ONE_DAY), elsewhere / "z")
        self.store.sync([elsewhere])
        self.sync()
        self.assertEqual(4, len(self.store.runs()))
        shutil.rmtree(elsewhere)
        self.assertEqual(1, self.sync().removed)
        self.assertEqual(3, len(self.store.runs()))

    def test_links_and_working_folders_are_no_runs(self):
        (self.base / "logs" / "live").mkdir()
        (self.base / "logs" / "live" / "again").symlink_to(own_folder(self.backtests, ONE_DAY))
        shutil.copytree(own_folder(self.backtests, ONE_DAY), self.backtests / f".{ONE_DAY}.1-1.tmp")
        (self.backtests / "empty").mkdir()
        self.assertEqual(SyncReport(added=2), self.sync())

    def test_a_sync_that_is_killed_is_ended_by_the_next_one(self):
        own = own_folder(self.backtests, ONE_DAY)
        for number in range(60):
            shutil.copytree(own, own.with_name(f"{number:016x}"), copy_function=os.link)
        sync = f"open_store({self.url!r}, host='here').sync({[str(self.backtests)]!r})"
        code = f"from runs.store.run_store import open_store; {sync}"
        process = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY, env=command_environment())
        wait_until(lambda: len(self.store.runs()) >= 3)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = self.store.runs()
        self.assertEqual([2] * len([run for run in kept if run.name == ONE_DAY]),
                         [len(self.store.trades(run)) for run in kept if run.name == ONE_DAY])  # fmt: skip
        report = self.sync()
        self.assertEqual((62, 62), (report.added + len(kept), len(self.store.runs())))


if __name__ == "__main__":
    unittest.main()
