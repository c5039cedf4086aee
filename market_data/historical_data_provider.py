"""Historical candles for whoever asks: from the store, and from the exchange what the store does not have.

Importing this module loads no heavy library, and using it loads none that is not needed: pandas only where a frame is
asked for, ccxt only where something must be fetched.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from core.errors import ConfigurationError, DataUnavailableError, FeedError
from core.instants import Instant, format_ms, parse_instant
from core.instrument import Instrument
from core.timeframe import ceil_to_grid, floor_to_grid, timeframe_ms
from market_data.exchanges import canonical_exchange, known_exchanges, timeframes_of

if TYPE_CHECKING:
    import pandas as pd

    from market_data.adapters.protocol import ExchangeAdapter
    from market_data.candle_columns import CandleColumns
    from market_data.fetching import FetchOutcome, Interval
    from market_data.page_buffer import Keep
    from market_data.quality import QualityReport


class LoadedCandles(NamedTuple):
    """One symbol's candles for a run.

    ``symbol`` is the unified symbol, ``warmup`` the candles before the window, ``window`` those of it. ``quality``
    counts ``candles``, ``holes``, ``missing`` (candles in the holes) and ``outliers`` of the window as stored, and
    ``refused`` and ``snapped`` of what this provider fetched. ``instrument`` are the trading rules in force at the
    window's start.
    """

    symbol: str
    warmup: "CandleColumns"
    window: "CandleColumns"
    instrument: Instrument
    quality: Mapping[str, int]


class HistoricalDataProvider:
    """Candles of one exchange, kept in a store on disk.

    Parameters
    ----------
    exchange_name
        An exchange of ccxt in any spelling, ``practice``, or a name under which candles were imported.
    cache_dir
        Folder of the candle store.
    offline
        Never use the network; what is stored is all there is.
    off_grid
        What happens to candles that open off the timeframe's grid: ``snap`` (floored) or ``refuse``.
    adapter
        Source instead of the exchange's own; its name is then the exchange's. It is not closed by the provider.
    progress
        True shows a bar, False nothing, None a bar on a terminal and occasional lines elsewhere.
    now_ms
        UTC milliseconds of the present, read by an entry point: the practice market's clock, and a fall-back for
        exchanges that tell no time.

    Raises
    ------
    ConfigurationError
        If no exchange has that name and nothing is stored under it.
    """

    def __init__(
        self,
        exchange_name: str = "binanceus",
        cache_dir: str | Path = "data/backtest_cache",
        *,
        offline: bool = False,
        off_grid: Literal["snap", "refuse"] = "snap",
        adapter: "ExchangeAdapter | None" = None,
        progress: bool | None = None,
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        from market_data.candle_store import CandleStore
        from market_data.instrument_store import InstrumentStore
        from market_data.market_list import MarketList

        self.store = CandleStore(cache_dir)
        self.instruments = InstrumentStore(cache_dir)
        self.offline = offline
        self.off_grid: Literal["snap", "refuse"] = off_grid
        self.quality_reports: dict[tuple[str, str], QualityReport] = {}
        self._given = adapter
        self._open: ExchangeAdapter | None = adapter
        self._progress = progress
        self._now_ms = now_ms
        self._depth = 0
        if adapter is not None:
            self.exchange = adapter.name
        else:
            stored = exchange_name in self.store.exchanges()
            self.exchange = exchange_name if stored else canonical_exchange(exchange_name)
        self._market_list = MarketList(self.exchange, self.store, self.instruments)

    def fetch_ohlcv(
        self, symbol: str, interval: str, start_date: Instant, end_date: Instant, use_cache: bool = True
    ) -> "pd.DataFrame":
        """Return candles as a frame.

        Parameters
        ----------
        symbol
            In any spelling: ``BTCUSDT``, ``BTC/USDT``.
        interval
            Timeframe, for example ``1m``.
        start_date, end_date
            Text, date or datetime; without a zone UTC. Candles with open >= start and close <= end are returned.
        use_cache
            False asks the exchange for the whole range and leaves the store as it is.

        Returns
        -------
        pandas.DataFrame
            Columns ``timestamp`` (UTC datetimes of the opens), ``open``, ``high``, ``low``, ``close``, ``volume``; no
            row if there is no candle.

        Raises
        ------
        ConfigurationError
            For an unknown symbol or timeframe, or a start that is not before the end.
        DataUnavailableError
            If candles are missing and the exchange cannot be reached.
        """
        start_ms = parse_instant(start_date, name="start_date")
        end_ms = parse_instant(end_date, name="end_date")
        window = self.load([symbol], interval, start_ms, end_ms, use_cache=use_cache)[symbol].window
        import pandas as pd

        prices = dict(zip(window._fields[1:], window[1:], strict=True))
        return pd.DataFrame({"timestamp": pd.to_datetime(window.open_time_ms, unit="ms", utc=True), **prices})

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
        """Return the candles of several symbols for a run, keyed by the spellings given.

        The window holds the candles with open >= ``start_ms`` and close <= ``end_ms``; the warm-up the last
        ``warmup_candles`` candles closed by ``start_ms``, fewer where there are fewer, gaps and all. A symbol without a
        candle gets empty columns.

        Raises
        ------
        ConfigurationError
            For an unknown symbol or timeframe, a start that is not before the end, or ``use_cache=False`` offline.
        DataUnavailableError
            If candles of the window or of the warm-up's time are missing and the exchange cannot be reached.
        StoreError
            If the store cannot be read or written.
        """
        length = _checked_range(interval, start_ms, end_ms)
        if not use_cache and self.offline:
            raise ConfigurationError("use_cache=False needs the exchange; offline there is only what is stored")
        first_ms, last_ms = ceil_to_grid(start_ms, length), floor_to_grid(end_ms, length)
        warmup_ms = max(0, floor_to_grid(start_ms, length) - warmup_candles * length)
        with self._connection():
            unified = self._unified(symbols, interval, warmup_ms, last_ms)
            if not use_cache:
                return self._load_anew(unified, interval, (warmup_ms, first_ms, last_ms), warmup_candles)
            if not self.offline:
                self._complete(list(unified.values()), interval, warmup_ms, last_ms, needed_from_ms=first_ms)
        loaded = {}
        for spelling, symbol in unified.items():
            window = self.store.read(self.exchange, symbol, interval, first_ms, last_ms)
            warmup = self.store.read_last(self.exchange, symbol, interval, warmup_candles, start_ms)
            loaded[spelling] = self._loaded(symbol, interval, warmup, window, first_ms)
        return loaded

    def fetch(self, symbols: Sequence[str], interval: str, start_ms: int, end_ms: int) -> "dict[str, FetchOutcome]":
        """Fetch into the store what it misses of a range, and return what came by unified symbol.

        Errors as in ``load``.
        """
        from market_data.fetching import FetchOutcome

        length = _checked_range(interval, start_ms, end_ms)
        if self.offline:
            raise ConfigurationError("fetching needs the exchange; this provider is offline")
        first_ms, last_ms = ceil_to_grid(start_ms, length), floor_to_grid(end_ms, length)
        with self._connection():
            unified = self._unified(symbols, interval, first_ms, last_ms).values()
            fetched = self._complete(list(unified), interval, first_ms, last_ms, needed_from_ms=first_ms)
        return {symbol: fetched.get(symbol, FetchOutcome()) for symbol in unified}

    def resolve(self, symbol: str) -> str:
        """Return the unified symbol (``BASE/QUOTE``) that a spelling names; errors as in ``MarketList.resolve``."""
        reachable = not self.offline and (self._given is not None or self._is_known())
        with self._connection():
            return self._market_list.resolve(symbol, self._adapter if reachable else None)

    def instrument(self, symbol: str) -> Instrument:
        """Return the latest known trading rules of a symbol in any spelling; the defaults where none are known."""
        return self._market_list.instrument(self.resolve(symbol))

    def _unified(self, symbols: Sequence[str], interval: str, start_ms: int, end_ms: int) -> dict[str, str]:
        """Return the unified symbol of each spelling; name the range that an unreachable market list leaves out."""
        try:
            return {symbol: self.resolve(symbol) for symbol in symbols}
        except DataUnavailableError as error:
            if not isinstance(error.__cause__, FeedError):
                raise
            from market_data.fetching import MissingCandlesError

            missing = {symbol: [(start_ms, end_ms)] for symbol in symbols}
            raise MissingCandlesError(self.exchange, interval, missing, str(error.__cause__)) from error

    def _complete(
        self, symbols: Sequence[str], interval: str, start_ms: int, end_ms: int, *, needed_from_ms: int
    ) -> "dict[str, FetchOutcome]":
        """Fetch into the store what it misses of a range."""
        missing = {
            symbol: ranges
            for symbol in dict.fromkeys(symbols)
            if (ranges := self.store.missing_ranges(self.exchange, symbol, interval, start_ms, end_ms))
        }

        def keep(symbol: str, candles: "CandleColumns", answered_from_ms: int, answered_to_ms: int) -> None:
            self.store.write(self.exchange, symbol, interval, candles, source=f"fetched from {self.exchange}")
            self.store.add_coverage(self.exchange, symbol, interval, answered_from_ms, answered_to_ms)

        return self._fetched(missing, interval, keep, needed_from_ms) if missing else {}

    def _fetched(
        self, wanted: "Mapping[str, Sequence[Interval]]", interval: str, keep: "Keep", needed_from_ms: int
    ) -> "dict[str, FetchOutcome]":
        """Fetch ranges; raise if something from ``needed_from_ms`` on is missing, or anything out of reach."""
        from market_data.fetch_progress import open_progress
        from market_data.fetching import STOPPED, MissingCandlesError, fetch_candles

        if self._given is None and not self._is_known():
            cause = f"{self.exchange} is a name of imported candles, there is no exchange to ask"
            raise MissingCandlesError(self.exchange, interval, wanted, cause)
        served = self._given.timeframes if self._given is not None else timeframes_of(self.exchange)
        if interval not in served:
            raise ConfigurationError(f"{self.exchange} has no timeframe {interval!r}; allowed: {', '.join(served)}")
        try:
            adapter = self._adapter()
            now_ms = self._present(adapter)
            self._market_list.refresh(adapter, now_ms)
        except FeedError as error:
            raise MissingCandlesError(self.exchange, interval, wanted, str(error)) from error
        length = timeframe_ms(interval)
        closed = {symbol: _until(ranges, floor_to_grid(now_ms, length)) for symbol, ranges in wanted.items()}
        total = sum(end - start for ranges in closed.values() for start, end in ranges) // length
        with open_progress(f"{self.exchange} {interval}", total, self._progress) as progress:
            outcomes = fetch_candles(
                adapter, interval, closed, keep, now_ms=now_ms, progress=progress, off_grid=self.off_grid
            )
        for symbol, outcome in outcomes.items():
            known = self.quality_reports.get((symbol, interval))
            self.quality_reports[symbol, interval] = known.merged(outcome.quality) if known else outcome.quality
        failed = {
            symbol: outcome
            for symbol, outcome in outcomes.items()
            if outcome.out_of_reach or any(end_ms > needed_from_ms for _, end_ms in outcome.missing)
        }
        if failed:
            missing = {symbol: outcome.missing for symbol, outcome in failed.items()}
            causes = dict.fromkeys(outcome.error or "" for outcome in failed.values())
            cause = "; ".join(cause for cause in causes if cause != STOPPED)
            raise MissingCandlesError(self.exchange, interval, missing, cause)
        return outcomes

    def _load_anew(
        self, unified: Mapping[str, str], interval: str, bounds: tuple[int, int, int], warmup_candles: int
    ) -> dict[str, LoadedCandles]:
        """Fetch everything from the exchange into memory; the store is neither read nor written."""
        from market_data.candle_columns import CandleColumns
        from market_data.page_buffer import joined_columns

        warmup_ms, first_ms, last_ms = bounds
        pages: dict[str, list[CandleColumns]] = {symbol: [] for symbol in unified.values()}

        def keep(symbol: str, candles: CandleColumns, answered_from_ms: int, answered_to_ms: int) -> None:
            pages[symbol].append(candles)

        self._fetched({symbol: [(warmup_ms, last_ms)] for symbol in pages}, interval, keep, first_ms)
        loaded = {}
        for spelling, symbol in unified.items():
            candles = joined_columns(pages[symbol])
            before = candles.between(warmup_ms, first_ms)
            warmup = before.slice(max(0, before.rows - warmup_candles), before.rows)
            loaded[spelling] = self._loaded(symbol, interval, warmup, candles.between(first_ms, last_ms), first_ms)
        return loaded

    def _loaded(
        self, symbol: str, interval: str, warmup: "CandleColumns", window: "CandleColumns", start_ms: int
    ) -> LoadedCandles:
        from market_data.quality import find_holes, outliers

        length = timeframe_ms(interval)
        holes = find_holes(window.open_time_ms, length)
        fetched = self.quality_reports.get((symbol, interval))
        quality = {
            "candles": window.rows,
            "holes": len(holes),
            "missing": sum(hole.missing for hole in holes),
            "outliers": int(outliers(window, length).sum()),
            "refused": fetched.refused_rows if fetched else 0,
            "snapped": fetched.snapped if fetched else 0,
        }
        return LoadedCandles(symbol, warmup, window, self._market_list.instrument(symbol, start_ms), quality)

    def _present(self, adapter: "ExchangeAdapter") -> int:
        """Return the exchange's clock, or the entry point's where the exchange does not tell."""
        try:
            return adapter.server_time_ms()
        except FeedError:
            if self._now_ms is None:
                raise
            return self._now_ms()

    def _adapter(self) -> "ExchangeAdapter":
        if self._open is None:
            from market_data.adapters.registry import open_adapter

            self._open = open_adapter(self.exchange, clock=self._now_ms)
        return self._open

    @contextlib.contextmanager
    def _connection(self) -> Iterator[None]:
        """Keep an adapter that was opened meanwhile for the whole of the outermost call, and no longer."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth and self._given is None and self._open is not None:
                self._open.close()
                self._open = None

    def _is_known(self) -> bool:
        """Whether the name is an exchange's, and not just one under which candles were imported."""
        return self.exchange in known_exchanges()


def _until(ranges: "Sequence[Interval]", end_ms: int) -> "list[Interval]":
    return [(start, min(end, end_ms)) for start, end in ranges if start < end_ms]


def _checked_range(interval: str, start_ms: int, end_ms: int) -> int:
    length = timeframe_ms(interval)
    if start_ms >= end_ms:
        raise ConfigurationError(f"the start {format_ms(start_ms)} is not before the end {format_ms(end_ms)}")
    return length
