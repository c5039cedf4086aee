"""Merging rows into those of a month: the first stored row of a time stands, unless it is replaced on purpose."""

from collections.abc import Collection, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from core.candle_columns import CandleColumns, slots
from market_data.series_columns import ColumnsT, SeriesColumns
from market_data.store.store_layout import month_bounds, month_of

Rows = npt.NDArray[np.bool]
AnyColumnsT = TypeVar("AnyColumnsT", bound=SeriesColumns)


class Merged(NamedTuple, Generic[ColumnsT]):
    """What comes of merging some rows into those of a month.

    ``rows`` are the month's rows afterwards, None where nothing changes. ``fresh`` says which of the rows that came
    were not stored, ``differing`` which were with other values; of these ``taken`` have taken the place of the stored
    ones, which are ``before``, and ``completed`` those of them that were not closed when they were stored.
    """

    rows: ColumnsT | None
    stored: int
    fresh: Rows
    differing: Rows
    taken: Rows
    completed: Rows
    before: ColumnsT


def by_month(columns: ColumnsT) -> Iterator[tuple[str, ColumnsT]]:
    """Give the rows month by month, with the month ``YYYY-MM`` of their times."""
    position = 0
    while position < columns.rows:
        month = month_of(int(columns[0][position]))
        stop = int(np.searchsorted(columns[0], month_bounds(month)[1]))
        yield month, columns.slice(position, stop)
        position = stop


def merged(
    stored: ColumnsT, part: ColumnsT, length_ms: int = 1, *, replace: bool = False, open_ends: Collection[int] = ()
) -> Merged[ColumnsT]:
    """Merge rows into the stored ones of a month.

    Rows of one slot of the grid of ``length_ms`` are the same row. A value that is not known (nan) differs from none.

    Parameters
    ----------
    replace
        Whether a row that came takes the place of a stored one with other values.
    open_ends
        Times of stored candles that may not have been closed when they were stored: one that came takes the place of
        such a candle where it is that candle grown older.
    """
    none = np.zeros(part.rows, np.bool)
    if not stored.rows:
        return Merged(part, part.rows, ~none, none, none, none, stored)
    there, came = slots(stored[0], length_ms), slots(part[0], length_ms)
    position = np.minimum(np.searchsorted(there, came), stored.rows - 1)
    fresh = there[position] != came
    same = np.ones(part.rows, np.bool)
    for old, new in zip(stored[1:], part[1:], strict=True):
        same &= (old[position] == new) | np.isnan(old[position]) | np.isnan(new)
    differing = ~fresh & ~same
    completed = none
    if isinstance(stored, CandleColumns) and isinstance(part, CandleColumns) and open_ends:
        completed = differing & np.isin(came, list(open_ends)) & _grown(stored, part, position)
    taken = differing if replace else completed
    before = type(stored)._make(column[position[taken]] for column in stored)
    rows = None
    if fresh.any() or taken.any():
        kept = np.ones(stored.rows, np.bool)
        kept[position[taken]] = False
        rows = _in_order(chosen_rows(stored, kept), part, fresh | taken)
    return Merged(rows, stored.rows + int(fresh.sum()), fresh, differing, taken, completed, before)


def _grown(stored: CandleColumns, part: CandleColumns, position: npt.NDArray[np.int64]) -> Rows:
    """Whether each row that came is the stored one of its time, grown: the same open, a range and a volume no less."""
    old = CandleColumns._make(column[position] for column in stored)
    grown: Rows = (old.open == part.open) & (old.high <= part.high) & (old.low >= part.low)
    return grown & (old.volume <= part.volume)


def _in_order(stored: ColumnsT, part: ColumnsT, chosen: Rows) -> ColumnsT:
    """Return the stored rows and the chosen ones of ``part`` in order of time."""
    order = np.argsort(np.concatenate((stored[0], part[0][chosen])), kind="stable")
    return type(stored)(*(np.concatenate((old, came[chosen]))[order] for old, came in zip(stored, part, strict=True)))


def chosen_rows(columns: AnyColumnsT, chosen: Rows) -> AnyColumnsT:
    """Return some of the rows."""
    return type(columns)._make(column[chosen] for column in columns)  # type: ignore[return-value]


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
