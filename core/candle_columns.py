"""Candles of one symbol as numpy columns."""

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from core.timeframe import grid_origin_ms

Int64Array = npt.NDArray[np.int64]
Float64Array = npt.NDArray[np.float64]

Interval = tuple[int, int]
"""``[start_ms, end_ms)``, not empty."""


class CandleColumns(NamedTuple):
    """Candles of one symbol and timeframe: equally long 1-d arrays, ``open_time_ms`` strictly increasing."""

    open_time_ms: Int64Array
    open: Float64Array
    high: Float64Array
    low: Float64Array
    close: Float64Array
    volume: Float64Array

    @classmethod
    def empty(cls) -> "CandleColumns":
        """Return columns without a row."""
        none = np.empty(0, np.float64)
        return cls(np.empty(0, np.int64), none, none, none, none, none)

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[int, float, float, float, float, float]]) -> "CandleColumns":
        """Build columns from ``(open_time_ms, open, high, low, close, volume)`` rows; nothing is sorted or checked."""
        table = list(rows)
        if not table:
            return cls.empty()
        times, *prices = zip(*table, strict=True)
        opens, highs, lows, closes, volumes = (np.array(column, np.float64) for column in prices)
        return cls(np.array(times, np.int64), opens, highs, lows, closes, volumes)

    @property
    def rows(self) -> int:
        """Number of candles."""
        return len(self.open_time_ms)

    def slice(self, start: int, stop: int) -> "CandleColumns":
        """Return the rows ``start:stop`` as views."""
        return CandleColumns._make(column[start:stop] for column in self)

    def between(self, start_ms: int, end_ms: int) -> "CandleColumns":
        """Return the candles with ``start_ms <= open_time_ms < end_ms`` as views."""
        first, last = np.searchsorted(self.open_time_ms, (start_ms, end_ms))
        return self.slice(int(first), int(last))

    def update_digest(self, digest: "hashlib._Hash") -> None:
        """Feed the little-endian bytes of all columns to a hash."""
        digest.update(np.ascontiguousarray(self.open_time_ms, "<i8").data)
        for column in self[1:]:
            digest.update(np.ascontiguousarray(column, "<f8").data)


def one_after_the_other(first: CandleColumns, second: CandleColumns) -> CandleColumns:
    """Return candles followed by others; as a view where they are neighbours in memory already."""
    if not first.rows:
        return second
    return CandleColumns._make(map(_following, first, second))


def _following(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> npt.NDArray[Any]:
    whole = first.base
    if isinstance(whole, np.ndarray) and whole is second.base and whole.ndim == 1:
        at, then = ((_address(one) - _address(whole)) // whole.itemsize for one in (first, second))
        alike = all(one.dtype == whole.dtype and one.flags.c_contiguous for one in (whole, first, second))
        if alike and then == at + len(first):
            return whole[at : then + len(second)]
    return np.concatenate((first, second))


def _address(column: npt.NDArray[Any]) -> int:
    address: int = column.__array_interface__["data"][0]
    return address


def read_only(column: Float64Array) -> Float64Array:
    """Return a column as compiled loops read it: in one piece, and not to be written to.

    To a compiler columns that may be written to are of another type than those that may not, as a DataFrame gives them:
    a loop that was given either would be compiled twice.
    """
    read = np.ascontiguousarray(column).view()
    read.setflags(write=False)
    return read


def slots(times_ms: Int64Array, length_ms: int) -> Int64Array:
    """Return the times floored to their grid: a series has one row a slot, whatever its exact stamp is."""
    return times_ms - (times_ms - grid_origin_ms(length_ms)) % length_ms
