"""Historical candles for whoever asks: from the store, and from the exchange what the store does not have.

Importing this module loads no heavy library, and using it loads none that is not needed: pandas only where a frame is
asked for, ccxt only where something must be fetched.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from core.errors import ConfigurationError, DataUnavailableError, FeedError
from core.instants import Instant, format_ms, parse_instant
from core.instrument import Instrument
from core.timeframe import ceil_to_grid, floor_to_grid, timeframe_ms
from market_data.exchanges.exchange_names import canonical_exchange
from market_data.store.store_layout import FUNDING, Series

if TYPE_CHECKING:
    import pandas as pd

    from market_data.adapters.exchange_adapter import ExchangeAdapter
    from market_data.candle_columns import CandleColumns
    from market_data.history.fetching import FetchOutcome
    from market_data.perpetual.perpetual_columns import SeriesColumns
    from market_data.perpetual.perpetual_data import MissingFunding, PerpetualData


class LoadedCandles(NamedTuple):
    """One symbol's candles for a run.

    ``symbol`` is the unified symbol, ``warmup`` the candles before the window, ``window`` those of it. ``quality``
    counts ``candles``, ``holes``, ``missing`` (candles in the holes) and ``outliers`` of the window as stored, and
    ``refused`` and ``snapped`` of what this provider fetched. ``instrument`` are the trading rules in force at the
    window's start, ``rule_changes`` those that come into force after it and up to the window's end, in order.
    """

    symbol: str
    warmup: "CandleColumns"
    window: "CandleColumns"
    instrument: Instrument
    quality: Mapping[str, int]
    rule_changes: tuple[Instrument, ...] = ()


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
        from market_data.history.exchange_source import ExchangeSource
        from market_data.instruments.instrument_store import InstrumentStore
        from market_data.instruments.market_list import MarketList
        from market_data.store.candle_store import CandleStore

        self.store = CandleStore(cache_dir)
        self.instruments = InstrumentStore(cache_dir)
        self.offline = offline
        self.off_grid: Literal["snap", "refuse"] = off_grid
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
        with self._source.connection():
            unified = self._unified(symbols, interval, warmup_ms, last_ms)
            if not use_cache:
                return self._load_anew(unified, interval, (warmup_ms, first_ms, last_ms), warmup_candles)
            if not self.offline:
                self._source.complete(list(unified.values()), interval, warmup_ms, last_ms, needed_from_ms=first_ms)
        loaded = {}
        for spelling, symbol in unified.items():
            window = self.store.read(self.exchange, symbol, interval, first_ms, last_ms)
            warmup = self.store.read_last(self.exchange, symbol, interval, warmup_candles, start_ms)
            loaded[spelling] = self._loaded(symbol, interval, warmup, window, (first_ms, last_ms))
        return loaded

    def fetch(
        self, symbols: Sequence[str], interval: str, start_ms: int, end_ms: int, *, beside: str = "1m"
    ) -> "dict[str, FetchOutcome]":
        """Fetch into the store what it misses of a range, and return what came by unified symbol.

        ``interval`` is a timeframe, or the name of what a contract has beside its candles: ``mark-1m``, ``funding``,
        ``open-interest-1h``; ``beside`` is then the timeframe of the candles, named in advice. Errors as in ``load``.
        """
        from market_data.history.fetching import FetchOutcome

        length = _checked_range(interval, start_ms, end_ms)
        if self.offline:
            raise ConfigurationError("fetching needs the exchange; this provider is offline")
        first_ms, last_ms = ceil_to_grid(start_ms, length), floor_to_grid(end_ms, length)
        with self._source.connection():
            unified = self._unified(symbols, interval, first_ms, last_ms).values()
            fetched = self._source.complete(
                list(unified), interval, first_ms, last_ms, needed_from_ms=first_ms, beside=beside
            )
        return {symbol: fetched.get(symbol, FetchOutcome()) for symbol in unified}

    def series_beside(self, name: str, timeframe: str) -> str:
        """Return the series that a name means beside candles of a timeframe; see ``ExchangeSource.series_beside``."""
        with self._source.connection():
            return self._source.series_beside(name, timeframe)

    def load_perpetual(
        self,
        symbols: Sequence[str],
        step_interval: str,
        start_ms: int,
        end_ms: int,
        *,
        missing_funding: "MissingFunding" = "error",
        use_mark: bool = True,
        use_funding: bool = True,
    ) -> "dict[str, PerpetualData]":
        """Return what several perpetual contracts have beside their candles, keyed by the spellings given.

        What the store lacks is fetched first, unless offline, where the exchange is known and serves it.

        Parameters
        ----------
        step_interval
            Timeframe of the candles by which orders are matched; mark candles are on its grid.
        start_ms, end_ms
            The window; payments that fall after its start and up to its end, inclusive, belong to it.
        missing_funding
            What payments that are due and not known do: raise, warn, or nothing.
        use_mark, use_funding
            Whether mark candles and funding rates are wanted at all.

        Raises
        ------
        ConfigurationError
            For an unknown symbol or timeframe, or a start that is not before the end.
        DataUnavailableError
            If the exchange cannot be reached, or funding rates are missing and ``missing_funding`` is ``error``.
        StoreError
            If the store cannot be read or written.
        """
        from market_data.perpetual.perpetual_data import PerpetualRequest, complete_perpetual, read_perpetual

        _checked_range(step_interval, start_ms, end_ms)
        request = PerpetualRequest(step_interval, start_ms, end_ms, missing_funding, use_mark, use_funding)
        with self._source.connection():
            unified = self._unified(symbols, step_interval, start_ms, end_ms)
            unserved: dict[str, tuple[str, ...]] = {}
            if not self.offline:
                unserved = complete_perpetual(self._source, self.store, list(unified.values()), request)
        loaded = {}
        for spelling, symbol in unified.items():
            data = read_perpetual(self.store, self.exchange, symbol, request)
            loaded[spelling] = data._replace(warnings=(*unserved.get(symbol, ()), *data.warnings))
        return loaded

    def fetch_funding_rates(self, symbol: str, start_date: Instant, end_date: Instant) -> "pd.DataFrame":
        """Return the funding payments of a contract as a frame; what is not stored is fetched, unless offline.

        Parameters
        ----------
        symbol
            In any spelling.
        start_date, end_date
            Text, date or datetime; without a zone UTC. Payments stamped at or after the start and before the end.

        Returns
        -------
        pandas.DataFrame
            Columns ``timestamp`` (UTC datetimes as the exchange stamped them), ``rate`` (fraction of the notional that
            longs pay) and ``mark_price`` (nan where not known); no row if there is none.

        Raises
        ------
        ConfigurationError
            For an unknown symbol, a start that is not before the end, or an exchange without funding rates.
        DataUnavailableError
            If rates are missing and the exchange cannot be reached.
        """
        start_ms = parse_instant(start_date, name="start_date")
        end_ms = parse_instant(end_date, name="end_date")
        with self._source.connection():
            unified = self.resolve(symbol)
            if not self.offline and self._source.known:
                self.fetch([symbol], FUNDING, start_ms, end_ms)
        rates = self.store.read_funding(self.exchange, unified, start_ms, end_ms)
        import pandas as pd

        columns = {"rate": rates.rate, "mark_price": rates.mark_price}
        return pd.DataFrame({"timestamp": pd.to_datetime(rates.time_ms, unit="ms", utc=True), **columns})

    def resolve(self, symbol: str) -> str:
        """Return the unified symbol (``BASE/QUOTE``) that a spelling names; errors as in ``MarketList.resolve``."""
        reachable = not self.offline and self._source.known
        with self._source.connection():
            return self._market_list.resolve(symbol, self._source.adapter if reachable else None)

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
            from market_data.history.fetching import MissingCandlesError

            missing = {symbol: [(start_ms, end_ms)] for symbol in symbols}
            raise MissingCandlesError(self.exchange, interval, missing, str(error.__cause__)) from error

    def _load_anew(
        self, unified: Mapping[str, str], interval: str, bounds: tuple[int, int, int], warmup_candles: int
    ) -> dict[str, LoadedCandles]:
        """Fetch everything from the exchange into memory; the store is neither read nor written."""
        from market_data.candle_columns import CandleColumns
        from market_data.history.page_buffer import joined_columns

        warmup_ms, first_ms, last_ms = bounds
        pages: dict[str, list[CandleColumns]] = {symbol: [] for symbol in unified.values()}

        def keep(symbol: str, candles: "SeriesColumns", answered_from_ms: int, answered_to_ms: int) -> None:
            if isinstance(candles, CandleColumns):
                pages[symbol].append(candles)

        self._source.fetched({symbol: [(warmup_ms, last_ms)] for symbol in pages}, interval, keep, first_ms)
        loaded = {}
        for spelling, symbol in unified.items():
            candles = joined_columns(pages[symbol])
            before = candles.between(warmup_ms, first_ms)
            warmup = before.slice(max(0, before.rows - warmup_candles), before.rows)
            loaded[spelling] = self._loaded(
                symbol, interval, warmup, candles.between(first_ms, last_ms), (first_ms, last_ms)
            )
        return loaded

    def _loaded(
        self,
        symbol: str,
        interval: str,
        warmup: "CandleColumns",
        window: "CandleColumns",
        bounds: tuple[int, int],
    ) -> LoadedCandles:
        from market_data.quality.candle_quality import find_holes, outliers

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
        instrument = self._market_list.instrument(symbol, bounds[0])
        changes = self._market_list.rule_changes(symbol, *bounds)
        return LoadedCandles(symbol, warmup, window, instrument, quality, changes)


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
