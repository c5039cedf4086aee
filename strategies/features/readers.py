"""Reading a symbol's candles and features: as they were noted one by one, or on columns that were computed at once.

A reader is of one moment: what comes after it changes nothing that it shows.
"""

import functools
import math
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from core.candle import Candle
from core.candle_columns import CandleColumns, Float64Array, Int64Array
from indicators.features.series import SeriesPlan, SeriesStream
from strategies.features.moment import Row, Rows

Noted = tuple[Candle, tuple[tuple[float, ...], ...]]
"""A candle, and the rows of all series that its symbol reads as they were at its close."""


class RunningSeries:
    """The form of one series' features, with the row of its last candle; ``fresh`` lets it start empty with the next.

    ``take`` takes the next candle.
    """

    __slots__ = ("_plan", "form", "fresh", "last_open_ms", "take")

    def __init__(self, plan: SeriesPlan) -> None:
        self._plan = plan
        self.last_open_ms: int | None = None
        self.restart()

    def restart(self) -> None:
        """Start empty."""
        self.fresh = False
        self.form = SeriesStream(self._plan)
        self.take = self.form.take


class Notes:
    """What is noted of a symbol's last candles; the first of ``series`` is its own."""

    __slots__ = ("_noted", "_others", "_own")

    def __init__(self, series: Sequence[RunningSeries], lookback: int) -> None:
        self._own, *self._others = series
        self._noted: deque[Noted] = deque(maxlen=lookback + 1)

    def add(self, candle: Candle) -> None:
        """Note all values as they are at the close of the symbol's candle."""
        own = self._own.form.row
        rows = (own, *[one.form.row for one in self._others]) if self._others else (own,)
        self._noted.append((candle, rows))

    def forget(self) -> None:
        """Forget all that was noted."""
        self._noted.clear()

    def reader(self) -> "NotesReader":
        """Return a reader of the last candle."""
        return NotesReader(self._noted)


class NotesReader(tuple[Noted, ...]):
    """Reads notes, the last of them first."""

    __slots__ = ()

    def candle(self, ago: int) -> Candle | None:
        """Return the candle so many before the last; None where the segment does not reach back so far."""
        return self[-1 - ago][0] if ago < len(self) else None

    def rows(self, ago: int) -> Rows:
        """Return the values as they were at that candle; nan where there is none."""
        return self[-1 - ago][1] if ago < len(self) else NO_ROWS


class NoRow:
    """The row of a candle that is not there."""

    def __getitem__(self, place: int) -> float:
        return math.nan


class NoRows:
    """All rows of a candle that is not there."""

    def __getitem__(self, series: int) -> Row:
        return NO_ROW


NO_ROW = NoRow()
NO_ROWS = NoRows()


class SeriesTable:
    """One series' features as columns, and the rows at which its segments begin."""

    __slots__ = ("candles", "columns", "starts")

    def __init__(self, candles: CandleColumns, columns: Sequence[Float64Array], starts: Int64Array) -> None:
        self.candles = candles
        self.columns = columns
        self.starts = starts


class SymbolTable:
    """The series that a symbol reads, its own first.

    ``rows_of`` has, for each of the others, the row that is known at each row of the own one, -1 where none is.
    """

    __slots__ = ("_starts", "rows_of", "series")

    def __init__(self, series: Sequence[SeriesTable], rows_of: Sequence[Int64Array]) -> None:
        self.series = series
        self.rows_of = rows_of
        self._starts: list[int] = series[0].starts.tolist()

    @property
    def rows(self) -> int:
        """Candles of the own series."""
        return self.series[0].candles.rows

    def first_of(self, row: int) -> int:
        """Return the first row of a row's segment."""
        return self._starts[bisect_right(self._starts, row) - 1]

    def column(self, series: int, place: int, ago: int, rows: slice | None = None) -> Float64Array:
        """Return a value of all rows, or of some, as it was so many candles before; nan where there is none."""
        return self.back(functools.partial(self._known, series, place), ago, rows)

    def _known(self, series: int, place: int, rows: slice) -> Float64Array:
        values = self.series[series].columns[place]
        if not series:
            return values[rows]
        there = self.rows_of[series - 1][rows]
        found = there >= 0
        known = np.full(len(there), np.nan)
        known[found] = values[there[found]]
        return known

    def back(self, read: Callable[[slice], Float64Array], ago: int, rows: slice | None = None) -> Float64Array:
        """Return a column, or some rows of it, as it was so many rows before; ``read`` gives rows as they are.

        nan where there is none in the same segment.
        """
        first, end = (0, self.rows) if rows is None else (rows.start, rows.stop)
        # Segments whose first rows, which reach back to nothing, are among these.
        begun = self._starts[bisect_right(self._starts, first - ago) : bisect_left(self._starts, end)] if ago else ()
        if begun:
            values, there = np.empty(end - first), max(first - ago, 0)
            values[there - (first - ago) :] = read(slice(there, max(end - ago, 0)))
            for start in begun:
                values[max(start - first, 0) : start + ago - first] = np.nan
        else:
            values = read(slice(first - ago, end - ago))
        values.setflags(write=False)
        return values


class TableReader:
    """Reads a table backwards from a row; -1 for none."""

    __slots__ = ("_first", "_row", "_table")

    def __init__(self, table: SymbolTable, row: int) -> None:
        self._table = table
        self._row = row
        self._first = table.first_of(row) if row >= 0 else 0

    def candle(self, ago: int) -> Candle | None:
        """Return the candle so many before the row's; None where the segment does not reach back so far."""
        row = self._row - ago
        if row < self._first:
            return None
        times, *prices = self._table.series[0].candles
        opened, high, low, close, volume = (float(column[row]) for column in prices)
        return Candle(int(times[row]), opened, high, low, close, volume)

    def rows(self, ago: int) -> Rows:
        """Return the values as they were at that candle; nan where there is none."""
        row = self._row - ago
        return NO_ROWS if row < self._first else TableRows(self._table, row)


class TableRows:
    """The rows of all series at one row of a table."""

    __slots__ = ("_row", "_table")

    def __init__(self, table: SymbolTable, row: int) -> None:
        self._table = table
        self._row = row

    def __getitem__(self, series: int) -> Row:
        there = int(self._table.rows_of[series - 1][self._row]) if series else self._row
        return NO_ROW if there < 0 else TableRow(self._table.series[series].columns, there)


class TableRow:
    """One row of columns."""

    __slots__ = ("_columns", "_row")

    def __init__(self, columns: Sequence[Float64Array], row: int) -> None:
        self._columns = columns
        self._row = row

    def __getitem__(self, place: int) -> float:
        return float(self._columns[place][self._row])
