"""Where the loopback server's candles come from."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from core.instrument import Instrument
from core.timeframe import timeframe_ms
from market_data.adapters.protocol import ExchangeAdapter
from market_data.candle_columns import CandleColumns
from market_data.candle_store import CandleStore
from market_data.instrument_store import InstrumentStore


class CandleSource(Protocol):
    """Markets and candles by unified symbol; the practice market is one as it stands."""

    def markets(self) -> Mapping[str, Instrument]:
        """Return the trading rules of every symbol."""
        ...

    def candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the candles with ``start_ms <= open_time_ms < end_ms``; empty columns where there are none."""
        ...


class ColumnsSource:
    """Candles held in memory, keyed by ``(symbol, timeframe)``; instruments default to the finest steps."""

    def __init__(
        self, columns: Mapping[tuple[str, str], CandleColumns], instruments: Mapping[str, Instrument] | None = None
    ) -> None:
        self._columns = dict(columns)
        known = instruments or {}
        self._markets = {symbol: known.get(symbol, Instrument(symbol)) for symbol, _ in columns}

    def markets(self) -> Mapping[str, Instrument]:
        """Return the trading rules of every symbol that has columns."""
        return self._markets

    def candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the candles of a range; empty for a timeframe that was not given."""
        columns = self._columns.get((symbol, timeframe))
        return CandleColumns.empty() if columns is None else columns.between(start_ms, end_ms)


class StoreSource:
    """The candles that a store holds of one exchange."""

    def __init__(self, store: CandleStore, exchange: str) -> None:
        self._store = store
        self._exchange = exchange

    def markets(self) -> Mapping[str, Instrument]:
        """Return the latest known trading rules of every stored symbol."""
        known = InstrumentStore(self._store.root).latest(self._exchange)
        return {symbol: known.get(symbol, Instrument(symbol)) for symbol in self._store.symbols(self._exchange)}

    def candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the stored candles of a range."""
        return self._store.read(self._exchange, symbol, timeframe, start_ms, end_ms)


class SelectedSource:
    """Some symbols of another source, in the order given."""

    def __init__(self, source: CandleSource, symbols: Iterable[str]) -> None:
        markets = source.markets()
        self._source = source
        self._markets = {symbol: markets[symbol] for symbol in symbols}

    def markets(self) -> Mapping[str, Instrument]:
        """Return the trading rules of the symbols chosen."""
        return self._markets

    def candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the candles of a range."""
        return self._source.candles(symbol, timeframe, start_ms, end_ms)


class AdapterSource:
    """Another exchange's candles, page by page through its adapter."""

    def __init__(self, adapter: ExchangeAdapter) -> None:
        self._adapter = adapter

    def markets(self) -> Mapping[str, Instrument]:
        """Return the adapter's market list."""
        return self._adapter.markets()

    def candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the candles of a range, however many pages it takes."""
        rows = []
        while start_ms < end_ms:
            until_ms = min(end_ms, start_ms + self._adapter.page_limit * timeframe_ms(timeframe))
            rows += self._adapter.fetch_page(symbol, timeframe, start_ms, until_ms)
            start_ms = until_ms
        return CandleColumns.from_rows(rows)
