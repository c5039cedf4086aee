"""The ccxt feed over real sockets: its websocket with and without a parser of ours, and its polling."""

import asyncio
import unittest
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import ccxt.pro
import msgspec
from aiohttp import web

from core.errors import ConfigurationError
from market_data.exchanges.ccxt_core import ccxt_object
from market_data.feeds.ccxt.ccxt_feed import CcxtFeed
from market_data.feeds.ccxt.ccxt_stream import CcxtStream
from market_data.feeds.feed_event import CandleUpdate, Connected, Disconnected, Stale, Unreadable
from market_data.feeds.feed_limits import FeedLimits
from tests.support.exchanges.feed_reader import BRISK, FeedReader
from tests.support.exchanges.kline_exchange import KlineExchange
from tests.support.waiting import PATIENCE_S, until

BTC, ETH = "BTC/USDT", "ETH/USDT"
SETTLED = 10_000


class CcxtCase(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.exchange = await self.enterAsyncContext(KlineExchange([BTC, ETH]))
        await self.exchange.close_candles(count=5)
        self.exchange.now_ms += SETTLED

    def feed(
        self, *, use_stream: bool, limits: FeedLimits = BRISK, resume_from: Mapping[str, int] | None = None
    ) -> CcxtFeed:
        """Return a feed of both symbols."""
        return CcxtFeed(
            "binanceus",
            [BTC, ETH],
            "1m",
            rest_url=self.exchange.rest_url,
            stream_url=self.exchange.stream_url,
            resume_from=resume_from,
            use_stream=use_stream,
            limits=limits,
        )

    async def subscribed(self, count: int = 1) -> None:
        """Wait until so many connections have been made, and the last one has subscribed both symbols."""
        await until(lambda: self.exchange.connected >= count and [*map(len, self.exchange.connections.values())] == [2])

    async def caught_up(self) -> None:
        """Wait until the first connection has subscribed, and the feed knows the exchange's time."""
        await self.subscribed()
        await until(lambda: any(name == "time" for name, _ in self.exchange.requests))
        await self.exchange.settled()

    def assert_complete(self, reader: FeedReader, first: int = 5) -> None:
        """Assert that the finals from the ``first`` on came, each at least once, and nothing else."""
        for symbol, truth in self.exchange.truth.items():
            seen = {candle.open_time_ms: candle for candle in reader.finals(symbol)}
            self.assertEqual([seen[key] for key in sorted(seen)], truth[first:], symbol)


class StreamTest(CcxtCase):
    async def test_flagged_finals_come_from_the_websocket_with_the_exchange_s_stamp(self) -> None:
        async with FeedReader(self.feed(use_stream=True)) as reader:
            await self.caught_up()
            forming = self.exchange.next_candle(BTC)
            await self.exchange.send_kline(BTC, forming, final=False)
            await self.exchange.close_candles()
            await reader.until_finals(ETH, 1)
        self.assertIn(
            CandleUpdate(BTC, forming, False, "websocket", self.exchange.now_ms - 50_000, "1m"), reader.events
        )
        final = next(update for update in reader.of(CandleUpdate) if update.final and update.source == "websocket")
        self.assertEqual(final.exchange_time_ms, self.exchange.now_ms + 5)
        self.assert_complete(reader)

    async def test_garbage_does_not_end_the_receiving(self) -> None:
        async with FeedReader(self.feed(use_stream=True)) as reader:
            await self.caught_up()
            for frame in ("hello", '{"e":"kline"', b"\xff\xfe", "[]", '{"e":"kline","k":7}'):
                await self.exchange.send(frame)
            await self.exchange.close_candles()
            await reader.until_finals(ETH, 1)
            await reader.until(lambda one: len(one.of(Unreadable)) >= 5)
        self.assertEqual(self.exchange.connected, 1)
        self.assertTrue(any(update.source == "websocket" for update in reader.of(CandleUpdate)))

    async def test_a_lost_connection_is_made_again_and_what_it_missed_comes_from_rest(self) -> None:
        async with FeedReader(self.feed(use_stream=True)) as reader:
            await self.caught_up()
            await self.exchange.close_candles()
            self.exchange.cut()
            await self.exchange.close_candles(count=2)
            self.exchange.now_ms += SETTLED
            await self.subscribed(2)
            await self.exchange.close_candles()
            await reader.until_finals(ETH, 4)
            await reader.until_finals(BTC, 4)
        self.assertTrue(reader.of(Disconnected))
        self.assert_complete(reader)

    async def test_a_silent_connection_is_made_again(self) -> None:
        limits = msgspec.structs.replace(BRISK, quiet_seconds=0.4)
        async with FeedReader(self.feed(use_stream=True, limits=limits)) as reader:
            await self.caught_up()
            await self.subscribed(2)
            self.assertEqual({event.symbol for event in reader.of(Stale)}, {BTC, ETH})

    async def test_without_a_parser_ccxt_s_newest_candle_is_an_update_and_never_final(self) -> None:
        async with _stream_without_parser(self.exchange) as stream:
            await self.subscribed()
            forming = self.exchange.next_candle(BTC)
            await self.exchange.send_kline(BTC, forming, final=False)
            await self.exchange.send_kline(BTC, forming, final=True)
            for _ in range(2):
                (one,) = await asyncio.wait_for(stream.next_reading(), PATIENCE_S)
                self.assertEqual((one.market_id, one.candle, one.closed), (BTC, forming, None))
            await self.exchange.send('{"e":"kline","k":7}')
            self.assertIsInstance(await asyncio.wait_for(stream.next_reading(), PATIENCE_S), Unreadable)


class PollingTest(CcxtCase):
    async def test_finals_come_from_rest_after_their_close(self) -> None:
        async with FeedReader(self.feed(use_stream=False)) as reader:
            await reader.until(lambda one: bool(one.of(Connected)))
            for _ in range(3):
                await self.exchange.close_candles()
                self.exchange.now_ms += SETTLED
                await self.exchange.settled()
            await reader.until_finals(ETH, 3)
            await reader.until_finals(BTC, 3)
        self.assertEqual(self.exchange.connected, 0)
        self.assertEqual({update.source for update in reader.of(CandleUpdate)}, {"rest"})
        self.assertTrue(all(update.final for update in reader.of(CandleUpdate)))
        self.assert_complete(reader)

    async def test_a_candle_that_is_published_late_comes_when_it_is_there(self) -> None:
        late = (BTC, self.exchange.next_candle(BTC).open_time_ms)
        self.exchange.hidden.add(late)
        async with FeedReader(self.feed(use_stream=False)) as reader:
            await reader.until(lambda one: bool(one.of(Connected)))
            await self.exchange.close_candles()
            self.exchange.now_ms += SETTLED
            await reader.until_finals(ETH, 1)
            self.assertEqual(reader.finals(BTC), [])
            self.exchange.hidden.clear()
            await reader.until_finals(BTC, 1)
        self.assert_complete(reader)

    async def test_that_rest_stops_and_begins_to_answer_are_events(self) -> None:
        async with FeedReader(self.feed(use_stream=False)) as reader:
            await reader.until(lambda one: bool(one.of(Connected)))
            self.exchange.refuse_all = 503
            await reader.until(lambda one: bool(one.of(Disconnected)))
            await self.exchange.close_candles(count=3)
            self.exchange.now_ms += SETTLED
            self.exchange.refuse_all = None
            await reader.until(lambda one: len(one.of(Connected)) == 2)
            await reader.until_finals(ETH, 3)
        self.assertEqual(len(reader.of(Disconnected)), 1)
        self.assert_complete(reader)

    async def test_a_symbol_without_candles_is_stale(self) -> None:
        self.exchange.hidden.update((BTC, self.exchange.now_ms - SETTLED + minute * 60_000) for minute in range(10))
        async with FeedReader(self.feed(use_stream=False)) as reader:
            await reader.until(lambda one: bool(one.of(Connected)))
            for _ in range(5):
                await self.exchange.close_candles()
                self.exchange.now_ms += SETTLED
                await asyncio.sleep(0.15)
            await reader.until(lambda one: bool(one.of(Stale)))
        self.assertEqual({event.symbol for event in reader.of(Stale)}, {BTC})

    async def test_a_symbol_that_the_exchange_does_not_list_is_refused_by_name(self) -> None:
        feed = CcxtFeed("binanceus", ["BTC/USDD"], "1m", rest_url=self.exchange.rest_url, limits=BRISK)
        self.addAsyncCleanup(feed.close)
        with self.assertRaisesRegex(ConfigurationError, "BTC/USDD.*did you mean BTC/USDT"):
            await anext(aiter(feed.events()))

    async def test_the_market_list_is_asked_for_until_it_comes(self) -> None:
        self.exchange.refusals.extend([web.Response(status=503), web.Response(status=429), web.Response(text="{}")])
        async with FeedReader(self.feed(use_stream=False)) as reader:
            await reader.until(lambda one: bool(one.of(Connected)))
        self.assertEqual(len(reader.of(Disconnected)), 3)


def _stream_without_parser(exchange: KlineExchange) -> AbstractAsyncContextManager[CcxtStream]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[CcxtStream]:
        addresses = {"rest_url": exchange.rest_url, "stream_url": exchange.stream_url}
        client = ccxt_object(ccxt.pro, "binanceus", **addresses)
        stream = CcxtStream(client, None, [BTC, ETH], "1m", 100)
        stream.start()
        try:
            yield stream
        finally:
            await stream.stop()

    return opened()


if __name__ == "__main__":
    unittest.main()
