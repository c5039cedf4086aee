"""The parts of the ccxt adapter that need no exchange: rules, addresses, pauses, retries."""

import itertools
import threading
import time
import unittest
from decimal import Decimal
from unittest import mock

import ccxt

from core.errors import ConfigurationError, FeedError
from core.instrument import DEFAULT_STEP
from market_data.adapters.adapter_registry import open_adapter
from market_data.adapters.ccxt_adapter import CcxtAdapter
from market_data.adapters.ccxt_client import CcxtClient
from market_data.adapters.request_pacing import RateLimiter, RetryPolicy
from market_data.exchanges.ccxt_instruments import instrument_of
from market_data.exchanges.exchange_names import known_exchanges
from market_data.exchanges.request_failures import NoSuchHostError, TransientError, date_ms
from tests.support.waiting import LONG_S


def market(price: float | None, amount: float | None, cost: object = None, least: object = None) -> dict[str, object]:
    """Return a ccxt market of these precisions and limits."""
    return {
        "symbol": "BTC/USDT",
        "precision": {"price": price, "amount": amount},
        "limits": {"cost": {"min": cost}, "amount": {"min": least}},
    }


class Rules(unittest.TestCase):
    def test_tick_sizes_become_the_decimals_their_text_names(self) -> None:
        rules = instrument_of(market(0.01, 1e-05, 10.0, 1e-05), ccxt.TICK_SIZE, 5)
        self.assertEqual((rules.tick_size, rules.lot_size), (Decimal("0.01"), Decimal("0.00001")))
        self.assertEqual((rules.min_notional, rules.min_quantity), (Decimal(10), Decimal("0.00001")))
        self.assertEqual((rules.as_of_ms, rules.source), (5, "market list"))

    def test_every_power_of_ten_and_odd_ticks_are_exact(self) -> None:
        for text in ("100", "5", "1", "0.5", "0.1", "0.05", "0.0001", "0.00000001", "0.000000000001"):
            self.assertEqual(instrument_of(market(float(text), 1.0), ccxt.TICK_SIZE, 0).tick_size, Decimal(text))

    def test_decimal_places_become_powers_of_ten(self) -> None:
        rules = instrument_of(market(2, 0), ccxt.DECIMAL_PLACES, 0)
        self.assertEqual((rules.tick_size, rules.lot_size), (Decimal("0.01"), Decimal(1)))
        self.assertEqual(instrument_of(market(-2, 8), ccxt.DECIMAL_PLACES, 0).tick_size, Decimal(100))

    def test_what_is_not_known_gets_the_default(self) -> None:
        for mode in (ccxt.TICK_SIZE, ccxt.DECIMAL_PLACES, ccxt.SIGNIFICANT_DIGITS):
            rules = instrument_of(market(None, None), mode, 0)
            self.assertEqual((rules.tick_size, rules.lot_size), (DEFAULT_STEP, DEFAULT_STEP))
            self.assertEqual((rules.min_notional, rules.min_quantity), (0, 0))
        self.assertEqual(instrument_of(market(5, 5), ccxt.SIGNIFICANT_DIGITS, 0).tick_size, DEFAULT_STEP)
        self.assertEqual(instrument_of({"symbol": "A/B"}, ccxt.TICK_SIZE, 0).tick_size, DEFAULT_STEP)


class Bounds(unittest.TestCase):
    def rules(self, filters: object, most: object = None) -> tuple[Decimal, Decimal, Decimal]:
        """Return largest quantity and band of a market with these filters."""
        listed = {**market(0.01, 0.001), "info": {"filters": filters}}
        listed["limits"] = {"amount": {"min": 0.001, "max": most}}
        rules = instrument_of(listed, ccxt.TICK_SIZE, 0)
        return rules.max_quantity, rules.band_down, rules.band_up

    def test_the_largest_quantity_is_the_markets_and_none_where_it_is_not_known(self) -> None:
        self.assertEqual(self.rules([], 1000.0)[0], Decimal(1000))
        for most in (None, 0.0, float("inf")):
            self.assertEqual(self.rules([], most)[0], 0)

    def test_the_band_is_the_narrowest_of_all_multipliers(self) -> None:
        one = {"filterType": "PERCENT_PRICE", "multiplierUp": "1.0500", "multiplierDown": "0.9500"}
        sides = {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": "1.2",
            "bidMultiplierDown": "0.2",
            "askMultiplierUp": "5",
            "askMultiplierDown": "0.8",
        }
        self.assertEqual(self.rules([one])[1:], (Decimal("0.95"), Decimal("1.05")))
        self.assertEqual(self.rules([sides])[1:], (Decimal("0.8"), Decimal("1.2")))
        self.assertEqual(self.rules([{"filterType": "LOT_SIZE"}, sides, one])[1:], (Decimal("0.95"), Decimal("1.05")))

    def test_filters_that_say_nothing_are_no_band(self) -> None:
        for filters in (
            None,
            "x",
            [],
            [1],
            [{"filterType": "PERCENT_PRICE", "multiplierUp": "x", "multiplierDown": None}],
            [{"filterType": "PERCENT_PRICE", "multiplierUp": "0", "multiplierDown": "-1"}],
            [{"filterType": "OTHER", "multiplierUp": "2"}],
        ):
            self.assertEqual(self.rules(filters)[1:], (0, 0), filters)
        self.assertEqual(instrument_of({"symbol": "A/B", "info": []}, ccxt.TICK_SIZE, 0).band_up, 0)


class Addresses(unittest.TestCase):
    def test_every_address_of_an_exchange_moves_to_the_given_one(self) -> None:
        def texts(urls: object) -> list[str]:
            if isinstance(urls, dict | list):
                values = urls.values() if isinstance(urls, dict) else urls
                return list(itertools.chain.from_iterable(texts(value) for value in values))
            return [urls] if isinstance(urls, str) else []

        for name in ("binance", "binanceus", "kraken", "bybit"):
            moved = CcxtClient(name, "http://127.0.0.1:9/").exchange.urls
            for url in texts(moved["api"]):
                self.assertTrue(url.startswith("http://127.0.0.1:9"), f"{name}: {url}")
        self.assertEqual(
            CcxtClient("binanceus", "http://127.0.0.1:9").exchange.urls["api"]["public"], "http://127.0.0.1:9/api/v3"
        )

    def test_every_known_exchange_opens_without_a_request(self) -> None:
        for name in known_exchanges():
            adapter = open_adapter(name)
            self.assertEqual(adapter.name, name)
            self.assertGreaterEqual(adapter.page_limit, 50, name)
            self.assertTrue(adapter.timeframes)
            adapter.close()

    def test_an_unknown_exchange_is_refused(self) -> None:
        with self.assertRaises(ConfigurationError):
            CcxtAdapter("nowhere")
        with self.assertRaises(ConfigurationError):
            open_adapter("nowhere")

    def test_http_dates_are_read_to_the_second(self) -> None:
        self.assertEqual(date_ms("Thu, 01 Jan 1970 00:01:00 GMT"), 60_000)
        self.assertIsNone(date_ms("tomorrow"))
        self.assertIsNone(date_ms(None))


class Pace(unittest.TestCase):
    def test_requests_of_many_threads_keep_the_interval(self) -> None:
        limiter = RateLimiter(0.02, threading.Event())
        moments: list[float] = []

        def ask() -> None:
            for _ in range(5):
                limiter.wait(1.0)
                moments.append(time.monotonic())

        started = time.monotonic()
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertGreaterEqual(max(moments) - started, 19 * 0.02 - 0.005)

    def test_dear_requests_wait_longer(self) -> None:
        limiter = RateLimiter(0.02, threading.Event())
        started = time.monotonic()
        limiter.wait(5)
        limiter.wait()
        self.assertGreaterEqual(time.monotonic() - started, 0.1 - 0.005)

    def test_a_pause_holds_every_thread_and_closing_ends_it(self) -> None:
        stopped = threading.Event()
        limiter = RateLimiter(0.0, stopped)
        limiter.block(0.1)
        started = time.monotonic()
        limiter.wait()
        self.assertGreaterEqual(time.monotonic() - started, 0.09)
        limiter.block(60.0)
        threading.Timer(0.05, stopped.set).start()
        with self.assertRaises(FeedError):
            limiter.wait()


class HandTime(threading.Event):
    """Time of the module under test: it passes while somebody waits for the event, and when a test says so."""

    def __init__(self, case: unittest.TestCase) -> None:
        super().__init__()
        self.now_s = 0.0
        patched = mock.patch("market_data.adapters.request_pacing.time")
        case.addCleanup(patched.stop)
        patched.start().configure_mock(monotonic=lambda: self.now_s, monotonic_ns=lambda: 1)

    def wait(self, timeout: float | None = None) -> bool:
        self.now_s += timeout or 0.0
        return self.is_set()


class Retries(unittest.TestCase):
    def test_a_failure_that_passes_is_tried_again(self) -> None:
        answers = iter([TransientError("one"), TransientError("two"), 7])

        def request(remaining_s: float) -> int:
            answer = next(answers)
            if isinstance(answer, TransientError):
                raise answer
            return answer

        self.assertEqual(RetryPolicy(20.0, threading.Event()).call(request), 7)

    def test_a_host_that_cannot_be_looked_up_is_tried_twice_unless_it_has_answered(self) -> None:
        for answered, tries in ((False, 2), (True, 3)):
            policy, asked = RetryPolicy(1.0, HandTime(self)), []
            if answered:
                policy.call(lambda remaining_s: 1)

            def request(remaining_s: float, asked: list[float] = asked) -> int:
                asked.append(remaining_s)
                raise NoSuchHostError("no such host")

            with self.assertRaises(NoSuchHostError):
                policy.call(request)
            (self.assertGreaterEqual if answered else self.assertEqual)(len(asked), tries)

    def test_a_definite_failure_is_not(self) -> None:
        calls = []

        def request(remaining_s: float) -> int:
            calls.append(remaining_s)
            raise FeedError("no such thing")

        with self.assertRaisesRegex(FeedError, "no such thing"):
            RetryPolicy(20.0, threading.Event()).call(request)
        self.assertEqual(calls, [20.0])

    def test_failing_is_bounded_in_time_over_all_calls(self) -> None:
        clock = HandTime(self)
        policy = RetryPolicy(0.6, clock)
        for _ in range(5):
            with self.assertRaises(TransientError):
                policy.call(self.failing)
        self.assertLessEqual(clock.now_s, 0.6)

    def test_a_success_in_between_starts_the_bound_anew(self) -> None:
        clock = HandTime(self)
        policy = RetryPolicy(1.0, clock)
        answers = iter([3600.0, None, 0.3, None])

        def request(remaining_s: float) -> int:
            pause_s = next(answers)
            if pause_s is not None:
                raise TransientError("again", pause_s)
            return 2

        with self.assertRaises(TransientError):
            policy.call(request)
        clock.now_s += 0.9
        self.assertEqual(policy.call(request), 2)
        self.assertEqual(policy.call(request), 2)

    def test_a_pause_longer_than_the_bound_gives_up_at_once(self) -> None:
        def request(remaining_s: float) -> int:
            raise TransientError("banned", 3600.0)

        clock = HandTime(self)
        with self.assertRaisesRegex(TransientError, "banned"):
            RetryPolicy(30.0, clock).call(request)
        self.assertEqual(clock.now_s, 0.0)

    def test_an_asked_pause_is_kept(self) -> None:
        clock, moments = HandTime(self), []

        def request(remaining_s: float) -> int:
            moments.append(clock.now_s)
            if len(moments) < 2:
                raise TransientError("wait", 0.8)
            return 1

        RetryPolicy(30.0, clock).call(request)
        self.assertGreaterEqual(moments[1] - moments[0], 0.8)

    def test_closing_ends_the_waiting(self) -> None:
        stopped = threading.Event()

        def request(remaining_s: float) -> int:
            threading.Timer(0.05, stopped.set).start()
            raise TransientError("wait", 60.0)

        started = time.monotonic()
        with self.assertRaises(FeedError):
            RetryPolicy(90.0, stopped).call(request)
        self.assertLess(time.monotonic() - started, LONG_S)

    @staticmethod
    def failing(remaining_s: float) -> int:
        raise TransientError("down")
