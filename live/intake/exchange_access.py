"""How a session reaches its exchange: addresses, first contact, symbols and trading rules, candles to warm up with."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from core.candle import Candle
from core.errors import ConfigurationError, DataUnavailableError, FeedError
from core.instrument import Instrument
from core.timeframe import floor_to_grid, timeframe_ms
from core.watched_series import WatchedSeries
from live.intake.ingress_clock import IngressClock
from market_data.adapters.adapter_registry import open_adapter
from market_data.adapters.request_pacing import LOOKUPS
from market_data.exchanges.exchange_names import PRACTICE
from market_data.exchanges.request_failures import NoSuchHostError, RangeNotServedError, asked_pause_of
from market_data.feeds.candle_feed import CandleFeed
from market_data.history.historical_data_provider import HistoricalDataProvider
from validation.composed_settings import Settings
from validation.symbol_rules import require_one_currency

CONNECT_SECONDS = 30.0
"""How long the exchange may stay out of reach at the start, in wall time."""

_RETRY_SECONDS = 1.0
_LOOKED_BACK_CANDLES = 1_000
"""How far back one more question reaches where candles of the warm-up are missing."""


class Addresses(NamedTuple):
    """Where the exchange is, if not at its own addresses."""

    rest_url: str | None
    stream_url: str | None


class Market(NamedTuple):
    """The session's symbols on its exchange: configured spelling -> unified symbol and trading rules.

    ``watched`` has the unified symbols of those that are not traded.
    """

    unified: dict[str, str]
    instruments: dict[str, Instrument]
    watched: Mapping[str, str] = MappingProxyType({})

    def on_exchange(self, series: Iterable[WatchedSeries]) -> list[WatchedSeries]:
        """Return series with their unified symbols."""
        names = {**self.watched, **self.unified}
        return [one._replace(symbol=names[one.symbol]) for one in series]


def market_of(settings: Settings, addresses: Addresses, now_ms: int, *, fresh: bool) -> Market:
    """Resolve the session's symbols and read their trading rules; asks the exchange, so it may take seconds.

    Parameters
    ----------
    fresh
        Whether a session begins, which needs symbols that are traded; one that goes on may have positions in any.

    Raises
    ------
    ConfigurationError
        If the exchange does not list a symbol, or does not trade one now, or the symbols are of several currencies.
    DataUnavailableError
        If it does not answer.
    """
    live = settings.live
    adapter = None
    if live.exchange != PRACTICE and addresses.rest_url is not None:
        adapter = open_adapter(live.exchange, base_url=addresses.rest_url, give_up_seconds=CONNECT_SECONDS)
    provider = HistoricalDataProvider(
        live.exchange, cache_dir=live.data.cache_dir, adapter=adapter, progress=False, now_ms=lambda: now_ms
    )
    try:
        unified = {symbol: provider.resolve(symbol) for symbol in live.symbols}
        require_one_currency(unified)
        if fresh:
            _require_traded(live.exchange, provider.halted([*live.symbols, *live.watch]))
        watched = {symbol: provider.resolve(symbol) for symbol in live.watch}
        return Market(unified, {symbol: provider.instrument(symbol) for symbol in live.symbols}, watched)
    except DataUnavailableError as error:
        if not isinstance(error.__cause__, FeedError):
            raise
        raise DataUnavailableError(
            f"{error.__cause__}; the symbols of {live.exchange} cannot be looked up: check the network, or rehearse "
            "offline with config/practice.yaml"
        ) from error
    finally:
        if adapter is not None:
            adapter.close()


def _require_traded(exchange: str, halted: Mapping[str, str]) -> None:
    if halted:
        named = ", ".join(f"{symbol} ({word})" for symbol, word in halted.items())
        raise ConfigurationError(
            f"{exchange} lists {named} and does not trade it now; leave it out, or start when it is traded"
        )


async def connect(clock: IngressClock, monotonic: Callable[[], float], exchange: str) -> int:
    """Wait until the exchange tells its time, at most ``CONNECT_SECONDS``; return it.

    A host that cannot be looked up is tried twice.

    Raises
    ------
    DataUnavailableError
        If it does not answer in time.
    """
    begun, lookups = monotonic(), 0
    while True:
        try:
            await clock.synchronise()
        except FeedError as error:
            wait_s = max(_RETRY_SECONDS, asked_pause_of(error))
            lookups += isinstance(error, NoSuchHostError)
            if lookups >= LOOKUPS or monotonic() - begun + wait_s - _RETRY_SECONDS >= CONNECT_SECONDS:
                within = "" if lookups >= LOOKUPS else f" within {CONNECT_SECONDS:.0f} s"
                raise DataUnavailableError(
                    f"{exchange} did not answer{within}: {error}; check the network, or rehearse offline with "
                    "config/practice.yaml"
                ) from error
            await asyncio.sleep(wait_s)
            continue
        now_ms = clock.now_ms()
        if now_ms is not None:
            return now_ms


async def warmup_candles(
    feed: CandleFeed, market: Market, settings: Settings, count: int, boundary_ms: int
) -> dict[str, list[Candle]]:
    """Return each symbol's last ``count`` candles closed by a boundary, as the exchange has them."""
    length_ms = timeframe_ms(settings.live.timeframe)
    return {
        spelling: await _last_candles(feed, spelling, symbol, (count, length_ms, boundary_ms))
        for spelling, symbol in market.unified.items()
    }


async def watched_warmup(
    feeds: Mapping[str, CandleFeed], market: Market, series: Sequence[WatchedSeries], boundary_ms: int
) -> list[list[Candle]]:
    """Return the same of watched series, each with its own count; ``feeds`` are by kind of candles."""
    stored = []
    for one, there in zip(series, market.on_exchange(series), strict=True):
        closed_ms = floor_to_grid(boundary_ms, one.length_ms)
        asked = (one.warmup_candles, one.length_ms, closed_ms)
        stored.append(await _last_candles(feeds[one.kind], one.name, there.symbol, asked))
    return stored


async def _last_candles(feed: CandleFeed, name: str, symbol: str, asked: tuple[int, int, int]) -> list[Candle]:
    """Return the last candles: how many, how long they are, by when they have closed.

    For those that are missing the exchange is asked further back.
    """
    count, length_ms, closed_ms = asked
    found: list[Candle] = []
    end_ms, slots = closed_ms, count
    while len(found) < count and end_ms > 0:
        start_ms = max(0, end_ms - slots * length_ms)
        try:
            part = await feed.closed_candles(symbol, start_ms, end_ms)
        except FeedError as error:
            if found and isinstance(error, RangeNotServedError):
                break
            sentence = f"{name}: the warm-up candles cannot be fetched: {error}"
            raise DataUnavailableError(sentence, symbols=(symbol,), start_ms=start_ms, end_ms=end_ms) from error
        if not part:
            break
        found = [*part, *found]
        end_ms, slots = start_ms, _LOOKED_BACK_CANDLES
    return found[-count:]
