"""CSV files of other programs, packed or not."""

import csv
import gzip
import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from market_data.files.file_layouts import Layout
from market_data.files.file_table import FileError, FileTable, found_columns, in_order

_FILLED = re.compile(rb"\S")
_INTEGER = re.compile(r"\s*-?[0-9]+\s*")
_NUMBER = re.compile(r"\s*-?[0-9]*\.?[0-9]+\.?([eE][+-]?[0-9]+)?\s*")
_ZONED = re.compile(r".*(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})\s*")
_CELL = re.compile(r"In CSV column #(?P<column>[0-9]+): .*?invalid value '(?P<value>.*)'", re.DOTALL)
_WIDTH = re.compile(r"Expected (?P<expected>[0-9]+) columns, got (?P<got>[0-9]+)")


def csv_table(path: Path, layout: Layout) -> FileTable:
    """Read a CSV file, packed or not; FileError names the line and the column that cannot be read."""
    content = _content(path)
    if _FILLED.search(content) is None:
        raise FileError(path, f"is empty; expected the header {layout.expected}")
    header_end = content.find(b"\n") + 1 or len(content)
    header = _cells(path, content[:header_end].removeprefix(b"\xef\xbb\xbf"), 1, layout)
    body = memoryview(content)[header_end:]
    places, ignored = found_columns(path, header, layout)
    first = _first_cells(path, content, header_end, layout)
    time_cell = first[places["timestamp"]] if len(first) > places["timestamp"] else ""
    time_type, zone = _time_type(time_cell)
    # What may be empty is read as text first.
    kinds = {name: pa.string() if name in layout.optional else pa.float64() for name in layout.values}
    types = {f"{place}": {"timestamp": time_type, **kinds}[name] for name, place in places.items()}
    try:
        table = _parsed(body, len(header), types)
    except pa.ArrowInvalid:
        raise _first_bad_line(path, body, header, types) from None
    columns = {}
    for name, place in places.items():
        column = table.column(f"{place}")
        optional = name in layout.optional
        columns[name] = _numbers_or_nan(path, header[place], column.to_pylist()) if optional else column.to_numpy()
    return FileTable(columns["timestamp"], in_order(columns, layout), ignored, zone, body)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix.lower() == ".gz" else content
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileError(path, f"is damaged ({error})") from None
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror or error})") from None


def _numbers_or_nan(path: Path, header: str, cells: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return the numbers of a column that may have empty cells."""
    values = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        if cell.strip():
            try:
                values[row] = float(cell)
            except ValueError:
                raise FileError(path, f"{cell!r} is not a number", row=row + 1, column=header) from None
    return values


def _cells(path: Path, line: bytes, number: int, layout: Layout) -> list[str]:
    try:
        return next(csv.reader([line.decode().rstrip("\r\n")]), [])
    except (UnicodeDecodeError, csv.Error):
        raise FileError(path, f"is not text; expected {layout.expected}", line=number) from None


def _first_cells(path: Path, content: bytes, start: int, layout: Layout) -> list[str]:
    """Return the cells of the first line at or after ``start`` that is not blank; none if all are."""
    filled = _FILLED.search(content, start)
    if filled is None:
        return []
    begin = content.rfind(b"\n", 0, filled.start()) + 1
    end = content.find(b"\n", filled.start())
    return _cells(path, content[begin : end if end >= 0 else len(content)], content.count(b"\n", 0, begin) + 1, layout)


def _time_type(cell: str) -> tuple[pa.DataType, str]:
    if _INTEGER.fullmatch(cell):
        return pa.int64(), ""
    if _NUMBER.fullmatch(cell):
        return pa.float64(), ""
    if _ZONED.fullmatch(cell) and not re.fullmatch(r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*", cell):
        return pa.timestamp("us", "UTC"), "ISO times with their offset"
    return pa.timestamp("us"), "ISO times, taken as UTC"


def _parsed(body: memoryview | bytes, width: int, types: dict[str, pa.DataType]) -> pa.Table:
    """Parse the lines after the header; columns are named by their position. Raises ArrowInvalid."""
    if _FILLED.search(body) is None:
        return pa.table({name: pa.array([], kind) for name, kind in types.items()})
    return arrow_csv.read_csv(
        pa.BufferReader(body),
        read_options=arrow_csv.ReadOptions(column_names=[str(position) for position in range(width)]),
        # An empty cell is no number: nothing stands for a missing value.
        convert_options=arrow_csv.ConvertOptions(
            column_types=types, include_columns=list(types), null_values=[], strings_can_be_null=False
        ),
    )


def _first_bad_line(path: Path, body: memoryview, header: Sequence[str], types: dict[str, pa.DataType]) -> FileError:
    """Return the error that names the first line that does not parse, found by halving."""
    lines = bytes(body).split(b"\n")
    good, bad = 0, len(lines) - 1
    reason = ""
    while good < bad:
        middle = (good + bad) // 2
        try:
            _parsed(b"\n".join(lines[good : middle + 1]), len(header), types)
        except pa.ArrowInvalid:
            bad = middle
        else:
            good = middle + 1
    try:
        _parsed(lines[good], len(header), types)
    except pa.ArrowInvalid as error:
        reason = str(error)
    line = good + 2
    cell, width = _CELL.search(reason), _WIDTH.search(reason)
    if cell is not None:
        column = int(cell["column"])
        wanted = "a number" if str(column) != next(iter(types)) else "a time like that of the first row"
        return FileError(path, f"{cell['value']!r} is not {wanted}", line=line, column=header[column])
    if width is not None:
        return FileError(path, f"has {width['got']} cells where the header has {width['expected']}", line=line)
    return FileError(path, reason.splitlines()[0] if reason else "cannot be parsed", line=line)
