"""Reading candle files of other programs: what is understood, and which line is named when something is not."""

import csv
import datetime as dt
import gzip
import io
import tempfile
import unittest
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from market_data.files.file_table import FileError
from market_data.files.series_files import read_series_file
from tests.support.candle_tables import APRIL, candles_at, minutes, row_at, rows_of
from tests.support.scale import scaled
from tests.support.times import MINUTE_MS

HEADER = "timestamp,open,high,low,close,volume"
ROWS = rows_of(candles_at(minutes(APRIL, 5)))


def text_of(rows, header=HEADER, time_text=str):
    return "\n".join([header, *(",".join([time_text(row[0]), *map(repr, row[1:])]) for row in rows)]) + "\n"


def iso(time_ms, zone):
    return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=time_ms)).isoformat()[:19] + zone


class FileCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def read(self, content, name="1m.csv", length_ms=MINUTE_MS):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_series_file(path, length_ms)

    def message(self, content, name="1m.csv"):
        with self.assertRaises(ConfigurationError) as caught:
            self.read(content, name)
        message = str(caught.exception)
        self.assertIn(str(self.folder / name), message)
        self.assertNotIn("\n", message)
        return message


class TimesAndColumns(FileCase):
    def test_times_are_recognised_in_every_unit_and_it_is_said_which(self):
        spellings = {
            "times in milliseconds": str,
            "times in seconds": lambda time_ms: str(time_ms // 1000),
            "times in microseconds": lambda time_ms: str(time_ms * 1000),
            "ISO times, taken as UTC": lambda time_ms: iso(time_ms, ""),
            "ISO times with their offset": lambda time_ms: iso(time_ms, "Z"),
        }
        for said, spelling in spellings.items():
            with self.subTest(said):
                file = self.read(text_of(ROWS, time_text=spelling))
                self.assertEqual(rows_of(file.candles), ROWS)
                self.assertEqual(file.time_format, said)

    def test_iso_forms(self):
        for form in ("{} 00:00:00", "{}T00:00", "{}", "{} 00:00:00.000", "{}T02:00:00+02:00", "{} 00:00:00+00:00"):
            with self.subTest(form):
                file = self.read(f"{HEADER}\n{form.format('2024-04-01')},1,1,1,1,1\n")
                self.assertEqual(file.candles.open_time_ms.tolist(), [APRIL])

    def test_seconds_with_a_fraction_keep_their_milliseconds(self):
        rows = [row_at(APRIL + 20_799 + n * MINUTE_MS) for n in range(3)]
        file = self.read(text_of(rows, time_text=lambda time_ms: f"{time_ms / 1000:.3f}"))
        self.assertEqual(rows_of(file.candles), rows)

    def test_milliseconds_written_as_floats_are_read(self):
        self.assertEqual(rows_of(self.read(text_of(ROWS, time_text=lambda t: f"{t}.0")).candles), ROWS)

    def test_parts_of_a_millisecond_are_cut_and_counted(self):
        file = self.read(text_of(ROWS, time_text=lambda time_ms: str(time_ms * 1000 + 17)))
        self.assertEqual((rows_of(file.candles), file.cut_times), (ROWS, 5))

    def test_the_step_decides_the_unit_of_times_near_the_epoch(self):
        rows = [row_at(n * MINUTE_MS) for n in range(5)]
        self.assertEqual(rows_of(self.read(text_of(rows)).candles), rows)

    def test_other_headers_orders_and_more_columns_are_understood(self):
        header = "Close Time,Open,HIGH,low,Close,Vol,trades,Open Time"
        lines = [f"x,{o},{h},{low},{c},{v},7,{t}" for t, o, h, low, c, v in ROWS]
        file = self.read("\r\n".join([header, *lines]))
        self.assertEqual(rows_of(file.candles), ROWS)
        self.assertEqual(file.ignored_columns, ("Close Time", "trades"))

    def test_a_byte_order_mark_blank_lines_and_quotes_do_no_harm(self):
        lines = [f'"{t}",{o},{h},{low},{c},{v}' for t, o, h, low, c, v in ROWS]
        file = self.read("\ufeff" + "\n\n".join([HEADER, *lines]) + "\n\n")
        self.assertEqual(rows_of(file.candles), ROWS)

    def test_compressed_files_are_read(self):
        self.assertEqual(rows_of(self.read(gzip.compress(text_of(ROWS).encode()), "1m.csv.gz").candles), ROWS)

    def test_numbers_that_are_no_prices_are_left_for_the_quality_check(self):
        file = self.read(f"{HEADER}\n{APRIL},nan,inf,-inf,-1,-0.5\n")
        self.assertEqual([str(value) for value in rows_of(file.candles)[0][1:]], ["nan", "inf", "-inf", "-1.0", "-0.5"])

    @settings(max_examples=scaled(40, 500), deadline=None)
    @given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=5, max_size=5))
    def test_every_float_is_read_as_the_nearest_double(self, values):
        file = self.read(f"{HEADER}\n{APRIL},{','.join(map(repr, values))}\n")
        self.assertEqual(list(rows_of(file.candles)[0][1:]), values)


class ParquetFiles(FileCase):
    def _parquet(self, frame):
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        return buffer.getvalue()

    def _frame(self, times):
        frame = pd.DataFrame(ROWS, columns=HEADER.split(","))
        frame["timestamp"] = times(frame["timestamp"])
        return frame

    def test_integer_and_timestamp_columns_are_read(self):
        forms = {
            "ms": lambda times: times,
            "s": lambda times: times // 1000,
            "naive": lambda times: pd.to_datetime(times, unit="ms"),
            "aware": lambda times: pd.to_datetime(times, unit="ms", utc=True).dt.tz_convert("Asia/Tokyo"),
            "float": lambda times: times.astype(float),
        }
        for name, form in forms.items():
            with self.subTest(name):
                file = self.read(self._parquet(self._frame(form)), "1m.parquet")
                self.assertEqual(rows_of(file.candles), ROWS)

    def test_text_and_empty_cells_are_refused(self):
        frame = self._frame(lambda times: times)
        self.assertIn("text", self.message(self._parquet(frame.assign(open="x")), "1m.parquet"))
        frame.loc[2, "close"] = None
        self.assertRegex(self.message(self._parquet(frame), "1m.parquet"), "row 3, column 'close': is empty")

    def test_a_file_that_is_no_parquet_is_named(self):
        for content in (b"", b"PAR1", b"garbage" * 100, self._parquet(self._frame(lambda t: t))[:-50]):
            self.assertIn("cannot be read as Parquet", self.message(content, "1m.parquet"))


class MalformedFiles(FileCase):
    def test_each_defect_is_named_with_its_line_and_column(self):
        good = f"{APRIL},1,2,0.5,1.5,7"
        table = {
            f"{HEADER}\n{good}\n{APRIL},1,2,x,1.5,7\n": "line 3, column 'low': 'x' is not a number",
            f"{HEADER}\n{good}\n{APRIL},1,2,,1.5,7\n": "line 3, column 'low': '' is not a number",
            f"{HEADER}\n{good}\n\n{APRIL},1,2,0.5,1.5,1_000\n": "line 4, column 'volume': '1_000' is not a number",
            f"{HEADER}\n{good}\n{APRIL},1,2\n": "line 3: has 3 cells where the header has 6",
            f"{HEADER}\n{good}\n{good},9\n{good}": "line 3: has 7 cells where the header has 6",
            f"{HEADER}\n{good}\n{APRIL}.5,1,2,0.5,1.5,7\n": f"line 3, column 'timestamp': '{APRIL}.5' is not a time",
            f"{HEADER}\n{good}\n2024-04-01,1,2,0.5,1.5,7\n": "line 3, column 'timestamp': '2024-04-01' is not a time",
            f"{HEADER}\nyesterday,1,2,0.5,1.5,7\n": "line 2, column 'timestamp': 'yesterday' is not a time",
            f"{HEADER}\n\n{good}\n{APRIL // 1000},1,2,0.5,1.5,7\n": "line 4, time: 1711929600 is not in the unit",
            f"{HEADER}\n-5,1,2,0.5,1.5,7\n": "line 2, time: -5 is not a time between",
            f"{HEADER}\n{10**18},1,2,0.5,1.5,7\n": "line 2, time: 1000000000000000000 is not a time in seconds",
            f"{HEADER}\nnan,1,2,0.5,1.5,7\n": "line 2, column 'timestamp': 'nan' is not a time",
            "": "is empty",
            "\n \n": "is empty",
            f"{HEADER}\n": "has a header but no rows",
            f"{HEADER}": "has a header but no rows",
            f"{good}\n{good}\n": "line 1: no column 'timestamp' in the header",
            "timestamp,open,high,low,close\n": "line 1: no column 'volume' in the header",
            f"{HEADER},Close\n{good},1": "line 1: more than one column 'close'",
        }
        for content, expected in table.items():
            with self.subTest(content[:80]):
                self.assertIn(expected, self.message(content))

    def test_an_error_carries_file_line_and_column(self):
        good = f"{APRIL},1,2,0.5,1.5,7"
        table = {
            f"{HEADER}\n{good}\n{APRIL},1,2,x,1.5,7\n": (3, None, "low"),
            f"{HEADER}\n{good}\n{APRIL},1,2\n": (3, None, None),
            f"{HEADER}\n\n{good}\n{APRIL // 1000},1,2,0.5,1.5,7\n": (4, 2, None),
            "": (None, None, None),
        }
        for content, expected in table.items():
            with self.subTest(content), self.assertRaises(FileError) as caught:
                self.read(content)
            error = caught.exception
            self.assertEqual((error.path.name, error.line, error.row, error.column), ("1m.csv", *expected))

    def test_bytes_that_are_no_text_are_named(self):
        for content in (b"\x00\xff\xfe\x01" * 50, b"PAR1" + bytes(range(256)), "τ,ο\n".encode("utf-16")):
            self.message(content)

    def test_a_cut_or_damaged_archive_is_named(self):
        packed = gzip.compress(text_of(ROWS).encode())
        for content in (packed[:-6], packed[:5], b"", b"no archive", packed[:15] + b"\xff" * 10 + packed[25:]):
            with self.subTest(content[:8]):
                self.assertRegex(self.message(content, "1m.csv.gz"), "is damaged|is empty")

    def test_a_missing_file_a_folder_and_an_unknown_suffix_are_named(self):
        (self.folder / "x.csv").mkdir()
        for name, said in (("none.csv", "cannot be read"), ("x.csv", "cannot be read"), ("a.txt", "is no candle file")):
            with self.subTest(name), self.assertRaisesRegex(ConfigurationError, said):
                read_series_file(self.folder / name, MINUTE_MS)

    @settings(max_examples=scaled(60, 1_000), deadline=None)
    @given(st.integers(0, 199), st.integers(0, 5), st.sampled_from(["x", "", "1,5", "--1", "0x1", "1e", "∞"]))
    def test_the_line_of_any_single_bad_cell_is_found(self, row, column, cell):
        rows = [[str(value) for value in row_at(APRIL + n * MINUTE_MS)] for n in range(200)]
        rows[row][column] = cell
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows([HEADER.split(","), *rows])
        # When the first time is itself bad, every line after it is unlike it, and the first is still the one to name.
        self.assertIn(f" line {row + 2},", self.message(buffer.getvalue()))


if __name__ == "__main__":
    unittest.main()
