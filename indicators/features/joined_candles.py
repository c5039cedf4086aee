"""Longer candles joined from shorter ones, visible from the candle that closes them and never before.

A joined candle is open of the first part, close of the last, the extremes and the summed volume, on the grid of its
length. It closes with the part that ends where it ends. Where that part is missing it closes with the first candle at
or after its end, as it is known then; where all are missing there is none.
"""

import math
from typing import NamedTuple

import numpy as np

from core.candle_columns import CandleColumns, Float64Array, Int64Array, slots
from core.timeframe import floor_to_grid

CandleValues = tuple[float, float, float, float, float, float]
"""``open_time_ms, open, high, low, close, volume``."""

_NONE: tuple["JoinedCandle", ...] = ()


class JoinedCandle(NamedTuple):
    """A joined candle's fields, nan where it is hidden, and how many of its parts are missing."""

    values: CandleValues
    missing: int


class CandleJoiner:
    """Joins candles as they come.

    Parameters
    ----------
    part_ms, length_ms
        Length of a part and of a joined candle, a multiple of it.
    require_whole
        Whether prices and volume of one with missing parts are nan.
    """

    __slots__ = ("_close", "_high", "_length", "_low", "_open", "_part", "_parts", "_slot", "_volume", "_whole")

    def __init__(self, part_ms: int, length_ms: int, *, require_whole: bool = False) -> None:
        self._part = part_ms
        self._length = length_ms
        self._whole = require_whole
        self._slot = self._parts = 0
        self._open = self._high = self._low = self._close = self._volume = math.nan

    def take(self, values: CandleValues) -> tuple[JoinedCandle, ...]:
        """Take the next part; return the joined candles that close with it, mostly none."""
        open_ms, opened, high, low, close, volume = values
        slot = floor_to_grid(int(open_ms), self._length)
        closed = _NONE
        if self._parts and slot == self._slot:
            self._parts += 1
            self._high = max(self._high, high)
            self._low = min(self._low, low)
            self._volume += volume
        else:
            if self._parts:
                closed = (self._joined(),)
            self._slot, self._parts = slot, 1
            self._open, self._high, self._low, self._volume = opened, high, low, volume
        self._close = close
        if open_ms + self._part == slot + self._length:
            closed = (*closed, self._joined())
            self._parts = 0
        return closed

    def _joined(self) -> JoinedCandle:
        missing = self._length // self._part - self._parts
        if missing and self._whole:
            return JoinedCandle((self._slot, math.nan, math.nan, math.nan, math.nan, math.nan), missing)
        return JoinedCandle((self._slot, self._open, self._high, self._low, self._close, self._volume), missing)


class JoinedColumns(NamedTuple):
    """Joined candles as columns, how many parts each lacks, the first of each segment; and by row of the parts the
    number of the joined candle that is visible with it, -1 where none is."""

    candles: CandleColumns
    missing: Float64Array
    segment_starts: Int64Array
    visible: Int64Array


def joined_columns(
    parts: CandleColumns, part_ms: int, length_ms: int, segment_starts: Int64Array, *, require_whole: bool = False
) -> JoinedColumns:
    """Join whole columns: the same candles as :class:`CandleJoiner`'s, to the last bit.

    Parameters
    ----------
    parts, part_ms, length_ms, require_whole
        The candles, and as above.
    segment_starts
        Rows at which the joining starts anew, the first of them 0.
    """
    rows = parts.rows
    if not rows:
        none = np.empty(0, np.int64)
        return JoinedColumns(parts, np.empty(0, np.float64), none, none)
    slot = slots(parts.open_time_ms, length_ms)
    begins = np.append(True, slot[1:] != slot[:-1])
    begins[segment_starts] = True
    first = np.flatnonzero(begins)
    last = np.append(first[1:], rows) - 1
    volume = parts.volume[first].copy()
    # Added in order of time, as the parts come one by one.
    for place in range(1, int((last - first).max()) + 1):
        more = np.flatnonzero(first + place <= last)
        volume[more] += parts.volume[first[more] + place]
    missing = length_ms // part_ms - (last - first + 1)
    candles = CandleColumns(
        slot[first],
        parts.open[first].copy(),
        np.maximum.reduceat(parts.high, first),
        np.minimum.reduceat(parts.low, first),
        parts.close[last].copy(),
        volume,
    )
    if require_whole:
        for column in candles[1:]:
            column[missing > 0] = np.nan
    segment_of_row = np.searchsorted(segment_starts, np.arange(rows), side="right")
    segment = segment_of_row[first]
    on_time = parts.open_time_ms[last] + part_ms == slot[first] + length_ms
    closes = np.where(on_time, last, last + 1)
    visible = np.searchsorted(closes, np.arange(rows), side="right") - 1
    # One that nothing closed before its segment ended is never seen.
    visible[segment[visible] != segment_of_row] = -1
    starts = np.flatnonzero(np.append(True, segment[1:] != segment[:-1]))
    return JoinedColumns(candles, missing.astype(np.float64), starts, visible)
