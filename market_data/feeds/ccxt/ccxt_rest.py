"""REST of any ccxt exchange, asynchronously, one attempt a call: it sends and waits; ``ccxt_core`` reads both."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, TypeVar

import aiohttp
import ccxt.async_support

from core.candle import Candle
from core.errors import ConfigurationError, FeedError
from core.timeframe import timeframe_ms
from market_data.exchange_adapter import CandleRow
from market_data.exchanges.ccxt_core import (
    FAILURES,
    MARKETS,
    TIME,
    CcxtRequest,
    WatchedAnswers,
    candles_request,
    ccxt_object,
    page_rows,
)
from market_data.exchanges.exchange_description import described
from market_data.exchanges.parsers.exchange_candle import MISREADINGS, candle
from market_data.feeds.bounded_response import BoundedResponse
from market_data.feeds.feed_limits import FeedLimits
from market_data.feeds.rest_pages import final_candles
from market_data.instruments.symbols import resolve_symbol

T = TypeVar("T")

_FAILURES = (*FAILURES, TimeoutError, aiohttp.ClientError)

_log = logging.getLogger(__name__)


class CcxtRest:
    """Markets, candles and clock of one exchange.

    Parameters
    ----------
    name
        ccxt's name of the exchange.
    rest_url
        ``http://host:port`` that stands for its own REST hosts; None leaves them.
    limits
        Time-outs, and how long after its close a candle may be unfinished.
    """

    def __init__(self, name: str, rest_url: str | None, limits: FeedLimits) -> None:
        self.name = name
        self._rest_url = rest_url
        self._limits = limits
        self._exchange: Any = None
        self._answers: WatchedAnswers | None = None
        self._loading = asyncio.Lock()
        # Status and headers belong to one request at a time; ccxt's rate limiter lets them out singly anyway.
        self._turn = asyncio.Lock()
        self._closed = False

    async def loaded(self) -> Any:
        """Return the ccxt exchange with its markets; FeedError if they cannot be had."""
        return (await self._opened())[0]

    async def _opened(self) -> tuple[Any, WatchedAnswers]:
        """Return the ccxt exchange with its markets, and its answers; FeedError if they cannot be had."""
        if self._closed:
            raise FeedError("the feed is closed")
        async with self._loading:
            if self._exchange is None or self._answers is None:
                exchange = ccxt_object(
                    ccxt.async_support, self.name, rest_url=self._rest_url, timeout_ms=self._limits.request_ms
                )
                answers = _watched(exchange)
                try:
                    await self._attempt(exchange, answers, MARKETS, WatchedAnswers.markets)
                    if self._closed:
                        raise FeedError("the feed is closed")
                except BaseException:
                    await exchange.close()
                    raise
                self._exchange, self._answers = exchange, answers
            return self._exchange, self._answers

    async def market_id(self, symbol: str) -> str:
        """Return the exchange's own name of a unified symbol; ConfigurationError if it does not list it."""
        markets = (await self.loaded()).markets
        if symbol not in markets:
            resolve_symbol(symbol, markets, where=f"the market list of {self.name}")
            raise ConfigurationError(f"symbol {symbol!r} is not in the market list of {self.name}")
        return str(markets[symbol]["id"])

    async def server_time_ms(self) -> int:
        """Return the exchange's clock: its time endpoint, or the ``Date`` of an answer where it has none."""
        exchange = await self.loaded()
        if exchange.has.get("fetchTime"):
            return await self.ask(TIME, WatchedAnswers.time_ms)
        request = CcxtRequest(TIME.what, "fetch_ticker", (next(iter(exchange.markets)),))
        return await self.ask(request, lambda answers, _: answers.time_ms(answers.date_ms()))

    async def closed_candles(
        self, symbol: str, timeframe: str, start_ms: int, end_ms: int, *, now_ms: int | None = None, marks: bool = False
    ) -> list[Candle]:
        """Return the final candles with ``start_ms <= open_time_ms < end_ms``; see ``final_candles``.

        ``now_ms`` is the exchange's clock if it has been read already. ``marks`` asks for mark candles, whose volume is
        taken as 0.
        """
        if now_ms is None:
            now_ms = await self.server_time_ms()
        limit = page_rows(await self.loaded())
        if marks:
            limit = min(limit, described(self.name).contract_pages.marks)

        async def page(since_ms: int, until_ms: int) -> list[Candle]:
            request = candles_request(symbol, timeframe, since_ms, until_ms, limit, marks=marks)
            return self._candles(await self.ask(request, WatchedAnswers.rows), symbol, marks=marks)

        length_ms = timeframe_ms(timeframe)
        settle_ms = self._limits.settle_for(length_ms)
        return await final_candles(page, start_ms, end_ms, length_ms=length_ms, now_ms=now_ms, settle_ms=settle_ms)

    async def ask(self, request: CcxtRequest, read: Callable[[WatchedAnswers, Any], T]) -> T:
        """Return what ``read`` makes of the answer, in one attempt; TransientError or FeedError where it fails."""
        exchange, answers = await self._opened()
        return await self._attempt(exchange, answers, request, read)

    async def close(self) -> None:
        """Close the connections; requests raise FeedError from now on."""
        self._closed = True
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            await exchange.close()

    def _candles(self, rows: list[CandleRow], symbol: str, *, marks: bool) -> list[Candle]:
        found = []
        for row in rows:
            try:
                found.append(candle(*row[:5], 0.0 if marks else row[5]))
            except MISREADINGS as error:
                _log.warning("%s: a candle of %s is refused: %s", self.name, symbol, error)
        return found

    async def _attempt(
        self, exchange: Any, answers: WatchedAnswers, request: CcxtRequest, read: Callable[[WatchedAnswers, Any], T]
    ) -> T:
        try:
            async with self._turn, asyncio.timeout(self._limits.request_seconds + self._limits.connect_seconds):
                answers.forget()
                return read(answers, await getattr(exchange, request.method)(*request.arguments))
        except _FAILURES as error:
            if self._closed:
                raise FeedError("the feed is closed") from error
            raise answers.failure(error, request.what) from error


def _watched(exchange: Any) -> WatchedAnswers:
    """Watch the answers of an asynchronous ccxt object."""
    answers = WatchedAnswers(exchange)
    fetch = exchange.fetch

    async def watched_fetch(*request: object) -> object:
        answers.forget()
        return answers.taken(await fetch(*request))

    exchange.fetch = watched_fetch
    opened = exchange.open

    def opened_bounded(*arguments: object) -> None:
        opened(*arguments)
        if exchange.session is not None:
            exchange.session._response_class = BoundedResponse

    exchange.open = opened_bounded
    return answers
