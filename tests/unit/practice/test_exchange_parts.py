"""Parts of the practice exchange that need no socket: clocks, published candles, the wide market."""

import json
import time
import unittest
from typing import Any

from core.errors import ConfigurationError, InvariantError
from market_data.practice.practice_market import PracticeMarket
from practice import ColumnsSource, FaultScript, practice_source
from practice.exchange_clock import DrivenClock, RunningClock
from practice.exchange_options import ExchangeOptions
from practice.faults.compiled_script import CompiledScript
from practice.faults.fault_script import PublishLate, ReviseCandle, SkipCandle
from practice.market.published_candles import BlockCache, PublishedCandles
from practice.market.published_market import PublishedMarket
from practice.market.publisher import Publisher
from practice.messages.stream_messages import KlineEvent, Stream
from practice.streams.stream_connection import SentFinal
from tests.support.exchanges.loopback import HandClock, practice_columns, same_columns, without
from tests.support.times import JANUARY_MS, MINUTE_MS, at


class Clocks(unittest.TestCase):
    def test_a_running_clock_stands_until_released_and_stops_at_its_end(self) -> None:
        clock = RunningClock(JANUARY_MS, 1000.0, JANUARY_MS + 60_000)
        self.assertIsNone(clock.seconds_until(JANUARY_MS))
        time.sleep(0.01)
        self.assertEqual(clock.now_ms(), JANUARY_MS)
        before = time.monotonic()
        clock.release()
        time.sleep(0.02)
        now_ms = clock.now_ms()
        self.assertTrue(JANUARY_MS + 20_000 <= now_ms <= JANUARY_MS + (time.monotonic() - before) * 1_000_000)
        time.sleep(0.05)
        clock.release()
        self.assertEqual(clock.now_ms(), JANUARY_MS + 60_000)
        self.assertEqual(clock.seconds_until(JANUARY_MS), 0.0)

    def test_a_driven_clock_never_goes_back(self) -> None:
        clock = DrivenClock(JANUARY_MS)
        clock.set(JANUARY_MS + 5)
        clock.set(JANUARY_MS + 5)
        self.assertEqual(clock.now_ms(), JANUARY_MS + 5)
        with self.assertRaises(InvariantError):
            clock.set(JANUARY_MS)


class Published(unittest.TestCase):
    def test_what_is_published_depends_on_the_time(self) -> None:
        faults = (
            SkipCandle(final=1, where="everywhere"),
            PublishLate(final=2, by="150s"),
            ReviseCandle(final=3, after="90s"),
        )
        script = CompiledScript(FaultScript(faults=faults), JANUARY_MS, ["BTC/USDT"], "1m")
        clock = HandClock(JANUARY_MS)
        source = ColumnsSource({("BTC/USDT", "1m"): practice_columns("BTC/USDT", 10)})
        published = PublishedCandles(source, script, clock)
        plain = practice_columns("BTC/USDT", 6)
        for minutes, opens, is_revised in (
            (2, [2, 3, 4, 5], False),
            (4, [2, 3, 4, 5], False),
            (5, [1, 2, 3, 4, 5], True),
        ):
            clock.now_ms = at(minutes)
            columns = published.candles("BTC/USDT", "1m", JANUARY_MS, at(6))
            self.assertEqual([(time - JANUARY_MS) // MINUTE_MS for time in columns.open_time_ms.tolist()], opens)
            self.assertEqual(columns.close[opens.index(2)] != plain.close[2], is_revised)
            self.assertEqual(columns.close[-1], plain.close[5])
        truth = published.truth("BTC/USDT", "1m", JANUARY_MS, at(10), at(3) + 1)
        self.assertEqual(truth.open_time_ms.tolist(), [at(2)])

    def test_candles_read_in_blocks_are_those_of_the_source(self) -> None:
        columns = without(practice_columns("BTC/USDT", 4000), 1400, 1500)
        cache = BlockCache(ColumnsSource({("BTC/USDT", "1m"): columns}))
        for start, end in ((0, 4000), (1439, 1441), (1, 2), (1400, 1500), (-5, 3), (3990, 5000), (7, 7), (9, 8)):
            bounds = at(start), at(end)
            self.assertTrue(
                same_columns(cache.candles("BTC/USDT", "1m", *bounds), columns.between(*bounds)), (start, end)
            )


class RecordingHub:
    """Stands where clients would be: subscribed to one stream, and notes what is sent."""

    def __init__(self, *streams: Stream) -> None:
        self._streams = streams
        self.events: list[dict[str, Any]] = []

    def streams(self) -> set[Stream]:
        return set(self._streams)

    def send_kline(self, stream: Stream, event: KlineEvent, final: SentFinal | None, *, half: bool = False) -> None:
        self.events.append(json.loads(event.raw))


class Updates(unittest.TestCase):
    def test_an_open_candle_is_not_shown_before_the_final_of_the_one_before_it(self) -> None:
        source = ColumnsSource({("BTC/USDT", "1m"): practice_columns("BTC/USDT", 10)})
        options = ExchangeOptions(start_ms=JANUARY_MS)
        hub = RecordingHub(Stream("BTC/USDT", "1m"))
        publisher = Publisher(PublishedMarket(source, options), hub, None, options)  # type: ignore[arg-type]
        publisher.send_updates(JANUARY_MS + 59_000)
        publisher.send_updates(at(1) + 1_000)
        publisher.position_ms = at(1)
        publisher.send_updates(at(1) + 2_000)
        self.assertEqual([event["E"] - JANUARY_MS for event in hub.events], [59_000, 62_000])
        self.assertEqual([event["k"]["x"] for event in hub.events], [False, False])


class WideMarket(unittest.TestCase):
    def test_listed_symbols_keep_their_candles_and_others_have_their_own(self) -> None:
        market = practice_source(3, ["abc/usdt", "BTC/USDT"])
        end = at(60)
        self.assertEqual(list(market.markets()), ["ABC/USDT", "BTC/USDT"])
        plain = PracticeMarket(3).candles("BTC/USDT", "1m", JANUARY_MS, end)
        self.assertTrue(same_columns(market.candles("BTC/USDT", "1m", JANUARY_MS, end), plain))
        self.assertFalse(same_columns(market.candles("ABC/USDT", "1m", JANUARY_MS, end), plain))

    def test_symbols_that_are_no_spot_pairs_are_refused(self) -> None:
        for symbol in ("BTCUSDT", "BTC/USDT:USDT", "B C/USDT", "/USDT"):
            with self.assertRaisesRegex(ConfigurationError, "BASE/QUOTE"):
                practice_source(1, [symbol])


class Arguments(unittest.TestCase):
    def test_arguments_out_of_range_are_refused(self) -> None:
        for options in ({"speed": 0.0}, {"speed": 1e9}, {"timeframe": "7m"}, {"end_ms": 0}):
            with self.assertRaises(ConfigurationError):
                ExchangeOptions(**options)  # type: ignore[arg-type]
