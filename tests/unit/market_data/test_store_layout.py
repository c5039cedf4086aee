"""Names of exchanges, symbols and months as folders and files."""

import datetime as dt
import unittest
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from market_data.series_names import Series
from market_data.store.store_layout import (
    exchange_folder,
    month_bounds,
    month_of,
    series_folder,
    symbol_folder,
    symbol_of,
)
from tests.support.scale import scaled

_part = st.text(st.characters(codec="utf-8", exclude_characters="/:"), min_size=1, max_size=12).filter(str.isprintable)


class SymbolFolders(unittest.TestCase):
    def test_known_forms(self):
        expected = {
            "BTC/USDT": "BTC-USDT",
            "BTC/USDT:USDT": "BTC-USDT_USDT",
            "1000PEPE/USDT": "1000PEPE-USDT",
            "BTC/USD:BTC-241227": "BTC-USD_BTC%2D241227",
            "a_b/c-d": "a%5Fb-c%2Dd",
        }
        self.assertEqual({symbol: symbol_folder(symbol) for symbol in expected}, expected)

    @settings(max_examples=scaled(200, 5_000), deadline=None)
    @given(_part, _part, st.none() | _part)
    def test_every_symbol_has_a_safe_folder_from_which_it_comes_back(self, base, quote, settle):
        symbol = f"{base}/{quote}" + (f":{settle}" if settle else "")
        folder = symbol_folder(symbol)
        self.assertEqual(symbol_of(folder), symbol)
        self.assertRegex(folder, r"\A[A-Za-z0-9%]+-[A-Za-z0-9%]+(_[A-Za-z0-9%]+)?\Z")

    def test_text_that_is_no_symbol_is_refused(self):
        for text in (
            "",
            "BTCUSDT",
            "/USDT",
            "BTC/",
            "../x/..",
            "A/B/C",
            "A/B:C:D",
            "A/B:",
            "B" * 65 + "/C",
            "A/\ud800",
            "A\u202eB/C",
            "A\0/B",
        ):
            with self.subTest(text), self.assertRaises(ConfigurationError):
                symbol_folder(text)

    def test_a_folder_that_no_symbol_has_gives_none(self):
        for name in ("instruments", "BTC", "BTC-", "-USDT", "A-B-C", "BTC-US%2dDT", "BTC-USDT_", "B C-D", "..-.."):
            with self.subTest(name):
                self.assertIsNone(symbol_of(name))


class ExchangeFolders(unittest.TestCase):
    def test_names_of_the_recorded_sets_are_allowed(self):
        for name in ("binance", "binance-perp@2024-10-dirty", "bybit-testnet-perp@paged", "a.b+c_d", "practice"):
            self.assertEqual(exchange_folder(name), name)

    def test_names_that_could_leave_the_store_are_refused(self):
        bad = (
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "/etc",
            "a\\b",
            ".hidden",
            "-x",
            "a..b",
            "a\x00b",
            "a b",
            "a\n",
            "é",
            "a" * 65,
            "a.",
        )
        for name in bad:
            with self.subTest(name), self.assertRaises(ConfigurationError):
                exchange_folder(name)

    def test_a_series_folder_lies_below_the_root(self):
        folder = series_folder(Path("root"), Series("binance", "BTC/USDT:USDT", "15m"))
        self.assertEqual(folder, Path("root/binance/BTC-USDT_USDT/15m"))
        with self.assertRaises(ConfigurationError):
            series_folder(Path("root"), Series("binance", "BTC/USDT", "../1m"))


class Months(unittest.TestCase):
    @settings(max_examples=scaled(200, 5_000), deadline=None)
    @given(st.integers(0, 253_402_300_799_999))
    def test_an_instant_lies_within_the_bounds_of_its_month(self, time_ms):
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=time_ms)
        month = month_of(time_ms)
        self.assertEqual(month, moment.strftime("%Y-%m").zfill(7))
        first, after = month_bounds(month)
        self.assertTrue(first <= time_ms < after)
        self.assertEqual(month_of(first - 1 if first else 0) == month, first == 0)

    def test_the_last_month_there_is_ends_with_the_year_9999(self):
        self.assertEqual(month_bounds("9999-12")[1], 253_402_300_800_000)
        self.assertEqual(month_of(2**62), "9999-12")
        self.assertEqual(month_of(-(2**62)), "1970-01")


if __name__ == "__main__":
    unittest.main()
