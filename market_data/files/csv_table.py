"""Text files of other programs: rows of cells, read block by block."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from market_data.files.csv_sheet import Sheet, look_at
from market_data.files.file_columns import CLOCK, CONFIRMED, ROWS_OF, TIME
from market_data.files.file_formats import HowToRead
from market_data.files.file_layouts import Layout
from market_data.files.file_table import FileError, FileTable
from market_data.files.file_text import FileText, LineBlock
from market_data.files.read_columns import ReadColumns
from market_data.files.row_names import RowNames
from market_data.files.text_times import TextTimes, text_times

_INTEGER = re.compile(r"\s*-?[0-9]+\s*")
_NUMBER = re.compile(r"\s*-?[0-9]*\.?[0-9]+\.?([eE][+-]?[0-9]+)?\s*")
_ISO = re.compile(
    r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?P<zone>[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?\s*"
)
_BLANK_LINES = re.compile(rb"^[ \t\r]+$", re.MULTILINE)
_CELL = re.compile(r"In CSV column #(?P<column>[0-9]+): .*?invalid value '(?P<value>.*)'", re.DOTALL)
_WIDTH = re.compile(r"Expected (?P<expected>[0-9]+) columns, got (?P<got>[0-9]+)")


def csv_table(text: FileText, layout: Layout, how: HowToRead) -> FileTable:
    """Read a text file; FileError names the line and the column that cannot be read."""
    blocks = (block for block in text.blocks() if block.body.strip())
    block = next(blocks, None)
    if block is None:
        raise FileError(text.path, f"is empty; expected the header {layout.expected}")
    sheet = look_at(text, block, layout, how)
    if sheet.start < 0:
        following = next(blocks, None)
        if following is None:
            raise FileError(text.path, "has a header but no rows")
        block = block.joined(following)
        sheet = look_at(text, block, layout, how)
    rows = chain([LineBlock(sheet.line, block.body[sheet.start :])], blocks)
    return _TableReader(text, sheet, layout, how).read(rows)


class _TableReader:
    """Reads the rows of one file, whose sheet is known."""

    def __init__(self, text: FileText, sheet: Sheet, layout: Layout, how: HowToRead) -> None:
        self._text = text
        self._sheet = sheet
        self._places = sheet.columns.places
        self._columns = ReadColumns(text.path, layout, how, self._fault)
        self._times: list[npt.NDArray[Any]] = []
        self._texts: TextTimes | None = None
        self._names = RowNames()
        self._zone, self._zoned = "", False
        # What may be empty is read as text first.
        texts = {CLOCK, CONFIRMED, *ROWS_OF, *layout.optional}
        kinds = {name: pa.string() if name in texts else pa.float64() for name in self._places}
        kinds[TIME] = self._time_type(" ".join(map(self._first, (TIME, CLOCK))).strip())
        self._types = {f"{self._places[name]}": kind for name, kind in kinds.items()}

    def read(self, blocks: Iterator[LineBlock]) -> FileTable:
        for block in blocks:
            try:
                table = self._parsed(block.body)
            except pa.ArrowInvalid:
                raise self._first_bad_line(block) from None
            self._add({name: table.column(f"{place}") for name, place in self._places.items()})
        read = self._columns.finished()
        return FileTable(
            np.concatenate(self._times) if self._texts is None else self._texts.joined(),
            read.values,
            self._sheet.words,
            self._sheet.columns.ignored,
            self._zone if self._texts is None else self._texts.words,
            read.confirmed,
            read.notes,
            self._line_of,
            self._zoned,
        )

    def _add(self, cells: dict[str, pa.ChunkedArray]) -> None:
        times, clock = cells.pop(TIME), cells.pop(CLOCK, None)
        for name in cells.keys() & ROWS_OF.keys():
            other = self._names.other(name, cells.pop(name))
            if other is not None:
                raise self._fault(other.wrong, self._columns.rows + other.row, name)
        if self._texts is None:
            self._times.append(times.to_numpy())
        else:
            texts = times if clock is None else pc.binary_join_element_wise(times, clock, " ")
            wrong = self._texts.add(texts)
            if wrong is not None:
                raise self._fault(f"{texts[wrong].as_py()!r} is not a time", self._columns.rows + wrong, TIME)
        self._columns.add(cells, len(times))

    def _fault(self, wrong: str, row: int, name: str) -> FileError:
        return self._error(wrong, self._line_of(row), self._sheet.names[self._places[name]])

    def _time_type(self, cell: str) -> pa.DataType:
        """Return as what the times are parsed, by the first of them; sets what reads them where that is not enough."""
        paired = CLOCK in self._places
        if _INTEGER.fullmatch(cell) and not paired:
            return pa.int64()
        if _NUMBER.fullmatch(cell) and not paired:
            return pa.float64()
        iso = _ISO.fullmatch(cell)
        if iso is None or paired:
            self._texts = text_times(self._text.path, cell)
        if self._texts is not None or paired:
            return pa.string()
        if iso is not None and iso["zone"]:
            self._zone, self._zoned = "ISO times with their offset", True
            return pa.timestamp("us", "UTC")
        self._zone = "ISO times, taken as UTC"
        return pa.timestamp("us")

    def _first(self, name: str) -> str:
        place = self._places.get(name, len(self._sheet.first))
        return self._sheet.first[place] if place < len(self._sheet.first) else ""

    def _parsed(self, body: bytes) -> pa.Table:
        """Parse some lines, those with nothing but blanks left out. Raises ArrowInvalid."""
        try:
            return self._as_table(body)
        except pa.ArrowInvalid:
            filled = _BLANK_LINES.sub(b"", body)
            if filled == body:
                raise
            return self._as_table(filled)

    def _as_table(self, body: bytes) -> pa.Table:
        """Parse some lines; columns are named by their position. Raises ArrowInvalid."""
        return arrow_csv.read_csv(
            pa.BufferReader(body),
            read_options=arrow_csv.ReadOptions(column_names=[str(place) for place in range(len(self._sheet.names))]),
            parse_options=arrow_csv.ParseOptions(delimiter=self._sheet.delimiter),
            # An empty cell is no number: nothing stands for a missing value.
            convert_options=arrow_csv.ConvertOptions(
                column_types=self._types,
                include_columns=list(self._types),
                null_values=[],
                strings_can_be_null=False,
                decimal_point=self._sheet.decimal,
            ),
        )

    def _line_of(self, row: int) -> int | None:
        return self._text.line_of_row(row, self._sheet.skipped)

    def _first_bad_line(self, block: LineBlock) -> FileError:
        """Return the error that names the first line of a block that does not parse, found by halving."""
        lines = block.body.split(b"\n")
        good, bad = 0, len(lines) - 1
        reason = ""
        while good < bad:
            middle = (good + bad) // 2
            if self._refusal(b"\n".join(lines[good : middle + 1])):
                bad = middle
            else:
                good = middle + 1
        reason = self._refusal(lines[good])
        line = block.first_line + good
        cell, width = _CELL.search(reason), _WIDTH.search(reason)
        if cell is not None:
            place = int(cell["column"])
            wanted = "a number" if place != self._places[TIME] else "a time like that of the first row"
            return self._error(f"{cell['value']!r} is not {wanted}", line, self._sheet.names[place])
        if width is not None:
            return self._error(f"has {width['got']} cells where the header has {width['expected']}", line)
        return self._error(reason.splitlines()[0] if reason else "cannot be parsed", line)

    def _refusal(self, body: bytes) -> str:
        """Return why some lines cannot be parsed, empty if they can."""
        if not body.strip():
            return ""
        try:
            self._parsed(body)
        except pa.ArrowInvalid as error:
            return str(error) or "cannot be parsed"
        return ""

    def _error(self, wrong: str, line: int | None, column: str | None = None) -> FileError:
        if self._text.is_json:
            return FileError(self._text.path, wrong, row=line, column=column)
        return FileError(self._text.path, wrong, line=line, column=column)
