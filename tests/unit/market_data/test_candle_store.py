"""The candle store against a plain dictionary."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import duckdb
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle_columns import CandleColumns
from core.errors import CandleError, ConfigurationError, StoreError
from market_data.commands.store_verification import verify
from market_data.series_names import Series
from market_data.store.candle_store import CandleStore, StoreEntry
from market_data.store.coverage import load_coverage
from market_data.store.parquet_files import ParquetFiles
from market_data.store.rows_change import Rewriting
from market_data.store.store_layout import month_bounds, month_of
from tests.support.candle_tables import APRIL, candles_at, minutes, row_at, rows_of, table_of
from tests.support.scale import scaled
from tests.support.times import DAY_MS, HOUR_MS, MINUTE_MS

SERIES = ("binance", "BTC/USDT", "1h")
MARCH_31 = APRIL - DAY_MS


class StoreCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name) / "store"
        self.store = CandleStore(self.root)

    def folder(self, series=SERIES):
        return self.root / series[0] / series[1].replace("/", "-") / series[2]


# Hours around two month borders, and the price that tells one version of a candle from another.
_hours = st.sets(st.integers(-40, 40) | st.integers(700, 760), max_size=30)
_batches = st.lists(st.tuples(_hours, st.sampled_from([100.0, 200.0])), max_size=5)


class AgainstADictionary(unittest.TestCase):
    @settings(max_examples=scaled(40, 600), deadline=None)
    @given(_batches, st.integers(-50, 800), st.integers(0, 800), st.integers(0, 90))
    def test_reads_after_writes_are_those_of_a_dictionary_in_which_the_first_value_stands(
        self, batches, start, length, count
    ):
        model = {}
        with tempfile.TemporaryDirectory() as folder:
            store = CandleStore(folder)
            for hours, price in batches:
                rows = [row_at(APRIL + hour * HOUR_MS, price) for hour in sorted(hours)]
                result = store.write(*SERIES, CandleColumns.from_rows(rows), source="test")
                self.assertEqual(result.added, sum(row[0] not in model for row in rows))
                self.assertEqual(result.revised, sum(model.get(row[0], row[1:]) != row[1:] for row in rows))
                self.assertEqual(result.known, len(rows) - result.added - result.revised)
                for row in rows:
                    model.setdefault(row[0], row[1:])
            start_ms, end_ms = APRIL + start * HOUR_MS, APRIL + (start + length) * HOUR_MS
            read = store.read(*SERIES, start_ms, end_ms)
            self.assertEqual(table_of(read), {key: model[key] for key in model if start_ms <= key < end_ms})
            self.assertEqual(read.open_time_ms.tolist(), sorted(key for key in model if start_ms <= key < end_ms))
            closed = sorted(key for key in model if key + HOUR_MS <= end_ms)[-count:] if count else []
            self.assertEqual(store.read_last(*SERIES, count, end_ms).open_time_ms.tolist(), closed)
            self.assertEqual(store.open_times(*SERIES).tolist(), sorted(model))
            self.assertEqual({path.stem for path in Path(folder).rglob("*.parquet")}, {month_of(key) for key in model})

    @settings(max_examples=scaled(40, 600), deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6), st.integers(0, 60), st.integers(0, 60)
    )
    def test_missing_ranges_are_what_no_answer_covered(self, answers, start, end):
        with tempfile.TemporaryDirectory() as folder:
            store = CandleStore(folder)
            covered = set()
            for first, last in answers:
                store.add_coverage(*SERIES, first, last)
                covered |= set(range(first, last))
            missing = store.missing_ranges(*SERIES, start, end)
            found = [moment for first, last in missing for moment in range(first, last)]
            self.assertEqual(found, [moment for moment in range(start, end) if moment not in covered])


class Floats(StoreCase):
    def test_every_bit_of_a_float_comes_back(self):
        rng = np.random.Generator(np.random.PCG64(7))
        times = np.arange(5_000, dtype=np.int64) * HOUR_MS
        close = rng.uniform(1e-9, 1e9, 5_000) * 10.0 ** rng.integers(-2, 3, 5_000)
        volume = np.where(rng.random(5_000) < 0.1, 5e-324, rng.random(5_000))
        candles = CandleColumns(times, close, close * 2, close / 2, close, volume)
        self.store.write(*SERIES, candles, source="test")
        read = self.store.read(*SERIES, 0, 2**62)
        for stored, given_ in zip(read, candles, strict=True):
            self.assertEqual(stored.tobytes(), given_.tobytes())
            self.assertEqual(stored.dtype, given_.dtype)

    def test_columns_that_are_views_with_steps_are_stored_by_value(self):
        table = np.arange(1.0, 61.0).reshape(10, 6)
        times = (np.arange(20, dtype=np.int64) * HOUR_MS)[::2]
        candles = CandleColumns(times, table[:, 1], table[:, 3], table[:, 0], table[:, 2], table[:, 5])
        self.store.write(*SERIES, candles, source="test")
        self.assertEqual(rows_of(self.store.read(*SERIES, 0, 2**62)), rows_of(candles))


class Rewritten(StoreCase):
    NOW = APRIL + 900 * DAY_MS

    def kept(self):
        return [(one.at_ms, one.change, one.source, rows_of(one.rows)) for one in self.store.revisions(*SERIES)]

    def write(self, rows, source="import of b", **wish):
        return self.store.write(
            *SERIES, CandleColumns.from_rows(rows), source=source, rewriting=Rewriting(self.NOW, **wish)
        )

    def test_replacing_changes_what_differs_and_keeps_what_stood_with_the_time(self):
        self.store.write(*SERIES, candles_at(range(MARCH_31, APRIL + 3 * HOUR_MS, HOUR_MS)), source="import of a")
        stood = [row_at(time_ms, 100.0 + (time_ms - MARCH_31) // HOUR_MS % 50) for time_ms in (MARCH_31, APRIL)]
        came = [row_at(MARCH_31, 7.0), row_at(APRIL, 8.0), row_at(APRIL + 9 * HOUR_MS, 9.0)]
        result = self.write(came, replace=True)
        self.assertEqual((result.added, result.known, result.revised, result.replaced), (1, 0, 0, 2))
        stored = table_of(self.store.read(*SERIES, 0, 2**60))
        self.assertEqual([stored[row[0]] for row in came], [row[1:] for row in came])
        self.assertEqual(len(stored), (APRIL - MARCH_31) // HOUR_MS + 3 + 1)
        self.assertEqual(self.kept(), [(self.NOW, "replaced", "import of b", stood)])
        self.assertFalse(verify(self.store, [Series(*SERIES)]).damaged)

    def test_without_that_wish_the_first_stands_and_what_came_is_kept_once(self):
        self.write([row_at(APRIL, 5.0)], source="import of a")
        for _ in range(3):
            result = self.write([row_at(APRIL, 6.0)])
            self.assertEqual((result.revised, result.replaced, result.completed), (1, 0, 0))
        self.assertEqual(self.kept(), [(self.NOW, "offered", "import of b", [row_at(APRIL, 6.0)])])
        self.store.write(*SERIES, CandleColumns.from_rows([row_at(APRIL, 7.0)]), source="c")
        self.assertEqual(len(self.kept()), 1)

    def test_only_the_last_candle_of_an_import_is_completed_and_only_by_itself_grown_older(self):
        half = (APRIL + HOUR_MS, 100.0, 101.0, 99.0, 100.5, 2.0)
        grown = (APRIL + HOUR_MS, 100.0, 103.0, 98.0, 102.0, 9.0)
        others = {
            "another open": (grown[0], 100.1, *grown[2:]),
            "a lower high": (*grown[:2], 100.9, *grown[3:4], 100.9, grown[5]),
            "less volume": (*grown[:5], 1.0),
        }
        for name, row in others.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                self.store = CandleStore(folder)
                self.write([row_at(APRIL), half], source="import of a")
                result = self.write([row, row_at(APRIL + 2 * HOUR_MS)], complete=True)
                self.assertEqual((result.revised, result.completed), (1, 0))
        for source, completed in (("import of a", 1), ("fetched from x", 0)):
            with self.subTest(source), tempfile.TemporaryDirectory() as folder:
                self.store = CandleStore(folder)
                self.write([row_at(APRIL), half], source=source)
                self.assertEqual(self.write([grown], complete=True).completed, completed)
                inner = (APRIL, 100.0, 109.0, 90.0, 100.5, 9.0)
                self.assertEqual(self.write([inner], complete=True).completed, 0)
        self.assertEqual([one[1] for one in self.kept() if one[1] == "completed"], [])

    def test_what_is_forgotten_is_gone_unasked_and_kept(self):
        times = range(MARCH_31, APRIL + 5 * HOUR_MS, HOUR_MS)
        candles = candles_at(times)
        self.store.write(*SERIES, candles, source="import of a")
        self.store.add_coverage(*SERIES, MARCH_31, APRIL + 5 * HOUR_MS, "import of a")
        gone = self.store.forget(*SERIES, APRIL - 2 * HOUR_MS, APRIL + 5 * HOUR_MS, at_ms=self.NOW)
        self.assertEqual(gone, 7)
        self.assertEqual(rows_of(self.store.read(*SERIES, 0, 2**60)), rows_of(candles)[:-7])
        self.assertFalse((self.folder() / "2024-04.parquet").exists())
        bounds = (MARCH_31, APRIL + 6 * HOUR_MS)
        self.assertEqual(self.store.missing_ranges(*SERIES, *bounds), [(APRIL - 2 * HOUR_MS, bounds[1])])
        self.assertEqual([row for one in self.kept() for row in one[3]], rows_of(candles)[-7:])
        self.assertFalse(verify(self.store, [Series(*SERIES)]).damaged)
        self.assertEqual(self.store.forget(*SERIES, 0, 2**60, at_ms=self.NOW), len(candles.open_time_ms) - 7)
        self.assertEqual(self.store.forget("no", "A/B", "1h", 0, 5, at_ms=1), 0)

    def test_a_damaged_revision_is_found(self):
        self.write([row_at(APRIL, 5.0)])
        self.write([row_at(APRIL, 6.0)], replace=True)
        (file,) = (self.folder() / "revisions").iterdir()
        file.write_bytes(file.read_bytes()[:-9])
        self.assertTrue(verify(self.store, [Series(*SERIES)]).damaged)
        file.rename(file.with_name("notes.txt"))
        with self.assertRaisesRegex(StoreError, "is no revision of this store"):
            self.store.revisions(*SERIES)


class MonthFiles(StoreCase):
    def test_a_candle_lies_in_the_file_of_the_month_in_which_it_opens(self):
        self.store.write(*SERIES, candles_at([APRIL - HOUR_MS, APRIL]), source="test")
        names = sorted(path.name for path in self.folder().iterdir() if not path.name.startswith("."))
        self.assertEqual(names, ["2024-03.parquet", "2024-04.parquet", "coverage.json"])
        self.assertEqual(self.store.read(*SERIES, APRIL - HOUR_MS, APRIL).rows, 1)
        self.assertEqual(self.store.read(*SERIES, APRIL, APRIL + 1).rows, 1)

    def test_a_weekly_candle_that_reaches_into_the_next_month_is_found_by_its_open(self):
        monday = 1_711_324_800_000 + 0 * DAY_MS
        series = ("binance", "BTC/USDT", "1w")
        self.store.write(*series, candles_at([monday, monday + 7 * DAY_MS]), source="test")
        self.assertEqual(self.store.read(*series, monday, monday + 1).rows, 1)
        self.assertEqual(self.store.read_last(*series, 1, monday + 7 * DAY_MS).open_time_ms.tolist(), [monday])

    def test_a_write_that_brings_nothing_leaves_the_files_alone(self):
        candles = candles_at(range(MARCH_31, APRIL + DAY_MS, HOUR_MS))
        self.store.write(*SERIES, candles, source="test")
        self.store.add_coverage(*SERIES, MARCH_31, APRIL + DAY_MS)
        before = {path: (path.stat().st_ino, path.read_bytes()) for path in self.folder().iterdir()}
        self.assertEqual(self.store.write(*SERIES, candles, source="again").added, 0)
        self.store.add_coverage(*SERIES, MARCH_31, APRIL)
        after = {path: (path.stat().st_ino, path.read_bytes()) for path in self.folder().iterdir()}
        self.assertEqual(after, before)

    def test_a_removed_month_is_missing_again_and_only_that(self):
        self.store.write(*SERIES, candles_at(range(MARCH_31, APRIL + DAY_MS, HOUR_MS)), source="test")
        self.store.add_coverage(*SERIES, MARCH_31, APRIL + DAY_MS)
        (self.folder() / "2024-04.parquet").unlink()
        self.assertEqual(self.store.missing_ranges(*SERIES, MARCH_31, APRIL + DAY_MS), [(APRIL, APRIL + DAY_MS)])
        self.store.write(*SERIES, candles_at([APRIL]), source="test")
        self.store.add_coverage(*SERIES, APRIL, APRIL + HOUR_MS)
        self.assertEqual(
            self.store.missing_ranges(*SERIES, MARCH_31, APRIL + DAY_MS), [(APRIL + HOUR_MS, APRIL + DAY_MS)]
        )

    def test_an_answered_month_without_candles_stays_answered(self):
        first, after = month_bounds("2024-05")
        self.store.add_coverage(*SERIES, first, after)
        self.assertEqual(self.store.missing_ranges(*SERIES, first, after), [])

    def test_reading_a_range_opens_only_its_months(self):
        self.store.write(*SERIES, candles_at([MARCH_31, APRIL]), source="test")
        (self.folder() / "2024-03.parquet").write_bytes(b"garbage")
        self.assertEqual(self.store.read(*SERIES, APRIL, APRIL + DAY_MS).rows, 1)
        self.assertEqual(self.store.read_last(*SERIES, 1, APRIL + HOUR_MS).rows, 1)
        with self.assertRaises(StoreError):
            self.store.read(*SERIES, APRIL - 1, APRIL + DAY_MS)

    def test_where_candles_came_from_is_recorded(self):
        self.store.write(*SERIES, candles_at([APRIL, APRIL + HOUR_MS]), source="one")
        self.store.write(*SERIES, candles_at([APRIL + HOUR_MS, APRIL + 2 * HOUR_MS]), source="two")
        sources = load_coverage(self.folder() / "coverage.json").sources
        self.assertEqual({name: rows.rows for name, rows in sources.items()}, {"one": 2, "two": 1})

    def test_an_interrupt_that_duckdb_wraps_is_one(self):
        wrapped = duckdb.InvalidInputException("KeyboardInterrupt: ")
        with (
            mock.patch("market_data.store.parquet_files._as_stored", side_effect=wrapped),
            self.assertRaises(KeyboardInterrupt),
        ):
            self.store.write(*SERIES, candles_at([APRIL]), source="test")
        self.assertEqual(self.store.read(*SERIES, APRIL, APRIL + DAY_MS).rows, 0)


class WhatIsStored(StoreCase):
    def test_an_empty_store_answers_without_creating_anything(self):
        self.assertEqual(self.store.read(*SERIES, 0, 2**60).rows, 0)
        self.assertEqual(self.store.read_last(*SERIES, 5, 2**60).rows, 0)
        self.assertEqual(self.store.missing_ranges(*SERIES, 3, 9), [(3, 9)])
        self.assertEqual((self.store.exchanges(), self.store.symbols("binance"), self.store.entries()), ([], [], []))
        self.assertFalse(self.root.exists())

    def test_entries_name_what_is_stored_in_order(self):
        perpetual = ("binance-perp@2024", "BTC/USDT:USDT", "1m")
        self.store.write(*perpetual, candles_at(minutes(APRIL, 3)), source="test")
        self.store.write("binance", "ETH/USDT", "1h", candles_at([APRIL]), source="test")
        self.store.write("binance", "ETH/USDT", "5m", candles_at([APRIL]), source="test")
        self.assertEqual(
            self.store.entries(),
            [
                StoreEntry("binance", "ETH/USDT", "5m", APRIL, APRIL, 1),
                StoreEntry("binance", "ETH/USDT", "1h", APRIL, APRIL, 1),
                StoreEntry(*perpetual, APRIL, APRIL + 2 * MINUTE_MS, 3),
            ],
        )
        self.assertEqual(self.store.symbols("binance-perp@2024"), ["BTC/USDT:USDT"])
        self.assertEqual(self.store.exchanges(), ["binance", "binance-perp@2024"])

    def test_a_root_whose_name_looks_like_a_pattern_is_taken_as_it_is(self):
        store = CandleStore(self.root / "a[1]*?" / "year=2024'x")
        store.write(*SERIES, candles_at([APRIL, APRIL + HOUR_MS]), source="test")
        self.assertEqual(rows_of(store.read(*SERIES, 0, 2**60)), rows_of(candles_at([APRIL, APRIL + HOUR_MS])))


class UncheckedInput(StoreCase):
    def test_candles_that_break_a_rule_are_not_stored(self):
        bad = {
            "off grid": [row_at(APRIL + 1)],
            "twice": [row_at(APRIL), row_at(APRIL)],
            "backwards": [row_at(APRIL + HOUR_MS), row_at(APRIL)],
            "not a number": [(APRIL, float("nan"), 2.0, 1.0, 1.0, 1.0)],
            "negative volume": [row_at(APRIL, volume=-1.0)],
            "before the epoch": [row_at(-HOUR_MS)],
            "beyond the calendar": [row_at(2**62 - 2**62 % HOUR_MS)],
        }
        for name, rows in bad.items():
            with self.subTest(name), self.assertRaises(CandleError):
                self.store.write(*SERIES, CandleColumns.from_rows([row_at(0), *rows]), source="test")
        self.assertFalse(self.root.exists())

    def test_names_that_cannot_be_stored_are_refused(self):
        for series in (
            ("../x", "BTC/USDT", "1h"),
            ("b", "BTCUSDT", "1h"),
            ("b", "BTC/USDT", "1M"),
            ("b", "BTC/USDT", ".."),
        ):
            with self.subTest(series), self.assertRaises(ConfigurationError):
                self.store.write(*series, candles_at([APRIL]), source="test")
            with self.subTest(series), self.assertRaises(ConfigurationError):
                self.store.read(*series, 0, 1)


class Interruption(unittest.TestCase):
    def test_what_duckdb_raises_for_an_interruption_is_a_keyboard_interrupt(self):
        with self.assertRaises(KeyboardInterrupt), ParquetFiles()._cursor():
            raise RuntimeError("Query interrupted")
        with self.assertRaisesRegex(RuntimeError, "anything else"), ParquetFiles()._cursor():
            raise RuntimeError("anything else")


class HeavyLibraries(unittest.TestCase):
    def test_reading_and_writing_import_neither_pandas_nor_ccxt_nor_pyarrow(self):
        program = """
import sys, tempfile
import market_data
assert not {"numpy", "duckdb", "pandas"} & set(sys.modules), "importing the package imports a heavy library"
from tests.support.candle_tables import candles_at
with tempfile.TemporaryDirectory() as folder:
    store = market_data.CandleStore(folder)
    store.write("a", "B/C", "1m", candles_at([0, 60_000]), source="test")
    store.add_coverage("a", "B/C", "1m", 0, 120_000)
    assert store.read("a", "B/C", "1m", 0, 120_000).rows == 2
    assert store.missing_ranges("a", "B/C", "1m", 0, 120_000) == []
print(sorted({"pandas", "ccxt", "pyarrow", "pydantic", "rich"} & set(sys.modules)))
"""
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False, timeout=60
        )
        self.assertEqual((done.returncode, done.stdout.strip()), (0, "[]"), done.stderr)


if __name__ == "__main__":
    unittest.main()
