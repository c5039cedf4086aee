"""``python -m backtests.config_backtest`` as a user runs it: output, exit codes, files, bad input and interrupts.

What is about the process itself, its streams, signals and imports, is run in one of its own.
"""

import contextlib
import csv
import datetime as dt
import hashlib
import io
import json
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from core.event_lines import cell_text
from runs.folder.stem_folder import StemFolder
from tests.support.runs.backtest_runs import called_command, command_environment, run_command
from tests.support.shared import REPOSITORY
from tests.support.waiting import wait_until

PRACTICE = REPOSITORY / "config" / "practice.yaml"
DAYS = ("--start", "2024-01-01", "--end", "2024-01-03")
STEM = "config_backtest_20240101_20240103"

STRATEGIES = """
import os
import signal
import time
from pathlib import Path

from core.trading_signal import FLAT, Signal


class Every:
    name = "every"
    warmup_candles = 0

    def __init__(self, params):
        self.params = params

    def stream(self, symbol):
        return Stream(self, symbol)

    def opinion(self, number, candle):
        if number % 20:
            return FLAT
        # Every fourth order stands so far away that its position is still open when a test cuts the run short.
        distance = candle.close / (100 if number % 80 else 4)
        return Signal("LONG" if number % 40 else "SHORT", sl_distance=distance, tp_distance=distance)


class Stream:
    def __init__(self, strategy, symbol):
        self.strategy = strategy
        self.number = 0

    def update(self, candle):
        self.number += 1
        return self.strategy.opinion(self.number, candle)


class Formula(Every):
    name = "=1+1"


class Broken(Every):
    name = "broken"

    def opinion(self, number, candle):
        if number == 100:
            raise ZeroDivisionError("no\\nvolume")
        return super().opinion(number, candle)


class BrokenInWarmUp(Broken):
    warmup_candles = 100


class Nonsense(Every):
    name = "nonsense"

    def opinion(self, number, candle):
        return "BUY" if number == 100 else super().opinion(number, candle)


class Endless(Every):
    name = "endless"

    def opinion(self, number, candle):
        return Signal("LONG", sl_distance=float("inf"))


class Slow(Every):
    name = "every"

    def opinion(self, number, candle):
        if number >= 200:
            Path("reached").touch()
            time.sleep(0.02)
        return super().opinion(number, candle)


class Stuck(Every):
    def opinion(self, number, candle):
        unseen = signal.getsignal(signal.SIGINT)
        Path("reached").touch()
        while signal.getsignal(signal.SIGINT) is unseen:
            time.sleep(0.01)
        Path("interrupted").touch()
        while True:
            time.sleep(60)


class StuckAtTheStart(Every):
    def __init__(self, params):
        Path("reached").touch()
        time.sleep(60)


class Unbuildable(Every):
    def __init__(self, params):
        raise KeyError("period")
"""


class CommandCase(unittest.TestCase):
    """One store of practice candles, filled once, and a working folder for every test."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.store = Path(folder.name) / "data"
        filled = called_command(
            "--config", PRACTICE, *DAYS, "--data-dir", cls.store, "--out", Path(folder.name) / "out", "--quiet"
        )
        if (filled.returncode, filled.stdout, filled.stderr) != (0, "", ""):
            raise AssertionError(f"--quiet is not quiet, or fails: {filled}")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "out"

    def backtest(self, *arguments, config=PRACTICE, days=DAYS, store=None, **options):
        data = ("--data-dir", self.store if store is None else store)
        return called_command("--config", config, *days, *data, "--out", self.out, *arguments, **options)

    def done(self, *arguments, **options):
        finished = self.backtest(*arguments, **options)
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        return finished.stdout

    def failed(self, code, *arguments, **options):
        """Run, expecting an error; return its one line."""
        finished = self.backtest(*arguments, **options)
        self.assert_one_line(code, finished)
        return finished.stderr

    def assert_one_line(self, code, finished):
        self.assertEqual(finished.returncode, code, finished.stderr)
        self.assertRegex(finished.stderr, r"\Aerror: [^\n]+\n\Z")
        self.assertEqual(finished.stdout, "")
        self.assert_no_leftovers()

    def assert_no_leftovers(self):
        self.assertEqual([path for path in self.folder.rglob("*") if path.name.endswith(".tmp")], [])

    def assert_nothing_written(self):
        self.assertEqual(list(self.out.rglob("*")) if self.out.is_dir() else [], [])

    def result(self, stem=STEM):
        return json.loads((self.out / stem / "result.json").read_text())

    def assert_whole(self, stem=STEM):
        """Check that all files of a run belong together."""
        manifest = json.loads((self.out / stem / "manifest.json").read_text())
        for key, path in (
            ("trades_sha256", self.out / f"{stem}.csv"),
            ("equity_sha256", self.out / stem / "equity.csv"),
            ("decisions_sha256", self.out / stem / "decisions.jsonl"),
        ):
            self.assertEqual(hashlib.sha256(path.read_bytes()).hexdigest(), manifest[key], key)
        self.assertEqual(self.result(stem)["trades_sha256"], manifest["trades_sha256"])


class Output(CommandCase):
    def test_the_help_has_examples(self):
        shown = run_command("--help")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.assertIn("examples:", shown.stdout)
        self.assertIn("--config config/practice.yaml --start 2024-01-01 --end 2024-02-01", shown.stdout)

    def test_a_piped_report_has_its_figures_and_no_escape_codes_and_lies_beside_whole_files(self):
        output = self.done()
        self.assertNotIn("\x1b", output)
        for line in ("Starting balance: 10,000.00 USDT", "Candles processed: 768", f"Trade log: {self.out}/{STEM}.csv"):
            self.assertIn(line, output)
        self.assertIn(f"trades_sha256: {self.result()['trades_sha256']}", output)
        self.assert_whole()
        self.assert_no_leftovers()
        latest, own = self.out / STEM, self.out / STEM / self.result()["run_id"]
        files = [
            "decisions.jsonl", "equity.csv", "equity.npy", "ledger.csv", "manifest.json", "orders.csv", "result.json",
            "steps.npy",
        ]  # fmt: skip
        self.assertEqual([STEM, f"{STEM}.csv"], sorted(path.name for path in self.out.iterdir()))
        self.assertEqual(sorted([*files, own.name, "latest"]), sorted(path.name for path in latest.iterdir()))
        self.assertEqual(own.name, str((latest / "latest").readlink()))
        self.assertEqual(sorted([*files, "trades.csv"]), sorted(path.name for path in own.iterdir()))

    def test_json_prints_the_stored_result_and_nothing_else(self):
        output = self.done("--json")
        self.assertEqual(json.loads(output), self.result())
        self.assertEqual(output, (self.out / STEM / "result.json").read_text())

    def test_a_run_from_the_store_is_the_run_that_filled_it_and_loads_neither_ccxt_nor_pandas_nor_the_store(self):
        program = (
            "import sys\nfrom backtests.config_backtest import main\n"
            "code = main(sys.argv[1:])\n"
            "print(code, *({'ccxt', 'pandas', 'sqlalchemy', 'alembic', 'sqlite3'} & set(sys.modules)))"
        )
        arguments = ("--config", PRACTICE, *DAYS, "--data-dir", self.store, "--out", self.out, "--quiet")
        finished = subprocess.run(
            [sys.executable, "-W", "error", "-c", program, *map(str, arguments)],
            cwd=REPOSITORY,
            env=command_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual((finished.stdout, finished.stderr), ("0\n", ""))
        first = self.store.parent / "out" / f"{STEM}.csv"
        self.assertEqual((self.out / f"{STEM}.csv").read_bytes(), first.read_bytes())

    def test_a_reader_that_goes_away_and_a_full_device_are_no_traceback(self):
        command = [sys.executable, "-W", "error", "-m", "backtests.config_backtest", "--config", str(PRACTICE), *DAYS]
        command += ["--data-dir", str(self.store), "--out", str(self.out)]
        options = {"cwd": REPOSITORY, "env": command_environment(), "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, stdout=subprocess.PIPE, **options) as process:
            process.stdout.close()
            self.assertEqual((process.wait(60), process.stderr.read()), (141, ""))
        if Path("/dev/full").exists():
            with open("/dev/full", "w") as full:  # noqa: PTH123
                finished = subprocess.run(command, stdout=full, check=False, **options)
            self.assertEqual(finished.returncode, 1)
            self.assertRegex(finished.stderr, r"\Aerror: cannot write the report \(No space left on device\)\n\Z")
        self.assert_whole()

    def test_two_runs_at_once_into_one_folder_leave_one_whole_result(self):
        command = [sys.executable, "-W", "error", "-m", "backtests.config_backtest", "--config", str(PRACTICE), *DAYS]
        command += ["--data-dir", str(self.store), "--out", str(self.out), "--quiet"]
        choices = ("BTC/USDT", "ETH/USDT,SOL/USDT")
        running = [
            subprocess.Popen([*command, "--symbols", symbols], cwd=REPOSITORY, env=command_environment())
            for symbols in choices
        ]
        self.assertEqual([process.wait(60) for process in running], [0, 0])
        self.assert_whole()
        self.assertIn(",".join(self.result()["config"]["symbols"]), choices)
        self.assert_no_leftovers()


class BadArgumentsAndConfiguration(CommandCase):
    def test_arguments(self):
        for arguments, part in (
            (("--bogus",), "unrecognized arguments: --bogus"),
            (("--symbols", "NOPE"), "symbol 'NOPE' is not in the market list of practice"),
            (("--symbols", "BTCUSDT,BTC/USDT"), "BTC"),
            (("--interval", "7q"), "'7q'"),
            (("--start", "2024-01-03", "--end", "2024-01-01"), "2024-01-03T00:00:00.000Z is not before end"),
            (("--start", "soon"), "start 'soon' is not a date"),
        ):
            with self.subTest(arguments=arguments):
                self.assertIn(part, self.failed(2, *arguments))
                self.assert_nothing_written()

    def test_configuration_files(self):
        for name, content, part in (
            ("missing", None, "there is no such file"),
            ("empty", b"", "the file is empty"),
            ("broken", b"symbols: [", "broken.yaml"),
            ("binary", b"\xff\xfe\x00", "binary.yaml"),
            ("unknown", b"symbols: [BTCUSDT]\nexchange: practice\nsymbls: 1\n", "did you mean symbols?"),
            ("strategy", b"symbols: [BTCUSDT]\nexchange: practice\nstrategy: {type: scalping}\n", "strategy.type"),
        ):
            with self.subTest(name=name):
                path = self.folder / f"{name}.yaml"
                if content is not None:
                    path.write_bytes(content)
                self.assertIn(part, self.failed(2, config=path))
                self.assert_nothing_written()

    def test_a_folder_in_the_configurations_place(self):
        self.assertIn("is not a file", self.failed(2, config=self.folder))


class BadDataAndDisks(CommandCase):
    def test_a_range_without_data_is_exit_3_and_says_what_to_do(self):
        line = self.failed(3, "--symbols", "BTC/USDT", days=("--start", "1971-01-01", "--end", "1971-01-02"))
        self.assertIn("no candle of BTC/USDT (15m) from 1971-01-01", line)
        self.assertIn("python -m market_data list", line)
        self.assert_nothing_written()

    def test_offline_with_an_empty_store_is_exit_3_and_says_how_to_fill_it(self):
        line = self.failed(3, "--offline", "--symbols", "BTC/USDT", store=self.folder / "empty")
        self.assertIn("the symbol 'BTC/USDT' cannot be looked up", line)
        self.assertIn("python -m market_data import", line)
        self.assert_nothing_written()

    def test_a_file_where_a_folder_is_expected_is_exit_1(self):
        self.out.write_text("in the way")
        self.assertIn(f"cannot write {self.out}: ", self.failed(1))
        self.assertEqual(self.out.read_text(), "in the way")
        self.assertIn("cannot be read as a folder", self.failed(1, store=self.out))

    def test_a_full_disk_is_exit_1_and_an_earlier_run_stands(self):
        self.done("--quiet", "--symbols", "BTC/USDT")
        before = {path: path.read_bytes() for path in self.out.rglob("*") if path.is_file()}
        with self.subTest("while the run writes its rows"):
            self.full_disk(before, 2_000)
        with self.subTest("when everything is done but the last file"):
            self.full_disk(before, max(map(len, before.values())) + 500)

    def full_disk(self, before, most):
        command = [sys.executable, "-W", "error", "-m", "backtests.config_backtest", "--config", str(PRACTICE), *DAYS]
        command += ["--data-dir", str(self.store), "--out", str(self.out)]
        finished = subprocess.run(
            command,
            cwd=REPOSITORY,
            env=command_environment({"PYTHONDONTWRITEBYTECODE": "1"}),
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        )
        self.assert_one_line(1, finished)
        self.assertRegex(finished.stderr, rf"cannot write {self.out}/{STEM}\S+: File too large; free space, or choose")
        self.assertEqual({path: path.read_bytes() for path in self.out.rglob("*") if path.is_file()}, before)

    def test_garbage_in_the_store_is_one_line_that_names_the_file(self):
        store = self.folder / "data"
        shutil.copytree(self.store, store)
        files = sorted(store.rglob("*BTC*/**/*.parquet")) or sorted(store.rglob("*.parquet"))
        for path in files:
            path.write_bytes(b"PAR1 garbage")
        finished = self.backtest(store=store)
        self.assertNotEqual(finished.returncode, 0)
        self.assert_one_line(1, finished)
        self.assertTrue(any(str(path) in finished.stderr for path in files), finished.stderr)
        self.assert_nothing_written()

    def test_rows_with_nan_inf_or_negative_prices_are_refused_at_the_import_and_missing_in_the_run(self):
        lines = ["timestamp,open,high,low,close,volume"]
        bad = {5: "nan,2,1,1,1", 6: "1,inf,1,1,1", 7: "-1,2,1,1,1", 8: "1,2,1,0,1", 9: "1,2,1,1,-1"}
        for number in range(30):
            values = bad.get(number, "100,101,99,100,1")
            lines.append(f"{1_704_067_200_000 + 60_000 * number},{values}")
        path = self.folder / "BTC-USDT" / "1m.csv"
        path.parent.mkdir()
        path.write_text("\n".join(lines) + "\n")
        store = self.folder / "data"
        arguments = ("--exchange", "binance", "--allow-partial", "--data-dir", store, path)
        imported = called_command("import", *arguments, module="market_data.__main__")
        self.assertEqual(imported.returncode, 0, imported.stderr)
        self.assertIn("25 of 30 rows taken, 5 refused", imported.stdout)
        days = ("--start", "2024-01-01", "--end", "2024-01-01T00:30", "--symbols", "BTCUSDT", "--offline")
        result = json.loads(
            self.done("--json", config=REPOSITORY / "examples" / "binance-1m.yaml", days=days, store=store)
        )
        self.assertEqual(result["statistics"]["candles_processed"], 25)
        self.assertEqual(result["symbols"]["BTCUSDT"]["missing_candles"], 5)

    def test_candles_that_are_missing_at_the_ends_are_counted_and_warned_of_by_symbol(self):
        """BTC is whole; ETH lacks the first five minutes, two inside, and the last four of thirty."""
        store = self.folder / "data"
        for symbol, gone in (("BTC", ()), ("ETH", (*range(5), 11, 12, *range(26, 30)))):
            lines = ["timestamp,open,high,low,close,volume"]
            for number in range(30):
                if number not in gone:
                    lines.append(f"{1_704_067_200_000 + 60_000 * number},100,101,99,100,1")
            path = self.folder / f"{symbol}-USDT" / "1m.csv"
            path.parent.mkdir()
            path.write_text("\n".join(lines) + "\n")
            arguments = ("import", "--exchange", "binance", "--data-dir", store, path)
            imported = called_command(*arguments, module="market_data.__main__")
            self.assertEqual(imported.returncode, 0, imported.stderr)
        days = ("--start", "2024-01-01", "--end", "2024-01-01T00:30", "--symbols", "BTCUSDT,ETHUSDT", "--offline")
        printed = self.done(config=REPOSITORY / "examples" / "binance-1m.yaml", days=days, store=store)
        result = json.loads(
            self.done("--json", config=REPOSITORY / "examples" / "binance-1m.yaml", days=days, store=store)
        )
        keys = ("missing_before", "missing_candles", "missing_after", "candles_from", "candles_to")
        self.assertEqual(
            [tuple(result["symbols"][symbol][key] for key in keys) for symbol in ("BTCUSDT", "ETHUSDT")],
            [
                (0, 0, 0, "2024-01-01T00:00:00.000Z", "2024-01-01T00:30:00.000Z"),
                (5, 2, 4, "2024-01-01T00:05:00.000Z", "2024-01-01T00:26:00.000Z"),
            ],
        )
        only = "candles only from 2024-01-01T00:05:00.000Z to 2024-01-01T00:26:00.000Z: 5 missing before, 4 after"
        self.assertEqual(printed.count("candles only"), 1)
        self.assertIn(f"Warning: ETHUSDT: {only}", printed)
        self.assertIn("Warning: ETHUSDT: candles missing in the range: 2\n", printed)


class OwnStrategies(CommandCase):
    """Strategies from a module in the working directory, and interrupts in the middle of them."""

    def setUp(self):
        super().setUp()
        (self.folder / "my_strategies.py").write_text(STRATEGIES)

    def config_of(self, strategy, symbols="[BTC/USDT, ETH/USDT]"):
        config = self.folder / "live.yaml"
        config.write_text(
            textwrap.dedent(
                f"""
                exchange: practice
                symbols: {symbols}
                timeframe: 15m
                strategy: {{type: "my_strategies:{strategy}"}}
                risk: {{config_file: {REPOSITORY / "config" / "risk.json"}}}
                """
            )
        )
        shutil.copy(REPOSITORY / "config" / "trading_mode.yaml", self.folder)
        return config

    def log(self):
        return (self.out / f"{STEM}.csv").read_bytes()

    def whole_run(self):
        self.done("--quiet", config=self.config_of("Every"), cwd=self.folder)
        whole = self.log()
        shutil.rmtree(self.out)
        return whole

    def partial_run(self, stem=STEM):
        """Return the folder of the one run of a stem that was cut short."""
        [folder] = (self.out / stem).glob("*-partial")
        return folder

    def assert_beginning(self, whole):
        """Check that what was kept is the beginning of the whole run, in full rows, and marked."""
        folder = self.partial_run()
        kept = (folder / "trades.csv").read_bytes()
        self.assertTrue(whole.startswith(kept))
        self.assertLess(len(kept), len(whole))
        self.assertGreater(kept.count(b"\n"), 1)
        self.assertTrue(kept.endswith(b"\n"))
        result = json.loads((folder / "result.json").read_text())
        self.assertIs(result["partial"], True)
        self.assertGreater(result["performance"]["open_positions"], 0)
        self.assertEqual((str(folder), str(folder / "trades.csv")), (result["output_dir"], result["log_file"]))
        self.assertIs(json.loads((folder / "manifest.json").read_text())["partial"], True)

    def test_a_name_that_is_a_formula_is_neutral_in_every_csv_and_itself_when_it_is_read_back(self):
        self.assertIn("Strategy: =1+1", self.done(config=self.config_of("Formula"), cwd=self.folder))
        formula = self.log().decode()
        self.assertIn("Strategy: every", self.done(config=self.config_of("Every"), cwd=self.folder))
        plain = self.log().decode()
        rows = list(csv.DictReader(io.StringIO(formula, newline="")))
        self.assertGreater(len(rows), 10)
        self.assertEqual({"'=1+1"}, {row["strategy"] for row in rows})
        read_back = [{name: cell_text(cell) for name, cell in row.items()} for row in rows]
        self.assertEqual({"=1+1"}, {row["strategy"] for row in read_back})
        named = [{**row, "strategy": "=1+1"} for row in csv.DictReader(io.StringIO(plain, newline=""))]
        self.assertEqual(named, read_back)
        for path in self.out.rglob("*.csv"):
            with path.open(newline="") as file:
                for cell in (cell for row in csv.reader(file) for cell in row if cell[:1] in tuple("=+-@\t\r")):
                    float(cell)

    def test_a_strategy_that_raises_is_named_with_symbol_and_candle_and_what_was_done_is_kept(self):
        whole = self.whole_run()
        line = self.failed(2, config=self.config_of("Broken"), cwd=self.folder)
        # The 100th candle of 15 minutes opens 99 x 15 minutes after midnight: a day and 45 minutes.
        self.assertIn("strategy broken failed on BTC/USDT at the candle opened 2024-01-02T00:45:00.000Z: ", line)
        self.assertIn("ZeroDivisionError: no volume", line)
        self.assertIn(f"what was done is in {self.partial_run()}, marked partial", line)
        self.assert_beginning(whole.replace(b",every,", b",broken,"))
        self.assertIn("no volume", json.loads((self.partial_run() / "manifest.json").read_text())["failure"])

    def test_a_run_that_fails_leaves_an_earlier_one_of_its_range_as_it_was(self):
        self.done("--quiet", config=self.config_of("Every"), cwd=self.folder)
        before = {path: path.read_bytes() for path in self.out.rglob("*") if path.is_file()}
        self.failed(2, config=self.config_of("Broken"), cwd=self.folder)
        self.assertEqual(before, {path: path.read_bytes() for path in before})
        self.assert_beginning(self.log().replace(b",every,", b",broken,"))

    def test_two_strategies_over_one_range_are_both_kept_and_the_stem_names_the_latest(self):
        logs = []
        for text in (STRATEGIES, STRATEGIES.replace('"every"', '"other"')):
            (self.folder / "my_strategies.py").write_text(text)
            self.done("--quiet", config=self.config_of("Every"), cwd=self.folder)
            logs.append(self.log())
        folders = StemFolder(self.out, STEM).run_folders()
        runs = {path.name: (path / "trades.csv").read_bytes() for path in folders}
        self.assertEqual(sorted(logs), sorted(runs.values()))
        self.assertNotEqual(*logs)
        self.assertEqual(logs[1], runs[self.result()["run_id"]])
        self.done("--quiet", config=self.config_of("Every"), cwd=self.folder)
        self.assertEqual(folders, StemFolder(self.out, STEM).run_folders())

    def test_a_strategy_that_returns_nonsense_is_treated_the_same(self):
        for strategy, part in (("Nonsense", "2024-01-02T00:45:00.000Z: "), ("Endless", "sl_distance is inf")):
            with self.subTest(strategy=strategy):
                line = self.failed(2, config=self.config_of(strategy), cwd=self.folder)
                self.assertIn(f"strategy {strategy.lower()} failed on BTC/USDT at the candle opened ", line)
                self.assertIn(part, line)
                self.assertIs(json.loads((self.partial_run() / "result.json").read_text())["partial"], True)
                shutil.rmtree(self.out)

    def test_a_strategy_that_raises_in_the_warm_up_or_cannot_be_built_is_one_line_too(self):
        line = self.failed(2, config=self.config_of("BrokenInWarmUp"), cwd=self.folder)
        self.assertIn("at the candle opened 2023-12-31T23:45:00.000Z: ZeroDivisionError", line)
        shutil.rmtree(self.out)
        line = self.failed(2, config=self.config_of("Unbuildable"), cwd=self.folder)
        self.assertIn("strategy my_strategies:Unbuildable cannot be built: KeyError: 'period'", line)
        self.assert_nothing_written()

    def test_an_interrupt_in_the_middle_is_exit_130_and_what_was_done_is_the_beginning_of_the_whole_run(self):
        # Four days are 384 candles; the slow strategy pauses from the 200th on.
        days = ("--start", "2023-12-30", "--end", "2024-01-03")
        stem = "config_backtest_20231230_20240103"
        self.done("--quiet", config=self.config_of("Every"), cwd=self.folder, days=days)
        whole = (self.out / f"{stem}.csv").read_bytes()
        with self.running("Slow", days=days) as process:
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, output), (130, ""))
        folder = self.partial_run(stem)
        line = f"error: interrupted; what was done is in {folder}, marked partial\n"
        self.assertEqual(errors, line)
        self.assertEqual(whole, (self.out / f"{stem}.csv").read_bytes())
        kept = (folder / "trades.csv").read_bytes()
        self.assertTrue(whole.startswith(kept))
        self.assertGreater(kept.count(b"\n"), 3)
        self.assertLess(len(kept), len(whole))
        result = json.loads((folder / "result.json").read_text())
        self.assertIs(result["partial"], True)
        for told in result["symbols"].values():
            # Its own range: no candle of it is missing, and nothing is said of what it did not come to.
            self.assertEqual(told["candles"], result["statistics"]["steps"])
            self.assertEqual(
                (0, 0, 0), tuple(told[key] for key in ("missing_candles", "missing_before", "missing_after"))
            )
            self.assertEqual(result["config"]["ran_to"], told["candles_to"])
        self.assertGreater(result["performance"]["open_positions"], 0)
        self.assertLess(result["statistics"]["steps"], 384)
        self.assertGreaterEqual(result["statistics"]["steps"], 200)
        start, ran_to = (dt.datetime.fromisoformat(result["config"][key]) for key in ("start_date", "ran_to"))
        self.assertEqual(ran_to - start, result["statistics"]["steps"] * dt.timedelta(minutes=15))
        self.assert_whole(stem)
        self.assert_no_leftovers()

    def test_a_second_interrupt_ends_a_strategy_that_hangs_and_nothing_half_written_stays(self):
        with self.running("Stuck") as process:
            # Two that come together are one to the process: the second is sent when the first has been seen.
            process.send_signal(signal.SIGINT)
            wait_until((self.folder / "interrupted").exists, "the first interrupt was not seen")
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, output), (130, ""))
        self.assertRegex(errors, r"\Aerror: interrupted before anything was written[^\n]*\n\Z")
        self.assert_nothing_written()

    def test_an_interrupt_before_the_first_candle_writes_nothing(self):
        with self.running("StuckAtTheStart") as process:
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, output), (130, ""))
        self.assertRegex(errors, r"\Aerror: interrupted before anything was written[^\n]*\n\Z")
        self.assert_nothing_written()

    @contextlib.contextmanager
    def running(self, strategy, days=DAYS):
        """Start the command and hand it over when its strategy has said how far it is."""
        command = [sys.executable, "-W", "error", "-m", "backtests.config_backtest", "--quiet", *days]
        command += ["--config", str(self.config_of(strategy)), "--data-dir", str(self.store), "--out", str(self.out)]
        options = {"cwd": self.folder, "env": command_environment(), "text": True}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:
            try:
                reached = self.folder / "reached"
                wait_until(lambda: reached.exists() or process.poll() is not None, "the strategy was never reached")
                if not reached.exists():
                    self.fail(f"the strategy was never reached: {process.communicate()}")
                yield process
            finally:
                process.kill()


if __name__ == "__main__":
    unittest.main()
