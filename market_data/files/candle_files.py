"""Files of other programs: CSV, CSV.gz and Parquet, read as they are or refused as a whole.

Candles, mark candles, funding rates and open interest, each with its own columns.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from core.errors import ConfigurationError
from core.instants import format_ms
from market_data.candle_columns import CandleColumns, Int64Array
from market_data.files.file_layouts import CANDLE_FILE, TIME_NAMES, Layout
from market_data.store.store_layout import LAST_TIME_MS

_UNITS = (("seconds", 10**11, 1_000.0), ("milliseconds", 10**14, 1.0), ("microseconds", 10**17, 0.001))
"""Name, the value from which a number is of the next unit, and milliseconds in one of it."""

_FILLED = re.compile(rb"\S")
_INTEGER = re.compile(r"\s*-?[0-9]+\s*")
_NUMBER = re.compile(r"\s*-?[0-9]*\.?[0-9]+\.?([eE][+-]?[0-9]+)?\s*")
_ZONED = re.compile(r".*(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})\s*")
_CELL = re.compile(r"In CSV column #(?P<column>[0-9]+): .*?invalid value '(?P<value>.*)'", re.DOTALL)
_WIDTH = re.compile(r"Expected (?P<expected>[0-9]+) columns, got (?P<got>[0-9]+)")


class SeriesFile(NamedTuple):
    """The rows of one file in its order, unchecked: times in milliseconds and the values of its layout."""

    path: Path
    times: Int64Array
    values: tuple[npt.NDArray[np.float64], ...]
    time_format: str
    ignored_columns: tuple[str, ...]
    cut_times: int


class CandleFile(NamedTuple):
    """The rows of one file in its order, unchecked, and what was recognised in it."""

    path: Path
    candles: CandleColumns
    time_format: str
    ignored_columns: tuple[str, ...]
    cut_times: int


class _Table(NamedTuple):
    times: "npt.NDArray[np.int64] | npt.NDArray[np.float64] | npt.NDArray[np.datetime64]"
    values: tuple[npt.NDArray[np.float64], ...]
    ignored: tuple[str, ...]
    zone: str
    body: memoryview | bytes


def read_candle_file(path: Path, timeframe_length_ms: int) -> CandleFile:
    """Read a file of candles.

    Parameters
    ----------
    path
        ``.csv``, ``.csv.gz`` or ``.parquet``, with the columns ``timestamp,open,high,low,close,volume`` or common
        other names of them; more columns are ignored. Times are seconds, milliseconds, microseconds or ISO text (UTC
        without an offset).
    timeframe_length_ms
        Length of the candles, by which the unit of the times is recognised where their step shows it.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, is empty, or holds anything but numbers where numbers belong; names file, line and
        column.
    """
    file = read_series_file(path, timeframe_length_ms, CANDLE_FILE)
    candles = CandleColumns(file.times, *file.values)
    return CandleFile(path, candles, file.time_format, file.ignored_columns, file.cut_times)


def read_series_file(path: Path, step_ms: int, layout: Layout) -> SeriesFile:
    """Read a file of any kind, as ``read_candle_file`` does; ``step_ms`` is the usual step between its rows."""
    suffixes = "".join(path.suffixes[-2:]).lower()
    if suffixes.endswith(".parquet"):
        table = _parquet_table(path, layout)
    elif suffixes.endswith((".csv", ".csv.gz")):
        table = _csv_table(path, _content(path), layout)
    else:
        raise ConfigurationError(f"{path}: is no {layout.what}; allowed: .csv, .csv.gz, .parquet")
    if not len(table.times):
        raise ConfigurationError(f"{path}: has a header but no rows")
    times, time_format, cut = _in_milliseconds(path, table, step_ms)
    return SeriesFile(path, times, table.values, time_format, table.ignored, cut)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix.lower() == ".gz" else content
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ConfigurationError(f"{path}: is damaged ({error})") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror or error})") from None


def _csv_table(path: Path, content: bytes, layout: Layout) -> _Table:
    if _FILLED.search(content) is None:
        raise ConfigurationError(f"{path}: is empty; expected the header {layout.expected}")
    header_end = content.find(b"\n") + 1 or len(content)
    header = _cells(path, content[:header_end].removeprefix(b"\xef\xbb\xbf"), 1, layout)
    body = memoryview(content)[header_end:]
    places, ignored = _columns(path, header, layout)
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
    return _Table(columns["timestamp"], _in_order(columns, layout), ignored, zone, body)


def _in_order(columns: Mapping[str, npt.NDArray[np.float64]], layout: Layout) -> tuple[npt.NDArray[np.float64], ...]:
    """Return the values in the order of the layout, nan where the file has no such column."""
    rows = len(columns["timestamp"])
    return tuple(columns[name] if name in columns else np.full(rows, np.nan) for name in layout.values)


def _numbers_or_nan(path: Path, header: str, cells: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return the numbers of a column that may have empty cells."""
    values = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        if cell.strip():
            try:
                values[row] = float(cell)
            except ValueError:
                raise ConfigurationError(f"{path} row {row + 1}, column {header!r}: {cell!r} is not a number") from None
    return values


def _cells(path: Path, line: bytes, number: int, layout: Layout) -> list[str]:
    try:
        return next(csv.reader([line.decode().rstrip("\r\n")]), [])
    except (UnicodeDecodeError, csv.Error):
        raise ConfigurationError(f"{path} line {number}: is not text; expected {layout.expected}") from None


def _first_cells(path: Path, content: bytes, start: int, layout: Layout) -> list[str]:
    """Return the cells of the first line at or after ``start`` that is not blank; none if all are."""
    filled = _FILLED.search(content, start)
    if filled is None:
        return []
    begin = content.rfind(b"\n", 0, filled.start()) + 1
    end = content.find(b"\n", filled.start())
    return _cells(path, content[begin : end if end >= 0 else len(content)], content.count(b"\n", 0, begin) + 1, layout)


def _columns(path: Path, header: Sequence[str], layout: Layout) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return the positions of the time and of the layout's columns by name, and the names of the other columns."""
    names = [re.sub(r"\W+", "_", name.strip().lower()).strip("_") for name in header]
    places: dict[str, int] = {}
    for meant, spellings in {"timestamp": TIME_NAMES, **layout.values}.items():
        spelling = next((spelling for spelling in spellings if spelling in names), None)
        if spelling is None:
            if meant in layout.optional:
                continue
            shown = ",".join(header[:12])[:120]
            raise ConfigurationError(
                f"{path} line 1: no column {meant!r} in the header {shown!r}; expected {layout.expected}"
            )
        if names.count(spelling) > 1:
            raise ConfigurationError(f"{path} line 1: more than one column {spelling!r}")
        places[meant] = names.index(spelling)
    return places, tuple(name for position, name in enumerate(header) if position not in places.values())


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


def _first_bad_line(
    path: Path, body: memoryview, header: Sequence[str], types: dict[str, pa.DataType]
) -> ConfigurationError:
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
    where = f"{path} line {good + 2}"
    cell, width = _CELL.search(reason), _WIDTH.search(reason)
    if cell is not None:
        column = int(cell["column"])
        wanted = "a number" if str(column) != next(iter(types)) else "a time like that of the first row"
        return ConfigurationError(f"{where}, column {header[column]!r}: {cell['value']!r} is not {wanted}")
    if width is not None:
        return ConfigurationError(f"{where}: has {width['got']} cells where the header has {width['expected']}")
    return ConfigurationError(f"{where}: {reason.splitlines()[0] if reason else 'cannot be parsed'}")


def _parquet_table(path: Path, layout: Layout) -> _Table:
    try:
        table = parquet.read_table(path, partitioning=None)
    except (pa.ArrowException, OSError) as error:
        raise ConfigurationError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]})") from None
    places, ignored = _columns(path, table.column_names, layout)
    for meant, position in places.items():
        column = table.column(position)
        if column.null_count and meant not in layout.optional:
            row, name = column.is_null().to_pylist().index(True), table.column_names[position]
            raise ConfigurationError(f"{path} row {row + 1}, column {name!r}: is empty")
    stamps = table.column(places.pop("timestamp"))
    zone = "timestamps, UTC" if pa.types.is_timestamp(stamps.type) else ""
    try:
        if zone:
            times = stamps.cast(pa.timestamp("us", stamps.type.tz), safe=False).to_numpy()
        else:
            times = stamps.cast(pa.float64() if pa.types.is_floating(stamps.type) else pa.int64()).to_numpy()
        values = {name: table.column(place).cast(pa.float64()).to_numpy() for name, place in places.items()}
    except pa.ArrowException as error:
        raise ConfigurationError(f"{path}: holds text where numbers belong ({str(error).splitlines()[0]})") from None
    return _Table(times, _in_order({"timestamp": times, **values}, layout), ignored, zone, b"")


def _in_milliseconds(path: Path, table: _Table, length_ms: int) -> tuple[Int64Array, str, int]:
    """Return the times in milliseconds, what they were, and how many lost parts of a millisecond."""
    times = table.times
    if times.dtype.kind == "M":
        numbers: Int64Array = times.astype("datetime64[us]").astype(np.int64)
        unit, described = _UNITS[2], table.zone
    else:
        numbers = times.astype(np.float64) if times.dtype.kind == "f" else times.astype(np.int64)
        wrong = ~np.isfinite(numbers)
        if wrong.any():
            raise _no_time(path, table, int(np.argmax(wrong)), "a finite number")
        unit = _unit(path, table, numbers, length_ms)
        described = f"times in {unit[0]}"
    name, _, scale = unit
    if name == "seconds":
        milliseconds = np.rint(numbers * 1_000.0).astype(np.int64) if numbers.dtype.kind == "f" else numbers * 1_000
        cut = 0
    else:
        divisor = round(1 / scale)
        milliseconds = np.floor_divide(numbers, divisor).astype(np.int64)
        cut = int((milliseconds * divisor != numbers).sum())
    outside = (milliseconds < 0) | (milliseconds >= LAST_TIME_MS)
    if outside.any():
        raise _no_time(path, table, int(np.argmax(outside)), f"a time between {format_ms(0)} and year 9999 in {name}")
    return milliseconds, described, cut


def _unit(
    path: Path, table: _Table, numbers: Int64Array | npt.NDArray[np.float64], length_ms: int
) -> tuple[str, int, float]:
    """Return the unit of numeric times: that in which the usual step is one candle, else that of their size."""
    bounds = [unit[1] for unit in _UNITS]
    sizes = np.searchsorted(bounds, np.abs(numbers), side="right")
    mixed = sizes != sizes[0]
    if mixed.any():
        raise _no_time(path, table, int(np.argmax(mixed)), "in the unit of the first row's")
    if len(numbers) > 1:
        step = float(np.median(np.diff(numbers)))
        for unit in _UNITS:
            if abs(step * unit[2] - length_ms) < length_ms * 1e-6:
                return unit
    if sizes[0] >= len(_UNITS):
        raise _no_time(path, table, 0, "a time in seconds, milliseconds or microseconds")
    return _UNITS[int(sizes[0])]


def _no_time(path: Path, table: _Table, row: int, wanted: str) -> ConfigurationError:
    value = table.times[row]
    if not table.body:
        return ConfigurationError(f"{path} row {row + 1}, time: {value} is not {wanted}")
    filled = (number for number, line in enumerate(bytes(table.body).split(b"\n"), 2) if line.strip())
    line = next(number for position, number in enumerate(filled) if position == row)
    return ConfigurationError(f"{path} line {line}, time: {value} is not {wanted}")
