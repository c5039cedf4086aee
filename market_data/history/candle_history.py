"""The candles of one exchange: from the store, and from the exchange what the store does not have."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from core.candle_columns import CandleColumns
from core.errors import ConfigurationError, DataUnavailableError, FeedError
from core.instants import format_ms
from core.instrument import Instrument
from core.timeframe import ceil_to_grid, floor_to_grid, timeframe_ms
from market_data.exchange_adapter import ExchangeAdapter
from market_data.exchanges.exchange_names import canonical_exchange
from market_data.history.exchange_source import ExchangeSource
from market_data.history.fetching import FetchOutcome
from market_data.history.loaded_candles import LoadedCandles
from market_data.history.missing_candles import MissingCandlesError
from market_data.history.open_interest_fetching import complete_open_interest
from market_data.history.perpetual_fetching import complete_perpetual
from market_data.instruments.instrument_store import InstrumentStore
from market_data.instruments.market_list import MarketList
from market_data.perpetual.open_interest_data import OpenInterestData, read_open_interest
from market_data.perpetual.perpetual_data import PerpetualData, PerpetualRequest, read_perpetual
from market_data.quality.candle_quality import OffGrid, QualityReport, find_holes, outliers
from market_data.series_columns import FundingColumns, SeriesColumns
from market_data.series_names import FUNDING, Series, open_interest_series
from market_data.store.candle_merge import joined
from market_data.store.candle_store import CandleStore


class CandleHistory:
    """What ``HistoricalDataProvider`` does; its parameters, results and errors are told there."""

    def __init__(
        self,
        exchange_name: str,
        cache_dir: str | Path,
        *,
        offline: bool,
        off_grid: OffGrid,
        adapter: ExchangeAdapter | None,
        progress: bool | None,
        now_ms: Callable[[], int] | None,
    ) -> None:
        self.store = CandleStore(cache_dir)
        self.instruments = InstrumentStore(cache_dir)
        self._offline = offline
        if adapter is not None:
            self.exchange = adapter.name
        else:
            stored = exchange_name in self.store.exchanges()
            self.exchange = exchange_name if stored else _exchange_called(exchange_name, self.store.root)
        self._market_list = MarketList(self.exchange, self.store, self.instruments)
        self._source = ExchangeSource(
            self.exchange,
            self.store,
            self._market_list,
            adapter,
            off_grid=off_grid,
            progress=progress,
            now_ms=now_ms,
        )
        self.quality_reports = self._source.quality_reports

    def load(
        self,
        symbols: Sequence[str],
        interval: str,
        start_ms: int,
        end_ms: int,
        *,
        warmup_candles: int = 0,
        use_cache: bool = True,
    ) -> dict[str, LoadedCandles]:
        """Return the candles of several symbols for a run, keyed by the spellings given."""
        length = _checked_range(interval, start_ms, end_ms)
        if not use_cache and self._offline:
            raise ConfigurationError("use_cache=False needs the exchange; offline there is only what is stored")
        first_ms, last_ms = ceil_to_grid(start_ms, length), floor_to_grid(end_ms, length)
        warmup_ms = max(0, floor_to_grid(start_ms, length) - warmup_candles * length)
        with self._source.connection():
            unified = self._unified(symbols, interval, warmup_ms, last_ms)
            if not use_cache:
                return self._load_anew(unified, interval, (warmup_ms, first_ms, last_ms), warmup_candles)
            if not self._offline:
                self._source.complete(list(unified.values()), interval, warmup_ms, last_ms, needed_from_ms=first_ms)
        loaded = {}
        for spelling, symbol in unified.items():
            before = self.store.read_last(self.exchange, symbol, interval, warmup_candles, start_ms)
            # Read at once, they lie one behind the other in memory.
            whole_ms = int(before.open_time_ms[0]) if before.rows else first_ms
            whole = self.store.read(self.exchange, symbol, interval, whole_ms, last_ms)
            warmup, window = whole.between(whole_ms, start_ms - length + 1), whole.between(first_ms, last_ms)
            loaded[spelling] = self._loaded(symbol, interval, warmup, window, (first_ms, last_ms))
        return loaded

    def fetch(
        self, symbols: Sequence[str], interval: str, start_ms: int, end_ms: int, *, beside: str, again: bool = False
    ) -> dict[str, FetchOutcome]:
        """Fetch into the store what it misses of a range, or all of it again; return what came by unified symbol."""
        length = _checked_range(interval, start_ms, end_ms)
        if self._offline:
            raise ConfigurationError("fetching needs the exchange; this provider is offline")
        first_ms, last_ms = ceil_to_grid(start_ms, length), floor_to_grid(end_ms, length)
        with self._source.connection():
            unified = self._unified(symbols, interval, first_ms, last_ms).values()
            fetched = self._source.complete(
                list(unified), interval, first_ms, last_ms, needed_from_ms=first_ms, beside=beside, again=again
            )
        return {symbol: fetched.get(symbol, FetchOutcome()) for symbol in unified}

    def earliest(self, symbols: Sequence[str], interval: str) -> dict[str, int | None]:
        """Return the open of the first candle that the exchange has, by unified symbol."""
        if self._offline or not self._source.known:
            raise ConfigurationError(f"the first candle of {self.exchange} can only be found by asking an exchange")
        with self._source.connection():
            return self._source.earliest([self.resolve(symbol) for symbol in symbols], interval)

    def halted(self, symbols: Sequence[str], *, ask: bool) -> dict[str, str]:
        """Return those of some symbols that the exchange does not trade now, by unified symbol."""
        if self._offline or not self._source.known:
            return {}
        with self._source.connection():
            return self._source.halted([self.resolve(symbol) for symbol in symbols], ask=ask)

    def series_beside(self, name: str, timeframe: str) -> str:
        """Return the series that a name means beside candles of a timeframe; see ``ExchangeSource.series_beside``."""
        with self._source.connection():
            return self._source.series_beside(name, timeframe)

    def load_perpetual(self, symbols: Sequence[str], request: PerpetualRequest) -> dict[str, PerpetualData]:
        """Return what several perpetual contracts have beside their candles, keyed by the spellings given."""
        _checked_range(request.step_interval, request.start_ms, request.end_ms)
        with self._source.connection():
            unified = self._unified(symbols, request.step_interval, request.start_ms, request.end_ms)
            unserved: dict[str, tuple[str, ...]] = {}
            if not self._offline:
                unserved = complete_perpetual(self._source, self.store, list(unified.values()), request)
        loaded = {}
        for spelling, symbol in unified.items():
            data = read_perpetual(self.store, self.exchange, symbol, request)
            loaded[spelling] = data._replace(warnings=(*unserved.get(symbol, ()), *data.warnings))
        return loaded

    def load_open_interest(
        self, symbols: Sequence[str], period: str, start_ms: int, end_ms: int
    ) -> dict[str, OpenInterestData]:
        """Return the open interest of several perpetual contracts, keyed by the spellings given."""
        _checked_range(period, start_ms, end_ms)
        denied: dict[str, str] = {}
        with self._source.connection():
            unified = self._unified(symbols, open_interest_series(period), start_ms, end_ms)
            if not self._offline:
                wanted = list(unified.values())
                denied = complete_open_interest(self._source, self.store, wanted, period, start_ms, end_ms)
        loaded = {}
        for spelling, symbol in unified.items():
            data = read_open_interest(self.store, self.exchange, symbol, period, start_ms, end_ms)
            # Where nothing is missing it does not matter what the exchange does not give.
            told = (f"{symbol}: {denied[symbol]}",) if symbol in denied and data.warnings else ()
            loaded[spelling] = data._replace(warnings=(*told, *data.warnings))
        return loaded

    def funding_rates(self, symbol: str, start_ms: int, end_ms: int) -> FundingColumns:
        """Return the funding payments of a contract stamped in a range."""
        with self._source.connection():
            unified = self.resolve(symbol)
            if not self._offline and self._source.known:
                self.fetch([symbol], FUNDING, start_ms, end_ms, beside="1m")
        return self.store.read_funding(self.exchange, unified, start_ms, end_ms)

    def resolve(self, symbol: str) -> str:
        """Return the unified symbol that a spelling names."""
        reachable = not self._offline and self._source.known
        with self._source.connection():
            return self._market_list.resolve(symbol, self._source.adapter if reachable else None)

    def instrument(self, symbol: str) -> Instrument:
        """Return the latest known trading rules of a symbol; the defaults where none are known."""
        return self._market_list.instrument(self.resolve(symbol))

    def _unified(self, symbols: Sequence[str], interval: str, start_ms: int, end_ms: int) -> dict[str, str]:
        """Return the unified symbol of each spelling; name the range that an unreachable market list leaves out."""
        try:
            return {symbol: self.resolve(symbol) for symbol in symbols}
        except DataUnavailableError as error:
            if not isinstance(error.__cause__, FeedError):
                raise
            missing = {symbol: [(start_ms, end_ms)] for symbol in symbols}
            raise MissingCandlesError(self.exchange, interval, missing, str(error.__cause__)) from error

    def _load_anew(
        self, unified: Mapping[str, str], interval: str, bounds: tuple[int, int, int], warmup_candles: int
    ) -> dict[str, LoadedCandles]:
        """Fetch everything from the exchange into memory; the store is neither read nor written."""
        warmup_ms, first_ms, last_ms = bounds
        pages: dict[str, list[CandleColumns]] = {symbol: [] for symbol in unified.values()}

        def keep(symbol: str, candles: SeriesColumns, answered_from_ms: int, answered_to_ms: int) -> None:
            if isinstance(candles, CandleColumns):
                pages[symbol].append(candles)

        self._source.fetched({symbol: [(warmup_ms, last_ms)] for symbol in pages}, interval, keep, first_ms)
        loaded = {}
        for spelling, symbol in unified.items():
            candles = joined(pages[symbol])
            before = candles.between(warmup_ms, first_ms)
            warmup = before.slice(max(0, before.rows - warmup_candles), before.rows)
            window = candles.between(first_ms, last_ms)
            loaded[spelling] = self._loaded(symbol, interval, warmup, window, (first_ms, last_ms))
        return loaded

    def _loaded(
        self, symbol: str, interval: str, warmup: CandleColumns, window: CandleColumns, bounds: tuple[int, int]
    ) -> LoadedCandles:
        quality = _counts(window, timeframe_ms(interval), self.quality_reports.get((symbol, interval)))
        instrument = self._market_list.instrument(symbol, bounds[0])
        changes = self._market_list.rule_changes(symbol, *bounds)
        return LoadedCandles(symbol, warmup, window, instrument, quality, changes)


def _counts(window: CandleColumns, length_ms: int, fetched: QualityReport | None) -> dict[str, int]:
    """Return what ``LoadedCandles.quality`` counts."""
    holes = find_holes(window.open_time_ms, length_ms)
    return {
        "candles": window.rows,
        "holes": len(holes),
        "missing": sum(hole.missing for hole in holes),
        "outliers": int(outliers(window, length_ms).sum()),
        "refused": fetched.refused_rows if fetched else 0,
        "snapped": fetched.snapped if fetched else 0,
    }


def _exchange_called(name: str, root: Path) -> str:
    """Return the exchange that a name means under which nothing is stored."""
    try:
        return canonical_exchange(name)
    except ConfigurationError as error:
        below = f"below {root}" if root.exists() else f"(the folder {root} does not exist)"
        raise ConfigurationError(
            f"{error}, and no candles are stored under that name {below}; files are imported under any name with "
            "`python -m market_data import --exchange NAME FILE...`"
        ) from None


def _checked_range(interval: str, start_ms: int, end_ms: int) -> int:
    length = Series("", "", interval).length_ms
    if start_ms >= end_ms:
        raise ConfigurationError(f"the start {format_ms(start_ms)} is not before the end {format_ms(end_ms)}")
    return length
