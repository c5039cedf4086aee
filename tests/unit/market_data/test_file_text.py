"""The bounds on what is read: lines and archives without an end are refused, and blocks lose nothing."""

import gzip
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile
import zlib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from market_data.files.file_text import line_blocks
from market_data.files.series_files import read_series_file
from tests.support.candle_tables import APRIL, candles_at, minutes, rows_of
from tests.support.scale import scaled

HEADER = "timestamp,open,high,low,close,volume"
READ = """
import sys
from pathlib import Path
from core.errors import ConfigurationError
from market_data.files.candle_import import most_rows
from market_data.files.file_formats import HowToRead
from market_data.files.series_files import read_series_file
try:
    how = HowToRead("BTC/USDT", most_rows=most_rows(60_000, 1_800_000_000_000))
    print(read_series_file(Path(sys.argv[1]), how=how).rows)
except ConfigurationError as error:
    print(error)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")))
"""


def peak_kilobytes(path: Path) -> tuple[int, str]:
    """Return the peak of the memory of a process that reads a file, and what it printed of it.

    The peak that ``getrusage`` tells is no less than that of the process which started it.
    """
    command = [sys.executable, "-W", "error", "-c", READ, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise AssertionError(f"ended with {done.returncode}: {done.stderr[-2000:]}")
    printed, peak = done.stdout.splitlines()
    return int(peak), printed


def packed_zeros(megabytes: int, begin: bytes, part: bytes) -> tuple[bytes, int, int]:
    """Return a deflated stream of so many megabytes of a repeated part, its length unpacked, and its checksum.

    What is packed between two full flushes depends on nothing before it: a piece is packed once, and put there often.
    """
    piece = part * ((1 << 20) // len(part))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(begin) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = zlib.crc32(begin)
    for _ in range(megabytes):
        checksum = zlib.crc32(piece, checksum)
    whole = packed + again * megabytes + packer.flush()
    return whole, len(begin) + megabytes * len(piece), checksum


def gzipped(megabytes: int, begin: bytes, part: bytes) -> bytes:
    """Return those megabytes as a gzip file."""
    whole, length, checksum = packed_zeros(megabytes, begin, part)
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + whole + struct.pack("<II", checksum, length & 0xFFFFFFFF)


def zipped(megabytes: int, begin: bytes, part: bytes) -> bytes:
    """Return those megabytes as the only file of a zip archive."""
    whole, length, checksum = packed_zeros(megabytes, begin, part)
    # Needed version, flags, method, time, date, checksum, lengths of data, name and more, as both headers have them.
    facts = struct.pack("<HHHHHIIIHH", 20, 0, zipfile.ZIP_DEFLATED, 0, 33, checksum, len(whole), length, 6, 0)
    head = b"PK\x03\x04" + facts + b"1m.csv"
    listed = b"PK\x01\x02" + struct.pack("<H", 20) + facts + struct.pack("<HHHII", 0, 0, 0, 0, 0) + b"1m.csv"
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(listed), len(head) + len(whole), 0)
    return head + whole + listed + end


class TextCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, content, name="1m.csv"):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


class Bombs(TextCase):
    def test_bombs_of_every_packing_are_refused_in_bounded_memory(self):
        rows = f"{HEADER}\n".encode()
        megabytes = 1_000
        table = {
            "is longer than 1,000,000 bytes": self.file(gzipped(megabytes, rows, b"0"), "line.csv.gz"),
            "unpacks to more than 100 times": self.file(gzipped(megabytes, rows, b"\n"), "blank.csv.gz"),
            "has no header": self.file(gzipped(megabytes, b"[[", b"1,1],["), "1m.json.gz"),
            "rows: there are not so many candles since 2009": self.file(
                zipped(megabytes, rows, b"0,0,0,0,0,0\n"), "zeros.zip"
            ),
        }
        usual = peak_kilobytes(self.file(f"{HEADER}\n{APRIL},1,1,1,1,1\n"))[0]
        for said, path in table.items():
            with self.subTest(path.name):
                self.assertLess(path.stat().st_size, 2 << 20)
                peak, printed = peak_kilobytes(path)
                self.assertIn(said, printed)
                # The most is what all minutes since 2009 take as numbers.
                self.assertLess(peak - usual, 600_000)

    def test_a_large_file_is_held_as_numbers_only(self):
        cells = f"{',42000.00000000' * 4},7.00000000"
        beside = "1.00000000,5,0.50000000,1.00000000,0"
        rows = "".join(f"{time_ms}{cells},{time_ms + 59_999},{beside}\n" for time_ms in minutes(APRIL, 400_000))
        path = self.file(gzip.compress(rows.encode(), 1), "1m.csv.gz")
        usual = peak_kilobytes(self.file(rows[: rows.index("\n") + 1]))[0]
        peak, printed = peak_kilobytes(path)
        self.assertEqual(printed, "400000")
        # 130 bytes of text a row, 48 of numbers: twice while parts are joined.
        self.assertLess(peak - usual, 100_000)


class Lines(TextCase):
    def test_a_line_without_an_end_is_named_by_its_number_wherever_it_stands(self):
        good = f"{APRIL},1,1,1,1,1\n"
        for before, line in ((0, 2), (5, 7), (300_000, 300_002)):
            text = f"{HEADER}\n{good * before}{'7' * 1_000_001}\n{good}"
            with (
                self.subTest(before),
                self.assertRaisesRegex(ConfigurationError, rf" line {line}: is longer than 1,000,000"),
            ):
                read_series_file(self.file(text))
        with self.assertRaisesRegex(ConfigurationError, " line 1: is longer"):
            read_series_file(self.file("x" * 3_000_000))
        with self.assertRaisesRegex(ConfigurationError, "line 2: cannot be read as cells"):
            read_series_file(self.file(f"{HEADER}\n{APRIL},1,1,1,1,{'x' * 900_000}\n"))

    @settings(max_examples=scaled(60, 1_000), deadline=None)
    @given(st.lists(st.text("a,1\r", max_size=40), max_size=60), st.booleans(), st.integers(1, 30), st.integers(1, 60))
    def test_blocks_are_the_lines_in_order_with_their_numbers(self, lines, ended, piece, block):
        text = "\n".join(lines) + ("\n" if ended else "")
        pieces = [text.encode()[at : at + piece] for at in range(0, len(text), piece)]
        blocks = list(line_blocks(Path("x.csv"), pieces, block))
        self.assertEqual(b"".join(one.body for one in blocks), text.encode())
        for one in blocks:
            self.assertEqual(text.encode().split(b"\n")[one.first_line - 1].split(b"\n")[0], one.body.split(b"\n")[0])
        self.assertTrue(all(one.body.endswith(b"\n") for one in blocks[:-1]))

    def test_rows_and_bad_lines_are_found_beyond_the_first_block(self):
        rows = [list(map(repr, row)) for row in rows_of(candles_at(minutes(APRIL, 120_000)))]
        text = "\n".join([HEADER, "", *map(",".join, rows), ""])
        self.assertGreater(len(text), 4 << 20)
        file = read_series_file(self.file(text))
        self.assertEqual(rows_of(file.candles), rows_of(candles_at(minutes(APRIL, 120_000))))
        self.assertEqual((file.line_of(0), file.line_of(119_999)), (3, 120_002))
        rows[119_990][3] = "low"
        text = "\n".join([HEADER, "", *map(",".join, rows), ""])
        with self.assertRaisesRegex(ConfigurationError, "line 119993, column 'low': 'low' is not a number"):
            read_series_file(self.file(text))


if __name__ == "__main__":
    unittest.main()
