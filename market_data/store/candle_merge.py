"""Merging rows into those of a month: the first stored row of a time stands."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from market_data.candle_columns import CandleColumns, slots
from market_data.series_columns import ColumnsT
from market_data.store.store_layout import month_bounds, month_of


def by_month(columns: ColumnsT) -> Iterator[tuple[str, ColumnsT]]:
    """Give the rows month by month, with the month ``YYYY-MM`` of their times."""
    position = 0
    while position < columns.rows:
        month = month_of(int(columns[0][position]))
        stop = int(np.searchsorted(columns[0], month_bounds(month)[1]))
        yield month, columns.slice(position, stop)
        position = stop


def compared(stored: ColumnsT, part: ColumnsT, length_ms: int = 1) -> tuple[npt.NDArray[np.bool], list[int]]:
    """Return which rows of ``part`` are not stored yet, and the times of those that are with other values.

    Rows of one slot of the grid of ``length_ms`` are the same row. A value that is not known (nan) differs from none.
    """
    if not stored.rows:
        return np.ones(part.rows, np.bool), []
    there, came = slots(stored[0], length_ms), slots(part[0], length_ms)
    position = np.minimum(np.searchsorted(there, came), stored.rows - 1)
    fresh = there[position] != came
    same = np.ones(part.rows, np.bool)
    for old, new in zip(stored[1:], part[1:], strict=True):
        same &= (old[position] == new) | np.isnan(old[position]) | np.isnan(new)
    return fresh, part[0][~fresh & ~same].tolist()


def merged(stored: ColumnsT, part: ColumnsT, fresh: npt.NDArray[np.bool]) -> ColumnsT:
    """Return the stored rows and the ``fresh`` ones of ``part`` in order of time."""
    order = np.argsort(np.concatenate((stored[0], part[0][fresh])), kind="stable")
    return type(stored)(*(np.concatenate((old, came[fresh]))[order] for old, came in zip(stored, part, strict=True)))


def joined(parts: Sequence[CandleColumns]) -> CandleColumns:
    """Return candles one after the other, as they are given."""
    return joined_as(CandleColumns, parts)


def joined_as(columns: type[ColumnsT], parts: Sequence[ColumnsT]) -> ColumnsT:
    """Return rows one after the other, as they are given."""
    if not parts:
        return columns.empty()
    if len(parts) == 1:
        return parts[0]
    return columns(*(np.concatenate(column) for column in zip(*parts, strict=True)))
