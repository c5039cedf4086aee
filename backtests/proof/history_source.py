"""History of a session's window: candles, mark prices, funding and open interest from the store or the exchange."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from backtests.market_input import load_open_interest
from backtests.timeline import MarketWindow
from core.candle import FundingRate, OpenInterest
from core.candle_columns import CandleColumns
from core.errors import ConfigurationError, DataUnavailableError
from core.instants import format_ms
from core.timeframe import floor_to_grid, timeframe_ms
from core.watched_series import WatchedSeries
from market_data.exchanges.exchange_names import PRACTICE
from market_data.history.historical_data_provider import HistoricalDataProvider
from market_data.history.settled_provider import settled_provider
from validation.composed_settings import Settings

if TYPE_CHECKING:
    from market_data.perpetual.perpetual_data import PerpetualData

Ranges = Mapping[str, Sequence[tuple[int, int]]]
"""By symbol, ranges ``[from, to)`` of opens."""


class HistorySource(msgspec.Struct, frozen=True):
    """Where history's candles come from: a store, and whether the exchange may be asked; ``now_ms`` is the present."""

    now_ms: int
    data_dir: str | None = None
    offline: bool = False


class History(msgspec.Struct, frozen=True):
    """What history has of a session's window, by symbol in configured order; ``watched`` by series.

    ``not_stored`` and ``detail_not_stored`` are what an offline store was never given. Empty where a session has none
    of the kind.
    """

    candles: dict[str, CandleColumns]
    timeframe_ms: int
    not_stored: Ranges
    detail: dict[str, CandleColumns] = {}
    detail_ms: int | None = None
    detail_not_stored: Ranges = {}
    marks: dict[str, CandleColumns] = {}
    funding: dict[str, tuple[FundingRate, ...]] = {}
    warnings: tuple[str, ...] = ()
    watched: dict[WatchedSeries, CandleColumns] = {}
    watched_not_stored: dict[str, list[tuple[int, int]]] = {}
    open_interest: dict[str, tuple[OpenInterest, ...]] = {}

    def not_stored_warnings(self) -> list[str]:
        """Return a warning for each symbol of which the store was not given everything."""
        return [
            f"{symbol}: the store was not given all of {format_ms(ranges[0][0])} to {format_ms(ranges[-1][1])}; "
            "without --offline the exchange is asked"
            for symbol, ranges in (*self.not_stored.items(), *self.watched_not_stored.items())
            if ranges
        ]

    def window(self) -> MarketWindow:
        """Return what the backtest's timeline is made of."""
        return MarketWindow(
            list(self.candles.values()),
            self.timeframe_ms,
            list(self.detail.values()),
            self.detail_ms,
            list(self.marks.values()),
            list(self.funding.values()),
            [(columns, series.length_ms) for series, columns in self.watched.items()],
            list(self.open_interest.values()) if any(self.open_interest.values()) else (),
        )


def load_history(
    settings: Settings,
    source: HistorySource,
    first_step_ms: int,
    last_step_ms: int,
    watched: Sequence[WatchedSeries] = (),
    began_ms: int = 0,
    open_interest: Sequence[str] = (),
) -> History:
    """Return what closes, or is due, from a session's first step to its last; of watched series what closes after it
    began at ``began_ms``, of open interest all that serves its periods from then on.

    Raises
    ------
    DataUnavailableError
        If history has no candle of the window, or the exchange is out of reach for missing ones.
    """
    live = settings.live
    # A session may have run on an exchange whose clock is ahead of this machine's; its last step is closed there.
    now_ms = max(source.now_ms, last_step_ms)
    # The practice market is made here and needs no network, so that there is no offline case.
    offline = source.offline and live.exchange != PRACTICE
    provider = settled_provider(live.exchange, live.data, now_ms, offline=offline, data_dir=source.data_dir)
    start_ms = first_step_ms - timeframe_ms(live.timeframe)
    windows, not_stored = _candles(provider, live.symbols, live.timeframe, start_ms, last_step_ms)
    if not any(window.rows for window in windows.values()):
        raise DataUnavailableError(
            f"history: no candle of {', '.join(live.symbols)} ({live.timeframe}) from {format_ms(start_ms)} to "
            f"{format_ms(last_step_ms)}; fetch or import that range, or name its store with --data-dir",
            symbols=tuple(live.symbols),
            timeframe=live.timeframe,
            start_ms=start_ms,
            end_ms=last_step_ms,
        )
    history = History(windows, timeframe_ms(live.timeframe), not_stored)
    if live.detail_interval is not None:
        length_ms = timeframe_ms(live.detail_interval)
        detail, detail_not_stored = _candles(
            provider, live.symbols, live.detail_interval, first_step_ms - length_ms, last_step_ms
        )
        history = msgspec.structs.replace(
            history, detail=detail, detail_ms=length_ms, detail_not_stored=detail_not_stored
        )
    for series in watched:
        start_ms = floor_to_grid(began_ms, series.length_ms)
        shown, ranges = _candles(provider, [series.symbol], series.timeframe, start_ms, last_step_ms)
        history.watched[series] = shown[series.symbol]
        history.watched_not_stored[series.name] = ranges[series.symbol]
    contracts = _load_perpetual(provider, settings, first_step_ms, last_step_ms)
    with _names_of_then():
        interest = load_open_interest(provider, live.symbols, began_ms, last_step_ms, open_interest)
    return msgspec.structs.replace(
        history,
        marks={symbol: one.marks for symbol, one in contracts.items()},
        funding={symbol: one.funding for symbol, one in contracts.items()},
        warnings=tuple(text for part in (contracts, interest) for one in part.values() for text in one.warnings),
        open_interest={symbol: one.rows for symbol, one in interest.items()},
    )


def _candles(
    provider: HistoricalDataProvider, symbols: Sequence[str], interval: str, start_ms: int, end_ms: int
) -> tuple[dict[str, CandleColumns], dict[str, list[tuple[int, int]]]]:
    """Return candles by symbol, and what an offline store was never given of them."""
    with _names_of_then():
        loaded = provider.load(symbols, interval, start_ms, end_ms)
    lacking: dict[str, list[tuple[int, int]]] = {symbol: [] for symbol in loaded}
    if provider.offline:
        for symbol, one in loaded.items():
            ranges = provider.store.missing_ranges(provider.exchange, one.symbol, interval, start_ms, end_ms)
            lacking[symbol] = [(first, last) for first, last in ranges]
    return {symbol: one.window for symbol, one in loaded.items()}, lacking


def _load_perpetual(
    provider: HistoricalDataProvider, settings: Settings, first_step_ms: int, last_step_ms: int
) -> "Mapping[str, PerpetualData]":
    """Return mark prices and funding; what is not known is a difference, never an error."""
    live, own = settings.live, settings.live.execution.perpetual
    if own is None or not (own.funding or own.mark_price):
        return {}
    interval = live.detail_interval or live.timeframe
    with _names_of_then():
        return provider.load_perpetual(
            live.symbols,
            interval,
            first_step_ms - timeframe_ms(interval),
            last_step_ms,
            missing_funding="warning",
            use_mark=own.mark_price,
            use_funding=own.funding,
        )


@contextlib.contextmanager
def _names_of_then() -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        # The session ran with these names; an exchange that no longer lists one has no history of it.
        raise DataUnavailableError(f"history: {error}") from error
