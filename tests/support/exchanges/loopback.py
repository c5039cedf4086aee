"""An exchange on loopback for tests: candles in memory, a clock that is set by hand, real ccxt in front of it."""

import csv
import gzip
import socket
from pathlib import Path

import numpy as np

from core.candle_columns import CandleColumns
from core.timeframe import floor_to_grid, timeframe_ms
from market_data.adapters.ccxt_adapter import CcxtAdapter
from market_data.practice.practice_market import PracticeMarket
from tests.support.times import JANUARY_MS, MINUTE_MS
from tests.support.waiting import LONG_S


class HandClock:
    """A clock that stands until it is set."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


def practice_columns(symbol: str, minutes: int, *, timeframe: str = "1m", start_ms: int = JANUARY_MS) -> CandleColumns:
    """Return candles of the practice market from ``start_ms`` on."""
    length = timeframe_ms(timeframe)
    return PracticeMarket().candles(symbol, timeframe, floor_to_grid(start_ms, length), start_ms + minutes * MINUTE_MS)


def without(columns: CandleColumns, start: int, stop: int) -> CandleColumns:
    """Return columns with the rows ``start:stop`` left out."""
    kept = np.r_[0:start, stop : columns.rows]
    return CandleColumns(*(column[kept] for column in columns))


def same_columns(one: CandleColumns, other: CandleColumns) -> bool:
    """Whether two sets of candles are equal in every bit."""
    return all(np.array_equal(left, right) for left, right in zip(one, other, strict=True))


def read_csv_columns(path: Path, rows: int | None = None) -> CandleColumns:
    """Read the first rows of a recorded candle file, with nothing but the standard library."""
    table = []
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines)):
            if number == rows:
                break
            prices = (float(row[name]) for name in ("open", "high", "low", "close", "volume"))
            table.append((int(row["timestamp"]), *prices))
    return CandleColumns.from_rows(table)


def adapter_at(url: str, exchange: str = "binanceus") -> CcxtAdapter:
    """Return a ccxt adapter at an address; it waits for an answer that comes late."""
    return CcxtAdapter(exchange, base_url=url, timeout_seconds=LONG_S, give_up_seconds=2 * LONG_S)


def impatient(url: str, exchange: str = "binanceus", *, give_up_seconds: float = 3.0) -> CcxtAdapter:
    """Return a ccxt adapter at an address where something never answers."""
    return CcxtAdapter(exchange, base_url=url, timeout_seconds=1.0, give_up_seconds=give_up_seconds)


def closed_port() -> int:
    """Return a port of this machine at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
