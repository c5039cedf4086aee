"""``python -m market_data`` as a user runs it: output, exit codes and files, on recorded candles and on bad input."""

import contextlib
import io
import json
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from core.instants import format_ms, parse_instant
from core.timeframe import floor_to_grid
from market_data.__main__ import main
from market_data.candle_store import CandleStore
from tests.support.candle_tables import APRIL, MINUTE, candles_at, minutes
from tests.support.shared import CANDLES, needs_shared

HEADER = "timestamp,open,high,low,close,volume"


class CommandCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.data = self.folder / "data"

    def run_verb(self, verb, *arguments):
        """Run in this process; return exit code, standard output and standard error."""
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main([verb, *map(str, arguments), "--data-dir", str(self.data)])
        return code, output.getvalue(), errors.getvalue()

    def done(self, verb, *arguments):
        code, output, errors = self.run_verb(verb, *arguments)
        self.assertEqual((code, errors), (0, ""))
        return output

    def failed(self, expected_code, verb, *arguments):
        code, _, errors = self.run_verb(verb, *arguments)
        self.assertEqual(code, expected_code, errors)
        self.assertRegex(errors, r"\Aerror: [^\n]+\n\Z")
        return errors

    def store(self, exchange="binance", symbol="BTC/USDT", timeframe="1m", count=100):
        CandleStore(self.data).write(exchange, symbol, timeframe, candles_at(minutes(APRIL, count)), source="test")

    def file(self, text, name="BTC-USDT/1m.csv"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@needs_shared
class RecordedCandles(CommandCase):
    def import_set(self, name, *files):
        self.done("import", "--exchange", name, *(CANDLES / name / file for file in files))

    def gaps_of(self, exchange, symbol, timeframe):
        names = ("--exchange", exchange, "--symbol", symbol, "--timeframe", timeframe)
        return json.loads(self.done("gaps", "--json", *names))[0]

    def test_the_outages_of_2017_to_2019_are_those_of_the_read_me_and_times_are_snapped(self):
        # The table prints the stamps of the source. Five of them lie 20.799 s or 14.789 s off the minute; stored and
        # listed they are floored. The counts do not change: flooring moves a stamp by less than a candle.
        read_me = (CANDLES / "README.md").read_text().split("## Outages in", 1)[1].split("ETH-USDT of the same", 1)[0]
        table = re.findall(r"\| (2\S+Z) \| (2\S+Z) \| (\d+) \|", read_me)
        self.assertEqual(len(table), 15)
        expected = [
            (*(format_ms(floor_to_grid(parse_instant(text), MINUTE)) for text in times), int(missing))
            for *times, missing in table
        ]
        report = self.done("import", "--exchange", "binance", CANDLES / "binance@2017-2019" / "BTC-USDT" / "1m.csv.gz")
        # One candle at 06:00:00.000 and the next 20.799 s later share a minute: the later is refused.
        self.assertIn("1,006,586 of 1,006,587 rows taken, 1 refused, 21,601 snapped, 15 holes (5,494", report)
        self.assertIn("a second row of one time: 1, first 2017-12-04T06:00:20.799Z", report)
        found = self.gaps_of("binance", "BTCUSDT", "1m")
        holes = [(hole["last_before"], hole["first_after"], hole["missing"]) for hole in found["holes"]]
        self.assertEqual(holes, expected)
        self.assertTrue(all(hole["known"] for hole in found["holes"]))
        plain = self.done("gaps", "--exchange", "binance", "--symbol", "BTC/USDT", "--timeframe", "1m").splitlines()
        self.assertEqual([line.split()[:3] for line in plain[2:]], [[a, b, f"{n:,}"] for a, b, n in expected])

    def test_refusing_off_grid_candles_leaves_holes_where_they_were(self):
        file = CANDLES / "binance@2017-2019" / "ETH-USDT" / "1m.csv.gz"
        report = self.done("import", "--exchange", "binance", "--off-grid", "refuse", file)
        self.assertIn("87,018 of 108,620 rows taken, 21,602 refused, 0 snapped", report)

    def test_faulty_sets_have_the_holes_that_the_read_me_counts(self):
        table = (
            ("kraken", "BTC-USDC", "1m", 56_717, 26_746, 72_883),
            ("bybit-testnet-perp@paged", "BTC-USDT", "1m", 10_000, 49, 39_249),
            ("binance-perp@2024-10-dirty", "BTC-USDT", "1h", 2_418, 2, 1_000),
            ("binance-perp@2024-10-dirty", "BTC-USDT", "15m", 13_673, 0, 0),
            ("binance@2021-04-api", "BTC-USDT", "1m", 9_646, 2, 434),
            ("binance@2017-2019", "ETH-USDT", "1m", 108_619, 6, 2_261),
        )
        for name, symbol, timeframe, *_ in table:
            self.import_set(name, f"{symbol}/{timeframe}.csv.gz")
        listed = {
            (entry["exchange"], entry["symbol"], entry["timeframe"]): (entry["rows"], entry["holes"], entry["missing"])
            for entry in json.loads(self.done("list", "--json"))
        }
        expected = {(name, symbol.replace("-", "/"), tf): tuple(counts) for name, symbol, tf, *counts in table}
        self.assertEqual(listed, expected)
        largest = self.gaps_of("bybit-testnet-perp@paged", "BTC/USDT", "1m")["holes"]
        self.assertEqual(
            (max(hole["missing"] for hole in largest), largest[0]["last_before"]), (801, "2024-09-08T10:10:00.000Z")
        )
        self.assertEqual(self.done("verify").splitlines()[-1].split("; ")[1], "0 damaged, 0 notes")

    def test_two_sources_of_one_week_differ_in_seventy_candles_and_the_first_stands(self):
        self.done("import", "--exchange", "b", CANDLES / "binance@2021-04-archive" / "BTC-USDT" / "1m.csv.gz")
        report = self.done("import", "--exchange", "b", CANDLES / "binance@2021-04-api" / "BTC-USDT" / "1m.csv.gz")
        self.assertIn("0 added, 9,576 known already, 70 revised", report)
        self.assertIn("first at 2021-04-22T02:09:00.000Z", report)

    def test_mark_price_and_funding_files_are_refused_by_name(self):
        for name in ("mark-8h.csv.gz", "funding.csv.gz"):
            message = self.failed(2, "import", "--exchange", "b", CANDLES / "binance-perp" / "BTC-USDT" / name)
            self.assertIn("mark price and funding files are not candles", message)
        self.assertFalse(self.data.exists())

    def test_exported_candles_come_back_through_an_import_unchanged(self):
        self.import_set("kraken", "BTC-USDC/1m.csv.gz")
        names = ("--exchange", "kraken", "--symbol", "BTC/USDC", "--timeframe", "1m")
        self.done("export", *names, self.folder / "x.csv.gz")
        imported = ("--symbol", "BTC/USDC", "--timeframe", "1m", self.folder / "x.csv.gz")
        report = self.done("import", "--exchange", "kraken", *imported)
        self.assertIn("0 added, 56,717 known already, 0 revised", report)


class BadInput(CommandCase):
    def test_malformed_files_stop_the_import_with_their_line_and_nothing_is_written(self):
        good = self.file(f"{HEADER}\n{APRIL},1,1,1,1,1\n", "ETH-USDT/1m.csv")
        bad = self.file(f"{HEADER}\n{APRIL},1,1,1,1,1\n{APRIL},1,1,bad,1,1\n")
        message = self.failed(2, "import", "--exchange", "b", good, bad)
        self.assertIn(f"{bad} line 3, column 'low': 'bad' is not a number", message)
        self.assertIn("is empty", self.failed(2, "import", "--exchange", "b", self.file("")))
        self.assertIn(
            "cannot be read", self.failed(2, "import", "--exchange", "b", self.folder / "ETH-USDT" / "5m.csv")
        )
        self.assertFalse(self.data.exists())

    def test_names_that_are_not_stored_are_answered_with_what_is(self):
        self.store()
        self.store("kraken", "ETH/USDC", "5m", 1)
        for arguments, parts in (
            (("--exchange", "binanse"), ("'binanse'", "binance", "did you mean 'binance'")),
            (("--exchange", "binance", "--symbol", "BTC/USDC"), ("BTC/USDT",)),
            (("--exchange", "binance", "--symbol", "BTCUSDT", "--timeframe", "5m"), ("'5m'", "stored: 1m")),
            (("--timeframe", "1M"), ("'1M'",)),
            (("--exchange", "../x"), ("cannot be stored",)),
        ):
            for verb in ("list", "gaps", "verify"):
                message = self.failed(2, verb, *arguments)
                for part in parts:
                    self.assertIn(part, message)

    def test_arguments_that_cannot_be_understood_are_one_line(self):
        csv = self.file(f"{HEADER}\n{APRIL},1,1,1,1,1\n")
        self.store()
        series = ("--exchange", "binance", "--symbol", "BTC/USDT", "--timeframe", "1m")
        for arguments in (
            ("lst",),
            ("list", "--jsn"),
            ("import", csv),
            ("import", "--exchange", "a/b", csv),
            ("import", "--exchange", "b", "--symbol", "BTCUSDT", csv),
            ("import", "--exchange", "b", "--timeframe", "1y", csv),
            ("import", "--exchange", "b", "--off-grid", "bend", csv),
            ("export", *series, self.folder / "x.txt"),
            ("export", *series, "--start", "yesterday", self.folder / "x.csv"),
            ("export", *series, "--start", "2024-05-01", "--end", "2024-04-01", self.folder / "x.csv"),
            ("fetch", "--exchange", "practice", "--symbols", ",", "--timeframe", "1m", "--start", "2024-01-01"),
            (
                "fetch",
                "--exchange",
                "practice",
                "--symbols",
                "A/B",
                "--timeframe",
                "1m",
                "--start",
                "2024-01-02",
                "--end",
                "2024-01-01",
            ),
            ("fetch", "--exchange", "practice", "--symbols", "A/B", "--timeframe", "1m"),
        ):
            with self.subTest(arguments):
                self.failed(2, *arguments)

    def test_an_export_of_nothing_is_data_not_available_and_says_what_is_stored(self):
        self.store()
        series = ("--exchange", "binance", "--symbol", "BTC/USDT", "--timeframe", "1m")
        message = self.failed(3, "export", *series, "--start", "2024-05-01", self.folder / "x.csv")
        self.assertIn("2024-04-01T00:00:00.000Z to 2024-04-01T01:39:00.000Z", message)
        self.assertFalse((self.folder / "x.csv").exists())

    def test_an_export_keeps_a_file_that_is_there_unless_forced(self):
        self.store()
        target = self.file("precious", "x.csv")
        series = ("--exchange", "binance", "--symbol", "BTC/USDT", "--timeframe", "1m")
        self.assertIn("--force", self.failed(2, "export", *series, target))
        self.assertEqual(target.read_text(), "precious")
        self.done("export", *series, "--force", "--start", "2024-04-01T00:10", "--end", "2024-04-01T00:12:30", target)
        times = [int(line.split(",")[0]) for line in target.read_text().splitlines()[1:]]
        self.assertEqual(times, [APRIL + 10 * MINUTE, APRIL + 11 * MINUTE])

    def test_a_data_folder_that_is_a_file_is_named(self):
        self.data.write_text("x")
        for verb in ("list", "gaps", "verify"):
            self.assertIn("is a file", self.failed(2, verb))

    def test_a_damaged_store_is_exit_one_with_the_file(self):
        self.store()
        file = self.data / "binance" / "BTC-USDT" / "1m" / "2024-04.parquet"
        file.write_bytes(b"garbage")
        for verb in ("list", "gaps"):
            self.assertIn(str(file), self.failed(1, verb))
        code, output, errors = self.run_verb("verify")
        self.assertEqual((code, errors), (1, ""))
        self.assertIn(f"damaged: {file}", output)
        code, output, _ = self.run_verb("verify", "--json")
        self.assertEqual((code, json.loads(output)["damaged"]), (1, 1))

    def test_an_empty_store_is_no_error(self):
        self.assertIn("nothing is stored", self.done("list"))
        self.assertEqual(json.loads(self.done("list", "--json")), [])
        self.assertEqual(json.loads(self.done("gaps", "--json")), [])
        self.assertIn("0 damaged", self.done("verify"))
        self.assertFalse(self.data.exists())


class Listing(CommandCase):
    def test_the_table_and_the_json_agree(self):
        self.store()
        self.store("kraken", "ETH/USDC:USDC", "5m", 1)
        listed = json.loads(self.done("list", "--json"))
        rows = [line.split() for line in self.done("list").splitlines()[1:]]
        keys = ("exchange", "symbol", "timeframe", "first", "last", "rows", "holes", "missing")
        self.assertEqual(rows, [[str(entry[key]) for key in keys] for entry in listed])
        self.assertEqual(listed[1]["symbol"], "ETH/USDC:USDC")

    def test_a_hole_that_no_source_answered_is_told_from_a_known_one(self):
        store = CandleStore(self.data)
        series = ("binance", "BTC/USDT", "1m")
        store.write(*series, candles_at([APRIL + n * MINUTE for n in (0, 2, 3, 6, 7, 9)]), source="test")
        store.add_coverage(*series, APRIL, APRIL + 4 * MINUTE)
        store.add_coverage(*series, APRIL + 5 * MINUTE, APRIL + 10 * MINUTE)
        holes = json.loads(self.done("gaps", "--json"))[0]["holes"]
        self.assertEqual([(hole["missing"], hole["known"]) for hole in holes], [(1, True), (2, False), (1, True)])
        self.assertIn("not fetched", self.done("gaps"))


class WholeProcess(CommandCase):
    def _command(self, *arguments, **options):
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "market_data", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            **options,
        )

    def test_help_names_every_verb_and_imports_no_heavy_library(self):
        done = self._command("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for verb in ("fetch", "import", "list", "gaps", "verify", "export"):
            self.assertRegex(done.stdout, rf"(?m)^    {verb} ")
        program = "import sys, market_data.__main__ as m; from market_data.commands.arguments import parse\n"
        program += "print({'numpy', 'duckdb', 'pyarrow', 'pandas', 'ccxt', 'msgspec'} & set(sys.modules))"
        loaded = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
        )
        self.assertEqual(loaded.stdout.strip(), "set()", loaded.stderr)

    def test_import_list_and_bad_arguments_as_processes(self):
        csv = self.file(f"{HEADER}\n2024-04-01T00:00:00Z,1,1,1,1,1\n")
        done = self._command("import", "--exchange", "b", "--data-dir", self.data, csv)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("ISO times with their offset", done.stdout)
        done = self._command("gaps", "--exchange", "c", "--data-dir", self.data)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, r"\Aerror: exchange 'c' is not stored [^\n]+; stored: b\n\Z")
        self.assertEqual(self._command().returncode, 2)

    def test_looking_at_the_store_imports_neither_pandas_nor_pyarrow_nor_ccxt(self):
        self.store()
        for verb in ("list", "gaps", "verify"):
            program = "import sys; from market_data.__main__ import main\n"
            program += f"main([{verb!r}, '--data-dir', {str(self.data)!r}])\n"
            program += "print({'pyarrow', 'pandas', 'ccxt', 'pydantic'} & set(sys.modules))"
            done = subprocess.run(
                [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
            )
            self.assertEqual(done.stdout.splitlines()[-1], "set()", done.stderr)

    def test_an_interruption_is_exit_130_and_one_line(self):
        self.store()
        program = f"""
import os, signal, sys, threading
from market_data import __main__ as command
from market_data.commands import inspecting
inspecting.find_holes = lambda *_: os.kill(os.getpid(), signal.SIGINT)
sys.exit(command.main(["gaps", "--data-dir", {str(self.data)!r}]))
"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (130, "error: interrupted; what was finished is stored\n"))

    def test_an_import_interrupted_by_a_signal_leaves_a_store_that_is_whole(self):
        rows = "".join(f"{APRIL + n * MINUTE},1,1,1,1,1\n" for n in range(400_000))
        csv = self.file(f"{HEADER}\n{rows}")
        arguments = [
            sys.executable,
            "-m",
            "market_data",
            "import",
            "--exchange",
            "b",
            "--data-dir",
            str(self.data),
            str(csv),
        ]
        with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            folder = self.data / "b" / "BTC-USDT" / "1m"
            while process.poll() is None and not list(folder.glob("2024-0*.parquet")):
                pass
            process.send_signal(signal.SIGINT)
            errors = process.stderr.read()
        self.assertIn(
            (process.returncode, errors), ((130, "error: interrupted; what was finished is stored\n"), (0, ""))
        )
        self.assertEqual(self.run_verb("verify")[0], 0)

    def test_a_closed_pipe_ends_quietly(self):
        CandleStore(self.data).write(
            "b", "A/B", "1m", candles_at(range(APRIL, APRIL + 20_000 * MINUTE, 2 * MINUTE)), source="test"
        )
        arguments = [sys.executable, "-m", "market_data", "gaps", "--data-dir", str(self.data)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.stderr.read(), "")


if __name__ == "__main__":
    unittest.main()
