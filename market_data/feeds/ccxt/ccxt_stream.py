"""The candle streams of ccxt.pro, one ccxt object a connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import ccxt.pro
from aiohttp import WSMsgType, WSServerHandshakeError

from core.errors import FeedError
from market_data.exchanges.ccxt_core import ccxt_object
from market_data.exchanges.exchange_description import FrameParser, described
from market_data.exchanges.parsers.exchange_candle import MISREADINGS, ExchangeCandle, Reading, candle, excerpt
from market_data.exchanges.request_failures import refusal
from market_data.feeds.feed_event import Unreadable
from market_data.feeds.feed_limits import FeedLimits

_CLOSE_S = 5.0
# What ccxt raises in its own reading of a message it does not expect.
_CCXT_MISREADINGS = (*MISREADINGS, AttributeError, KeyError, IndexError, TypeError, ArithmeticError)


class CcxtStream:
    """What ccxt.pro receives; implements ``LiveStream``.

    Where this package has a parser for the exchange, every frame goes through it before ccxt sees it, and what it says
    counts: the exchange's closed flag and its own stamp, which ccxt leaves out. Otherwise the newest candle that ccxt
    gives is an update of one that is still open, and its final comes from REST.

    ccxt's receiving ends for good when its reading of a frame raises; here such a frame is Unreadable and no more.
    """

    def __init__(
        self, exchange: Any, parse: FrameParser | None, symbols: Sequence[str], timeframe: str, limit: int
    ) -> None:
        self._exchange = exchange
        self._symbols = symbols
        self._timeframe = timeframe
        self._parse = parse
        self._readings: asyncio.Queue[Reading | FeedError] = asyncio.Queue(limit)
        self._tasks: list[asyncio.Task[None]] = []
        self._guarded: set[int] = set()
        self._client = exchange.client
        exchange.client = self._guarded_client

    def start(self) -> None:
        """Subscribe all symbols."""
        together = self._exchange.has.get("watchOHLCVForSymbols") is True
        parts = [self._watch_together()] if together else [self._watch_one(symbol) for symbol in self._symbols]
        self._tasks = [asyncio.ensure_future(part) for part in parts]

    async def next_reading(self) -> Reading:
        """Return what the next message says; FeedError once the connection is lost."""
        reading = await self._readings.get()
        if isinstance(reading, FeedError):
            raise reading
        return reading

    async def stop(self) -> None:
        """End the subscriptions and close the connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self._exchange.close()

    async def _watch_together(self) -> None:
        asked = [[symbol, self._timeframe] for symbol in self._symbols]
        while (received := await self._received(self._exchange.watch_ohlcv_for_symbols, asked)) is not None:
            for symbol, by_timeframe in received.items():
                self._take_rows(symbol, by_timeframe.get(self._timeframe))

    async def _watch_one(self, symbol: str) -> None:
        while (rows := await self._received(self._exchange.watch_ohlcv, symbol, self._timeframe)) is not None:
            self._take_rows(symbol, rows)

    async def _received(self, watch: Any, *arguments: object) -> Any:
        """Return what ccxt has received; None, with the loss noted, once it does not receive any more."""
        try:
            return await watch(*arguments)
        except (ccxt.BaseError, OSError, TimeoutError, *_CCXT_MISREADINGS) as error:
            self._offer(_lost(error))
            return None

    def _take_rows(self, symbol: str, rows: object) -> None:
        if self._parse is not None or not isinstance(rows, list) or not rows:
            return
        try:
            newest = max((row for row in rows if row and row[0]), key=lambda row: row[0])
            self._offer([ExchangeCandle(symbol, self._timeframe, candle(*newest[:6]), None, None)])
        except _CCXT_MISREADINGS as error:
            self._offer(Unreadable(f"{error}: {excerpt(str(rows[-1]))}"))

    def _guarded_client(self, url: str) -> Any:
        client = self._client(url)
        if id(client) not in self._guarded:
            self._guarded.add(id(client))
            self._guard(client)
        return client

    def _guard(self, client: Any) -> None:
        take = client.handle_message
        readable = (WSMsgType.TEXT,) if client.gunzip or client.inflate else (WSMsgType.TEXT, WSMsgType.BINARY)

        def handle(message: Any) -> None:
            if self._parse is not None and message.type in readable and (reading := self._parse(message.data)):
                self._offer(reading)
            try:
                take(message)
            except _CCXT_MISREADINGS as error:
                if self._parse is None:
                    self._offer(Unreadable(f"{type(error).__name__}: {excerpt(str(message.data))}"))

        client.handle_message = handle

    def _offer(self, reading: Reading | FeedError) -> None:
        """Queue a reading; where the queue is full the oldest goes, and REST brings the final it may have been."""
        if self._readings.full():
            self._readings.get_nowait()
        self._readings.put_nowait(reading)


def _lost(error: BaseException) -> FeedError:
    """Return the error of a connection that was lost or refused, with the pause that a refusal asks for."""
    text = " ".join(str(error).split())[:200] or type(error).__name__
    refused = next((one for one in (error, *error.args) if isinstance(one, WSServerHandshakeError)), None)
    if refused is None:
        return FeedError(text)
    return refusal(text, refused.status, dict(refused.headers or {}), may_pass=True)


@asynccontextmanager
async def open_ccxt_stream(
    name: str,
    symbols: Sequence[str],
    timeframe: str,
    limits: FeedLimits,
    *,
    listed: Any,
    rest_url: str | None,
    stream_url: str | None,
) -> AsyncIterator[CcxtStream]:
    """Subscribe symbols through ccxt.pro; ``listed`` is the ccxt object whose market list is used."""
    exchange = ccxt_object(ccxt.pro, name, rest_url=rest_url, stream_url=stream_url, timeout_ms=limits.request_ms)
    exchange.set_markets_from_exchange(listed)
    stream = CcxtStream(exchange, described(name).parse_frame, symbols, timeframe, limits.queued_events)
    stream.start()
    try:
        yield stream
    finally:
        await stream.stop()
