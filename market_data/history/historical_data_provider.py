"""Historical candles for whoever asks: from the store, and from the exchange what the store does not have.

Importing this module loads no heavy library, and using it loads none that is not needed: pandas only where a frame is
asked for, ccxt only where something must be fetched.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.instants import Instant, parse_instant
from core.instrument import Instrument
from market_data.history.loaded_candles import LoadedCandles as LoadedCandles

if TYPE_CHECKING:
    import pandas as pd

    from market_data.exchange_adapter import ExchangeAdapter
    from market_data.history.fetching import FetchOutcome
    from market_data.perpetual.open_interest_data import OpenInterestData
    from market_data.perpetual.perpetual_data import MissingFunding, PerpetualData


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
        from market_data.history.candle_history import CandleHistory

        self._history = CandleHistory(
            exchange_name,
            cache_dir,
            offline=offline,
            off_grid=off_grid,
            adapter=adapter,
            progress=progress,
            now_ms=now_ms,
        )
        self.store, self.instruments = self._history.store, self._history.instruments
        self.exchange = self._history.exchange
        self.offline = offline
        self.off_grid: Literal["snap", "refuse"] = off_grid
        self.quality_reports = self._history.quality_reports

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
        import pandas as pd

        start_ms = parse_instant(start_date, name="start_date")
        end_ms = parse_instant(end_date, name="end_date")
        window = self.load([symbol], interval, start_ms, end_ms, use_cache=use_cache)[symbol].window
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
        return self._history.load(
            symbols, interval, start_ms, end_ms, warmup_candles=warmup_candles, use_cache=use_cache
        )

    def fetch(
        self,
        symbols: Sequence[str],
        interval: str,
        start_ms: int,
        end_ms: int,
        *,
        beside: str = "1m",
        again: bool = False,
    ) -> "dict[str, FetchOutcome]":
        """Fetch into the store what it misses of a range, and return what came by unified symbol.

        ``interval`` is a timeframe, or the name of what a contract has beside its candles: ``mark-1m``, ``funding``,
        ``open-interest-1h``; ``beside`` is then the timeframe of the candles, named in advice. ``again`` asks for the
        whole range, whatever is known of it; stored candles stand all the same. Errors as in ``load``.
        """
        return self._history.fetch(symbols, interval, start_ms, end_ms, beside=beside, again=again)

    def earliest(self, symbols: Sequence[str], interval: str) -> dict[str, int | None]:
        """Return the open of the first candle that the exchange has of each symbol, None where it has none.

        Keyed by unified symbol. What lies before it is not asked for any more.

        Raises
        ------
        ConfigurationError
            For an unknown symbol or timeframe, or without an exchange to ask.
        DataUnavailableError
            If the exchange cannot be reached.
        """
        return self._history.earliest(symbols, interval)

    def halted(self, symbols: Sequence[str], *, ask: bool = True) -> dict[str, str]:
        """Return those of some symbols that the exchange does not trade now, with its word for it.

        Keyed by unified symbol; empty where the exchange does not say, or cannot be asked. Without ``ask`` it is what
        the last fetch was told. Errors as in ``earliest``.
        """
        return self._history.halted(symbols, ask=ask)

    def series_beside(self, name: str, timeframe: str) -> str:
        """Return the series that a name means beside candles of a timeframe; see ``ExchangeSource.series_beside``."""
        return self._history.series_beside(name, timeframe)

    def finer_stored(self, symbols: Iterable[str], interval: str) -> str:
        """Return in words what is stored of unified symbols that lack a timeframe, of which it could be made.

        Empty if nothing is.
        """
        from market_data.store.finer_series import finer_advice

        return finer_advice(self.store, self.exchange, symbols, interval)

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
        from market_data.perpetual.perpetual_data import PerpetualRequest

        request = PerpetualRequest(step_interval, start_ms, end_ms, missing_funding, use_mark, use_funding)
        return self._history.load_perpetual(symbols, request)

    def load_open_interest(
        self, symbols: Sequence[str], period: str, start_ms: int, end_ms: int
    ) -> "dict[str, OpenInterestData]":
        """Return the open interest of several perpetual contracts, keyed by the spellings given.

        What the store lacks is fetched first, unless offline, where the exchange is known and serves it. A stamp that
        the period's own series lacks comes from the longest stored period that divides it, else from a longer one. What
        is missing is no error but a warning that says what to do.

        Parameters
        ----------
        symbols
            In any spelling.
        period
            The rows' stamps lie on its grid.
        start_ms, end_ms
            Rows with ``start_ms <= time_ms < end_ms``.

        Raises
        ------
        ConfigurationError
            For an unknown symbol or period, or a start that is not before the end.
        DataUnavailableError
            If something must be fetched and the exchange cannot be reached.
        StoreError
            If the store cannot be read or written.
        """
        return self._history.load_open_interest(symbols, period, start_ms, end_ms)

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
        import pandas as pd

        start_ms = parse_instant(start_date, name="start_date")
        end_ms = parse_instant(end_date, name="end_date")
        rates = self._history.funding_rates(symbol, start_ms, end_ms)
        columns = {"rate": rates.rate, "mark_price": rates.mark_price}
        return pd.DataFrame({"timestamp": pd.to_datetime(rates.time_ms, unit="ms", utc=True), **columns})

    def resolve(self, symbol: str) -> str:
        """Return the unified symbol (``BASE/QUOTE``) that a spelling names; errors as in ``MarketList.resolve``."""
        return self._history.resolve(symbol)

    def instrument(self, symbol: str) -> Instrument:
        """Return the latest known trading rules of a symbol in any spelling; the defaults where none are known."""
        return self._history.instrument(symbol)
