"""What is kept of a perpetual contract beside its candles, as numpy columns: funding rates and open interest."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

import numpy as np

from core.candle_columns import CandleColumns, Float64Array, Int64Array
from market_data.series_names import SeriesKind


class FundingColumns(NamedTuple):
    """Funding payments of one contract: equally long 1-d arrays, no two payments in one minute, in order of time.

    ``time_ms`` is the exchange's own stamp, often some milliseconds after the payment was due. ``rate`` is the fraction
    of the notional that longs pay to shorts, ``mark_price`` the mark price at the payment, nan where it is not known.
    """

    time_ms: Int64Array
    rate: Float64Array
    mark_price: Float64Array

    @classmethod
    def empty(cls) -> "FundingColumns":
        """Return columns without a row."""
        return cls.from_rows(())

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[int, float, float | None]]) -> "FundingColumns":
        """Build columns from ``(time_ms, rate, mark_price)`` rows; nothing is sorted or checked."""
        return cls(*_columns(rows))

    @property
    def rows(self) -> int:
        """Number of payments."""
        return len(self.time_ms)

    def slice(self, start: int, stop: int) -> "FundingColumns":
        """Return the rows ``start:stop`` as views."""
        return FundingColumns._make(column[start:stop] for column in self)

    def update_digest(self, digest: "hashlib._Hash") -> None:
        """Feed the little-endian bytes of all columns to a hash."""
        _update_digest(self, digest)


class OpenInterestColumns(NamedTuple):
    """Open interest of one contract: equally long 1-d arrays, one row a period, in order of time.

    ``amount`` is in base units as the exchange counts it, ``value`` in quote units, nan where it is not known.
    """

    time_ms: Int64Array
    amount: Float64Array
    value: Float64Array

    @classmethod
    def empty(cls) -> "OpenInterestColumns":
        """Return columns without a row."""
        return cls.from_rows(())

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[int, float, float]]) -> "OpenInterestColumns":
        """Build columns from ``(time_ms, amount, value)`` rows; nothing is sorted or checked."""
        return cls(*_columns(rows))

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.time_ms)

    def slice(self, start: int, stop: int) -> "OpenInterestColumns":
        """Return the rows ``start:stop`` as views."""
        return OpenInterestColumns._make(column[start:stop] for column in self)

    def update_digest(self, digest: "hashlib._Hash") -> None:
        """Feed the little-endian bytes of all columns to a hash."""
        _update_digest(self, digest)


SeriesColumns = CandleColumns | FundingColumns | OpenInterestColumns
"""What a series of the store is made of; the first column is always the time."""

ColumnsT = TypeVar("ColumnsT", CandleColumns, FundingColumns, OpenInterestColumns)
RowsT = TypeVar("RowsT", FundingColumns, OpenInterestColumns)


def columns_of(kind: SeriesKind) -> type[SeriesColumns]:
    """Return the columns in which the rows of a kind of series are kept."""
    if kind == "funding":
        return FundingColumns
    return OpenInterestColumns if kind == "open-interest" else CandleColumns


def digest(columns: SeriesColumns) -> str:
    """Return the SHA-256 of the little-endian bytes of all columns."""
    content = hashlib.sha256()
    columns.update_digest(content)
    return content.hexdigest()


def _columns(rows: Iterable[tuple[int, float, float | None]]) -> tuple[Int64Array, Float64Array, Float64Array]:
    times, numbers, known = zip(*rows, strict=True) if (rows := list(rows)) else ((), (), ())
    unknown = [np.nan if value is None else value for value in known]
    return np.array(times, np.int64), np.array(numbers, np.float64), np.array(unknown, np.float64)


def _update_digest(columns: FundingColumns | OpenInterestColumns, digest: "hashlib._Hash") -> None:
    times, *numbers = columns
    digest.update(np.ascontiguousarray(times, "<i8").tobytes())
    for values in numbers:
        # One nan for all: it stands for "not known" whatever its bits are.
        digest.update(np.ascontiguousarray(np.where(np.isnan(values), np.nan, values), "<f8").tobytes())
