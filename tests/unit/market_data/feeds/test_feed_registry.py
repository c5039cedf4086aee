"""How feeds are opened, and what opening and importing them does not cost."""

import subprocess
import sys
import unittest

from core.errors import ConfigurationError
from market_data.exchanges.exchange_description import described
from market_data.feeds import FeedLimits, open_feed, open_perpetual_source
from market_data.feeds.binance.binance_feed import BinanceFeed
from market_data.feeds.binance.binance_perpetual import BinancePerpetual
from market_data.feeds.ccxt.ccxt_feed import CcxtFeed
from market_data.feeds.ccxt.ccxt_perpetual import CcxtPerpetual

HEAVY = ("ccxt", "aiohttp", "websockets", "pandas", "numpy", "requests")
MODULES = (
    *("feed_registry", "feed_event", "feed_limits", "candle_feed", "perpetual_source", "rest_pages"),
    *("delivery.catch_up", "delivery.candle_connection", "delivery.close_poll"),
)


class RegistryTest(unittest.TestCase):
    def test_any_spelling_of_an_exchange_opens_its_feed(self) -> None:
        for name in ("binance", "binance_us", "BinanceUS"):
            self.assertIsInstance(open_feed(name, ["BTC/USDT"], "1m"), BinanceFeed)
        self.assertIsInstance(open_feed("kraken", ["BTC/USD"], "1m", limits=FeedLimits()), CcxtFeed)

    def test_the_practice_market_needs_the_addresses_of_its_exchange(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "python -m practice"):
            open_feed("practice", ["BTC/USDT"], "1m")
        feed = open_feed("practice", ["BTC/USDT"], "1m", rest_url="http://127.0.0.1:1", stream_url="ws://127.0.0.1:1")
        self.assertIsInstance(feed, BinanceFeed)

    def test_binances_futures_have_a_feed_of_contracts(self) -> None:
        self.assertIsInstance(open_feed("binanceusdm", ["BTC/USDT:USDT"], "1m"), BinanceFeed)
        for name, symbol in (("binanceusdm", "BTC/USDT"), ("binance", "BTC/USDT:USDT")):
            with self.assertRaises(ConfigurationError):
                open_feed(name, [symbol], "1m")

    def test_marks_and_funding_are_opened_by_the_name_of_the_exchange(self) -> None:
        for name in ("binance", "binance-usdm"):
            self.assertIsInstance(open_perpetual_source(name), BinancePerpetual)
        self.assertIsInstance(open_perpetual_source("bybit", limits=FeedLimits()), CcxtPerpetual)
        self.assertIsInstance(open_perpetual_source("practice", rest_url="http://127.0.0.1:1"), BinancePerpetual)
        for name, words in (
            ("practice", "python -m practice"),
            ("binanceus", "binanceus has no perpetual contracts"),
            ("bybitt", "is not known"),
        ):
            with self.assertRaisesRegex(ConfigurationError, words):
                open_perpetual_source(name)

    def test_unknown_names_and_timeframes_are_refused(self) -> None:
        for name, timeframe in (("binanse", "1m"), ("binance", "7m"), ("kraken", "3m")):
            with self.assertRaises(ConfigurationError):
                open_feed(name, ["BTC/USDT"], timeframe)

    def test_a_feed_without_symbols_is_refused(self) -> None:
        for name in ("binance", "kraken"):
            with self.assertRaises(ConfigurationError):
                open_feed(name, [], "1m")

    def test_every_parser_that_is_named_is_there(self) -> None:
        for name in ("binance", "binanceus", "bybit", "dydx", "gate", "gateio", "kraken", "okx"):
            self.assertTrue(callable(described(name).parse_frame), name)
        self.assertIsNone(described("coinbase").parse_frame)

    def test_importing_the_feeds_loads_no_heavy_library(self) -> None:
        imports = "; ".join(f"import market_data.feeds.{name}" for name in MODULES)
        code = f"import sys; import market_data.feeds; {imports}; print([m for m in {HEAVY!r} if m in sys.modules])"
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        self.assertEqual(ran.stdout.strip(), "[]")


if __name__ == "__main__":
    unittest.main()
