"""Parquet and feather files of other programs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from market_data.files.file_columns import (
    CLOCK,
    CONFIRMED,
    ROWS_OF,
    SYMBOL,
    TIME,
    found_columns,
    plain_name,
    require_symbol,
)
from market_data.files.file_formats import FREQTRADE, PLAIN, HowToRead, format_of, format_of_header
from market_data.files.file_layouts import Layout
from market_data.files.file_table import FileError, FileTable
from market_data.files.read_columns import ReadColumns
from market_data.files.row_names import RowNames
from market_data.files.text_times import TextTimes, text_times

_ROWS_AT_ONCE = 1 << 16
_UNREADABLE = (pa.ArrowException, OSError, ValueError, TypeError, OverflowError, KeyError)
"""What pyarrow raises on files that are damaged, or hold what it cannot make anything of."""


def arrow_table(path: Path, layout: Layout, how: HowToRead) -> FileTable:
    """Read a Parquet or feather file; FileError where it is none, or holds anything but numbers."""
    is_feather = path.name.lower().endswith(".feather")
    kind = "feather" if is_feather else "Parquet"
    try:
        source = _FeatherFile(path) if is_feather else _ParquetFile(path)
        names = source.names()
    except _UNREADABLE as error:
        raise FileError(path, f"cannot be read as {kind} ({_first_line(error)})") from None
    reader = _ArrowReader(path, names, layout, how, is_feather=is_feather)
    parts = source.parts([names[place] for place in sorted(set(reader.places.values()))])
    while True:
        try:
            part = next(parts, None)
        except _UNREADABLE as error:
            raise FileError(path, f"cannot be read as {kind} ({_first_line(error)})") from None
        if part is None:
            return reader.table()
        reader.add(part)


class _ParquetFile:
    def __init__(self, path: Path) -> None:
        self._file = parquet.ParquetFile(path)

    def names(self) -> list[str]:
        return list(self._file.schema_arrow.names)

    def parts(self, names: list[str]) -> Iterator[pa.Table]:
        for batch in self._file.iter_batches(_ROWS_AT_ONCE, columns=names, use_threads=False):
            yield pa.Table.from_batches([batch])


class _FeatherFile:
    def __init__(self, path: Path) -> None:
        self._content = pa.memory_map(str(path))
        self._schema = pa.ipc.open_file(self._content).schema

    def names(self) -> list[str]:
        return list(self._schema.names)

    def parts(self, names: list[str]) -> Iterator[pa.Table]:
        wanted = [place for place, name in enumerate(self._schema.names) if name in names]
        reader = pa.ipc.open_file(self._content, options=pa.ipc.IpcReadOptions(included_fields=wanted))
        for place in range(reader.num_record_batches):
            yield pa.Table.from_batches([reader.get_batch(place)])


class _ArrowReader:
    """Makes columns of the parts of a file."""

    def __init__(self, path: Path, names: list[str], layout: Layout, how: HowToRead, *, is_feather: bool) -> None:
        self._path = path
        self._names = names
        self._layout = layout
        self._how = how
        form = format_of_header([plain_name(name) for name in names]) if layout.has_candles else PLAIN
        if how.flag and format_of(how.flag) not in (form, PLAIN, FREQTRADE):
            raise FileError(path, f"has not the columns of a file of {format_of(how.flag).title}")
        if form is PLAIN and is_feather:
            form = FREQTRADE
        self._words = (form.title, "feather" if is_feather else "Parquet")
        found = found_columns(path, names, layout, form, how)
        self.places, self._ignored = found.places, found.ignored
        self.places.pop(CLOCK, None)
        self._columns = ReadColumns(path, layout, how, self._fault)
        self._times: list[npt.NDArray[Any]] = []
        self._texts: TextTimes | None = None
        self._rows_of = RowNames()
        self._zone = ""

    def add(self, part: pa.Table) -> None:
        cells = {name: part.column(self._names[place]) for name, place in self.places.items()}
        for name in cells.keys() & ROWS_OF.keys():
            self._require_one(name, cells.pop(name))
        for name, column in cells.items():
            if column.null_count and name not in self._layout.optional:
                row = int(np.argmax(column.is_null().to_numpy()))
                raise self._fault("is empty", self._columns.rows + row, name)
        self._times.append(self._instants(cells.pop(TIME)))
        self._columns.add({name: self._numbers(name, column) for name, column in cells.items()}, part.num_rows)

    def _require_one(self, name: str, column: pa.ChunkedArray) -> None:
        if name == SYMBOL and len(column) and not self._columns.rows:
            require_symbol(self._path, str(column[0].as_py()), self._how)
        try:
            other = self._rows_of.other(name, column)
        except pa.ArrowException:
            raise self._fault(f"holds {column.type}, which is no name", None, name) from None
        if other is not None:
            raise self._fault(other.wrong, self._columns.rows + other.row, name)

    def table(self) -> FileTable:
        if not self._columns.rows:
            raise FileError(self._path, "has columns but no rows")
        times = np.concatenate(self._times) if self._texts is None else self._texts.joined()
        zone = self._zone if self._texts is None else self._texts.words
        read = self._columns.finished()
        return FileTable(times, read.values, self._words, self._ignored, zone, read.confirmed, read.notes)

    def _instants(self, column: pa.ChunkedArray) -> Any:
        kind = column.type
        try:
            if pa.types.is_dictionary(kind):
                column = column.cast(kind.value_type)
                kind = column.type
            if pa.types.is_date(kind):
                kind, column = pa.timestamp("ms"), column.cast(pa.timestamp("ms"))
            if pa.types.is_timestamp(kind):
                self._zone = "timestamps, UTC"
                return column.cast(pa.timestamp("us", kind.tz), safe=False).to_numpy()
            if pa.types.is_string(kind) or pa.types.is_large_string(kind):
                return self._of_texts(column.cast(pa.string()))
            return column.cast(pa.int64() if pa.types.is_integer(kind) else pa.float64()).to_numpy()
        except pa.ArrowException:
            raise self._fault(f"holds {kind}, which is no time", None, TIME) from None

    def _of_texts(self, column: pa.ChunkedArray) -> Any:
        """Return the times of a column of text; empty where they are told by ``_texts`` in the end."""
        if self._texts is None and not self._times:
            self._texts = text_times(self._path, str(column[0].as_py())) if len(column) else None
        if self._texts is None:
            self._zone = "ISO times, taken as UTC"
            return column.cast(pa.timestamp("us", "UTC")).to_numpy()
        wrong = self._texts.add(column)
        if wrong is not None:
            raise self._fault(f"{column[wrong].as_py()!r} is not a time", self._columns.rows + wrong, TIME)
        return np.empty(0, np.int64)

    def _numbers(self, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
        try:
            if pa.types.is_dictionary(column.type):
                column = column.cast(column.type.value_type)
            if pa.types.is_decimal(column.type):
                # Straight to floats it is scaled, which is not always the nearest float; its text is.
                column = column.cast(pa.string())
            return pc.cast(column, pa.string() if name == CONFIRMED else pa.float64())
        except pa.ArrowException as error:
            wrong = f"holds {column.type} where numbers belong ({_first_line(error)})"
            raise self._fault(wrong, None, name) from None

    def _fault(self, wrong: str, row: int | None, name: str) -> FileError:
        column = self._names[self.places[name]]
        return FileError(self._path, wrong, row=None if row is None else row + 1, column=column)


def _first_line(error: Exception) -> str:
    text = str(error).splitlines()
    return text[0] if text else type(error).__name__
