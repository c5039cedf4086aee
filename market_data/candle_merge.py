"""Merging candles into those of a month: the first stored candle of a time stands."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from market_data.candle_columns import CandleColumns
from market_data.store_layout import month_bounds, month_of


def by_month(candles: CandleColumns) -> Iterator[tuple[str, CandleColumns]]:
    """Give the candles month by month, with the month ``YYYY-MM`` in which they open."""
    position = 0
    while position < candles.rows:
        month = month_of(int(candles.open_time_ms[position]))
        stop = int(np.searchsorted(candles.open_time_ms, month_bounds(month)[1]))
        yield month, candles.slice(position, stop)
        position = stop


def compared(stored: CandleColumns, part: CandleColumns) -> tuple[npt.NDArray[np.bool], list[int]]:
    """Return which rows of ``part`` are not stored yet, and the times of those that are with other values."""
    if not stored.rows:
        return np.ones(part.rows, np.bool), []
    position = np.minimum(np.searchsorted(stored.open_time_ms, part.open_time_ms), stored.rows - 1)
    fresh = stored.open_time_ms[position] != part.open_time_ms
    same = np.ones(part.rows, np.bool)
    for old, came in zip(stored[1:], part[1:], strict=True):
        same &= old[position] == came
    return fresh, part.open_time_ms[~fresh & ~same].tolist()


def merged(stored: CandleColumns, part: CandleColumns, fresh: npt.NDArray[np.bool]) -> CandleColumns:
    """Return the stored candles and the ``fresh`` ones of ``part`` in order of time."""
    order = np.argsort(np.concatenate((stored.open_time_ms, part.open_time_ms[fresh])), kind="stable")
    return CandleColumns(*(np.concatenate((old, came[fresh]))[order] for old, came in zip(stored, part, strict=True)))


def joined(parts: list[CandleColumns]) -> CandleColumns:
    """Return candles one after the other, as they are given."""
    if not parts:
        return CandleColumns.empty()
    if len(parts) == 1:
        return parts[0]
    return CandleColumns(*(np.concatenate(column) for column in zip(*parts, strict=True)))
