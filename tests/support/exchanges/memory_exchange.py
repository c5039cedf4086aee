"""An exchange in memory for tests of whoever asks one: its candles, its clock, a log of what was asked."""

import threading
from collections.abc import Callable, Mapping
from decimal import Decimal

from core.candle_columns import CandleColumns
from core.errors import ConfigurationError, FeedError
from core.instrument import Instrument
from market_data.exchange_adapter import CandleRow

Spoil = Callable[[str, int, int, list[CandleRow]], list[CandleRow]]


class MemoryExchange:
    """Serves columns keyed by symbol; ``spoil`` may replace any page, ``broken`` symbols are never answered."""

    name = "binanceus"
    timeframes = ("1m", "5m", "1h", "1d", "1w")
    opening_ms: int | None = None

    def __init__(self, columns: Mapping[str, CandleColumns], now_ms: int, page_limit: int = 100) -> None:
        self.page_limit = page_limit
        self.now_ms = now_ms
        self.pages: list[tuple[str, int, int]] = []
        self.market_reads = 0
        self.tick_size = Decimal("0.01")
        self.closed = False
        self.broken: set[str] = set()
        self.spoil: Spoil = lambda symbol, since_ms, until_ms, rows: rows
        self._columns = dict(columns)
        self._lock = threading.Lock()

    def markets(self) -> Mapping[str, Instrument]:
        """Return the same rules for every symbol, as of now."""
        if "markets" in self.broken:
            raise FeedError("the market list does not come")
        self.market_reads += 1
        return {
            symbol: Instrument(symbol, tick_size=self.tick_size, as_of_ms=self.now_ms, source="market list")
            for symbol in self._columns
        }

    def fetch_page(self, symbol: str, timeframe: str, since_ms: int, until_ms: int) -> list[CandleRow]:
        """Return a page as the protocol says, or what ``spoil`` makes of it."""
        with self._lock:
            self.pages.append((symbol, since_ms, until_ms))
        if symbol not in self._columns:
            raise ConfigurationError(f"{symbol} is not listed")
        if symbol in self.broken:
            raise FeedError(f"no answer about {symbol}")
        page = self._columns[symbol].between(since_ms, min(until_ms, self.now_ms)).slice(0, self.page_limit)
        rows: list[CandleRow] = list(zip(*(column.tolist() for column in page), strict=True))
        return self.spoil(symbol, since_ms, until_ms, rows)

    def server_time_ms(self) -> int:
        """Return the time it was given."""
        if "time" in self.broken:
            raise FeedError("the time does not come")
        return self.now_ms

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True
