"""The practice exchange over real sockets: streams, REST, speed, and every fault of the script alone."""

import asyncio
import email.utils
import http.client
import itertools
import json
import threading
import unittest
import urllib.error
import urllib.request
from typing import Any

import ccxt
import ccxt.pro
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from core.errors import InvariantError
from practice import ExchangeOptions, FaultKind, FaultScript, PracticeExchange, practice_source
from practice.faults.fault_script import (
    DelayFinals,
    DropConnections,
    DuplicateFinals,
    FailRest,
    HalfFrame,
    PublishLate,
    ReorderFinals,
    Restart,
    ReviseCandle,
    ScriptedFault,
    SendGarbage,
    SkipCandle,
    Stall,
    WrongClock,
)
from practice.faults.random_faults import random_faults
from tests.support.exchanges.practice_streams import StreamReader
from tests.support.scale import scaled
from tests.support.times import JANUARY_MS, MINUTE_MS, at
from tests.support.waiting import PATIENCE_S, wait_until

SYMBOLS = ["BTC/USDT", "ETH/USDT"]
BOTH = ["btcusdt@kline_1m", "ethusdt@kline_1m"]


def driven(*faults: ScriptedFault, **options: Any) -> PracticeExchange:
    """Return an exchange of two symbols that moves when it is told to."""
    options.setdefault("connection_hours", None)
    return PracticeExchange(
        practice_source(1, SYMBOLS), ExchangeOptions(pace="driven", script=FaultScript(faults=tuple(faults)), **options)
    )


def get(exchange: PracticeExchange, path: str, timeout: float = PATIENCE_S) -> Any:
    """Return the decoded body of a REST answer."""
    with urllib.request.urlopen(f"{exchange.rest_url}/api/v3/{path}", timeout=timeout) as answer:
        return json.loads(answer.read())


def rest_minutes(exchange: PracticeExchange, symbol: str = "BTCUSDT") -> dict[int, str]:
    """Return close prices of the closed candles that REST has since the start, by minute."""
    rows = get(exchange, f"klines?symbol={symbol}&interval=1m&startTime={JANUARY_MS}&limit=1000")
    return {(row[0] - JANUARY_MS) // MINUTE_MS: row[4] for row in rows if row[6] < exchange.now_ms}


def minutes(finals: list[dict[str, Any]], symbol: str = "BTCUSDT") -> list[int]:
    """Return the minutes of a symbol's finals, in order of arrival."""
    return [(event["k"]["t"] - JANUARY_MS) // MINUTE_MS for event in finals if event["s"] == symbol]


class Streams(unittest.TestCase):
    def test_finals_come_once_and_in_order_and_equal_what_rest_has(self) -> None:
        with driven() as exchange, StreamReader(exchange, BOTH) as reader:
            exchange.advance(5)
            finals = reader.expect_finals(10)
            self.assertEqual(minutes(finals), [0, 1, 2, 3, 4])
            self.assertEqual([event["s"] for event in finals], ["BTCUSDT", "ETHUSDT"] * 5)
            for symbol in ("BTCUSDT", "ETHUSDT"):
                rows = get(exchange, f"klines?symbol={symbol}&interval=1m&startTime={JANUARY_MS}&limit=5")
                klines = [event["k"] for event in finals if event["s"] == symbol]
                self.assertEqual(
                    [[k["t"], k["o"], k["h"], k["l"], k["c"], k["v"], k["T"], k["q"]] for k in klines],
                    [row[:8] for row in rows],
                )
            self.assertTrue(all(0 < event["E"] - event["k"]["T"] < 100 for event in finals))

    def test_several_timeframes_are_served_side_by_side_and_agree(self) -> None:
        with driven() as exchange, StreamReader(exchange, ["btcusdt@kline_1m", "btcusdt@kline_5m"]) as reader:
            exchange.advance(10)
            finals = reader.expect_finals(12)
            ones = [event["k"] for event in finals if event["k"]["i"] == "1m"]
            fives = [event["k"] for event in finals if event["k"]["i"] == "5m"]
            for place, five in enumerate(fives):
                part = ones[5 * place : 5 * place + 5]
                self.assertEqual((five["o"], five["c"]), (part[0]["o"], part[-1]["c"]))
                self.assertEqual(float(five["h"]), max(float(one["h"]) for one in part))

    def test_a_timeframe_finer_than_the_exchanges_own_has_its_closes(self) -> None:
        exchange = driven(timeframe="5m")
        with exchange, StreamReader(exchange, ["btcusdt@kline_1m"]) as reader:
            exchange.advance()
            self.assertEqual(minutes(reader.expect_finals(5)), [0, 1, 2, 3, 4])

    def test_updates_of_an_open_candle_are_not_final_and_stay_inside_it(self) -> None:
        with driven(updates_per_candle=4) as exchange, StreamReader(exchange, BOTH[:1]) as reader:
            exchange.advance(3)
            reader.expect_finals(3)
            for minute in range(3):
                events = [event for event in reader.events if event["k"]["t"] == at(minute)]
                self.assertEqual([event["k"]["x"] for event in events], [False] * 4 + [True])
                self.assertEqual([event["E"] % MINUTE_MS // 1000 for event in events], [12, 24, 36, 48, 0])
                highs = [float(event["k"]["h"]) for event in events]
                lows = [float(event["k"]["l"]) for event in events]
                self.assertEqual((highs, lows), (sorted(highs), sorted(lows, reverse=True)))

    def test_raw_addresses_carry_the_bare_event(self) -> None:
        with driven() as exchange, StreamReader(exchange, BOTH[:1], path="/ws/") as reader:
            exchange.advance()
            reader.expect_finals(1)
            self.assertEqual(json.loads(reader.frames[0])["e"], "kline")

    def test_streams_can_be_subscribed_to_and_left_by_message(self) -> None:
        with driven() as exchange, connect(exchange.stream_url + "/ws") as client:

            def ask(**request: Any) -> Any:
                client.send(json.dumps(request))
                return json.loads(client.recv(timeout=PATIENCE_S))

            self.assertEqual(ask(method="SUBSCRIBE", params=BOTH, id=7), {"result": None, "id": 7})
            self.assertEqual(ask(method="LIST_SUBSCRIPTIONS", id="a"), {"result": BOTH, "id": "a"})
            self.assertEqual(ask(method="UNSUBSCRIBE", params=BOTH[:1], id=8), {"result": None, "id": 8})
            exchange.advance()
            self.assertEqual(json.loads(client.recv(timeout=PATIENCE_S))["s"], "ETHUSDT")
            self.assertEqual(ask(method="SET_PROPERTY", params=["combined", True], id=9), {"result": None, "id": 9})
            exchange.advance()
            self.assertEqual(json.loads(client.recv(timeout=PATIENCE_S))["stream"], "ethusdt@kline_1m")
            for request, code in (({"method": "JUMP", "id": 1}, 2), ({"method": "SUBSCRIBE", "id": -1}, 2)):
                self.assertEqual(ask(**request)["error"]["code"], code)
            client.send("{")
            self.assertEqual(json.loads(client.recv(timeout=PATIENCE_S))["error"]["code"], 3)

    def test_streams_that_do_not_exist_are_accepted_and_silent(self) -> None:
        with driven() as exchange, StreamReader(exchange, ["nopeusdt@kline_1m", "btcusdt@trade", *BOTH[:1]]) as reader:
            exchange.advance(2)
            reader.expect_finals(2)
            self.assertEqual(len(reader.frames), 2)

    def test_an_unknown_address_is_refused(self) -> None:
        with driven() as exchange, self.assertRaises(InvalidStatus), connect(exchange.stream_url + "/other"):
            pass

    def test_a_client_that_comes_later_gets_what_closes_from_then_on(self) -> None:
        with driven() as exchange:
            exchange.advance(3)
            with StreamReader(exchange, BOTH[:1]) as reader:
                exchange.advance(2)
                self.assertEqual(minutes(reader.expect_finals(2)), [3, 4])

    def test_connections_end_after_a_day_of_its_clock(self) -> None:
        with driven(connection_hours=1.0) as exchange, StreamReader(exchange, BOTH[:1]) as reader:
            exchange.advance(59)
            self.assertFalse(reader.ended.wait(0.2))
            exchange.advance(1)
            self.assertTrue(reader.ended.wait(PATIENCE_S))
            self.assertEqual(reader.close_code, 1001)


class Time(unittest.TestCase):
    def test_a_running_exchange_loses_no_final_however_fast_and_stops_at_its_end(self) -> None:
        symbols = [*practice_source(1).markets(), "AAA/USDT", "BBB/USDT"]
        candles = scaled(120, 1440)
        exchange = PracticeExchange(
            practice_source(1, symbols),
            ExchangeOptions(end_ms=at(candles), speed=20_000.0, streams_before_start=10, updates_per_second=20.0),
        )
        names = [symbol.replace("/", "").lower() + "@kline_1m" for symbol in symbols]
        with exchange, StreamReader(exchange, names) as reader:
            self.assertTrue(exchange.wait_finished(30))
            finals = reader.expect_finals(10 * candles)
            for symbol in symbols:
                self.assertEqual(minutes(finals, symbol.replace("/", "")), list(range(candles)))
                closes = [float(event["k"]["c"]) for event in finals if event["s"] == symbol.replace("/", "")]
                self.assertEqual(closes, exchange.truth(symbol).close.tolist())
            self.assertEqual(get(exchange, "time"), {"serverTime": at(candles)})
            self.assertEqual(exchange.finals_sent, 10 * candles)
            # No update comes before the final of the candle before it, and at most so many as the wall clock allows.
            last: dict[str, int] = {}
            for event in reader.events:
                self.assertGreater(event["k"]["t"], last.get(event["s"], 0) - (not event["k"]["x"]))
                if event["k"]["x"]:
                    last[event["s"]] = event["k"]["t"]

    def test_the_clock_stands_until_enough_streams_are_subscribed_to(self) -> None:
        exchange = PracticeExchange(
            practice_source(1, SYMBOLS), ExchangeOptions(speed=60_000.0, streams_before_start=2)
        )
        with exchange, StreamReader(exchange, BOTH[:1]):
            self.assertEqual(get(exchange, "time"), {"serverTime": JANUARY_MS})
            with StreamReader(exchange, BOTH[1:]) as reader:
                wait_until(lambda: minutes(reader.finals, "ETHUSDT")[:3] == [0, 1, 2])

    def test_by_the_pace_of_its_readers_it_waits_for_them(self) -> None:
        exchange = PracticeExchange(practice_source(1, SYMBOLS), ExchangeOptions(pace="read", end_ms=at(200)))
        # With room for 16 frames and nobody who takes them, the library stops reading from the socket.
        with exchange, connect(exchange.stream_url + f"/stream?streams={BOTH[0]}", ping_interval=None) as client:
            self.assertFalse(exchange.wait_finished(0.5))
            self.assertLess(exchange.finals_sent, 40)
            for _ in range(200):
                client.recv(timeout=PATIENCE_S)
            self.assertTrue(exchange.wait_finished(PATIENCE_S))

    def test_by_the_pace_of_its_readers_it_does_not_begin_without_them(self) -> None:
        exchange = PracticeExchange(
            practice_source(1, SYMBOLS),
            ExchangeOptions(pace="read", end_ms=at(6), patience_s=0.01, streams_before_start=2),
        )
        with exchange, StreamReader(exchange, BOTH[:1]):
            self.assertFalse(exchange.wait_finished(0.3))
            self.assertEqual(exchange.now_ms, JANUARY_MS)
            with StreamReader(exchange, BOTH[1:]):
                self.assertTrue(exchange.wait_finished(PATIENCE_S))

    def test_by_the_pace_of_its_readers_it_goes_on_when_they_do_not_come_back(self) -> None:
        exchange = PracticeExchange(
            practice_source(1, SYMBOLS), ExchangeOptions(pace="read", end_ms=at(6), patience_s=0.05)
        )
        with exchange:
            with StreamReader(exchange, BOTH[:1]) as reader:
                wait_until(lambda: reader.finals)
            self.assertTrue(exchange.wait_finished(PATIENCE_S))

    def test_only_a_driven_exchange_can_be_advanced_and_none_started_twice(self) -> None:
        with PracticeExchange(practice_source(1, SYMBOLS)) as exchange, self.assertRaises(InvariantError):
            exchange.advance()
        with self.assertRaises(InvariantError):
            exchange.start()

    def test_stopping_leaves_no_thread_and_no_connection(self) -> None:
        before = set(threading.enumerate())
        with driven() as exchange, StreamReader(exchange, BOTH) as reader:
            url = exchange.rest_url
            exchange.stop()
            self.assertTrue(reader.ended.wait(PATIENCE_S))
            self.assertEqual(reader.close_code, 1001)
        self.assertEqual(set(threading.enumerate()), before)
        with self.assertRaises(urllib.error.URLError):
            urllib.request.urlopen(f"{url}/api/v3/ping", timeout=1)


class Ccxt(unittest.TestCase):
    def test_ccxt_reads_markets_and_candles_unchanged_but_for_the_address(self) -> None:
        with driven() as exchange:
            exchange.advance(10)
            client = ccxt.binance({"options": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False}})
            client.urls["api"]["public"] = exchange.rest_url + "/api/v3"
            try:
                self.assertEqual(list(client.load_markets()), SYMBOLS)
                self.assertEqual(client.fetch_time(), at(10))
                rows = client.fetch_ohlcv("BTC/USDT", "1m", since=JANUARY_MS, limit=10)
            finally:
                client.session.close()
            truth = exchange.truth("BTC/USDT")
            self.assertEqual(rows, [list(row) for row in zip(*(column.tolist() for column in truth), strict=True)])

    def test_ccxts_own_websocket_client_watches_candles(self) -> None:
        async def watched(exchange: PracticeExchange) -> list[list[float]]:
            client = ccxt.pro.binance({"options": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False}})
            client.urls["api"]["public"] = exchange.rest_url + "/api/v3"
            client.urls["api"]["ws"]["spot"] = exchange.stream_url + "/ws"
            try:
                task = asyncio.create_task(client.watch_ohlcv("BTC/USDT", "1m"))
                await asyncio.to_thread(exchange.wait_for_streams, 1)
                await asyncio.gather(task, asyncio.to_thread(exchange.advance))
                rows: list[list[float]] = [list(row) for row in task.result()]
                return rows
            finally:
                await client.close()

        with driven() as exchange:
            rows = asyncio.run(watched(exchange))
            truth = exchange.truth("BTC/USDT")
            self.assertEqual(rows, [[column[0].item() for column in truth]])


class StreamFaults(unittest.TestCase):
    def test_drop_resets_every_connection_and_new_ones_are_served(self) -> None:
        with driven(DropConnections(final=3)) as exchange:
            with StreamReader(exchange, BOTH) as reader:
                exchange.advance(4)
                self.assertTrue(reader.ended.wait(PATIENCE_S))
                self.assertIsNone(reader.close_code)
                self.assertEqual(minutes(reader.finals), [0, 1])
            with StreamReader(exchange, BOTH) as reader:
                exchange.advance()
                self.assertEqual(minutes(reader.expect_finals(2)), [4])
            self.assertEqual(list(rest_minutes(exchange)), [0, 1, 2, 3, 4])

    def test_drop_can_say_goodbye(self) -> None:
        with driven(DropConnections(at="90s", how="close")) as exchange, StreamReader(exchange, BOTH) as reader:
            exchange.advance(2)
            self.assertTrue(reader.ended.wait(PATIENCE_S))
            self.assertEqual(reader.close_code, 1001)

    def test_a_stall_with_an_end_loses_what_falls_into_it(self) -> None:
        fault = Stall(at="2m", duration="3m")
        with driven(fault, updates_per_candle=1) as exchange, StreamReader(exchange, BOTH) as reader:
            exchange.advance(7)
            self.assertEqual(minutes(reader.expect_finals(8)), [0, 4, 5, 6])
            self.assertFalse(reader.ended.is_set())

    def test_a_stall_without_an_end_befalls_only_those_connected(self) -> None:
        with driven(Stall(final=2)) as exchange, StreamReader(exchange, BOTH) as reader:
            exchange.advance(3)
            self.assertEqual(minutes(reader.expect_finals(2)), [0])
            with StreamReader(exchange, BOTH) as other:
                exchange.advance()
                self.assertEqual(minutes(other.expect_finals(2)), [3])
            self.assertFalse(reader.ended.is_set())
            self.assertEqual(minutes(reader.finals), [0])

    def test_what_ends_at_an_instant_ends_before_anything_else_happens_then(self) -> None:
        faults = SendGarbage(at="2m"), Stall(at="1m", duration="1m")
        with driven(*faults) as exchange, StreamReader(exchange, BOTH) as reader:
            exchange.advance(2)
            self.assertEqual(minutes(reader.expect_finals(2)), [1])
            self.assertEqual(len(reader.frames), 3)

    def test_a_stall_may_leave_pings_unanswered(self) -> None:
        for pings, duration in itertools.product((True, False), (None, "10m")):
            fault = Stall(final=1, pings=pings, duration=duration)
            with driven(fault) as exchange, StreamReader(exchange, BOTH) as reader:
                exchange.advance()
                self.assertEqual(reader.connection.ping().wait(5 if pings else 0.3), pings)

    def test_a_delayed_final_comes_later_and_rest_has_it_in_time(self) -> None:
        fault = DelayFinals(final=2, symbols=("BTC/USDT",), by="90s")
        with driven(fault) as exchange, StreamReader(exchange, BOTH) as reader:
            exchange.advance(2)
            self.assertEqual((minutes(reader.expect_finals(3)), list(rest_minutes(exchange))), ([0], [0, 1]))
            exchange.advance(3)
            finals = reader.expect_finals(10)
            self.assertEqual(minutes(finals), [0, 2, 1, 3, 4])
            self.assertEqual(minutes(finals, "ETHUSDT"), [0, 1, 2, 3, 4])
            late = next(event for event in finals if event["s"] == "BTCUSDT" and event["k"]["t"] == at(1))
            self.assertAlmostEqual(late["E"] - late["k"]["T"], 90_000, delta=100)

    def test_a_delayed_final_reaches_those_who_came_in_between(self) -> None:
        with driven(DelayFinals(final=1, symbols=("BTCUSDT",), by="30s")) as exchange:
            exchange.advance()
            with StreamReader(exchange, BOTH) as reader:
                exchange.advance()
                self.assertEqual(minutes(reader.expect_finals(3)), [0, 1])

    def test_duplicated_finals_are_equal(self) -> None:
        fault = DuplicateFinals(final=2, symbols=("BTC/USDT",), count=2, times=3)
        with driven(fault) as exchange, StreamReader(exchange, BOTH) as reader:
            exchange.advance(4)
            finals = reader.expect_finals(12)
            self.assertEqual(minutes(finals), [0, 1, 1, 1, 2, 2, 2, 3])
            self.assertEqual(len({json.dumps(event["k"]) for event in finals if event["s"] == "BTCUSDT"}), 4)

    def test_reordered_finals_change_places(self) -> None:
        with driven(ReorderFinals(final=2)) as exchange, StreamReader(exchange, BOTH) as reader:
            exchange.advance(4)
            finals = reader.expect_finals(8)
            self.assertEqual((minutes(finals), minutes(finals, "ETHUSDT")), ([0, 2, 1, 3], [0, 2, 1, 3]))

    def test_a_revised_candle_is_sent_twice_with_another_close_and_rest_follows(self) -> None:
        fault = ReviseCandle(final=2, symbols=("BTC/USDT",), after="90s", change=0.01)
        with driven(fault) as exchange, StreamReader(exchange, BOTH) as reader:
            exchange.advance(2)
            before = rest_minutes(exchange)
            exchange.advance(3)
            finals = [event["k"] for event in reader.expect_finals(11) if event["s"] == "BTCUSDT"]
            self.assertEqual([(k["t"] - JANUARY_MS) // MINUTE_MS for k in finals], [0, 1, 2, 1, 3, 4])
            first, second = finals[1], finals[3]
            after = rest_minutes(exchange)
            self.assertEqual((before[1], after[1]), (first["c"], second["c"]))
            self.assertAlmostEqual(float(second["c"]) / float(first["c"]), 1.01, places=6)
            self.assertGreaterEqual(float(second["h"]), float(second["c"]))
            self.assertEqual({minute: close for minute, close in after.items() if minute != 1}.keys(), {0, 2, 3, 4})
            self.assertEqual(exchange.truth("BTC/USDT").close[1], float(second["c"]))

    def test_a_revision_may_show_in_rest_alone(self) -> None:
        fault = ReviseCandle(final=1, symbols=("BTC/USDT",), stream=False)
        with driven(fault) as exchange, StreamReader(exchange, BOTH[:1]) as reader:
            exchange.advance(2)
            first = reader.expect_finals(2)[0]["k"]["c"]
            self.assertNotEqual(rest_minutes(exchange)[0], first)

    def test_a_candle_skipped_on_the_stream_is_in_rest(self) -> None:
        fault = SkipCandle(final=2, symbols=("BTC/USDT",), count=2)
        with driven(fault) as exchange, StreamReader(exchange, BOTH) as reader:
            exchange.advance(4)
            finals = reader.expect_finals(6)
            self.assertEqual((minutes(finals), minutes(finals, "ETHUSDT")), ([0, 3], [0, 1, 2, 3]))
            self.assertEqual(list(rest_minutes(exchange)), [0, 1, 2, 3])

    def test_a_candle_skipped_everywhere_does_not_exist(self) -> None:
        fault = SkipCandle(final=2, symbols=("BTC/USDT",), where="everywhere")
        with driven(fault) as exchange, StreamReader(exchange, BOTH) as reader:
            exchange.advance(4)
            self.assertEqual(minutes(reader.expect_finals(7)), [0, 2, 3])
            self.assertEqual(list(rest_minutes(exchange)), [0, 2, 3])
            truth = exchange.truth("BTC/USDT").open_time_ms
            self.assertEqual(truth.tolist(), [JANUARY_MS, at(2), at(3)])

    def test_a_candle_published_late_is_denied_by_rest_at_first(self) -> None:
        fault = PublishLate(final=2, symbols=("BTC/USDT",), by="90s")
        with driven(fault) as exchange, StreamReader(exchange, BOTH) as reader:
            exchange.advance(3)
            self.assertEqual((list(rest_minutes(exchange)), minutes(reader.expect_finals(5))), ([0, 2], [0, 2]))
            exchange.advance()
            self.assertEqual(list(rest_minutes(exchange)), [0, 1, 2, 3])
            self.assertEqual(minutes(reader.expect_finals(8)), [0, 2, 1, 3])

    def test_garbage_of_every_form_comes_between_ordinary_messages(self) -> None:
        forms = ("text", "binary", "broken_json", "wrong_json", "unknown_event", "wrong_types", "empty")
        faults = [SendGarbage(at="90s", form=form, count=2) for form in forms]  # type: ignore[arg-type]
        with driven(*faults) as exchange, StreamReader(exchange, BOTH[:1]) as reader:
            exchange.advance(2)
            reader.expect_finals(2)
            self.assertEqual(len(reader.frames), 2 + 2 * len(forms))
            self.assertEqual([isinstance(frame, bytes) for frame in reader.frames].count(True), 2)

    def test_half_a_frame_ends_the_connection_inside_a_final(self) -> None:
        with driven(HalfFrame(final=2)) as exchange, StreamReader(exchange, BOTH) as reader:
            exchange.advance(2)
            self.assertTrue(reader.ended.wait(PATIENCE_S))
            self.assertTrue(reader.abnormal)
            self.assertEqual([event["s"] for event in reader.finals], ["BTCUSDT", "ETHUSDT"])
            halves = [one.half for one in exchange.sent]
            self.assertEqual(halves, [False, False, True])

    def test_restart_refuses_connections_for_a_while_and_loses_the_old_ones(self) -> None:
        with driven(Restart(at="90s", duration="60s")) as exchange:
            kept = http.client.HTTPConnection("127.0.0.1", int(exchange.rest_url.rsplit(":", 1)[1]), timeout=PATIENCE_S)
            self.addCleanup(kept.close)
            kept.request("GET", "/api/v3/ping")
            self.assertEqual(kept.getresponse().read(), b"{}")
            with StreamReader(exchange, BOTH) as reader:
                exchange.advance(2)
                self.assertTrue(reader.ended.wait(PATIENCE_S))
                with self.assertRaises(OSError):
                    kept.request("GET", "/api/v3/ping")
                    kept.getresponse()
                with self.assertRaises(urllib.error.URLError):
                    get(exchange, "ping")
                with self.assertRaises(OSError), connect(exchange.stream_url + "/ws"):
                    pass
            exchange.advance()
            self.assertEqual(get(exchange, "ping"), {})
            with StreamReader(exchange, BOTH) as reader:
                exchange.advance()
                self.assertEqual(minutes(reader.expect_finals(2)), [3])

    def test_the_log_tells_what_was_sent_to_whom(self) -> None:
        fault = DuplicateFinals(final=1, symbols=("BTC/USDT",))
        with driven(fault) as exchange, StreamReader(exchange, BOTH[:1]) as reader, StreamReader(exchange, BOTH[1:]):
            exchange.advance(2)
            reader.expect_finals(3)
            told = [
                ((one.candle.open_time_ms - JANUARY_MS) // MINUTE_MS, one.fault)
                for one in exchange.sent
                if one.connection == 1
            ]
            self.assertEqual(told, [(0, "duplicate"), (0, "duplicate"), (1, None)])
            self.assertEqual({one.symbol for one in exchange.sent if one.connection == 2}, {"ETH/USDT"})


class Mixtures(unittest.TestCase):
    def test_whatever_a_mixture_breaks_rest_ends_with_the_truth_and_the_log_with_what_was_sent(self) -> None:
        for seed in range(scaled(10, 200)):
            with self.subTest(seed=seed):
                script = random_faults(seed, duration_ms=25 * MINUTE_MS, symbols=SYMBOLS, count=10)
                exchange = PracticeExchange(
                    practice_source(1, SYMBOLS),
                    ExchangeOptions(pace="read", script=script, end_ms=at(30), patience_s=0.02),
                )
                with exchange:
                    received = 0
                    while not exchange.wait_finished(0.0):
                        with StreamReader(exchange, BOTH) as reader:
                            while not exchange.wait_finished(0.005) and not reader.ended.is_set():
                                pass
                        received += len(reader.finals)
                    self.check(exchange, received)

    def check(self, exchange: PracticeExchange, received: int) -> None:
        """Compare REST, truth, the plain market and the log."""
        whole = [one for one in exchange.sent if not one.half]
        self.assertLessEqual(received, len(whole))
        for symbol in SYMBOLS:
            truth, plain = exchange.truth(symbol), practice_source(1).candles(symbol, "1m", JANUARY_MS, exchange.now_ms)
            rows = rest_minutes(exchange, symbol.replace("/", ""))
            self.assertEqual({(time - JANUARY_MS) // MINUTE_MS for time in truth.open_time_ms.tolist()}, set(rows))
            closes = dict(zip(plain.open_time_ms.tolist(), plain.close.tolist(), strict=True))
            for one in whole:
                if one.symbol == symbol and one.fault != "revise":
                    self.assertEqual(one.candle.close, closes[one.candle.open_time_ms])


class Logs(unittest.TestCase):
    def test_a_long_run_can_do_without_the_logs_and_still_counts(self) -> None:
        with driven(keep_sent=False) as exchange, StreamReader(exchange, BOTH) as reader:
            exchange.advance(3)
            reader.expect_finals(6)
            get(exchange, "ping")
            self.assertEqual((exchange.sent, exchange.requests, exchange.finals_sent), ([], [], 6))


class RestFaults(unittest.TestCase):
    def test_errors_last_for_a_while_of_its_clock(self) -> None:
        for status in (429, 418, 503):
            with driven(FailRest(at="1m", status=status, retry_after_s=7, duration="1m")) as exchange:
                get(exchange, "ping")
                exchange.advance()
                for _ in range(3):
                    with self.assertRaises(urllib.error.HTTPError) as caught:
                        get(exchange, "ping")
                    caught.exception.close()
                    self.assertEqual((caught.exception.code, caught.exception.headers["Retry-After"]), (status, "7"))
                exchange.advance()
                self.assertEqual(get(exchange, "ping"), {})

    def test_errors_may_befall_a_number_of_requests_of_one_symbol(self) -> None:
        fault = FailRest(form=FaultKind.WRONG_JSON, times=1, path="klines", symbols=("ETH/USDT",))
        with driven(fault) as exchange:
            answers = [
                get(exchange, f"klines?symbol={name}&interval=1m&limit=1") for name in ("BTCUSDT", "ETHUSDT", "ETHUSDT")
            ]
            self.assertEqual([isinstance(answer, list) for answer in answers], [True, False, True])

    def test_bodies_may_break_off_and_requests_hang(self) -> None:
        fault = FailRest(form=FaultKind.TRUNCATED_BODY, times=1)
        with driven(fault) as exchange, self.assertRaises(http.client.IncompleteRead):
            get(exchange, "klines?symbol=BTCUSDT&interval=1m")
        with driven(Stall(at=0, duration="1m", rest=True)) as exchange, self.assertRaises(TimeoutError):
            get(exchange, "ping", timeout=0.3)

    def test_a_wrong_clock_shows_in_the_time_told_and_in_event_times_only(self) -> None:
        for by_ms in (3_600_000, -3_600_000):
            fault = WrongClock(at="1m", by=by_ms, duration="2m")
            with driven(fault) as exchange, StreamReader(exchange, BOTH[:1]) as reader:
                offsets = []
                for _ in range(4):
                    exchange.advance()
                    with urllib.request.urlopen(f"{exchange.rest_url}/api/v3/time", timeout=PATIENCE_S) as answer:
                        told_ms = json.loads(answer.read())["serverTime"]
                        dated = email.utils.parsedate_to_datetime(answer.headers["Date"]).timestamp()
                    self.assertEqual(dated, told_ms // 1000)
                    offsets.append(told_ms - exchange.now_ms)
                finals = reader.expect_finals(4)
                self.assertEqual(offsets, [by_ms, by_ms, 0, 0])
                told = [event["E"] - event["k"]["T"] for event in finals]
                self.assertEqual([round(lag, -3) for lag in told], [by_ms, by_ms, 0, 0])
                self.assertEqual(minutes(finals), [0, 1, 2, 3])
