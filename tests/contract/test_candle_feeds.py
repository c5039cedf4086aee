"""What every live feed owes its reader, asked of each one at the practice exchange, over real sockets."""

import asyncio
import unittest
from collections.abc import Mapping

from core.candle import Candle
from core.candle_columns import CandleColumns
from core.errors import FeedError
from core.timeframe import floor_to_grid
from market_data.feeds import feed_registry as registry
from market_data.feeds.binance.binance_feed import BinanceFeed
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.ccxt.ccxt_feed import CcxtFeed
from market_data.feeds.feed_event import CandleUpdate, Connected, Disconnected
from market_data.feeds.feed_limits import FeedLimits
from market_data.practice.practice_market import PracticeMarket
from practice.exchange import PracticeExchange
from practice.exchange_options import ExchangeOptions
from practice.faults.rest_faults import Fault, FaultKind
from practice.market.candle_sources import ColumnsSource
from tests.support.candles import candles_of
from tests.support.exchanges.feed_reader import BRISK, IMPATIENT, FeedReader
from tests.support.scale import scaled
from tests.support.times import JANUARY_MS, MINUTE_MS, at
from tests.support.waiting import LONG_S, until

SYMBOLS = ("BTC/USDT", "ETH/USDT")
HISTORY = 1_500
LENGTH = scaled(10, 240)
SPEED = 480.0

Resume = Mapping[str, int] | None


def columns_of_the_practice_market() -> Mapping[tuple[str, str], CandleColumns]:
    """Return candles of two symbols, some before the start of the exchange and some after."""
    start_ms = JANUARY_MS - HISTORY * MINUTE_MS
    market = PracticeMarket()
    end_ms = at(LENGTH + 5)
    return {(symbol, "1m"): market.candles(symbol, "1m", start_ms, end_ms) for symbol in SYMBOLS}


class CandleFeedContract:
    """The suite; a subclass says which feed."""

    implementation: type[CandleFeed]
    columns: Mapping[tuple[str, str], CandleColumns]
    symbols: tuple[str, ...]

    @classmethod
    def named(cls, symbol: str) -> str:
        """Return the exchange's unified name of a spot symbol's market."""
        return symbol

    def open_feed(
        self, exchange: PracticeExchange, resume_from: Resume = None, limits: FeedLimits = BRISK
    ) -> CandleFeed:
        raise NotImplementedError

    @classmethod
    def setUpClass(cls) -> None:
        columns = columns_of_the_practice_market()
        cls.columns = {(cls.named(symbol), timeframe): part for (symbol, timeframe), part in columns.items()}
        cls.symbols = tuple(cls.named(symbol) for symbol in SYMBOLS)

    def exchange(self, *, speed: float = SPEED) -> PracticeExchange:
        exchange = PracticeExchange(
            ColumnsSource(self.columns), ExchangeOptions(speed=speed, end_ms=at(LENGTH), updates_per_second=20.0)
        )
        exchange.start()
        self.addCleanup(exchange.stop)
        return exchange

    def truth(self, symbol: str, first_ms: int, end_ms: int) -> list[Candle]:
        return candles_of(self.columns[symbol, "1m"].between(first_ms, end_ms))

    async def test_every_final_from_the_first_connection_on_arrives_and_none_is_invented(self) -> None:
        exchange = self.exchange()
        known = dict.fromkeys(self.symbols, JANUARY_MS - 4 * MINUTE_MS)
        async with FeedReader(self.open_feed(exchange, known)) as reader:
            for symbol in self.symbols:
                await reader.until_finals(symbol, 3 + LENGTH - 1)
        for symbol in self.symbols:
            finals = reader.finals(symbol)
            truth = self.truth(symbol, JANUARY_MS - 3 * MINUTE_MS, at(LENGTH))
            seen = list(dict.fromkeys(finals))
            self.assertEqual(seen, truth[: len(seen)])
            self.assertGreaterEqual(len(seen), len(truth) - 1)
        first = next(event for event in reader.events if not isinstance(event, Disconnected))
        self.assertIsInstance(first, Connected)
        for update in reader.of(CandleUpdate):
            self.assertIn(update.source, ("websocket", "rest"))
            self.assertIn(update.symbol, self.symbols)
            self.assertEqual(update.timeframe, "1m")

    async def test_candles_of_the_past_come_whole_and_in_order_however_many(self) -> None:
        feed = self.open_feed(self.exchange(speed=1.0))
        self.assertIs(type(feed), self.implementation)
        self.addAsyncCleanup(feed.close)
        start_ms = JANUARY_MS - HISTORY * MINUTE_MS
        found = await feed.closed_candles(self.symbols[0], start_ms, JANUARY_MS - 10 * MINUTE_MS)
        self.assertEqual(found, self.truth(self.symbols[0], start_ms, JANUARY_MS - 10 * MINUTE_MS))
        self.assertEqual(len(found), HISTORY - 10)
        self.assertEqual(await feed.closed_candles(self.symbols[0], start_ms, start_ms), [])

    async def test_one_candle_is_there_once_it_is_closed_and_not_before(self) -> None:
        exchange = self.exchange(speed=1.0)
        feed = self.open_feed(exchange)
        self.addAsyncCleanup(feed.close)
        old_ms = JANUARY_MS - 5 * MINUTE_MS
        self.assertEqual(
            await feed.closed_candle(self.symbols[1], old_ms), self.truth(self.symbols[1], old_ms, old_ms + 1)[0]
        )
        running_ms = floor_to_grid(exchange.now_ms, MINUTE_MS)
        self.assertIsNone(await feed.closed_candle(self.symbols[1], running_ms))
        self.assertIsNone(await feed.closed_candle(self.symbols[1], running_ms + MINUTE_MS))
        self.assertIsNone(await feed.closed_candle(self.symbols[1], JANUARY_MS - (HISTORY + 9) * MINUTE_MS))

    async def test_the_running_candle_is_not_among_the_closed_ones(self) -> None:
        exchange = self.exchange(speed=1.0)
        feed = self.open_feed(exchange)
        self.addAsyncCleanup(feed.close)
        found = await feed.closed_candles(self.symbols[0], JANUARY_MS - 3 * MINUTE_MS, at(3))
        self.assertEqual(found, self.truth(self.symbols[0], JANUARY_MS - 3 * MINUTE_MS, JANUARY_MS))

    async def test_the_exchange_tells_its_time(self) -> None:
        exchange = self.exchange(speed=1.0)
        feed = self.open_feed(exchange)
        self.addAsyncCleanup(feed.close)
        before_ms = exchange.now_ms
        self.assertTrue(before_ms <= await feed.server_time_ms() <= exchange.now_ms)

    async def test_a_failing_rest_raises_after_one_bounded_attempt(self) -> None:
        exchange = self.exchange(speed=1.0)
        feed = self.open_feed(exchange)
        self.addAsyncCleanup(feed.close)
        await feed.server_time_ms()
        faults = (
            Fault(kind=FaultKind.STATUS, status=429, retry_after_s=300),
            Fault(kind=FaultKind.STATUS, status=418),
            Fault(kind=FaultKind.STATUS, status=503),
            Fault(kind=FaultKind.BROKEN_JSON),
            Fault(kind=FaultKind.WRONG_JSON),
            Fault(kind=FaultKind.HTML_PAGE),
            Fault(kind=FaultKind.TRUNCATED_BODY),
            Fault(kind=FaultKind.STALL),
        )
        impatient = self.open_feed(exchange, limits=IMPATIENT)
        self.addAsyncCleanup(impatient.close)
        for fault in faults:
            exchange.rest_faults.add(fault)
            asked = impatient if fault.kind is FaultKind.STALL else feed
            started = asyncio.get_running_loop().time()
            with self.assertRaises(FeedError, msg=fault.kind):
                await asked.closed_candle(self.symbols[0], JANUARY_MS - 5 * MINUTE_MS)
            self.assertLess(asyncio.get_running_loop().time() - started, LONG_S)
        self.assertIsNotNone(await feed.closed_candle(self.symbols[0], JANUARY_MS - 5 * MINUTE_MS))

    async def test_a_symbol_the_feed_was_not_opened_for_is_an_error(self) -> None:
        feed = self.open_feed(self.exchange(speed=1.0))
        self.addAsyncCleanup(feed.close)
        with self.assertRaises(FeedError):
            await feed.closed_candle("XYZ/USDT", JANUARY_MS)

    async def test_closing_ends_the_events_and_leaves_no_task(self) -> None:
        exchange = self.exchange(speed=1.0)
        before = asyncio.all_tasks()
        feed = self.open_feed(exchange)
        async with FeedReader(feed) as reader:
            await reader.until(lambda one: bool(one.of(Connected)))
        await feed.close()
        await until(lambda: asyncio.all_tasks() == before)
        with self.assertRaises(FeedError):
            await feed.server_time_ms()
        with self.assertRaises(FeedError):
            await anext(aiter(feed.events()))

    async def test_a_cancelled_reader_leaves_no_task_and_the_feed_can_be_read_again(self) -> None:
        exchange = self.exchange(speed=1.0)
        feed = self.open_feed(exchange)
        self.addAsyncCleanup(feed.close)

        async def read() -> None:
            async for _ in feed.events():
                pass

        before = asyncio.all_tasks()
        task = asyncio.create_task(read())
        await asyncio.sleep(0.3)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        await until(lambda: not any("market_data" in repr(task) for task in asyncio.all_tasks() - before))
        async with FeedReader(feed) as reader:
            await reader.until(lambda one: bool(one.of(Connected)))

    async def test_an_exchange_that_cannot_be_reached_is_tried_for_ever(self) -> None:
        exchange = self.exchange(speed=1.0)
        feed = self.open_feed(exchange)
        exchange.stop()
        async with FeedReader(feed) as reader:
            await reader.until(lambda one: bool(one.of(Disconnected)))
            self.assertEqual(reader.of(CandleUpdate), [])


class BinanceFeedTest(CandleFeedContract, unittest.IsolatedAsyncioTestCase):
    implementation = BinanceFeed

    def open_feed(
        self, exchange: PracticeExchange, resume_from: Resume = None, limits: FeedLimits = BRISK
    ) -> CandleFeed:
        return BinanceFeed(
            SYMBOLS,
            "1m",
            rest_url=exchange.rest_url,
            stream_url=exchange.stream_url,
            resume_from=resume_from,
            limits=limits,
        )


class BinanceFuturesFeedTest(CandleFeedContract, unittest.IsolatedAsyncioTestCase):
    implementation = BinanceFeed

    @classmethod
    def named(cls, symbol: str) -> str:
        return f"{symbol}:USDT"

    def open_feed(
        self, exchange: PracticeExchange, resume_from: Resume = None, limits: FeedLimits = BRISK
    ) -> CandleFeed:
        return registry.open_feed(
            "binanceusdm",
            self.symbols,
            "1m",
            rest_url=exchange.rest_url,
            stream_url=exchange.stream_url,
            resume_from=resume_from,
            limits=limits,
        )

    async def test_rest_is_asked_on_the_futures_interface_alone(self) -> None:
        exchange = self.exchange(speed=1.0)
        feed = self.open_feed(exchange)
        self.addAsyncCleanup(feed.close)
        self.assertIsInstance(feed, BinanceFeed)
        await feed.closed_candle(self.symbols[0], JANUARY_MS - 5 * MINUTE_MS)
        self.assertEqual({request.path for request in exchange.requests}, {"/fapi/v1/time", "/fapi/v1/klines"})


class CcxtFeedByStreamTest(CandleFeedContract, unittest.IsolatedAsyncioTestCase):
    implementation = CcxtFeed
    use_stream = True

    def open_feed(
        self, exchange: PracticeExchange, resume_from: Resume = None, limits: FeedLimits = BRISK
    ) -> CandleFeed:
        return CcxtFeed(
            "binanceus",
            SYMBOLS,
            "1m",
            rest_url=exchange.rest_url,
            stream_url=exchange.stream_url,
            resume_from=resume_from,
            use_stream=self.use_stream,
            limits=limits,
        )


class CcxtFeedByPollingTest(CcxtFeedByStreamTest):
    use_stream = False


if __name__ == "__main__":
    unittest.main()
