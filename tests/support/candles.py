"""Candles by hand."""

from collections.abc import Iterable

import msgspec

from core.candle import Candle
from core.candle_columns import CandleColumns
from tests.support.times import MINUTE_MS


def candle_at(
    open_ms: int,
    open_: float = 100.0,
    high: float | None = None,
    low: float | None = None,
    close: float | None = None,
    volume: float = 1.0,
) -> Candle:
    """Return a candle; the close is the open unless it is given, and the range no wider than both need."""
    last = open_ if close is None else close
    return Candle(
        open_ms,
        open_,
        max(open_, last) if high is None else high,
        min(open_, last) if low is None else low,
        last,
        volume,
    )


def candle(
    minute: int,
    open_: float = 100.0,
    high: float | None = None,
    low: float | None = None,
    close: float | None = None,
    volume: float = 1.0,
) -> Candle:
    """Return the candle of a minute of 1970, as ``candle_at`` makes it."""
    return candle_at(minute * MINUTE_MS, open_, high, low, close, volume)


def candles_of(columns: CandleColumns) -> list[Candle]:
    """Return the rows of a table as candles."""
    return [Candle(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def columns_of(candles: Iterable[Candle]) -> CandleColumns:
    """Return candles as the rows of a table."""
    return CandleColumns.from_rows(map(msgspec.structs.astuple, candles))
