"""Everything a run is fed: candles, finer ones, mark prices, funding, open interest, trading rules, watched series."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from backtests.input_candles import RunRequest, load_candles, load_input, load_watched
from backtests.many.market_memory import MarketMemory
from backtests.timeline import MarketWindow
from core.candle_columns import one_after_the_other
from core.errors import DataUnavailableError
from core.timeframe import timeframe_ms
from core.watched_series import WatchedSeries
from engine.open_interest import fed_of
from market_data.history.historical_data_provider import LoadedCandles
from runs.identity.market_hash import MarketHash
from strategies.known_candles import CandlesAhead

if TYPE_CHECKING:
    from market_data.perpetual.open_interest_data import OpenInterestData
    from market_data.perpetual.perpetual_data import PerpetualData
    from validation.live_settings import LiveSettings


class MarketInput(NamedTuple):
    """What a run was fed, by symbol in configured order; ``watched`` by series in the order of each step's part.

    ``detail``, ``perpetual``, ``watched`` and ``open_interest`` are empty where there is none. ``memory`` has what was
    computed of it for other runs, where there are any; ``hashed`` is its hash, where that is found beside the run.
    """

    candles: dict[str, LoadedCandles]
    timeframe: str
    detail: Mapping[str, LoadedCandles] = MappingProxyType({})
    detail_interval: str | None = None
    perpetual: "Mapping[str, PerpetualData]" = MappingProxyType({})
    watched: Mapping[WatchedSeries, LoadedCandles] = MappingProxyType({})
    open_interest: "Mapping[str, OpenInterestData]" = MappingProxyType({})
    memory: MarketMemory | None = None
    hashed: MarketHash | None = None

    def ahead(self) -> CandlesAhead:
        """Return all candles as a session takes them that lie ready."""
        return CandlesAhead(
            {symbol: one_after_the_other(one.warmup, one.window) for symbol, one in self.candles.items()},
            {
                (of.symbol, of.length_ms): one_after_the_other(one.warmup, one.window)
                for of, one in self.watched.items()
            },
            None if self.memory is None else self.memory.columns,
        )

    def part(self, symbols: Sequence[str], warmup_candles: int, watched: Sequence[WatchedSeries]) -> "MarketInput":
        """Return what a run of some of the symbols is fed, that watches some of the series.

        Of the candles before the window it has no more than it needs: so many, and of a series as many as that says.
        """
        known = {(one.symbol, one.timeframe): loaded for one, loaded in self.watched.items()}
        return self._replace(
            candles={symbol: _warmed(self.candles[symbol], warmup_candles) for symbol in symbols},
            detail={symbol: self.detail[symbol] for symbol in symbols if symbol in self.detail},
            perpetual={symbol: self.perpetual[symbol] for symbol in symbols if symbol in self.perpetual},
            open_interest={symbol: self.open_interest[symbol] for symbol in symbols if symbol in self.open_interest},
            watched={one: _warmed(known[one.symbol, one.timeframe], one.warmup_candles) for one in watched},
        )

    def window(self) -> MarketWindow:
        """Return what the timeline is made of."""
        contracts = self.perpetual.values()
        interest = [self.open_interest[symbol].rows for symbol in self.candles if symbol in self.open_interest]
        return MarketWindow(
            [one.window for one in self.candles.values()],
            timeframe_ms(self.timeframe),
            [one.window for one in self.detail.values()],
            None if self.detail_interval is None else timeframe_ms(self.detail_interval),
            [one.marks for one in contracts] if any(one.marks.rows for one in contracts) else (),
            [one.funding for one in contracts] if any(one.funding for one in contracts) else (),
            [(one.window, series.length_ms) for series, one in self.watched.items()],
            interest if any(interest) else (),
        )


def _warmed(one: LoadedCandles, candles: int) -> LoadedCandles:
    rows = one.warmup.rows
    return one._replace(warmup=one.warmup.slice(max(0, rows - candles), rows))


def load_market(
    provider: Any,
    live: "LiveSettings",
    start_ms: int,
    end_ms: int,
    warmup_candles: int,
    watched: Sequence[WatchedSeries] = (),
    open_interest: Sequence[str] = (),
) -> MarketInput:
    """Return the input of a run over a window.

    ``watched`` are the series beside those of the traded symbols, ``open_interest`` the periods that it is fed.

    Raises
    ------
    DataUnavailableError
        If no symbol has a candle in the window, funding rates are missing and must not be, or a replaced provider
        cannot answer for perpetual contracts.
    """
    request = RunRequest(live.symbols, live.timeframe, start_ms, end_ms, warmup_candles, live.data.off_grid)
    candles = load_input(provider, request)
    detail: dict[str, LoadedCandles] = {}
    if live.detail_interval is not None:
        detail = load_candles(provider, request._replace(timeframe=live.detail_interval, warmup_candles=0))
    perpetual = _load_perpetual(provider, live, start_ms, end_ms)
    beside = load_watched(provider, request, watched)
    interest = load_open_interest(provider, live.symbols, start_ms, end_ms, open_interest)
    return MarketInput(candles, live.timeframe, detail, live.detail_interval, perpetual, beside, interest)


def load_open_interest(
    provider: Any, symbols: Sequence[str], start_ms: int, end_ms: int, periods: Sequence[str]
) -> "dict[str, OpenInterestData]":
    """Return the open interest that becomes known up to an end, and as far back as some periods look at the start.

    By symbol; nothing where there is no period.

    Raises
    ------
    DataUnavailableError
        If a replaced provider cannot answer for it, or something must be fetched and the exchange cannot be reached.
    """
    if not periods:
        return {}
    load = getattr(provider, "load_open_interest", None)
    if load is None:
        raise DataUnavailableError(
            "the data provider was replaced by one without load_open_interest, so that the open interest that the "
            "program reads cannot be had; give it that method, or run a program that does not read it"
        )
    found: dict[str, OpenInterestData] = load(symbols, *fed_of(start_ms, end_ms, periods))
    return {symbol: found[symbol] for symbol in symbols}


def stamped_from(data: "OpenInterestData", start_ms: int, length_ms: int = 1) -> "OpenInterestData":
    """Return the open interest from a stamp on, of which so many milliseconds are one period."""
    rows = tuple(one for one in data.rows if one.time_ms >= start_ms and one.time_ms % length_ms == 0)
    return data._replace(rows=rows, facts={**data.facts, "open_interest_rows": len(rows)})


def _load_perpetual(provider: Any, live: "LiveSettings", start_ms: int, end_ms: int) -> "dict[str, PerpetualData]":
    """Return mark prices and funding rates by symbol; nothing where the settings want neither."""
    own = live.execution.perpetual
    if own is None or not (own.funding or own.mark_price):
        return {}
    load = getattr(provider, "load_perpetual", None)
    if load is None:
        raise DataUnavailableError(
            "the data provider was replaced by one without load_perpetual, so that mark prices and funding rates "
            "cannot be had; give it that method, or set funding and mark_price of execution.perpetual to false"
        )
    found: dict[str, PerpetualData] = load(
        live.symbols,
        live.detail_interval or live.timeframe,
        start_ms,
        end_ms,
        missing_funding=own.missing_funding,
        use_mark=own.mark_price,
        use_funding=own.funding,
    )
    return {symbol: found[symbol] for symbol in live.symbols}
