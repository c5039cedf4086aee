"""Where the loopback server's candles, and what contracts have beside them, come from."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from core.candle import FundingRate, OpenInterest
from core.candle_columns import CandleColumns
from core.instrument import Instrument
from core.timeframe import DAY_MS, floor_to_grid, timeframe_ms
from market_data.exchange_adapter import ExchangeAdapter
from market_data.instruments.instrument_store import InstrumentStore
from market_data.perpetual.open_interest_data import read_open_interest
from market_data.series_names import mark_series
from market_data.store.candle_store import CandleStore

_AHEAD_MS = 3 * DAY_MS


class CandleSource(Protocol):
    """Markets and candles by unified symbol; the practice market is one as it stands."""

    def markets(self) -> Mapping[str, Instrument]:
        """Return the trading rules of every symbol."""
        ...

    def candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the candles with ``start_ms <= open_time_ms < end_ms``; empty columns where there are none."""
        ...


@runtime_checkable
class ContractSource(Protocol):
    """What a source of perpetual contracts has beside candles; the practice market has it for every symbol."""

    def mark_candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the mark candles with ``start_ms <= open_time_ms < end_ms``; empty columns where there are none."""
        ...

    def funding_rates(self, symbol: str, start_ms: int, end_ms: int) -> list[FundingRate]:
        """Return the funding payments with ``start_ms <= time_ms < end_ms``, oldest first."""
        ...

    def next_funding_ms(self, symbol: str, after_ms: int) -> int | None:
        """Return the time of the first payment after an instant, to the minute; None where there is none."""
        ...

    def open_interest(self, symbol: str, period: str, start_ms: int, end_ms: int) -> list[OpenInterest]:
        """Return the open interest with ``start_ms <= time_ms < end_ms`` on the period's grid, oldest first."""
        ...


class WithoutContracts:
    """A ``ContractSource`` that has nothing."""

    def mark_candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return empty columns."""
        return CandleColumns.empty()

    def funding_rates(self, symbol: str, start_ms: int, end_ms: int) -> list[FundingRate]:
        """Return no payments."""
        return []

    def next_funding_ms(self, symbol: str, after_ms: int) -> int | None:
        """Return None."""
        return None

    def open_interest(self, symbol: str, period: str, start_ms: int, end_ms: int) -> list[OpenInterest]:
        """Return no rows."""
        return []


def contract_source(source: CandleSource) -> ContractSource:
    """Return what a source has of perpetual contracts: the source itself, or nothing."""
    return source if isinstance(source, ContractSource) else WithoutContracts()


class ColumnsSource:
    """Candles held in memory, keyed by ``(symbol, timeframe)``; instruments default to the finest steps.

    ``marks`` are mark candles keyed likewise, ``funding`` the payments of each symbol, oldest first, and
    ``open_interest`` its rows, which serve every period on whose grid their stamps lie.
    """

    def __init__(
        self,
        columns: Mapping[tuple[str, str], CandleColumns],
        instruments: Mapping[str, Instrument] | None = None,
        marks: Mapping[tuple[str, str], CandleColumns] | None = None,
        funding: Mapping[str, Sequence[FundingRate]] | None = None,
        open_interest: Mapping[str, Sequence[OpenInterest]] | None = None,
    ) -> None:
        self._columns = dict(columns)
        self._marks = dict(marks or {})
        self._funding = dict(funding or {})
        self._open_interest = dict(open_interest or {})
        known = instruments or {}
        self._markets = {symbol: known.get(symbol, Instrument(symbol)) for symbol, _ in columns}

    def markets(self) -> Mapping[str, Instrument]:
        """Return the trading rules of every symbol that has columns."""
        return self._markets

    def candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the candles of a range; empty for a timeframe that was not given."""
        return _between(self._columns.get((symbol, timeframe)), start_ms, end_ms)

    def mark_candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the mark candles of a range; empty for a timeframe that was not given."""
        return _between(self._marks.get((symbol, timeframe)), start_ms, end_ms)

    def funding_rates(self, symbol: str, start_ms: int, end_ms: int) -> list[FundingRate]:
        """Return the payments of a range."""
        return [one for one in self._funding.get(symbol, ()) if start_ms <= one.time_ms < end_ms]

    def next_funding_ms(self, symbol: str, after_ms: int) -> int | None:
        """Return the time of the next payment there is."""
        return next((one.due_ms for one in self._funding.get(symbol, ()) if one.due_ms > after_ms), None)

    def open_interest(self, symbol: str, period: str, start_ms: int, end_ms: int) -> list[OpenInterest]:
        """Return the open interest of a range on a period's grid."""
        inside = [one for one in self._open_interest.get(symbol, ()) if start_ms <= one.time_ms < end_ms]
        return [one for one in inside if one.time_ms == floor_to_grid(one.time_ms, timeframe_ms(period))]


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

    def mark_candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the stored mark candles of a range; empty for a timeframe that is not stored."""
        return self._store.read(self._exchange, symbol, mark_series(timeframe), start_ms, end_ms)

    def funding_rates(self, symbol: str, start_ms: int, end_ms: int) -> list[FundingRate]:
        """Return the stored payments of a range."""
        stored = self._store.read_funding(self._exchange, symbol, start_ms, end_ms)
        return [
            FundingRate(time_ms, rate, None if math.isnan(mark_price) else mark_price)
            for time_ms, rate, mark_price in zip(*(column.tolist() for column in stored), strict=True)
        ]

    def next_funding_ms(self, symbol: str, after_ms: int) -> int | None:
        """Return the time of the next payment that is stored, if it is one of the next days."""
        coming = self.funding_rates(symbol, after_ms, after_ms + _AHEAD_MS)
        return next((one.due_ms for one in coming if one.due_ms > after_ms), None)

    def open_interest(self, symbol: str, period: str, start_ms: int, end_ms: int) -> list[OpenInterest]:
        """Return the stored open interest of a range on the period's grid, of whichever stored periods have it."""
        return [*read_open_interest(self._store, self._exchange, symbol, period, start_ms, end_ms).rows]


class SelectedSource:
    """Some symbols of another source, in the order given."""

    def __init__(self, source: CandleSource, symbols: Iterable[str]) -> None:
        markets = source.markets()
        self._source = source
        self._contracts = contract_source(source)
        self._markets = {symbol: markets[symbol] for symbol in symbols}

    def markets(self) -> Mapping[str, Instrument]:
        """Return the trading rules of the symbols chosen."""
        return self._markets

    def candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the candles of a range."""
        return self._source.candles(symbol, timeframe, start_ms, end_ms)

    def mark_candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the mark candles of a range."""
        return self._contracts.mark_candles(symbol, timeframe, start_ms, end_ms)

    def funding_rates(self, symbol: str, start_ms: int, end_ms: int) -> list[FundingRate]:
        """Return the payments of a range."""
        return self._contracts.funding_rates(symbol, start_ms, end_ms)

    def next_funding_ms(self, symbol: str, after_ms: int) -> int | None:
        """Return the time of the next payment."""
        return self._contracts.next_funding_ms(symbol, after_ms)

    def open_interest(self, symbol: str, period: str, start_ms: int, end_ms: int) -> list[OpenInterest]:
        """Return the open interest of a range."""
        return self._contracts.open_interest(symbol, period, start_ms, end_ms)


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


def _between(columns: CandleColumns | None, start_ms: int, end_ms: int) -> CandleColumns:
    return CandleColumns.empty() if columns is None else columns.between(start_ms, end_ms)
