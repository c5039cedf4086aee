"""Live candles of Binance, spot and USDT-margined futures, of Binance US, and of whoever speaks as they do."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence

from core.candle import Candle
from core.errors import ConfigurationError, FeedError
from core.timeframe import timeframe_ms
from market_data.exchanges.backoff import Uniform, counter_uniform
from market_data.exchanges.exchange_description import FUTURES_PATH, SPOT_PATH
from market_data.exchanges.parsers.binance_kline import parse_binance_kline
from market_data.feeds.binance.binance_rest import BinanceRest, market_id
from market_data.feeds.binance.websocket_stream import host_of, open_websocket
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.delivery.candle_connection import CandleConnection
from market_data.feeds.delivery.catch_up import CatchUp
from market_data.feeds.delivery.event_queue import EventQueue
from market_data.feeds.delivery.feed_run import FeedRun
from market_data.feeds.feed_event import FeedEvent
from market_data.feeds.feed_limits import FeedLimits

STREAMS_OF_A_CONNECTION = 200


class BinanceFeed(CandleFeed):
    """Kline streams over websockets, with REST for what they miss.

    Parameters
    ----------
    symbols
        Unified symbols in configured order: spot ``BASE/QUOTE``, or perpetual contracts ``BASE/QUOTE:QUOTE`` below
        ``FUTURES_PATH``.
    timeframe
        An interval of the exchange, such as ``1m``.
    rest_url, stream_url
        Scheme and host of both interfaces: ``https://api.binance.us``, ``wss://stream.binance.us:9443``.
    rest_path
        Where the REST interface lies at its host: ``SPOT_PATH`` or ``FUTURES_PATH``.
    resume_from
        Open time of the last final candle already known, by symbol, so that the first connection catches up too.
    limits
        Waits and bounds.
    uniform
        Source of the jitter of waits; None takes a counter that starts at the monotonic clock.

    Raises
    ------
    ConfigurationError
        If a symbol is not one of the interface, or two symbols have the same name on the exchange, or the timeframe is
        none.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        timeframe: str,
        *,
        rest_url: str,
        stream_url: str,
        rest_path: str = SPOT_PATH,
        resume_from: Mapping[str, int] | None = None,
        limits: FeedLimits | None = None,
        uniform: Uniform | None = None,
    ) -> None:
        self._ids = _market_ids(symbols, contracts=rest_path == FUTURES_PATH)
        timeframe_ms(timeframe)
        self._timeframe = timeframe
        self._stream_url = stream_url.rstrip("/")
        self._last_final_ms = dict(resume_from or {})
        self._limits = limits if limits is not None else FeedLimits()
        self._uniform = uniform
        self._rest = BinanceRest(rest_url, self._limits, rest_path)
        self._run = FeedRun()

    def events(self) -> AsyncIterator[FeedEvent]:
        """Yield what happens until the feed is closed; see the protocol."""
        return self._run.events(self._limits.queued_events, self._connections)

    async def closed_candles(self, symbol: str, start_ms: int, end_ms: int) -> list[Candle]:
        """Return the closed candles of a range; see the protocol."""
        return await self.final_candles(symbol, start_ms, end_ms, None)

    async def final_candles(self, symbol: str, start_ms: int, end_ms: int, now_ms: int | None) -> list[Candle]:
        """Return the closed candles of a range by the exchange's clock, which is asked unless it is given."""
        if symbol not in self._ids:
            raise FeedError(f"{symbol} is not a symbol of this feed: {', '.join(self._ids)}", symbol=symbol)
        return await self._rest.closed_candles(self._ids[symbol], self._timeframe, start_ms, end_ms, now_ms=now_ms)

    async def server_time_ms(self) -> int:
        """Return the exchange's clock; see the protocol."""
        return await self._rest.server_time_ms()

    async def close(self) -> None:
        """Close all connections and end ``events``."""
        await self._run.stop()
        await self._rest.close()

    def _connections(self, out: EventQueue) -> list[Coroutine[None, None, None]]:
        symbols = list(self._ids)
        uniform = self._uniform or counter_uniform(int(asyncio.get_running_loop().time() * 1e9))
        return [
            self._connection(symbols[first : first + STREAMS_OF_A_CONNECTION], out, uniform).run()
            for first in range(0, len(symbols), STREAMS_OF_A_CONNECTION)
        ]

    def _connection(self, symbols: Sequence[str], out: EventQueue, uniform: Uniform) -> CandleConnection:
        limits = self._limits
        url = self._url(symbols)
        return CandleConnection(
            lambda: open_websocket(url, parse_binance_kline, limits),
            f"{len(symbols)} symbols at {host_of(url)}",
            {self._ids[symbol]: symbol for symbol in symbols},
            self._timeframe,
            catch_up=CatchUp(self, symbols, self._timeframe, out, limits, uniform, self._last_final_ms),
            out=out,
            limits=limits,
            backoff=limits.backoff(uniform),
        )

    def _url(self, symbols: Sequence[str]) -> str:
        streams = "/".join(f"{self._ids[symbol].lower()}@kline_{self._timeframe}" for symbol in symbols)
        return f"{self._stream_url}/stream?streams={streams}"


def _market_ids(symbols: Sequence[str], *, contracts: bool) -> dict[str, str]:
    ids: dict[str, str] = {}
    taken: dict[str, str] = {}
    for symbol in symbols:
        pair, _, settle = symbol.partition(":")
        if contracts and (pair.count("/") != 1 or settle != pair.partition("/")[2]):
            raise ConfigurationError(
                f"symbol {symbol!r} is no perpetual contract settled in its quote currency; "
                "these streams carry BASE/QUOTE:QUOTE only"
            )
        if not contracts and (pair.count("/") != 1 or settle):
            raise ConfigurationError(f"symbol {symbol!r} is no spot symbol; these streams carry BASE/QUOTE only")
        own_name = market_id(symbol)
        if taken.setdefault(own_name, symbol) != symbol:
            raise ConfigurationError(f"{taken[own_name]} and {symbol} are both called {own_name} on the exchange")
        ids[symbol] = own_name
    if not ids:
        raise ConfigurationError("a feed needs at least one symbol")
    return ids
