"""The Binance feed over real sockets: what networks and exchanges do to a stream, and what must still arrive."""

import asyncio
import json
import unittest
from collections.abc import Mapping

import msgspec
from aiohttp import web

from core.candle import Candle
from core.errors import ConfigurationError, FeedError, InvariantError
from market_data.exchanges.backoff import counter_uniform
from market_data.exchanges.exchange_description import FUTURES_PATH
from market_data.feeds.binance.binance_feed import BinanceFeed
from market_data.feeds.feed_event import CandleUpdate, Connected, Disconnected, Stale, Unreadable
from market_data.feeds.feed_limits import FeedLimits
from market_data.practice.practice_market import PracticeMarket
from practice.exchange import PracticeExchange
from practice.exchange_options import ExchangeOptions
from practice.faults.random_faults import ALTERING, LOSSLESS, random_faults
from tests.support.exchanges.feed_reader import BRISK, FeedReader
from tests.support.exchanges.kline_exchange import KlineExchange
from tests.support.scale import scaled
from tests.support.times import JANUARY_MS, MINUTE_MS, at
from tests.support.waiting import PATIENCE_S, until

BTC, ETH = "BTC/USDT", "ETH/USDT"


def feed_of(
    exchange: KlineExchange,
    *,
    limits: FeedLimits = BRISK,
    resume_from: Mapping[str, int] | None = None,
) -> BinanceFeed:
    """Return a feed of all symbols of an exchange."""
    return BinanceFeed(
        list(exchange.truth),
        exchange.timeframe,
        rest_url=exchange.rest_url,
        stream_url=exchange.stream_url,
        resume_from=resume_from,
        limits=limits,
        uniform=counter_uniform(1),
    )


def changed(**values: object) -> FeedLimits:
    """Return the brisk limits with some of them changed."""
    return msgspec.structs.replace(BRISK, **values)


class FeedCase(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.exchange = await self.enterAsyncContext(KlineExchange([BTC, ETH]))
        await self.exchange.close_candles(count=5)
        self.exchange.now_ms += 10_000

    async def reader(self, feed: BinanceFeed | None = None) -> FeedReader:
        """Return a reader whose feed is connected and caught up."""
        reader = await self.enterAsyncContext(FeedReader(feed or feed_of(self.exchange)))
        await reader.until(lambda one: bool(one.of(Connected)))
        await self.caught_up()
        return reader

    async def caught_up(self) -> None:
        """Wait until the exchange has been asked for its time since the last connection."""
        await until(lambda: len(self.exchange.connections) > 0 and bool(self.exchange.requests))
        await self.exchange.settled()

    def assert_complete(self, reader: FeedReader, first: int = 5) -> None:
        """Assert that the finals from the ``first`` on came, each at least once, and nothing else."""
        for symbol, truth in self.exchange.truth.items():
            seen = {candle.open_time_ms: candle for candle in reader.finals(symbol)}
            self.assertEqual([seen[key] for key in sorted(seen)], truth[first:], symbol)


class StreamTest(FeedCase):
    async def test_finals_and_forming_updates_arrive_as_they_were_sent(self) -> None:
        reader = await self.reader()
        forming = self.exchange.next_candle(BTC)
        await self.exchange.send_kline(BTC, forming, final=False)
        await self.exchange.close_candles(count=3)
        await reader.until_finals(ETH, 3)
        self.assert_complete(reader)
        first = reader.of(CandleUpdate)[0]
        self.assertEqual(first, CandleUpdate(BTC, forming, False, "websocket", at(5) + 10_000, "1m"))
        finals = [update for update in reader.of(CandleUpdate) if update.final]
        self.assertEqual([update.symbol for update in finals], [BTC, ETH] * 3)
        self.assertEqual({update.source for update in finals}, {"websocket"})

    async def test_duplicates_late_and_revised_finals_are_passed_on_as_received(self) -> None:
        reader = await self.reader()
        await self.exchange.close_candles(count=2)
        old, new = self.exchange.truth[BTC][-2:]
        revised = Candle(old.open_time_ms, 1.0, 2.0, 0.5, 1.5, 3.0)
        for candle in (new, old, revised):
            await self.exchange.send_kline(BTC, candle, final=True)
        await reader.until(lambda one: len(one.finals(BTC)) == 5)
        self.assertEqual(reader.finals(BTC), [old, new, new, old, revised])

    async def test_a_final_that_the_stream_skips_comes_from_rest_before_the_next_one(self) -> None:
        reader = await self.reader()
        await self.exchange.close_candles()
        await self.exchange.close_candles(silent=[BTC], count=2)
        await self.exchange.close_candles()
        await reader.until_finals(BTC, 4)
        self.assertEqual(reader.finals(BTC), self.exchange.truth[BTC][5:])
        sources = [update.source for update in reader.of(CandleUpdate) if update.symbol == BTC]
        self.assertEqual(sources, ["websocket", "rest", "rest", "websocket"])
        self.assert_complete(reader)

    async def test_a_candle_that_does_not_exist_is_not_invented_and_holds_nothing_up(self) -> None:
        reader = await self.reader()
        await self.exchange.close_candles()
        hole = self.exchange.next_candle(BTC).open_time_ms
        self.exchange.hidden.add((BTC, hole))
        await self.exchange.close_candles(silent=[BTC])
        await self.exchange.close_candles(count=2)
        await reader.until_finals(BTC, 3)
        self.assertNotIn(hole, [candle.open_time_ms for candle in reader.finals(BTC)])

    async def test_garbage_is_counted_and_the_stream_goes_on(self) -> None:
        reader = await self.reader()
        kline = json.dumps(self.exchange.kline_event("BTCUSDT", self.exchange.next_candle(BTC), final=True))
        frames = ("hello", b"\xff\xfe\x00", "{}", '{"e":"mystery"}', kline[:-30], kline.replace("BTCUSDT", "XYZUSDT"))
        for frame in frames:
            await self.exchange.send(frame)
        await self.exchange.send(kline.replace('"1m"', '"5m"'))
        await self.exchange.close_candles()
        await reader.until_finals(ETH, 1)
        self.assertEqual(len(reader.of(Unreadable)), len(frames) + 1)
        self.assertEqual(self.exchange.connected, 1)
        self.assert_complete(reader)

    async def test_a_reader_that_does_not_keep_up_loses_no_final(self) -> None:
        feed = feed_of(self.exchange, limits=changed(queued_events=8))
        reader = await self.reader(feed)
        reader.pause()
        for _ in range(20):
            await self.exchange.close_candles(count=5)
            for _ in range(5):
                await self.exchange.send_kline(BTC, self.exchange.next_candle(BTC), final=False)
        await self.exchange.settled()
        reader.go_on()
        await reader.until_finals(ETH, 100)
        await reader.until_finals(BTC, 100)
        self.assert_complete(reader)
        forming = [update for update in reader.of(CandleUpdate) if not update.final]
        self.assertLess(len(forming), 100)


class ConnectionTest(FeedCase):
    async def test_candles_known_before_are_continued_from_at_the_first_connection(self) -> None:
        known = self.exchange.truth[BTC][1].open_time_ms
        reader = await self.reader(feed_of(self.exchange, resume_from={BTC: known, "XYZ/USDT": 0}))
        await reader.until_finals(BTC, 3)
        self.assertEqual(reader.finals(BTC), self.exchange.truth[BTC][2:])
        self.assertEqual(reader.finals(ETH), [])

    async def test_missed_candles_of_all_symbols_come_in_order_of_time(self) -> None:
        known = {symbol: truth[0].open_time_ms for symbol, truth in self.exchange.truth.items()}
        reader = await self.reader(feed_of(self.exchange, resume_from=known))
        await reader.until_finals(ETH, 4)
        updates = [(update.candle.open_time_ms, update.symbol) for update in reader.of(CandleUpdate)]
        self.assertEqual(updates, sorted(updates))

    async def test_a_long_absence_is_caught_up_with_over_many_pages(self) -> None:
        self.exchange.most_rows = 40
        await self.exchange.close_candles(count=1_200)
        self.exchange.now_ms += 10_000
        known = {symbol: truth[0].open_time_ms for symbol, truth in self.exchange.truth.items()}
        reader = await self.reader(feed_of(self.exchange, resume_from=known))
        await reader.until_finals(ETH, 1_204)
        self.assert_complete(reader, first=1)

    async def test_every_final_arrives_though_the_line_is_cut_again_and_again(self) -> None:
        reader = await self.reader()
        for turn in range(scaled(6, 60)):
            self.exchange.cut()
            await self.exchange.close_candles(count=turn % 3)
            self.exchange.now_ms += 10_000
            await until(lambda turn=turn: self.exchange.connected == turn + 2)
            await self.exchange.close_candles()
        count = len(self.exchange.truth[ETH]) - 5
        await reader.until_finals(ETH, count)
        await reader.until_finals(BTC, count)
        self.assert_complete(reader)
        self.assertEqual(len(reader.of(Disconnected)), scaled(6, 60))

    async def test_a_connection_that_the_exchange_ends_in_order_is_made_again(self) -> None:
        reader = await self.reader()
        for connection in list(self.exchange.connections):
            await connection.close(1000, "24 hours")
        await reader.until(lambda one: len(one.of(Connected)) == 2)
        await self.exchange.close_candles()
        await reader.until_finals(ETH, 1)
        self.assert_complete(reader)

    async def test_half_a_frame_and_then_nothing_is_a_lost_connection(self) -> None:
        reader = await self.reader()
        self.exchange.cut_inside_a_frame()
        await reader.until(lambda one: len(one.of(Connected)) == 2)
        await self.exchange.close_candles()
        await reader.until_finals(ETH, 1)
        self.assertEqual(reader.of(Unreadable), [])
        self.assert_complete(reader)

    async def test_an_exchange_that_restarts_is_found_again(self) -> None:
        reader = await self.reader()
        await self.exchange.close_stream()
        await self.exchange.close_candles(count=3)
        await reader.until(lambda one: len(one.of(Disconnected)) >= 3)
        self.exchange.now_ms += 10_000
        await self.exchange.open_stream()
        await reader.until_finals(ETH, 3)
        await self.exchange.close_candles()
        await reader.until_finals(ETH, 4)
        self.assert_complete(reader)

    async def test_a_handshake_that_does_not_end_is_given_up(self) -> None:
        self.exchange.stall_handshake = True
        reader = await self.enterAsyncContext(FeedReader(feed_of(self.exchange, limits=changed(connect_seconds=0.2))))
        await reader.until(lambda one: len(one.of(Disconnected)) >= 2)
        self.exchange.stall_handshake = False
        await reader.until(lambda one: bool(one.of(Connected)))

    async def test_more_streams_than_one_connection_may_carry_take_several(self) -> None:
        symbols = [f"C{number}/USDT" for number in range(201)]
        async with KlineExchange(symbols) as exchange, FeedReader(feed_of(exchange)) as reader:
            await reader.until(lambda one: len(one.of(Connected)) == 2)
            await until(lambda: len(exchange.connections) == 2)
            self.assertEqual(sorted(len(streams) for streams in exchange.connections.values()), [1, 200])
            await exchange.settled()
            await exchange.close_candles(count=2)
            await reader.until(lambda one: len(one.of(CandleUpdate)) == 402)
            for symbol in symbols:
                self.assertEqual(reader.finals(symbol), exchange.truth[symbol])


class SilenceTest(FeedCase):
    async def test_a_symbol_the_exchange_s_time_leaves_behind_is_stale_and_connected_anew(self) -> None:
        reader = await self.reader()
        await self.exchange.close_candles()
        await asyncio.sleep(0.5)
        await self.exchange.close_candles(silent=[ETH], count=4)
        await reader.until(lambda one: bool(one.of(Stale)))
        await reader.until(lambda one: len(one.of(Connected)) == 2)
        self.assertEqual({event.symbol for event in reader.of(Stale)}, {ETH})
        self.exchange.now_ms += 10_000
        await reader.until_finals(ETH, 5)
        self.assert_complete(reader)

    async def test_a_connection_on_which_nothing_comes_is_made_anew(self) -> None:
        reader = await self.reader(feed_of(self.exchange, limits=changed(quiet_seconds=0.4)))
        await self.exchange.close_candles(silent=["*"], count=2)
        self.exchange.now_ms += 10_000
        await reader.until_finals(ETH, 2)
        self.assertEqual({event.symbol for event in reader.of(Stale)}, {BTC, ETH})
        self.assertGreater(reader.of(Stale)[0].silent_seconds, 0.4)
        self.assert_complete(reader)

    async def test_silence_is_noticed_by_the_exchange_s_clock_where_that_runs_ahead_of_ours(self) -> None:
        reader = await self.reader(feed_of(self.exchange, limits=changed(probe_seconds=0.2)))
        await self.exchange.close_candles(silent=["*"], count=5)
        self.exchange.now_ms += 10_000
        await reader.until_finals(ETH, 5)
        self.assertTrue(reader.of(Stale))
        self.assert_complete(reader)


class RestTest(FeedCase):
    async def test_refusals_of_rest_do_not_drop_the_stream_and_updates_wait_in_order(self) -> None:
        refusals = (
            web.Response(status=429, headers={"Retry-After": "0"}),
            web.Response(status=418, headers={"Retry-After": "0"}),
            web.Response(status=503),
            web.Response(text="<html>sorry</html>"),
            web.Response(text='{"serverTime":"soon"}'),
        )
        self.exchange.refusals.extend(refusals)
        known = {symbol: truth[2].open_time_ms for symbol, truth in self.exchange.truth.items()}
        self.exchange.refuse_all = 503
        reader = await self.reader(feed_of(self.exchange, resume_from=known))
        await self.exchange.close_candles(count=3)
        await until(lambda: not self.exchange.refusals)
        await self.exchange.settled()
        self.assertEqual(reader.of(CandleUpdate), [])
        self.exchange.refuse_all = None
        self.exchange.now_ms += 10_000
        await reader.until_finals(ETH, 5)
        await reader.until_finals(BTC, 5)
        self.assert_complete(reader, first=3)
        self.assertEqual(reader.of(Disconnected), [])
        seen = [candle.open_time_ms for candle in reader.finals(BTC)]
        self.assertEqual(sorted(set(seen)), list(dict.fromkeys(seen)), "a final came before an older one")

    async def test_finals_received_while_rest_was_silent_are_not_lost_with_their_connection(self) -> None:
        self.exchange.refuse_all = 503
        reader = await self.reader()
        await self.exchange.close_candles(count=2)
        await self.exchange.settled()
        self.exchange.cut()
        await reader.until(lambda one: len(one.of(Connected)) == 2)
        self.assertEqual(reader.of(CandleUpdate), [])
        self.exchange.refuse_all = None
        self.exchange.now_ms += 10_000
        await reader.until_finals(ETH, 2)
        await reader.until_finals(BTC, 2)
        self.assert_complete(reader)

    async def test_rest_is_left_alone_for_as_long_as_it_asks(self) -> None:
        self.exchange.refusals.append(web.Response(status=429, headers={"Retry-After": "1"}))
        known = {BTC: self.exchange.truth[BTC][3].open_time_ms}
        started = asyncio.get_running_loop().time()
        reader = await self.reader(feed_of(self.exchange, resume_from=known))
        await reader.until_finals(BTC, 1)
        self.assertGreaterEqual(asyncio.get_running_loop().time() - started, 1.0)

    async def test_an_answer_that_does_not_come_is_asked_for_again(self) -> None:
        self.exchange.refusals.extend([5.0, 5.0])
        known = {BTC: self.exchange.truth[BTC][3].open_time_ms}
        reader = await self.reader(feed_of(self.exchange, resume_from=known, limits=changed(request_seconds=0.2)))
        await reader.until_finals(BTC, 1)

    async def test_a_symbol_that_rest_refuses_does_not_hold_up_the_others(self) -> None:
        known = {symbol: truth[3].open_time_ms for symbol, truth in self.exchange.truth.items()}
        del self.exchange.ids["BTCUSDT"]
        reader = await self.reader(feed_of(self.exchange, resume_from=known))
        await reader.until_finals(ETH, 1)
        self.assertIn(BTC, reader.of(Unreadable)[0].reason)

    async def test_a_candle_just_closed_counts_only_once_it_has_settled_or_has_a_successor(self) -> None:
        feed = feed_of(self.exchange)
        self.addAsyncCleanup(feed.close)
        await self.exchange.close_candles()
        last = self.exchange.truth[BTC][-1]
        running = self.exchange.next_candle(BTC).open_time_ms
        self.assertEqual(await feed.closed_candle(BTC, last.open_time_ms), last)
        self.exchange.hidden.add((BTC, running))
        self.assertIsNone(await feed.closed_candle(BTC, last.open_time_ms))
        self.exchange.now_ms += 2_000
        self.assertEqual(await feed.closed_candle(BTC, last.open_time_ms), last)
        self.exchange.hidden.clear()
        self.assertIsNone(await feed.closed_candle(BTC, running))

    async def test_a_candle_without_an_answer_is_told_apart_from_one_that_does_not_exist(self) -> None:
        feed = feed_of(self.exchange, limits=changed(request_seconds=0.2))
        self.addAsyncCleanup(feed.close)
        candle = self.exchange.truth[BTC][2]
        self.exchange.hidden.add((BTC, candle.open_time_ms))
        self.assertIsNone(await feed.closed_candle(BTC, candle.open_time_ms))
        for refusal in (web.Response(status=500), web.Response(status=429), web.Response(text="{"), 5.0):
            self.exchange.refusals.append(refusal)
            with self.assertRaises(FeedError):
                await feed.closed_candle(BTC, candle.open_time_ms)
        with self.assertRaises(FeedError):
            await feed.closed_candle("XYZ/USDT", candle.open_time_ms)

    async def test_without_a_listener_rest_raises_at_once(self) -> None:
        feed = BinanceFeed([BTC], "1m", rest_url="http://127.0.0.1:1", stream_url="ws://127.0.0.1:1", limits=BRISK)
        self.addAsyncCleanup(feed.close)
        with self.assertRaises(FeedError):
            await feed.server_time_ms()


class LifeTest(FeedCase):
    async def test_closing_twice_ends_the_events_and_every_task_and_socket(self) -> None:
        before = asyncio.all_tasks()
        feed = feed_of(self.exchange)
        async with FeedReader(feed) as reader:
            await reader.until(lambda one: bool(one.of(Connected)))
            await self.caught_up()
        await feed.close()
        await until(lambda: not self.exchange.connections)
        left = {task for task in asyncio.all_tasks() - before if "market_data" in repr(task.get_coro())}
        self.assertEqual(left, set())
        with self.assertRaises(FeedError):
            await feed.server_time_ms()
        with self.assertRaises(FeedError):
            await anext(aiter(feed.events()))

    async def test_cancelling_the_reader_closes_the_sockets(self) -> None:
        feed = feed_of(self.exchange)
        self.addAsyncCleanup(feed.close)

        async def read() -> None:
            async for _ in feed.events():
                pass

        for _ in range(2):
            task = asyncio.create_task(read())
            await until(lambda: len(self.exchange.connections) == 1)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            await until(lambda: not self.exchange.connections)

    async def test_cancelling_while_nothing_answers_leaves_nothing_behind(self) -> None:
        self.exchange.stall_handshake = True
        feed = feed_of(self.exchange)
        task = asyncio.create_task(anext(aiter(feed.events())))
        await asyncio.sleep(0.1)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        await feed.close()

    async def test_a_second_reader_is_refused(self) -> None:
        reader = await self.reader()
        with self.assertRaises(InvariantError):
            await anext(aiter(reader.feed.events()))

    async def test_a_later_reader_continues_after_the_last_final_of_the_earlier_one(self) -> None:
        feed = feed_of(self.exchange)
        self.addAsyncCleanup(feed.close)
        events = aiter(feed.events())
        self.assertIsInstance(await anext(events), Connected)
        await self.caught_up()
        await self.exchange.close_candles()
        self.assertEqual((await anext(events)).candle, self.exchange.truth[BTC][-1])
        await events.aclose()
        await self.exchange.close_candles(count=2)
        self.exchange.now_ms += 10_000
        async with FeedReader(feed) as reader:
            await reader.until_finals(BTC, 2)
            self.assertEqual(reader.finals(BTC)[:2], self.exchange.truth[BTC][-2:])

    def test_symbols_that_cannot_be_streamed_are_refused(self) -> None:
        for symbols in ([], ["BTCUSDT"], ["BTC/USDT:USDT"], ["A/BC", "AB/C"]):
            with self.assertRaises(ConfigurationError):
                BinanceFeed(symbols, "1m", rest_url="http://x", stream_url="ws://x")
        for symbols in ([BTC], ["BTC/USDT:BTC"], ["BTC/USDT:USDT-260327"], ["BTC/USDT:USDT", "BTCU/SDT:SDT"]):
            with self.assertRaises(ConfigurationError):
                BinanceFeed(symbols, "1m", rest_url="http://x", stream_url="ws://x", rest_path=FUTURES_PATH)
        with self.assertRaises(ConfigurationError):
            BinanceFeed([BTC], "1M", rest_url="http://x", stream_url="ws://x")


class TwoTimeframesTest(unittest.IsolatedAsyncioTestCase):
    """A session's strategy and detail candles: a feed each, at one exchange, under faults of both."""

    steps = 4

    async def test_both_feeds_have_every_final_of_their_own_timeframe(self) -> None:
        minutes = 5 * self.steps
        for seed in range(scaled(2, 20)):
            script = random_faults(
                seed,
                duration_ms=(minutes - 6) * MINUTE_MS,
                symbols=[BTC, ETH],
                timeframe="5m",
                timeframes=("1m",),
                kinds=("drop", "delay", "skip", "duplicate", "half_frame", "order", "rest"),
            )
            with PracticeExchange(
                PracticeMarket(),
                ExchangeOptions(speed=360.0, end_ms=at(minutes), script=script, timeframe="5m", streams_before_start=4),
            ) as exchange:
                readers = {
                    timeframe: await self.enterAsyncContext(FeedReader(self.feed(exchange, timeframe)))
                    for timeframe in ("5m", "1m")
                }
                for timeframe, reader in readers.items():
                    for symbol in (BTC, ETH):
                        truth = exchange.truth(symbol, timeframe)
                        await reader.until_finals(symbol, truth.rows)
                        seen = {one.open_time_ms: one for one in reader.finals(symbol)}
                        told = [msgspec.structs.astuple(seen[key]) for key in sorted(seen)]
                        rows = [*zip(*(column.tolist() for column in truth), strict=True)]
                        self.assertEqual(told, rows, f"seed {seed}, {symbol} {timeframe}")
                    self.assertEqual({update.timeframe for update in reader.of(CandleUpdate)}, {timeframe})
                await asyncio.gather(*(reader.feed.close() for reader in readers.values()))

    def feed(self, exchange: PracticeExchange, timeframe: str) -> BinanceFeed:
        length = {"1m": MINUTE_MS, "5m": 5 * MINUTE_MS}[timeframe]
        return BinanceFeed(
            (BTC, ETH),
            timeframe,
            rest_url=exchange.rest_url,
            stream_url=exchange.stream_url,
            resume_from=dict.fromkeys((BTC, ETH), JANUARY_MS - length),
            limits=changed(quiet_seconds=0.8, ping_seconds=0.5, probe_seconds=0.3, settle_ms=0),
        )


class FaultMixtureTest(unittest.IsolatedAsyncioTestCase):
    """The feed at the practice exchange under faults drawn from seeds."""

    candles = 18
    faulty = 12

    async def run_seed(self, seed: int, kinds: tuple[str, ...]) -> tuple[FeedReader, PracticeExchange]:
        """Return what a feed said, and the exchange, after a run under the faults of a seed."""
        # Nothing that begins in the faulty part lasts until the end, where the exchange's clock stands still.
        faulty_ms = self.faulty * MINUTE_MS
        exchange = PracticeExchange(
            PracticeMarket(),
            ExchangeOptions(
                speed=360.0,
                end_ms=JANUARY_MS + self.candles * MINUTE_MS,
                script=random_faults(seed, duration_ms=faulty_ms, symbols=[BTC, ETH], kinds=kinds),
                updates_per_second=20.0,
            ),
        )
        with exchange:
            known = dict.fromkeys((BTC, ETH), JANUARY_MS - MINUTE_MS)
            limits = changed(quiet_seconds=0.8, ping_seconds=0.5, probe_seconds=0.3)
            feed = BinanceFeed(
                (BTC, ETH),
                "1m",
                rest_url=exchange.rest_url,
                stream_url=exchange.stream_url,
                resume_from=known,
                limits=limits,
            )
            async with FeedReader(feed) as reader:
                if all(kind in LOSSLESS for kind in kinds):
                    for symbol in (BTC, ETH):
                        await reader.until_finals(symbol, self.candles)
                else:
                    await asyncio.to_thread(exchange.wait_finished, PATIENCE_S)
                    await asyncio.sleep(1.0)
        return reader, exchange

    async def test_after_faults_that_lose_nothing_for_good_every_final_has_arrived(self) -> None:
        seeds = range(scaled(4, 60))
        for turn in range(0, len(seeds), 4):
            runs = await asyncio.gather(*(self.run_seed(seed, LOSSLESS) for seed in seeds[turn : turn + 4]))
            for seed, (reader, exchange) in zip(seeds[turn : turn + 4], runs, strict=True):
                for symbol in (BTC, ETH):
                    truth = [*zip(*(column.tolist() for column in exchange.truth(symbol)), strict=True)]
                    seen = {candle.open_time_ms: candle for candle in reader.finals(symbol)}
                    told = [msgspec.structs.astuple(seen[key]) for key in sorted(seen)]
                    self.assertEqual(told, truth, f"seed {seed}, {symbol}")
                    self.assertEqual(len(set(reader.finals(symbol))), len(truth), f"seed {seed}, {symbol}")

    async def test_whatever_happens_no_final_is_invented(self) -> None:
        seeds = range(100, 100 + scaled(4, 60))
        for turn in range(0, len(seeds), 4):
            runs = await asyncio.gather(*(self.run_seed(seed, LOSSLESS + ALTERING) for seed in seeds[turn : turn + 4]))
            for seed, (reader, exchange) in zip(seeds[turn : turn + 4], runs, strict=True):
                for symbol in (BTC, ETH):
                    made = PracticeMarket().candles(symbol, "1m", JANUARY_MS, exchange.end_ms)
                    existed = {*zip(*(column.tolist() for column in made), strict=True)}
                    existed |= {*zip(*(column.tolist() for column in exchange.truth(symbol)), strict=True)}
                    told = {msgspec.structs.astuple(candle) for candle in reader.finals(symbol)}
                    self.assertEqual(told - existed, set(), f"seed {seed}, {symbol}")


if __name__ == "__main__":
    unittest.main()
