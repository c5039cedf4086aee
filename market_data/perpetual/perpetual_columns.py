"""What is kept of a perpetual contract beside its candles, as numpy columns: funding rates and open interest."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

import numpy as np

from market_data.candle_columns import CandleColumns, Float64Array, Int64Array


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
        table = list(rows)
        marks = [np.nan if mark is None else mark for _, _, mark in table]
        return cls(
            np.array([row[0] for row in table], np.int64),
            np.array([row[1] for row in table], np.float64),
            np.array(marks, np.float64),
        )

    @property
    def rows(self) -> int:
        """Number of payments."""
        return len(self.time_ms)

    def slice(self, start: int, stop: int) -> "FundingColumns":
        """Return the rows ``start:stop`` as views."""
        window = np.s_[start:stop]
        return FundingColumns(self.time_ms[window], self.rate[window], self.mark_price[window])

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
        table = list(rows)
        return cls(
            np.array([row[0] for row in table], np.int64),
            np.array([row[1] for row in table], np.float64),
            np.array([row[2] for row in table], np.float64),
        )

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.time_ms)

    def slice(self, start: int, stop: int) -> "OpenInterestColumns":
        """Return the rows ``start:stop`` as views."""
        window = np.s_[start:stop]
        return OpenInterestColumns(self.time_ms[window], self.amount[window], self.value[window])

    def update_digest(self, digest: "hashlib._Hash") -> None:
        """Feed the little-endian bytes of all columns to a hash."""
        _update_digest(self, digest)


SeriesColumns = CandleColumns | FundingColumns | OpenInterestColumns
"""What a series of the store is made of; the first column is always the time."""

ColumnsT = TypeVar("ColumnsT", CandleColumns, FundingColumns, OpenInterestColumns)
RowsT = TypeVar("RowsT", FundingColumns, OpenInterestColumns)


def _update_digest(columns: FundingColumns | OpenInterestColumns, digest: "hashlib._Hash") -> None:
    times, *numbers = columns
    digest.update(np.ascontiguousarray(times, "<i8").tobytes())
    for values in numbers:
        # One nan for all: it stands for "not known" whatever its bits are.
        digest.update(np.ascontiguousarray(np.where(np.isnan(values), np.nan, values), "<f8").tobytes())
