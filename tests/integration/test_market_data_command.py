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
from market_data.store.candle_store import CandleStore
from tests.support.candle_tables import APRIL, candles_at, minutes
from tests.support.shared import CANDLES, needs_shared
from tests.support.times import MINUTE_MS

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
            (*(format_ms(floor_to_grid(parse_instant(text), MINUTE_MS)) for text in times), int(missing))
            for *times, missing in table
        ]
        report = self.done("import", "--exchange", "binance", CANDLES / "binance@2017-2019" / "BTC-USDT" / "1m.csv.gz")
        # One candle at 06:00:00.000 and the next 20.799 s later share a minute: the later is refused.
        self.assertIn("1,006,586 of 1,006,587 rows taken, 1 refused, 21,601 snapped, 15 holes (5,494", report)
        self.assertIn("a second row of one time: 1, first row 156,662 2017-12-04T06:00:20.799Z", report)
        found = self.gaps_of("binance", "BTCUSDT", "1m")
        holes = [(hole["last_before"], hole["first_after"], hole["missing"]) for hole in found["holes"]]
        self.assertEqual(holes, expected)
        self.assertEqual(
            {(hole["known"], hole["rests_on"]) for hole in found["holes"]}, {(True, "import of BTC-USDT/1m.csv.gz")}
        )
        plain = self.done("gaps", "--exchange", "binance", "--symbol", "BTC/USDT", "--timeframe", "1m").splitlines()
        self.assertEqual([line.split()[:3] for line in plain[2:]], [[a, b, f"{n:,}"] for a, b, n in expected])

    def test_refusing_off_grid_candles_leaves_holes_where_they_were(self):
        file = CANDLES / "binance@2017-2019" / "ETH-USDT" / "1m.csv.gz"
        report = self.done("import", "--exchange", "binance", "--off-grid", "refuse", "--allow-partial", file)
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

    def test_a_whole_set_of_perpetuals_is_imported_listed_and_verified(self):
        files = sorted((CANDLES / "binance-perp").glob("*/*.csv.gz"))
        report = self.done("import", "--exchange", "binance-perp", *files)
        self.assertIn("LAYER/USDT funding: 984 of 984 rows taken, 0 refused, 0 holes", report)
        self.assertIn("(0 payments missing), interval 4h->1h\n", report)
        self.assertIn("LAYER/USDT mark-8h: 236 of 236 rows taken", report)
        self.assertRegex(report, r"12 files, 192,677 rows added")
        listed = self.done("list").splitlines()
        self.assertEqual(listed[0].split()[-2:], ["missing", "interval"])
        intervals = {line.split()[1]: line.split()[-1] for line in listed if " funding " in line}
        self.assertEqual(intervals, {f"{base}/USDT": "8h" for base in ("BTC", "ETH", "SOL")} | {"LAYER/USDT": "4h->1h"})
        entries = json.loads(self.done("list", "--json", "--symbol", "LAYERUSDT", "--timeframe", "funding"))
        self.assertEqual(entries[0]["first"], "2025-03-16T12:00:00.000Z")
        self.assertEqual((entries[0]["rows"], entries[0]["interval"], entries[0]["holes"]), (984, "4h->1h", 0))
        self.assertIn("LAYER/USDT funding: 984 payments, 0 holes, 0 payments missing", self.done("gaps"))
        self.assertIn("192,677 rows read; 0 damaged, 0 notes", self.done("verify"))
        again = self.done("import", "--exchange", "binance-perp", *files)
        self.assertIn("12 files, 0 rows added", again)

    def test_stamps_stay_as_they_are_and_one_payment_is_stored_once_whatever_its_stamp(self):
        late = CANDLES / "binance-perp" / "BTC-USDT" / "funding.csv.gz"
        floored = CANDLES / "binance-perp@2024-2026" / "BTC-USDT" / "funding.csv.gz"
        self.done("import", "--exchange", "p", late)
        report = self.done("import", "--exchange", "p", floored)
        self.assertIn("2,336 added, 266 known already, 0 revised", report)
        stamps = CandleStore(self.data).open_times("p", "BTC/USDT", "funding")
        self.assertEqual(int((stamps % 3_600_000 > 0).sum()), 93)

    def test_exported_rates_and_marks_come_back_through_an_import_unchanged(self):
        self.import_set("binance-perp", "SOL-USDT/funding.csv.gz", "SOL-USDT/mark-8h.csv.gz")
        for series, rows in (("funding", 266), ("mark-8h", 266)):
            for suffix in ("csv.gz", "parquet"):
                names = ("--exchange", "binance-perp", "--symbol", "SOL/USDT", "--timeframe", series)
                file = self.folder / f"{series}.{suffix}"
                self.done("export", *names, file)
                report = self.done("import", "--exchange", "binance-perp", "--symbol", "SOL/USDT", file)
                self.assertIn(f"0 added, {rows} known already, 0 revised", report)

    def test_exported_candles_come_back_through_an_import_unchanged(self):
        self.import_set("kraken", "BTC-USDC/1m.csv.gz")
        names = ("--exchange", "kraken", "--symbol", "BTC/USDC", "--timeframe", "1m")
        self.done("export", *names, self.folder / "x.csv.gz")
        imported = ("--symbol", "BTC/USDC", "--timeframe", "1m", self.folder / "x.csv.gz")
        report = self.done("import", "--exchange", "kraken", *imported)
        self.assertIn("0 added, 56,717 known already, 0 revised", report)


class Rates(CommandCase):
    def test_rows_that_are_repeated_unsorted_or_no_numbers_are_refused_and_counted(self):
        hour = 60 * MINUTE_MS
        rows = (
            (APRIL, "0.0001"),
            (APRIL + 7, "0.0002"),
            (APRIL + 8 * hour, "nan"),
            (APRIL + 16 * hour + 12, "-0.0003"),
            (APRIL + 8 * hour, "0.0004"),
            (APRIL + 24 * hour, "inf"),
            (APRIL + 32 * hour, "1.0"),
            (APRIL + 40 * hour, "0.0005"),
        )
        text = "".join(f"{time_ms},{rate}\n" for time_ms, rate in rows)
        file = self.file(f"timestamp,rate\n{text}", "BTC-USDT/funding.csv")
        report = self.done("import", "--exchange", "e", "--allow-partial", file)
        self.assertIn("3 of 8 rows taken, 5 refused", report)
        self.assertIn("refused, a second row of one time: 1, first row 2 2024-04-01T00:00:00.007Z 0.0002", report)
        self.assertIn("refused, earlier than a row before it: 1, first row 5 2024-04-01T08:00:00.000Z 0.0004", report)
        self.assertIn("refused, a rate that is not finite, or not between -1 and 1: 3, first", report)
        exported = self.folder / "funding.csv"
        self.done("export", "--exchange", "e", "--symbol", "BTC/USDT", "--timeframe", "funding", exported)
        self.assertEqual(
            exported.read_text(),
            f"timestamp,rate\n{APRIL},0.0001\n{APRIL + 16 * hour + 12},-0.0003\n{APRIL + 40 * hour},0.0005\n",
        )

    def test_missing_payments_are_listed_as_gaps(self):
        hour = 60 * MINUTE_MS
        stamps = [APRIL + number * 8 * hour for number in (0, 1, 2, 5, 6, 7)]
        text = "".join(f"{time_ms},0.0001\n" for time_ms in stamps)
        file = self.file(f"timestamp,rate\n{text}", "BTC-USDT/funding.csv")
        self.assertIn("1 holes (2 payments missing), interval 8h", self.done("import", "--exchange", "e", file))
        lines = self.done("gaps").splitlines()
        self.assertEqual(lines[0], "e BTC/USDT funding: 6 payments, 1 holes, 2 payments missing")
        self.assertEqual(lines[1].split()[:3], ["last", "payment", "before"])
        expected = "2024-04-01T16:00:00.000Z  2024-04-02T16:00:00.000Z        2  import of BTC-USDT/funding.csv"
        self.assertEqual(lines[2].split(), expected.split())

    def test_open_interest_and_marks_without_volume_are_imported_with_candles_in_one_go(self):
        prices = f"{APRIL},1,2,0.5,1.5"
        files = (
            self.file(f"{HEADER}\n{prices},3\n", "BTC-USDT/1m.csv"),
            self.file(f"{HEADER}\n{prices},\n", "BTC-USDT/mark-1m.csv"),
            self.file(f"timestamp,open,high,low,close\n{prices}\n", "ETH-USDT/mark-1h.csv"),
            self.file(
                f"timestamp,open_interest\n{APRIL},5.5\n{APRIL + 3_600_000},6\n", "BTC-USDT/open-interest-1h.csv"
            ),
            self.file(
                f"timestamp,open_interest,value\n{APRIL},7,\n{APRIL + 300_000},8,9.5\n", "ETH-USDT/open-interest-5m.csv"
            ),
        )
        self.assertIn("5 files, 7 rows added", self.done("import", "--exchange", "e", *files))
        store = CandleStore(self.data)
        self.assertEqual(store.read("e", "BTC/USDT", "mark-1m", 0, APRIL * 2).volume.tolist(), [0.0])
        self.assertEqual(store.read_open_interest("e", "BTC/USDT", "1h", 0, APRIL * 2).amount.tolist(), [5.5, 6.0])
        self.assertEqual(
            repr(store.read_open_interest("e", "ETH/USDT", "5m", 0, APRIL * 2).value.tolist()), "[nan, 9.5]"
        )
        self.assertIn("0 damaged, 0 notes", self.done("verify"))
        target = self.folder / "oi.csv"
        self.done("export", "--exchange", "e", "--symbol", "ETH/USDT", "--timeframe", "open-interest-5m", target)
        self.assertEqual(
            target.read_text(), f"timestamp,open_interest,value\n{APRIL},7.0,\n{APRIL + 300_000},8.0,9.5\n"
        )

    def test_files_of_prices_that_are_not_kept_stop_the_import(self):
        for name in ("index-1m", "premium-8h"):
            file = self.file(f"{HEADER}\n{APRIL},1,1,1,1,1\n", f"BTC-USDT/{name}.csv")
            self.assertIn("index and premium prices are not kept", self.failed(2, "import", "--exchange", "e", file))

    def test_a_bad_number_in_a_column_that_may_be_empty_is_named(self):
        file = self.file(f"timestamp,rate,mark_price\n{APRIL},0.1,\n{APRIL + 1},0.1,abc\n", "BTC-USDT/funding.csv")
        self.assertIn(
            "line 3, column 'mark_price': 'abc' is not a number", self.failed(2, "import", "--exchange", "e", file)
        )
        self.assertFalse(self.data.exists())

    def test_a_damaged_file_of_rates_is_named(self):
        file = self.file(f"timestamp,rate\n{APRIL},0.1\n", "BTC-USDT/funding.csv")
        self.done("import", "--exchange", "e", file)
        month = self.data / "e" / "BTC-USDT" / "funding" / "2024-04.parquet"
        month.write_bytes(month.read_bytes()[:-9])
        code, output, _ = self.run_verb("verify")
        self.assertEqual(code, 1)
        self.assertIn(f"{month}: cannot be read as funding rates", output)
        self.assertIn(f"{month}: cannot be read as funding rates", self.failed(1, "import", "--exchange", "e", file))


class Flags(CommandCase):
    ROWS = "".join(f"{APRIL + n * 3_600_000},1,2,0.5,1.5\n" for n in range(40))

    def test_what_a_user_says_of_a_file_is_obeyed_and_told(self):
        plain = self.file(f"time,open,high,low,close\n{self.ROWS}", "BTC-USDT/1h.csv")
        self.assertIn("--no-volume takes its candles", self.failed(2, "import", "--exchange", "e", plain))
        report = self.done("import", "--exchange", "e", "--no-volume", plain)
        self.assertIn("  read as: TradingView, milliseconds\n  volume: none in the file, taken as 0\n", report)
        shifted = self.file(
            "".join(f"{APRIL + n * 3_600_000 + 1_800_000},1,1.5,2,0.5,7\n" for n in range(40)), "ETH-USDT/1h.csv"
        )
        self.assertIn("all open 30m after", self.failed(2, "import", "--exchange", "e", shifted))
        report = self.done("import", "--exchange", "e", "--utc-offset", "+05:30", "--format", "jesse", shifted)
        self.assertIn("  read as: jesse order, no header, milliseconds\n", report)
        stored = CandleStore(self.data).read("e", "ETH/USDT", "1h", 0, 2**60)
        self.assertEqual((stored.open_time_ms[0], stored.close[0]), (APRIL - 5 * 3_600_000, 1.5))
        for offset in ("x", "+15", "+05:60", ""):
            with self.subTest(offset):
                self.assertIn(
                    "--utc-offset", self.failed(2, "import", "--exchange", "e", "--utc-offset", offset, shifted)
                )

    def test_a_candle_that_moves_like_a_redenomination_is_named_with_its_row(self):
        rows = [f"{APRIL + n * MINUTE_MS},{p},{p},{p},{p},1" for n, p in enumerate([0.001] * 50 + [1.0] * 50)]
        file = self.file("\n".join([HEADER, *rows, ""]))
        report = self.done("import", "--exchange", "e", file)
        self.assertIn("100 of 100 rows taken", report)
        self.assertIn(
            "move by more than a factor of 5, as a redenomination does: 1, first row 51 2024-04-01T00:50", report
        )

    def test_ranges_and_starts_that_are_none_are_one_line(self):
        self.store()
        series = ("--exchange", "binance", "--symbol", "BTC/USDT", "--timeframe", "1m")
        for text in ("2024-04-01", "2024-04-02..2024-04-01", "..", "a..b"):
            with self.subTest(text):
                self.failed(2, "forget", text, *series)
        self.assertIn("is not stored", self.failed(2, "forget", "2024-04-01..2024-04-02", *series[:-1], "5m"))
        fetching = ("--exchange", "practice", "--symbols", "BTCUSDT", "--timeframe", "1m")
        self.assertIn("--start is needed", self.failed(2, "fetch", *fetching))
        again = ("--again", "2024-01-01..2024-01-02")
        self.assertIn("needs no --start", self.failed(2, "fetch", *fetching, *again, "--start", "2024-01-01"))
        self.assertIn("1440 candles", self.done("fetch", *fetching, *again))
        self.assertIn("1440 candles", self.done("fetch", *fetching, *again))
        end = ("--timeframe", "1d", "--start", "earliest", "--end", "2010-03-01")
        self.assertRegex(self.done("fetch", *fetching[:-2], *end), r"BTC/USDT 1d: the first candle opens 20\d\d-")


class BadInput(CommandCase):
    def test_nothing_that_a_file_says_or_is_called_drives_the_terminal_or_begins_a_line(self):
        odd = "\x1b[2J\x9b\u202e\u2028\nerror: done\x7f"
        good = f"{HEADER}\n1711929600000,1,1,1,1,1\n"
        texts = (good.replace("volume", odd), good.replace("1,1,1,1,1", f'1,"{odd}",1,1,1'), odd, f"{HEADER}\n{odd}\n")
        for text in texts:
            self.assertTrue(self.failed(2, "import", self.file(text), "--exchange", "binance")[:-1].isprintable())
        named = self.file(good, f"BTC-USDT/{odd}/1m.csv")
        said = self.done("import", named, "--exchange", "binance", "--symbol", "BTC/USDT", "--timeframe", "1m")
        self.assertTrue(said.replace("\n", "").isprintable(), said)
        self.assertNotIn("\nerror", said)
        for verb in (("list",), ("gaps", "--json"), ("verify",), ("export", "--symbol", odd, "--file", "x")):
            code, output, errors = self.run_verb(*verb)
            self.assertTrue((output + errors).replace("\n", "").isprintable(), (code, output, errors))
            self.assertRegex(errors, r"\A(error: [^\n]+\n)*\Z")

    def test_malformed_files_stop_the_import_with_their_line_and_nothing_is_written(self):
        good = self.file(f"{HEADER}\n{APRIL},1,1,1,1,1\n", "ETH-USDT/1m.csv")
        bad = self.file(f"{HEADER}\n{APRIL},1,1,1,1,1\n{APRIL},1,1,bad,1,1\n")
        message = self.failed(2, "import", "--exchange", "b", good, bad)
        self.assertIn(f"{bad} line 3, column 'low': 'bad' is not a number", message)
        self.assertIn("is empty", self.failed(2, "import", "--exchange", "b", self.file("")))
        missing = self.folder / "ETH-USDT" / "5m.csv"
        self.assertIn(f"{missing}: there is no such file", self.failed(2, "import", "--exchange", "b", missing))
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
        self.assertEqual(times, [APRIL + 10 * MINUTE_MS, APRIL + 11 * MINUTE_MS])

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

    def test_one_damaged_series_hides_no_other(self):
        for symbol in ("BTC/USDT", "ETH/USDT", "SOL/USDT"):
            self.store(symbol=symbol)
        file = self.data / "binance" / "ETH-USDT" / "1m" / "2024-04.parquet"
        file.write_bytes(b"garbage")
        code, output, errors = self.run_verb("list")
        self.assertEqual(
            (code, [line.split()[1] for line in output.splitlines()]), (1, ["symbol", "BTC/USDT", "SOL/USDT"])
        )
        self.assertRegex(errors, rf"\Aerror: {re.escape(str(file))}[^\n]+\n\Z")
        code, output, _ = self.run_verb("list", "--json")
        self.assertEqual((code, [entry["symbol"] for entry in json.loads(output)]), (1, ["BTC/USDT", "SOL/USDT"]))

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
        store.write(*series, candles_at([APRIL + n * MINUTE_MS for n in (0, 2, 3, 6, 7, 9)]), source="test")
        store.add_coverage(*series, APRIL, APRIL + 4 * MINUTE_MS)
        store.add_coverage(*series, APRIL + 5 * MINUTE_MS, APRIL + 10 * MINUTE_MS)
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
inspecting.holes_of = lambda *_: os.kill(os.getpid(), signal.SIGINT)
sys.exit(command.main(["gaps", "--data-dir", {str(self.data)!r}]))
"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (130, "error: interrupted; what was finished is stored\n"))

    def test_an_import_interrupted_by_a_signal_leaves_a_store_that_is_whole(self):
        rows = "".join(f"{APRIL + n * MINUTE_MS},1,1,1,1,1\n" for n in range(400_000))
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
            "b", "A/B", "1m", candles_at(range(APRIL, APRIL + 20_000 * MINUTE_MS, 2 * MINUTE_MS)), source="test"
        )
        arguments = [sys.executable, "-m", "market_data", "gaps", "--data-dir", str(self.data)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.stderr.read(), "")


if __name__ == "__main__":
    unittest.main()
