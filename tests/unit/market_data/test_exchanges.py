"""The exchanges that can be named, against the installed ccxt."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import ccxt

from core.errors import ConfigurationError
from core.timeframe import timeframe_ms
from market_data.exchanges import exchange_facts
from market_data.exchanges import exchange_names as exchanges
from market_data.practice.practice_market import PracticeMarket


class Names(unittest.TestCase):
    def test_spellings_lead_to_one_name(self) -> None:
        for spelling in ("binance_us", "BinanceUS", "binance-us", "binance.us", "Binance US", "binanceus"):
            self.assertEqual(exchanges.canonical_exchange(spelling), "binanceus")
        self.assertEqual(exchanges.canonical_exchange("Practice"), "practice")

    def test_an_unknown_name_brings_the_nearest(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "did you mean .*kraken"):
            exchanges.canonical_exchange("krakenn")
        with self.assertRaisesRegex(ConfigurationError, "'xyzzyq' is not known .allowed: practice"):
            exchanges.canonical_exchange("xyzzyq")
        with self.assertRaises(ConfigurationError):
            exchanges.canonical_exchange("")

    def test_a_misspelling_is_one_letter_off_and_from_six_letters_on_two(self) -> None:
        names = ["binance", "binanceus", "okx", "gemini"]
        for spelling, near in (
            ("binanse", ["binance"]), ("binnace", ["binance"]), ("Binances", ["binance", "binanceus"]),
            ("okk", ["okx"]), ("binanceuss", ["binanceus"]), ("mini", []), ("kx", ["okx"]), ("x", []),
            ("binance-perp", []), ("binance2", []), ("binance_b", []), ("binanceperp", []), ("", []), ("o" * 1000, []),
        ):  # fmt: skip
            with self.subTest(spelling):
                self.assertEqual(exchanges.misspelled(spelling, names), near)

    def test_no_two_exchanges_share_a_spelling(self) -> None:
        names = exchanges.known_exchanges()
        self.assertEqual(names, sorted(set(names)))
        for name in names:
            self.assertEqual(exchanges.canonical_exchange(name), name)


class Timeframes(unittest.TestCase):
    def test_every_listed_timeframe_fits_the_grid_and_they_rise(self) -> None:
        for name in exchanges.known_exchanges():
            lengths = [timeframe_ms(timeframe) for timeframe in exchanges.timeframes_of(name)]
            self.assertTrue(lengths, name)
            self.assertEqual(lengths, sorted(lengths), name)

    def test_timeframes_without_a_grid_are_left_out(self) -> None:
        self.assertIn("1M", ccxt.binance().timeframes)
        self.assertNotIn("1M", exchanges.timeframes_of("binance"))
        self.assertNotIn("3d", exchanges.timeframes_of("binance"))

    def test_the_practice_market_serves_what_is_listed_for_it(self) -> None:
        self.assertEqual(exchanges.timeframes_of("practice"), list(PracticeMarket.timeframes))

    def test_a_timeframe_that_is_not_served_names_those_that_are(self) -> None:
        exchanges.check_timeframe("binanceus", "5m")
        with self.assertRaisesRegex(ConfigurationError, "binanceus has no timeframe '7m'; allowed: 1s, 1m, 3m"):
            exchanges.check_timeframe("binance_us", "7m")
        with self.assertRaisesRegex(ConfigurationError, "1M"):
            exchanges.check_timeframe("binanceus", "1M")


class Facts(unittest.TestCase):
    def test_the_facts_file_is_what_the_installed_ccxt_gives(self) -> None:
        stored = json.loads(exchanges.FACTS_FILE.read_text(encoding="utf-8"))
        self.assertEqual(stored["ccxt"], ccxt.__version__)
        served = {}
        for name in ccxt.exchanges:
            exchange = getattr(ccxt, name)()
            if exchange.has["fetchOHLCV"] is True:
                served[name] = set(exchange.timeframes)
        self.assertEqual(set(stored["timeframes"]), set(served))
        for name, timeframes in stored["timeframes"].items():
            self.assertLessEqual(set(timeframes), served[name])
            left_out = served[name] - set(timeframes)
            for timeframe in left_out:
                with self.assertRaises(ConfigurationError):
                    timeframe_ms(timeframe)

    def test_writing_the_facts_again_gives_the_same_bytes(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "facts.json"
            self.assertEqual(exchange_facts.write_facts(path), len(exchanges.known_exchanges()) - 1)
            self.assertEqual(path.read_bytes(), exchanges.FACTS_FILE.read_bytes())

    def test_asking_for_names_loads_no_ccxt(self) -> None:
        code = (
            "import sys, market_data.exchanges.exchange_names as e; e.timeframes_of('binance_us'); "
            "print([n for n in ('ccxt', 'numpy', 'pandas', 'duckdb', 'pyarrow', 'pydantic') if n in sys.modules])"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        self.assertEqual(run.stdout.strip(), "[]")
