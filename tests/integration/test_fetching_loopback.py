"""The real provider through real ccxt over real sockets, against the loopback exchange and its faults."""

import contextlib
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
from collections.abc import Mapping, Sequence

from core.errors import ConfigurationError, DataUnavailableError
from market_data import CandleColumns, CandleStore, HistoricalDataProvider
from market_data.adapters.ccxt_adapter import CcxtAdapter
from market_data.history.missing_candles import MissingCandlesError
from practice import BinanceRestServer, ColumnsSource, Fault, FaultKind
from tests.support.exchanges.loopback import (
    HandClock,
    adapter_at,
    closed_port,
    impatient,
    practice_columns,
    read_csv_columns,
    same_columns,
    without,
)
from tests.support.shared import CANDLES, needs_shared
from tests.support.times import JANUARY_MS, MINUTE_MS, at
from tests.support.waiting import LONG_S, PATIENCE_S, wait_until
from tests.support.warm_starts import ForkedCode, cold

ROWS = 3500
BTC = practice_columns("BTC/USDT", ROWS)
ETH = practice_columns("ETH/USDT", ROWS)
SOL = without(practice_columns("SOL/USDT", ROWS), 1200, 1350)
COLUMNS = {("BTC/USDT", "1m"): BTC, ("ETH/USDT", "1m"): ETH, ("SOL/USDT", "1m"): SOL}
LATE = at(5000)


class LoopbackCase(unittest.TestCase):
    columns: Mapping[tuple[str, str], CandleColumns] = COLUMNS

    def setUp(self) -> None:
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.cache = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.clock = HandClock(LATE)
        self.server = self.stack.enter_context(BinanceRestServer(ColumnsSource(self.columns), clock=self.clock))

    def provider(self, adapter: CcxtAdapter | None = None) -> HistoricalDataProvider:
        if adapter is None:
            adapter = adapter_at(self.server.url)
        self.addCleanup(adapter.close)
        return HistoricalDataProvider(cache_dir=self.cache, adapter=adapter, progress=False)

    def load(self, symbol: str, start: int, end: int, adapter: CcxtAdapter | None = None) -> CandleColumns:
        """Load minutes ``start`` to ``end`` with a provider of its own."""
        return self.provider(adapter).load([symbol], "1m", at(start), at(end))[symbol].window

    def asked(self, symbol: str = "BTCUSDT") -> Sequence[tuple[int, int]]:
        """Return the ranges asked of the server, in minutes."""
        return [
            (
                (int(one.query["startTime"]) - JANUARY_MS) // MINUTE_MS,
                (int(one.query["endTime"]) + 1 - JANUARY_MS) // MINUTE_MS,
            )
            for one in self.server.requests_to("klines", symbol)
        ]


class Pages(LoopbackCase):
    def test_pages_of_several_symbols_come_side_by_side_and_equal_the_source(self) -> None:
        loaded = self.provider().load(["BTCUSDT", "eth-usdt", "SOL/USDT"], "1m", at(0), at(ROWS), warmup_candles=10)
        for spelling, source in (("BTCUSDT", BTC), ("eth-usdt", ETH), ("SOL/USDT", SOL)):
            self.assertTrue(same_columns(loaded[spelling].window, source), spelling)
        self.assertIn((2990, ROWS), self.asked())
        order = [one.query["symbol"] for one in self.server.requests_to("klines")]
        self.assertNotEqual(order, sorted(order), "one symbol after the other")
        self.assertEqual(loaded["SOL/USDT"].quality["missing"], 150)

    def test_what_is_stored_equals_the_source_to_the_bit(self) -> None:
        self.load("BTCUSDT", 0, ROWS)
        stored = CandleStore(self.cache).read("binanceus", "BTC/USDT", "1m", 0, LATE)
        self.assertTrue(same_columns(stored, BTC))

    def test_binance_itself_only_asks_the_spot_interface(self) -> None:
        adapter = adapter_at(self.server.url, "binance")
        self.assertEqual(self.provider(adapter).load(["BTCUSDT"], "1m", at(0), at(10))["BTCUSDT"].window.rows, 10)
        self.assertEqual(
            {one.path for one in self.server.requests},
            {f"/api/v3/{name}" for name in ("exchangeInfo", "time", "klines")},
        )

    def test_known_holes_are_not_asked_again(self) -> None:
        self.load("SOLUSDT", 1000, 1400)
        asked = len(self.server.requests)
        self.assertTrue(same_columns(self.load("SOLUSDT", 1000, 1400), SOL.between(at(1000), at(1400))))
        self.assertTrue(same_columns(self.load("SOLUSDT", 1250, 1300), CandleColumns.empty()))
        self.assertEqual(len(self.server.requests), asked)

    def test_requests_keep_the_exchanges_rate_limit(self) -> None:
        provider = self.provider()
        provider.load(["BTCUSDT", "ETHUSDT", "SOLUSDT"], "1m", at(0), at(ROWS))
        moments = sorted(one.at_s for one in self.server.requests_to("klines"))
        # binanceus: 1,200 requests a minute; the first and last of n requests are n - 1 intervals apart.
        self.assertGreaterEqual(moments[-1] - moments[0], (len(moments) - 1) * 0.05 * 0.6)

    def test_instruments_of_the_market_list_come_with_the_candles(self) -> None:
        instrument = self.provider().load(["BTCUSDT"], "1m", at(0), at(5))["BTCUSDT"].instrument
        self.assertEqual((instrument.source, instrument.as_of_ms), ("market list", LATE))


class Closed(LoopbackCase):
    def test_the_candle_that_is_still_forming_is_never_stored(self) -> None:
        self.clock.now_ms = at(100) + 25_000
        self.assertTrue(same_columns(self.load("BTCUSDT", 50, 200), BTC.slice(50, 100)))
        self.clock.now_ms = at(120)
        self.assertTrue(same_columns(self.load("BTCUSDT", 50, 200), BTC.slice(50, 120)))
        self.assertEqual(self.asked(), [(50, 100), (100, 120)])

    def test_the_server_does_serve_it_as_it_forms(self) -> None:
        self.clock.now_ms = at(100) + 30_000
        adapter = adapter_at(self.server.url)
        self.addCleanup(adapter.close)
        rows = adapter.fetch_page("BTC/USDT", "1m", at(99), at(102))
        self.assertEqual([row[0] for row in rows], [at(99), at(100)])
        self.assertLess(rows[1][5], BTC.volume[100])


class Faults(LoopbackCase):
    def after(self, *faults: Fault, end: int = 1500, adapter: CcxtAdapter | None = None) -> float:
        """Load through faults, require the whole truth, and return how long it took."""
        for fault in faults:
            self.server.faults.add(fault)
        started = time.monotonic()
        window = self.load("BTCUSDT", 0, end, adapter)
        elapsed = time.monotonic() - started
        self.assertTrue(same_columns(window, BTC.slice(0, end)))
        self.assertTrue(self.server.faults.used_up)
        stored = CandleStore(self.cache).missing_ranges("binanceus", "BTC/USDT", "1m", at(0), at(end))
        self.assertEqual(stored, [])
        return elapsed

    def pause_after(self, kind: FaultKind) -> float:
        """Return the seconds between the first faulty request and the next one of the same path."""
        moments = self.server.requests_to("klines")
        first = next(place for place, one in enumerate(moments) if one.fault is kind)
        return moments[first + 1].at_s - moments[first].at_s

    def test_429_is_waited_out_as_long_as_it_asks(self) -> None:
        self.after(Fault(FaultKind.STATUS, path="klines", status=429, retry_after_s=1))
        self.assertGreaterEqual(self.pause_after(FaultKind.STATUS), 0.99)

    def test_418_is_waited_out_as_long_as_it_asks(self) -> None:
        self.after(Fault(FaultKind.STATUS, path="klines", status=418, retry_after_s=1))
        self.assertGreaterEqual(self.pause_after(FaultKind.STATUS), 0.99)

    def test_a_pause_of_one_symbol_holds_the_others(self) -> None:
        provider = self.provider()
        provider.load(["BTCUSDT", "ETHUSDT"], "1m", at(0), at(1))
        before = len(self.server.requests)
        self.server.faults.add(Fault(FaultKind.STATUS, path="klines", status=429, retry_after_s=1))
        provider.load(["BTCUSDT", "ETHUSDT"], "1m", at(0), at(ROWS))
        later = [one for one in self.server.requests[before:] if one.path.endswith("klines")]
        faulted = next(one for one in later if one.fault is not None)
        # Requests of the other symbol may have been on their way when the answer came.
        between = [one for one in later if faulted.at_s < one.at_s < faulted.at_s + 0.9]
        self.assertLessEqual(len(between), 2)

    def test_a_ban_longer_than_the_bound_is_said_at_once(self) -> None:
        self.server.faults.add(Fault(FaultKind.STATUS, path="klines", status=418, retry_after_s=7200))
        started = time.monotonic()
        with self.assertRaisesRegex(MissingCandlesError, "it asks for a pause of 7200 s"):
            self.load("BTCUSDT", 0, 100)
        self.assertLess(time.monotonic() - started, LONG_S)

    def test_server_errors_pass(self) -> None:
        self.after(*(Fault(FaultKind.STATUS, path="klines", status=status) for status in (500, 502, 503)))

    def test_a_truncated_body_is_asked_again(self) -> None:
        self.after(Fault(FaultKind.TRUNCATED_BODY, path="klines", times=2))

    def test_a_stall_is_bounded_by_the_time_out(self) -> None:
        hasty = CcxtAdapter("binanceus", base_url=self.server.url, timeout_seconds=1.0, give_up_seconds=2 * LONG_S)
        elapsed = self.after(Fault(FaultKind.STALL, path="klines"), adapter=hasty)
        self.assertGreaterEqual(elapsed, 1.0)

    def test_json_of_another_shape_is_no_empty_page(self) -> None:
        self.after(Fault(FaultKind.WRONG_JSON, path="klines"), Fault(FaultKind.WRONG_ROWS, path="klines"))

    def test_broken_json_and_html_pages_are_asked_again(self) -> None:
        self.after(
            Fault(FaultKind.BROKEN_JSON, path="klines"),
            Fault(FaultKind.HTML_PAGE, path="klines", status=200),
            Fault(FaultKind.HTML_PAGE, path="klines", status=502),
        )

    def test_dropped_connections_are_opened_again(self) -> None:
        self.after(Fault(FaultKind.DROPPED, path="klines", times=2))

    def test_doubled_shuffled_and_short_pages_lose_nothing(self) -> None:
        self.after(
            Fault(FaultKind.DUPLICATED_ROWS, path="klines"),
            Fault(FaultKind.SHUFFLED_ROWS, path="klines"),
            Fault(FaultKind.SHORT_PAGE, path="klines", rows=7),
            end=2500,
        )

    def test_faults_of_market_list_and_clock_pass_too(self) -> None:
        for path in ("exchangeInfo", "time"):
            self.server.faults.add(Fault(FaultKind.WRONG_JSON, path=path))
            self.server.faults.add(Fault(FaultKind.STATUS, path=path, status=503))
        self.assertTrue(same_columns(self.load("BTCUSDT", 0, 20), BTC.slice(0, 20)))
        self.assertTrue(self.server.faults.used_up)

    def test_an_exchange_that_serves_only_its_latest_candles_covers_nothing_else(self) -> None:
        self.clock.now_ms = at(ROWS)
        self.server.faults.add(Fault(FaultKind.OTHER_TIME, path="klines", times=50))
        with self.assertRaisesRegex(DataUnavailableError, "serves only its last 1000 candles of BTC/USDT 1m"):
            self.load("BTCUSDT", 0, 500)
        missing = CandleStore(self.cache).missing_ranges("binanceus", "BTC/USDT", "1m", at(0), at(500))
        self.assertEqual(missing, [(at(0), at(500))])

    def test_a_refusal_is_not_tried_again(self) -> None:
        self.server.faults.add(Fault(FaultKind.STATUS, path="klines", status=403))
        with self.assertRaises(DataUnavailableError):
            self.load("BTCUSDT", 0, 100)
        self.assertEqual(len(self.server.requests_to("klines")), 1)

    def test_an_unknown_symbol_asks_for_no_candles(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "did you mean .*BTC/USDT"):
            self.load("BTCUSDX", 0, 100)
        self.assertEqual(self.server.requests_to("klines"), [])


class Reach(LoopbackCase):
    def test_a_closed_port_gives_up_within_the_bound_and_names_what_is_missing(self) -> None:
        adapter = impatient(f"http://127.0.0.1:{closed_port()}", give_up_seconds=1.5)
        self.load("BTCUSDT", 0, 10)
        self.load("ETHUSDT", 0, 10)
        started = time.monotonic()
        with self.assertRaises(MissingCandlesError) as caught:
            self.provider(adapter).load(["BTCUSDT", "ETHUSDT"], "1m", at(0), at(100))
        self.assertLess(time.monotonic() - started, LONG_S)
        self.assertEqual(caught.exception.exit_code, 3)
        self.assertEqual(caught.exception.missing, {"BTC/USDT": ((at(10), at(100)),), "ETH/USDT": ((at(10), at(100)),)})

    def test_an_exchange_that_answers_nothing_gives_up_within_the_bound(self) -> None:
        self.load("BTCUSDT", 0, 10)
        self.server.faults.add(Fault(FaultKind.STALL, times=1000))
        started = time.monotonic()
        with self.assertRaises(MissingCandlesError):
            self.load("BTCUSDT", 0, 100, impatient(self.server.url))
        self.assertLess(time.monotonic() - started, LONG_S)

    def test_a_cached_range_needs_no_server(self) -> None:
        self.load("BTCUSDT", 0, 100)
        self.server.stop()
        self.assertTrue(same_columns(self.load("BTCUSDT", 20, 90), BTC.slice(20, 90)))

    def test_a_server_that_restarts_is_waited_for(self) -> None:
        adapter = CcxtAdapter("binanceus", base_url=self.server.url, timeout_seconds=2.0, give_up_seconds=2 * LONG_S)
        provider = self.provider(adapter)
        provider.load(["BTCUSDT"], "1m", at(0), at(10))
        self.server.stop()
        restart = threading.Timer(0.7, self.server.start)
        restart.start()
        self.addCleanup(restart.join)
        window = provider.load(["BTCUSDT"], "1m", at(0), at(2500))["BTCUSDT"].window
        self.assertTrue(same_columns(window, BTC.slice(0, 2500)))


INTERRUPTED = """
    import sys
    from market_data import HistoricalDataProvider
    from market_data.adapters.ccxt_adapter import CcxtAdapter
    adapter = CcxtAdapter("binanceus", base_url=sys.argv[1], timeout_seconds=300.0)
    provider = HistoricalDataProvider(cache_dir=sys.argv[2], adapter=adapter, progress=False)
    print("ready", flush=True)
    try:
        provider.load(["BTCUSDT"], "1m", int(sys.argv[3]), int(sys.argv[4]))
    except KeyboardInterrupt:
        sys.exit(130)
"""

OFFLINE_GUARD = """
    import ipaddress, sys

    def guard(event, arguments):
        if event == "socket.getaddrinfo" and arguments[0] not in ("127.0.0.1", "localhost"):
            raise SystemExit(f"looked up {arguments[0]}")
        if event == "socket.connect" and arguments[1][0] != "127.0.0.1":
            raise SystemExit(f"connected to {arguments[1]}")

    sys.addaudithook(guard)
    from market_data import HistoricalDataProvider
    from market_data.adapters.ccxt_adapter import CcxtAdapter
    for exchange in ("binance", "binanceus"):
        adapter = CcxtAdapter(exchange, base_url=sys.argv[1])
        provider = HistoricalDataProvider(cache_dir=sys.argv[2], adapter=adapter, progress=False)
        rows = provider.load(["BTCUSDT"], "1m", int(sys.argv[3]), int(sys.argv[4]))["BTCUSDT"].window.rows
        adapter.close()
        print(exchange, rows)
"""


class Processes(LoopbackCase):
    def start(self, code: str, end: int) -> "subprocess.Popen[str]":
        return ForkedCode(
            [sys.executable, "-c", textwrap.dedent(code), self.server.url, self.cache, str(at(0)), str(at(end))],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def test_an_interruption_keeps_what_came_and_the_rest_is_fetched_next_time(self) -> None:
        # A short page makes the second request foreseeable; the third one hangs until the interruption.
        process = self.start(INTERRUPTED, ROWS)
        self.server.faults.add(Fault(FaultKind.SHORT_PAGE, path="klines", rows=800))
        self.server.faults.add(Fault(FaultKind.SHORT_PAGE, path="klines", rows=1000))
        self.server.faults.add(Fault(FaultKind.STALL, path="klines", times=1))
        wait_until(lambda: len(self.server.requests_to("klines")) >= 3)
        process.send_signal(signal.SIGINT)
        interrupted = time.monotonic()
        _, errors = process.communicate(timeout=PATIENCE_S)
        self.assertEqual((process.returncode, errors), (130, ""))
        self.assertLess(time.monotonic() - interrupted, LONG_S)
        stored = CandleStore(self.cache)
        self.assertTrue(same_columns(stored.read("binanceus", "BTC/USDT", "1m", 0, LATE), BTC.slice(0, 1800)))
        self.assertEqual(stored.missing_ranges("binanceus", "BTC/USDT", "1m", at(0), at(ROWS)), [(at(1800), at(ROWS))])
        before = len(self.asked())
        self.assertTrue(same_columns(self.load("BTCUSDT", 0, ROWS), BTC))
        self.assertEqual(self.asked()[before:], [(1800, 2800), (2800, ROWS)])

    def test_ccxt_looks_up_and_connects_to_nothing_but_the_given_address(self) -> None:
        with cold():  # What is imported is guarded too.
            process = self.start(OFFLINE_GUARD, 50)
        output, errors = process.communicate(timeout=60)
        self.assertEqual((output.split(), errors), (["binance", "50", "binanceus", "50"], ""))


@needs_shared
class RealCandles(unittest.TestCase):
    def test_real_candles_with_many_holes_arrive_bit_for_bit(self) -> None:
        source = read_csv_columns(CANDLES / "kraken" / "BTC-USDC" / "1m.csv.gz", 4000)
        end = int(source.open_time_ms[-1]) + MINUTE_MS
        columns = {("BTC/USDC", "1m"): source}
        with (
            tempfile.TemporaryDirectory() as folder,
            BinanceRestServer(ColumnsSource(columns), clock=HandClock(end + MINUTE_MS)) as server,
            contextlib.closing(adapter_at(server.url)) as adapter,
        ):
            provider = HistoricalDataProvider(cache_dir=folder, adapter=adapter, progress=False)
            start = int(source.open_time_ms[0])
            loaded = provider.load(["btcusdc"], "1m", start, end)["btcusdc"]
            asked = len(server.requests_to("klines"))
            provider.load(["btcusdc"], "1m", start, end)
            self.assertEqual(len(server.requests_to("klines")), asked)
        self.assertTrue(same_columns(loaded.window, source))
        self.assertEqual(loaded.quality["missing"], (end - start) // MINUTE_MS - 4000)
