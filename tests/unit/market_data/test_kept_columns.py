"""Columns that are kept of month files: the rows that a query gives, and never those of another file."""

import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from core.candle_columns import CandleColumns
from market_data.commands.store_verification import verify
from market_data.series_names import Series
from market_data.store.candle_store import CandleStore
from market_data.store.kept_columns import columns_file
from market_data.store.parquet_files import ParquetFiles
from market_data.store.rows_change import Rewriting
from tests.support.candle_tables import APRIL, candles_at, minutes, rows_of
from tests.support.times import DAY_MS, MINUTE_MS

SERIES = ("binance", "BTC/USDT", "1m")
COUNT = 2_000


class KeptColumns(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.store = CandleStore(Path(folder.name) / "store")
        self.store.write(*SERIES, candles_at(minutes(APRIL - DAY_MS, COUNT)), source="test")
        self.folder = self.store.root / "binance" / "BTC-USDT" / "1m"
        self.april = self.folder / "2024-04.parquet"
        self.kept = columns_file(self.april)
        self.expected = self.whole()

    def whole(self, start_ms: int = APRIL, end_ms: int = APRIL + COUNT * MINUTE_MS) -> CandleColumns:
        return self.store.read(*SERIES, start_ms, end_ms)

    def test_any_range_is_what_the_query_gives(self) -> None:
        self.assertTrue(self.kept.is_file())
        last = APRIL + (COUNT - 1_440 - 1) * MINUTE_MS
        for start, end in ((0, 2**60), (APRIL, APRIL + 1), (APRIL + 1, APRIL + 7 * MINUTE_MS), (last, last + 1)):
            expected = [
                row
                for month in ("2024-03", "2024-04")
                for row in rows_of(ParquetFiles().read(self.folder / f"{month}.parquet", start, end))
            ]
            self.assertEqual(expected, rows_of(self.whole(start, end)))

    def test_once_kept_nothing_is_queried(self) -> None:
        program = """
            import sys
            from market_data.store.candle_store import CandleStore
            rows = CandleStore(sys.argv[1]).read("binance", "BTC/USDT", "1m", int(sys.argv[2]), 2**60).rows
            print(rows, "duckdb" in sys.modules)
        """
        asked = [sys.executable, "-c", textwrap.dedent(program), str(self.store.root), str(APRIL)]
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
        self.assertEqual(f"{COUNT - 1_440} False\n", done.stdout)

    def test_after_a_change_the_rows_are_those_of_the_month_file(self) -> None:
        dearer = candles_at(minutes(APRIL, 3), 900.0)
        self.store.write(*SERIES, dearer, source="test", rewriting=Rewriting(1, replace=True))
        self.assertEqual(rows_of(dearer), rows_of(self.whole(APRIL, APRIL + 3 * MINUTE_MS)))
        self.store.forget(*SERIES, APRIL, APRIL + MINUTE_MS, at_ms=2)
        self.assertEqual(rows_of(dearer)[1:], rows_of(self.whole(APRIL, APRIL + 3 * MINUTE_MS)))

    def test_what_is_cut_short_or_something_else_is_as_if_it_were_not_there(self) -> None:
        content = self.kept.read_bytes()
        for spoilt in (b"", content[:30], content[:-8], content + b"\0", b"x" + content[1:], bytes(len(content))):
            self.kept.write_bytes(spoilt)
            self.assertEqual(rows_of(self.expected), rows_of(self.whole()))
            self.assertEqual(content, self.kept.read_bytes())

    def test_where_none_can_be_kept_the_rows_are_read_all_the_same(self) -> None:
        self.kept.unlink()
        self.kept.mkdir()
        self.assertEqual(rows_of(self.expected), rows_of(self.whole()))
        self.assertEqual([], list(self.folder.glob("*.tmp")) + list(self.folder.glob(".*.tmp")))

    def test_numbers_that_are_not_those_of_the_month_file_are_found_by_verify(self) -> None:
        self.assertFalse(verify(self.store, [Series(*SERIES)]).damaged)
        content = bytearray(self.kept.read_bytes())
        content[-1] ^= 1
        self.kept.write_bytes(content)
        (found,) = (one for one in verify(self.store, [Series(*SERIES)]).findings if one.damage)
        self.assertIn(".2024-04.columns: holds other candles than 2024-04.parquet; delete that file", found.text)


if __name__ == "__main__":
    unittest.main()
