"""``python -m runs``: what each verb shows, changes and refuses."""

import contextlib
import csv
import io
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import pyarrow.parquet as pq

from runs.__main__ import main
from tests.support.runs.backtest_runs import command_environment
from tests.support.shared import REPOSITORY
from tests.support.stores.run_folders import ONE_DAY, TWO_DAYS, copy_runs, own_folder


class CommandCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name).resolve()
        self.backtests = copy_runs(self.base)
        self.one, self.two = own_folder(self.backtests, ONE_DAY), own_folder(self.backtests, TWO_DAYS)
        self.database = self.base / "data" / "runs.sqlite"

    def run_verb(self, *arguments):
        """Run a verb in the folder of the runs; return its exit code, its output and its errors."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.base), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([str(one) for one in arguments])
        return code, out.getvalue(), err.getvalue()

    def done(self, *arguments):
        """Run a verb that must succeed; return its output."""
        code, out, err = self.run_verb(*arguments)
        self.assertEqual((0, ""), (code, err))
        return out

    def failed(self, code, *arguments):
        """Run a verb that must fail; return its one line."""
        got, out, err = self.run_verb(*arguments)
        self.assertEqual((code, ""), (got, out), err)
        self.assertRegex(err, r"\Aerror: [^\n]+\n\Z")
        return err.removeprefix("error: ").rstrip("\n")

    def ids(self, *arguments):
        return [run["run_id"] for run in json.loads(self.done("list", "--json", *arguments))]


class Showing(CommandCase):
    def test_list_has_a_line_a_run_the_newest_first(self):
        header, *lines = self.done("list").splitlines()
        self.assertEqual("run made status strategy symbols tf window tags trades", " ".join(header.split()[:9]))
        self.assertEqual([self.two.name, self.one.name], [line.split()[0] for line in lines])
        self.assertIn("2024-01-01..2024-01-03", lines[0])
        self.assertIn("BTC/USDT,ETH/USDT", lines[0])

    def test_filters_and_order_are_obeyed(self):
        both = [self.two.name, self.one.name]
        self.assertEqual(both, self.ids("--symbol", "btcusdt", "--strategy", "SCALPINGEMARSI", "--since", "1d"))
        self.assertEqual(both, self.ids("--status", "completed", "--kind", "backtest", "--sort", "trades"))
        self.assertEqual(both[::-1], self.ids("--sort", "trades", "--reverse"))
        self.assertEqual([], self.ids("--symbol", "XRP/USDT"))
        self.assertEqual(both[:1], self.ids("--limit", "1"))
        self.assertIn("no run is like that", self.done("list", "--tag", "none"))
        code, out, err = self.run_verb("list", "--limit", "1")
        self.assertEqual((0, 2), (code, len(out.splitlines())))
        self.assertEqual("warning: the first 1 are shown; --limit 0 shows all\n", err)

    def test_show_tells_what_a_run_was_made_of_and_why_a_figure_is_undefined(self):
        out = self.done("show", self.one.name[:6])
        for line in (f"Run {self.one.name}", "window: 2024-01-01..2024-01-02", "status: COMPLETED", "Risk adjusted",
                     f"folder: {self.one}"):  # fmt: skip
            self.assertIn(line, out.splitlines())
        self.assertRegex(out, r"\nsharpe: n/a \(the run covers 1 days; annualised figures need 30\)\n")
        run = json.loads(self.done("show", "latest", "--json"))
        result = json.loads((self.two / "result.json").read_text())
        self.assertEqual(result["performance"]["total_trades"], run["figures"]["trade_quality"]["trades"])
        self.assertEqual(result["warnings"], run["warnings"])
        self.assertNotIn("NaN", json.dumps(run))

    def test_a_run_is_found_by_its_name_its_folder_and_what_points_to_it(self):
        for name in (ONE_DAY, self.one, self.backtests / ONE_DAY / "latest", f"logs/backtests/{ONE_DAY}/latest"):
            self.assertIn(f"Run {self.one.name}\n", self.done("show", name))

    def test_compare_shows_what_differs_in_settings_and_figures(self):
        manifest = json.loads((self.two / "manifest.json").read_text())
        manifest["settings"]["live"]["execution"]["slippage"] = 0.75
        (self.two / "manifest.json").write_text(json.dumps(manifest))
        out = self.done("compare", self.one.name, self.two.name)
        self.assertRegex(out, r"\nwindow +2024-01-01\.\.2024-01-02 +2024-01-01\.\.2024-01-03\n")
        self.assertRegex(out, r"\nlive\.execution\.slippage +0\.0005 +0\.75\n")
        self.assertNotIn("commission_rate", out)
        compared = json.loads(self.done("compare", self.one.name, self.two.name, "--json"))
        trades = compared["figures"]["trade_quality.trades"]
        self.assertRegex(out, rf"\ntrades +{trades[0]} +{trades[1]} +{trades[1] - trades[0]}\n")
        self.assertEqual([0.0005, 0.75], compared["settings"]["live.execution.slippage"])
        self.assertIn("made of the same settings", self.done("compare", self.one.name, self.one.name))

    def test_a_terminal_gets_a_table_and_a_pipe_no_codes(self):
        command = [sys.executable, "-W", "error", "-m", "runs", "list"]
        environment = {**command_environment(), "PYTHONPATH": str(REPOSITORY), "COLUMNS": "160", "TERM": "xterm"}
        piped = subprocess.run(command, cwd=self.base, env=environment, capture_output=True, text=True, check=True)
        self.assertEqual(("", 3), (piped.stderr, len(piped.stdout.splitlines())))
        self.assertNotIn("\x1b", piped.stdout)
        leader, follower = pty.openpty()
        process = subprocess.Popen(command, cwd=self.base, env=environment, stdout=follower, stderr=follower)
        os.close(follower)
        shown = b""
        with contextlib.suppress(OSError):  # The terminal is gone when the process is.
            while part := os.read(leader, 65_536):
                shown += part
        os.close(leader)
        self.assertEqual(0, process.wait())
        self.assertIn("\x1b[1m", shown.decode())
        self.assertIn(self.two.name[:8], shown.decode())

    def test_the_program_of_the_page_prints_what_the_runs_came_to(self):
        page = (REPOSITORY / "docs" / "results.md").read_text(encoding="utf-8")
        [program] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        out = io.StringIO()
        with contextlib.chdir(self.base), contextlib.redirect_stdout(out):
            exec(compile(program, "results.md", "exec"), {})
        log = list(csv.DictReader((self.two / "trades.csv").read_text().splitlines()))
        first = next(row for row in log if row["action"] == "CLOSE")
        self.assertEqual(3, len(out.getvalue().splitlines()))
        expected = " ".join(first[name] for name in ("symbol", "side", "realized_pnl", "reason"))
        self.assertEqual(expected, out.getvalue().splitlines()[-1])


class Changing(CommandCase):
    def test_tags_and_notes_outlive_the_database(self):
        self.assertEqual(f"{self.two.name}: best, to try\n", self.done("tag", "latest", "to try", "best"))
        self.assertEqual(f"{self.two.name}: wider stops\n", self.done("note", "latest", "wider stops"))
        shutil.rmtree(self.base / "data")
        self.assertEqual([self.two.name], self.ids("--tag", "BEST"))
        self.assertIn("note: wider stops", self.done("show", "latest"))
        self.assertEqual(f"{self.two.name}: best\n", self.done("tag", "latest", "--remove", "to try"))
        self.assertEqual(f"{self.two.name}: no note\n", self.done("note", "latest", "--clear"))
        self.assertEqual({"tags": ["best"], "note": None}, json.loads((self.two / "notes.json").read_text()))

    def test_a_run_that_is_removed_gives_its_name_to_the_one_before_it(self):
        older = self.one.with_name("0" * 16)
        shutil.copytree(self.one, older)
        result = (older / "result.json").read_text().replace(self.one.name, older.name)
        (older / "result.json").write_text(result)
        os.utime(older / "result.json", (1, 1))
        self.assertEqual(f"removed {self.one}\n", self.done("rm", self.one.name, "--yes"))
        self.assertEqual(older.name, str((self.backtests / ONE_DAY / "latest").readlink()))
        self.assertEqual(sorted([older.name, self.two.name]), sorted(self.ids()))
        self.done("rm", ONE_DAY, TWO_DAYS, "--yes")
        self.assertEqual(([], []), (self.ids(), list(self.backtests.iterdir())))

    def test_removing_asks_on_a_terminal_and_no_is_heeded(self):
        answers = io.StringIO("n\n")
        answers.isatty = lambda: True
        with mock.patch("sys.stdin", answers):
            out = self.done("rm", self.one.name)
        self.assertIn("Remove this run with all files? [y/N]", out)
        self.assertIn("nothing was removed", out)
        self.assertTrue(self.one.is_dir())

    def test_exports_have_a_row_a_run_or_a_row_a_trade(self):
        self.done("export", "runs.csv")
        with (self.base / "runs.csv").open(newline="") as file:
            rows = {row["run_id"]: row for row in csv.DictReader(file)}
        self.assertEqual({self.one.name, self.two.name}, set(rows))
        result = json.loads((self.one / "result.json").read_text())["performance"]
        self.assertAlmostEqual(result["total_return_pct"], float(rows[self.one.name]["performance.total_return_pct"]))
        self.assertEqual("9", rows[self.one.name]["params.ema_fast"])
        self.assertEqual("", rows[self.one.name]["sharpe"])
        self.done("export", "trades.parquet", "--what", "trades", "--limit", "1")
        table = pq.read_table(self.base / "trades.parquet")
        self.assertEqual({self.two.name}, set(table.column("run_id").to_pylist()))
        self.assertAlmostEqual(
            json.loads((self.two / "result.json").read_text())["performance"]["realized_pnl"],
            sum(table.column("realized_pnl").to_pylist()),
        )
        self.done("export", "points.json", "--what", "points")
        points = json.loads((self.base / "points.json").read_text())
        expected = sum(len((one / "equity.csv").read_text().splitlines()) - 1 for one in (self.one, self.two))
        self.assertEqual(expected, len(points))
        self.assertIn("is there already", self.failed(2, "export", "runs.csv"))
        self.done("export", "runs.csv", "--force")

    def test_sync_counts_and_takes_further_folders(self):
        other = self.base / "other"
        shutil.copytree(self.one, other / "x")
        self.assertEqual("2 runs added, 0 read again, 0 gone\n", self.done("sync"))
        self.assertEqual("1 run added, 0 read again, 0 gone\n", self.done("sync", other))
        self.assertEqual(3, len(self.ids()))
        self.assertEqual("is in several folders", self.failed(2, "rm", self.one.name, "--yes").partition(": ")[2][:21])
        self.done("rm", other / "x", "--yes")
        self.assertFalse((other / "x").exists())
        self.assertTrue(self.one.exists())


class Refusing(CommandCase):
    def test_bad_arguments_are_one_line_that_says_what_is_allowed(self):
        cases = {
            ("show", "nothing"): "run 'nothing': no run has that id or name — allowed: an id or its beginning",
            ("compare", "latest"): "one run has nothing to be compared with — allowed: two or more runs",
            ("list", "--since", "soon"): "--since 'soon' is not a date; allowed: YYYY-MM-DD",
            ("list", "--status", "good"): "invalid choice: 'GOOD'",
            ("list", "--limit", "-1"): "'-1' is no number of runs",
            (
                "list",
                "--sort",
                "beauty",
            ): "no run has such a figure (did you mean beta?) — allowed: started, ",
            ("tag", "latest", "a,b"): "tag 'a,b': is none — allowed: up to 60 printable characters",
            ("tag", "latest", "--remove", "x"): "has no tag 'x'; it has: no tags",
            ("note", "latest", " "): "the text is empty — allowed: some words, or --clear",
            ("note", "latest", "x", "--clear"): "allowed: a text, or --clear",
            ("rm", "latest"): "rm: cannot ask here — allowed: --yes",
            ("export", "runs.xls"): "runs.xls: the name does not say the format — allowed: .csv, .json, .parquet",
            ("export", "no/where.csv"): "cannot write no/where.csv: No such file or directory",
            ("sync", "no/where"): "no/where: there is no such folder",
            ("lst",): "invalid choice: 'lst'",
            (): "the following arguments are required: VERB",
        }
        for arguments, words in cases.items():
            with self.subTest(arguments=arguments):
                code = 1 if "where" in " ".join(arguments) else 2
                self.assertIn(words, self.failed(code, *arguments))
        self.assertTrue(self.two.is_dir())

    def test_addresses_of_no_store_are_refused(self):
        cases = {
            "mysql://u:secret@h/d": "store: 'mysql' is no kind of store; allowed: sqlite:///PATH or postgresql://",
            "postgresql+asyncpg://h/d": "store: 'postgresql+asyncpg' is no kind of store",
            "sqlite://": "names no file",
            "postgresql://user:secret@h": "store: postgresql://user:***@h names no database",
            "data/runs.sqlite": "store: 'data/runs.sqlite' is no address; allowed: sqlite:///PATH",
            " x": "HARNESS_STORE_URL: must be printable text without spaces around it",
        }
        for url, words in cases.items():
            with self.subTest(url), mock.patch.dict("os.environ", {"HARNESS_STORE_URL": url}):
                line = self.failed(2, "list")
                self.assertIn(words, line)
                self.assertNotIn("secret", line)

    def test_a_server_that_does_not_answer_is_named_without_its_password(self):
        with mock.patch.dict("os.environ", {"HARNESS_STORE_URL": "postgresql://user:secret@127.0.0.1:1/runs"}):
            line = self.failed(1, "list")
        self.assertIn("the store at postgresql://user:***@127.0.0.1:1/runs does not answer", line)
        self.assertNotIn("secret", line)

    def test_the_settings_file_of_the_store_is_read_and_its_mistakes_are_named(self):
        (self.base / "config").mkdir()
        file = self.base / "config" / "store.yaml"
        file.write_text("url: sqlite:///elsewhere.sqlite\nfolders: [logs/none]\n")
        self.assertEqual([], self.ids())
        self.assertTrue((self.base / "elsewhere.sqlite").exists())
        file.write_text("urll: x\nfolders: []\n")
        code, _, err = self.run_verb("list")
        self.assertEqual(2, code)
        self.assertIn("config/store.yaml: urll: unknown key (did you mean url?) — allowed keys: url, folders", err)
        self.assertIn("error: config/store.yaml: folders: ", err)

    def test_a_database_that_is_damaged_is_told_and_sync_makes_it_anew(self):
        self.done("tag", "latest", "mine")
        for number, damage in enumerate((self.garbled_head, self.garbled_middle, self.garbled_value), 1):
            with self.subTest(number):
                damage()
                line = self.failed(1, "list")
                self.assertRegex(line, r"data/runs\.sqlite is damaged \(.*\); `python -m runs sync` makes it anew")
                code, out, err = self.run_verb("sync")
                self.assertEqual((0, "2 runs added, 0 read again, 0 gone\n"), (code, out))
                aside = f"data/runs.sqlite.damaged-{number}"
                self.assertRegex(err, rf"\Awarning: data/runs\.sqlite was damaged; it is kept as {aside}, and")
                self.assertEqual([self.two.name], self.ids("--tag", "mine"))
                self.assertTrue((self.base / aside).exists())

    def garbled_head(self):
        self.database.write_bytes(b"no database at all" * 1_000)
        for suffix in ("-wal", "-shm"):
            self.database.with_name(self.database.name + suffix).unlink(missing_ok=True)

    def garbled_middle(self):
        # Everything but the first page, so that the file still begins as a database.
        content = bytearray(self.database.read_bytes())
        content[4_096:] = b"\xff" * (len(content) - 4_096)
        self.database.write_bytes(content)

    def garbled_value(self):
        with contextlib.closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("""UPDATE run SET symbols = '["BTC'""")

    def test_a_file_that_is_no_database_is_not_set_aside(self):
        file = self.base / "live.yaml"
        file.write_text("exchange: practice\n" * 500)
        with mock.patch.dict("os.environ", {"HARNESS_STORE_URL": f"sqlite:///{file}"}):
            for verb in ("list", "sync"):
                self.assertIn("file is not a database", self.failed(1, verb))
        self.assertEqual("exchange: practice\n" * 500, file.read_text())
        with mock.patch.dict("os.environ", {"HARNESS_STORE_URL": f"sqlite:///{file}/x/runs.sqlite"}):
            self.assertIn("cannot open", self.failed(1, "list"))


if __name__ == "__main__":
    unittest.main()
