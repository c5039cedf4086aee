"""Candles for tests of the store: plain tables, and the dictionary that stands for them."""

from collections.abc import Iterable, Sequence

from core.candle_columns import CandleColumns
from tests.support.times import MINUTE_MS

Row = tuple[int, float, float, float, float, float]
APRIL = 1_711_929_600_000
"""2024-04-01T00:00Z."""


def row_at(time_ms: int, price: float = 100.0, volume: float = 1.0) -> Row:
    """Return one sound row around a price."""
    return (time_ms, price, price * 1.01, price * 0.99, price * 1.005, volume)


def candles_at(times: Iterable[int], price: float = 100.0) -> CandleColumns:
    """Return one sound candle for each time; the price tells the candles of a table apart."""
    return CandleColumns.from_rows(row_at(time_ms, price + index % 50) for index, time_ms in enumerate(times))


def minutes(start_ms: int, count: int) -> list[int]:
    """Return the opens of ``count`` minutes in a row."""
    return [start_ms + number * MINUTE_MS for number in range(count)]


def rows_of(candles: CandleColumns) -> list[Row]:
    """Return the rows as plain tuples."""
    return list(zip(*(column.tolist() for column in candles), strict=True))


def table_of(candles: CandleColumns) -> dict[int, Sequence[float]]:
    """Return the rows keyed by time."""
    return {row[0]: row[1:] for row in rows_of(candles)}
