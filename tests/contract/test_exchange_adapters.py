"""What every exchange adapter keeps to: the practice market, and ccxt before the loopback exchange."""

import concurrent.futures
import contextlib
import unittest

from core.errors import ConfigurationError
from core.timeframe import WEEK_MS, floor_to_grid, timeframe_ms
from market_data.adapters.ccxt_adapter import CcxtAdapter
from market_data.exchange_adapter import ExchangeAdapter
from market_data.exchanges.exchange_names import timeframes_of
from market_data.practice.practice_market import PracticeMarket
from practice import AdapterSource, BinanceRestServer
from tests.support.exchanges.loopback import adapter_at
from tests.support.times import DAY_MS, JANUARY_MS, MINUTE_MS, at

NOW = JANUARY_MS + 30 * DAY_MS


def now_ms() -> int:
    """Return the present of every adapter under test."""
    return NOW


class AdapterContract:
    """The suite; a case gives it an adapter whose exchange lists BTC/USDT and ETH/USDT up to ``NOW``."""

    adapter: ExchangeAdapter
    implementation: type

    def test_it_is_what_the_case_says(self: "AdapterCase") -> None:
        self.assertIs(type(self.adapter), self.implementation)

    def test_it_has_a_name_timeframes_and_a_page_size(self: "AdapterCase") -> None:
        self.assertTrue(self.adapter.name)
        self.assertEqual(list(self.adapter.timeframes), timeframes_of(self.adapter.name))
        self.assertGreaterEqual(self.adapter.page_limit, 1)
        for timeframe in self.adapter.timeframes:
            timeframe_ms(timeframe)

    def test_markets_are_keyed_by_unified_symbol_with_dated_rules(self: "AdapterCase") -> None:
        markets = self.adapter.markets()
        self.assertLessEqual({"BTC/USDT", "ETH/USDT"}, set(markets))
        for symbol, instrument in markets.items():
            self.assertEqual(instrument.symbol, symbol)
            self.assertIsNotNone(instrument.as_of_ms)
            self.assertGreater(instrument.tick_size, 0)
            self.assertGreater(instrument.lot_size, 0)

    def test_a_page_begins_at_its_start_and_ends_before_its_end(self: "AdapterCase") -> None:
        rows = self.adapter.fetch_page("BTC/USDT", "1m", JANUARY_MS, at(10))
        self.assertEqual([row[0] for row in rows], [at(number) for number in range(10)])

    def test_a_page_holds_no_more_than_its_limit_and_the_oldest_first(self: "AdapterCase") -> None:
        limit = self.adapter.page_limit
        rows = self.adapter.fetch_page("BTC/USDT", "1m", JANUARY_MS, JANUARY_MS + 3 * limit * MINUTE_MS)
        self.assertEqual([row[0] for row in rows], [at(number) for number in range(limit)])

    def test_rows_are_an_integer_and_five_floats(self: "AdapterCase") -> None:
        for row in self.adapter.fetch_page("ETH/USDT", "5m", JANUARY_MS, at(50)):
            self.assertEqual([type(value) for value in row], [int, float, float, float, float, float])

    def test_starts_between_two_candles_leave_the_earlier_one_out(self: "AdapterCase") -> None:
        rows = self.adapter.fetch_page("BTC/USDT", "1m", JANUARY_MS + 1, at(2) + 1)
        self.assertEqual([row[0] for row in rows], [at(1), at(2)])

    def test_every_common_timeframe_is_on_its_grid(self: "AdapterCase") -> None:
        for timeframe in sorted(set(self.adapter.timeframes) & set(PracticeMarket.timeframes)):
            length = timeframe_ms(timeframe)
            since = floor_to_grid(NOW - 2 * WEEK_MS, length)
            rows = self.adapter.fetch_page("BTC/USDT", timeframe, since, since + 2 * length)
            self.assertEqual([row[0] for row in rows], [since, since + length], timeframe)

    def test_before_the_first_candle_and_in_the_future_pages_are_empty(self: "AdapterCase") -> None:
        self.assertEqual(self.adapter.fetch_page("BTC/USDT", "1m", 0, 5 * MINUTE_MS), [])
        self.assertEqual(self.adapter.fetch_page("BTC/USDT", "1m", NOW + MINUTE_MS, NOW + 9 * MINUTE_MS), [])

    def test_unknown_symbols_and_timeframes_are_configuration_errors(self: "AdapterCase") -> None:
        with self.assertRaises(ConfigurationError):
            self.adapter.fetch_page("NO/SUCH", "1m", JANUARY_MS, at(1))
        for timeframe in ("7m", "1M", "minute"):
            with self.assertRaises(ConfigurationError):
                self.adapter.fetch_page("BTC/USDT", timeframe, JANUARY_MS, at(1))

    def test_the_clock_is_the_exchanges(self: "AdapterCase") -> None:
        self.assertEqual(self.adapter.server_time_ms(), NOW)

    def test_threads_get_the_same_pages_as_one_caller(self: "AdapterCase") -> None:
        asked = [
            (symbol, JANUARY_MS + number * 100 * MINUTE_MS)
            for symbol in ("BTC/USDT", "ETH/USDT")
            for number in range(5)
        ]
        alone = [self.adapter.fetch_page(symbol, "1m", since, since + 100 * MINUTE_MS) for symbol, since in asked]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            together = list(
                pool.map(lambda one: self.adapter.fetch_page(one[0], "1m", one[1], one[1] + 100 * MINUTE_MS), asked)
            )
        self.assertEqual(alone, together)

    def test_prices_are_those_of_the_practice_market(self: "AdapterCase") -> None:
        columns = PracticeMarket().candles("ETH/USDT", "1h", JANUARY_MS, JANUARY_MS + DAY_MS)
        expected = list(zip(*(column.tolist() for column in columns), strict=True))
        self.assertEqual(self.adapter.fetch_page("ETH/USDT", "1h", JANUARY_MS, JANUARY_MS + DAY_MS), expected)


class AdapterCase(unittest.TestCase, AdapterContract):
    """Types the suite's ``self``; not a case of its own."""


class PracticeMarketAdapter(AdapterCase):
    implementation = PracticeMarket

    def setUp(self) -> None:
        self.adapter = PracticeMarket(clock=now_ms)


class CcxtBinanceUs(AdapterCase):
    implementation = CcxtAdapter
    exchange = "binanceus"

    @classmethod
    def setUpClass(cls) -> None:
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        cls.server = stack.enter_context(BinanceRestServer(PracticeMarket(), clock=now_ms))
        adapter = adapter_at(cls.server.url, cls.exchange)
        stack.callback(adapter.close)
        cls.adapter = adapter


class CcxtBinance(CcxtBinanceUs):
    exchange = "binance"


class CcxtMarketList(unittest.TestCase):
    def test_asking_for_the_markets_again_reads_them_again(self) -> None:
        with (
            BinanceRestServer(PracticeMarket(), clock=now_ms) as server,
            contextlib.closing(adapter_at(server.url)) as adapter,
        ):
            adapter.fetch_page("BTC/USDT", "1m", JANUARY_MS, at(1))
            for reads in (1, 2, 3):
                self.assertIn("BTC/USDT", adapter.markets())
                self.assertEqual(len(server.requests_to("exchangeInfo")), reads)


class CcxtOverAnAdapter(unittest.TestCase):
    def test_the_server_passes_another_adapters_candles_on(self) -> None:
        market = PracticeMarket(clock=now_ms)
        with (
            BinanceRestServer(AdapterSource(market), clock=now_ms) as server,
            contextlib.closing(adapter_at(server.url)) as adapter,
        ):
            end = at(1500)
            self.assertEqual(
                adapter.fetch_page("BTC/USDT", "1m", JANUARY_MS, end),
                market.fetch_page("BTC/USDT", "1m", JANUARY_MS, end),
            )


def load_tests(loader: unittest.TestLoader, tests: unittest.TestSuite, pattern: str | None) -> unittest.TestSuite:
    """Leave out the case that only types the suite."""
    cases = (PracticeMarketAdapter, CcxtBinanceUs, CcxtBinance, CcxtMarketList, CcxtOverAnAdapter)
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in cases)
