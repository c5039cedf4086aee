"""The final candles that a stream missed, from REST, in order of time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from core.candle import Candle
from core.errors import FeedError
from core.timeframe import floor_to_grid, timeframe_ms
from market_data.exchanges.backoff import Uniform
from market_data.exchanges.request_failures import TransientError
from market_data.feeds.delivery.event_queue import EventQueue
from market_data.feeds.feed_event import CandleUpdate, Unreadable
from market_data.feeds.feed_limits import FeedLimits

T = TypeVar("T")

_WINDOW_CANDLES = 500
_SETTLE_CHECKS = 12
_SETTLE_CHECK_S = 0.25

_log = logging.getLogger(__name__)


class ClosedCandleSource(Protocol):
    """REST as the catch-up sees it; each call is one attempt and raises FeedError where it fails."""

    async def server_time_ms(self) -> int:
        """Return the exchange's clock."""

    async def final_candles(self, symbol: str, start_ms: int, end_ms: int, now_ms: int) -> list[Candle]:
        """Return the final candles of a range by the exchange's clock as read before."""


class CatchUp:
    """Knows the last final of every symbol that was passed on, and brings what lies between it and the stream.

    Parameters
    ----------
    source
        REST.
    symbols
        Unified symbols in their configured order, which is the order of candles of one time.
    timeframe
        The timeframe of the candles.
    out
        Where updates go.
    limits, uniform
        Waits between attempts that fail, and their jitter.
    last_final_ms
        Open time of the last final passed on, or known before, by symbol. It is kept up to date here.
    """

    def __init__(
        self,
        source: ClosedCandleSource,
        symbols: Sequence[str],
        timeframe: str,
        out: EventQueue,
        limits: FeedLimits,
        uniform: Uniform,
        last_final_ms: dict[str, int],
    ) -> None:
        self._source = source
        self._order = {symbol: place for place, symbol in enumerate(symbols)}
        self._timeframe = timeframe
        self._length_ms = timeframe_ms(timeframe)
        self._out = out
        self._limits = limits
        self._uniform = uniform
        self._settle_ms = limits.settle_for(self._length_ms)
        self._last_final_ms = last_final_ms
        self._asking = asyncio.Lock()
        self._requests = asyncio.Semaphore(limits.requests_at_once)

    async def exchange_time_ms(self) -> int:
        """Ask REST for the exchange's clock, once; FeedError if it does not answer."""
        return await self._source.server_time_ms()

    def leaves_gap(self, update: CandleUpdate) -> bool:
        """Whether finals are missing between the last one passed on and this one."""
        last_ms = self._last_final_ms.get(update.symbol)
        return update.final and last_ms is not None and update.candle.open_time_ms > last_ms + self._length_ms

    def next_open_ms(self, symbol: str) -> int | None:
        """Return the open time of the next final that is expected, None before anything is known."""
        last_ms = self._last_final_ms.get(symbol)
        return None if last_ms is None else last_ms + self._length_ms

    def expect_from(self, symbol: str, open_ms: int) -> None:
        """Count a symbol of which nothing was known as known up to a candle that has been seen, that one excluded."""
        self._last_final_ms.setdefault(symbol, open_ms - self._length_ms)

    async def pass_on(self, update: CandleUpdate) -> None:
        """Hand an update out and remember the latest final."""
        await self._out.put(update)
        if update.final:
            open_ms = update.candle.open_time_ms
            self._last_final_ms[update.symbol] = max(self._last_final_ms.get(update.symbol, open_ms), open_ms)

    async def up_to_now(self, symbols: Sequence[str]) -> int:
        """Pass on every final that is missing up to the exchange's present, and return that present.

        A symbol of which nothing was known is known from its running candle on. Where a candle has just closed and REST
        does not yet give it as final, it is asked for again until it must have settled.
        """
        now_ms = closed_ms = 0
        for _ in range(_SETTLE_CHECKS):
            async with self._asking:
                now_ms = await self._answer(self._source.server_time_ms)
                closed_ms = floor_to_grid(now_ms, self._length_ms)
                await self._up_to(symbols, closed_ms, now_ms)
            unsettled_ms = self._settle_ms - (now_ms - closed_ms)
            if unsettled_ms <= 0 or all(
                self._last_final_ms[symbol] + self._length_ms >= closed_ms for symbol in symbols
            ):
                break
            await asyncio.sleep(min(_SETTLE_CHECK_S, unsettled_ms / 1000.0))
        return now_ms

    async def _up_to(self, symbols: Sequence[str], closed_ms: int, now_ms: int) -> None:
        for symbol in symbols:
            self._last_final_ms.setdefault(symbol, closed_ms - self._length_ms)
        start_ms = min((self._last_final_ms[symbol] + 1 for symbol in symbols), default=closed_ms)
        while start_ms < closed_ms:
            until_ms = min(closed_ms, start_ms + _WINDOW_CANDLES * self._length_ms)
            await self._window(symbols, until_ms, now_ms)
            start_ms = until_ms

    async def before(self, update: CandleUpdate) -> None:
        """Pass on the finals that are missing before an update."""
        async with self._asking:
            now_ms = await self._answer(self._source.server_time_ms)
            until_ms = update.candle.open_time_ms
            start_ms = self._last_final_ms.get(update.symbol, until_ms) + 1
            while start_ms < until_ms:
                end_ms = min(until_ms, start_ms + _WINDOW_CANDLES * self._length_ms)
                await self._window([update.symbol], end_ms, now_ms)
                start_ms = end_ms

    async def _window(self, symbols: Sequence[str], until_ms: int, now_ms: int) -> None:
        """Pass on the missing finals of some symbols that open before ``until_ms``, in order of time."""
        missing = [symbol for symbol in symbols if self._last_final_ms[symbol] + self._length_ms < until_ms]
        pages = await gathered([self._finals(symbol, until_ms, now_ms) for symbol in missing])
        updates = [
            CandleUpdate(symbol, candle, True, "rest", None, self._timeframe)
            for symbol, page in zip(missing, pages, strict=True)
            for candle in page
        ]
        for update in sorted(updates, key=lambda one: (one.candle.open_time_ms, self._order[one.symbol])):
            # The stream may have brought it while REST was asked.
            if update.candle.open_time_ms > self._last_final_ms[update.symbol]:
                await self.pass_on(update)

    async def _finals(self, symbol: str, until_ms: int, now_ms: int) -> list[Candle]:
        start_ms = self._last_final_ms[symbol] + 1
        async with self._requests:
            try:
                return await self._answer(
                    lambda: self._source.final_candles(symbol, start_ms, until_ms, now_ms), symbol
                )
            except FeedError as error:
                # Asking again does not help; the other symbols must not wait for this one.
                await self._out.put(Unreadable(f"the missed candles of {symbol} cannot be had: {error}"))
                return []

    async def _answer(self, request: Callable[[], Awaitable[T]], what: str = "the server time") -> T:
        """Return an answer of REST, asked for until it comes; raises FeedError only where asking again is no use."""
        backoff = self._limits.backoff(self._uniform)
        while True:
            try:
                return await request()
            except TransientError as error:
                wait_s = backoff.after(error)
                _log.info("no answer about %s, asked again in %.1f s: %s", what, wait_s, error)
            await asyncio.sleep(wait_s)


async def gathered(awaitables: Sequence[Awaitable[T]]) -> list[T]:
    """Return the results in order; where one fails or the caller is cancelled, none is left running.

    A caller that is cancelled at the moment at which one fails is cancelled: ``asyncio.gather`` would only tell it of
    the failure, and whoever waits for its end would wait for ever.
    """
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    caller = asyncio.current_task()
    cancellations = 0 if caller is None else caller.cancelling()
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if caller is not None and caller.cancelling() > cancellations:
            raise asyncio.CancelledError
