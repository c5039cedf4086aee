"""An account has one currency: symbols of two are refused where their spelling says so, and where their rules do."""

import tempfile
import unittest
from pathlib import Path

from backtests.config_backtest import ConfigBacktestRunner
from core.errors import ConfigurationError
from core.instrument import Instrument
from market_data.history.historical_data_provider import HistoricalDataProvider
from tests.support.config_tree import write_config
from tests.support.exchanges.memory_exchange import MemoryExchange
from tests.support.market_data_sets import practice_columns
from tests.support.runs.kernel_runs import run_kernel
from tests.support.times import DAY_MS, JANUARY_MS
from validation import ConfigValidationError, load_settings
from validation.symbol_rules import currency_of

ALLOWED = "allowed: symbols of one quote (or settle) currency, in which the account is kept"


class OneCurrency(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def config(self, symbols: list[str], **execution: object) -> Path:
        return write_config(self.base, {"exchange": "binanceus", "symbols": symbols, "execution": execution})

    def test_what_a_spelling_says(self) -> None:
        for spelling, currency in (
            ("BTC/USDT", "USDT"),
            ("ETH/BTC", "BTC"),
            ("eth/btc", "BTC"),
            ("BTC/USDT:USDT", "USDT"),
            ("BTC/USD:BTC", "BTC"),
            ("BTC/USDC:USDC-250627", "USDC"),
            ("BTCUSDT:USDT", "USDT"),
            ("btc-usdt", "USDT"),
            ("BTC_EUR", "EUR"),
            ("BTC:USDT", "USDT"),
            ("BTCUSDT", None),
            ("BTC-USD-SWAP", None),
        ):
            with self.subTest(spelling):
                self.assertEqual(currency, currency_of(spelling))

    def test_spellings_of_two_currencies_are_refused_with_both(self) -> None:
        for symbols, line in (
            (["BTC/USDT", "ETH/BTC"], "symbols[1]: 'ETH/BTC' is kept in BTC, 'BTC/USDT' in USDT"),
            (["BTCUSDT", "ETH-EUR", "SOL/USDC"], "symbols[2]: 'SOL/USDC' is kept in USDC, 'ETH-EUR' in EUR"),
        ):
            with self.subTest(symbols), self.assertRaises(ConfigValidationError) as caught:
                load_settings(self.config(symbols))
            (told,) = caught.exception.problems
            self.assertEqual(f"{self.base}/config/live.yaml: {line} — {ALLOWED}", told)

    def test_contracts_settled_in_two_currencies_are_refused(self) -> None:
        with self.assertRaisesRegex(ConfigValidationError, "'ETH/USDC:USDC' is kept in USDC, 'BTC/USDT:USDT' in USDT"):
            load_settings(self.config(["BTC/USDT:USDT", "ETH/USDC:USDC"], perpetual={}))

    def test_symbols_of_one_currency_in_any_spelling_are_taken(self) -> None:
        for symbols in (["BTC/USDT", "eth-usdt", "SOLUSDT"], ["ETH/BTC", "SOL/BTC"], ["BTCUSDT", "ETHBTC"]):
            self.assertEqual(tuple(symbols), load_settings(self.config(symbols)).live.symbols)

    def test_the_currency_of_a_watched_symbol_is_free(self) -> None:
        settings = load_settings(
            write_config(self.base, {"exchange": "binanceus", "symbols": ["BTC/USDT"], "watch": ["ETH/BTC", "btc-eur"]})
        )
        self.assertEqual(settings.live.watch, ("ETH/BTC", "btc-eur"))

    def test_a_watched_symbol_that_is_traded_or_watched_twice_is_refused(self) -> None:
        path = write_config(self.base, {"symbols": ["BTC/USDT", "SOLUSDT"], "watch": ["SOL/USDT", "ETH/BTC", "ethbtc"]})
        with self.assertRaises(ConfigValidationError) as caught:
            load_settings(path)
        self.assertEqual(
            sorted(problem.removeprefix(f"{path}: ") for problem in caught.exception.problems),
            [
                "watch[0]: 'SOL/USDT' stands among symbols: it is traded, and the strategy sees it without this — "
                "allowed: symbols that are not traded",
                "watch[2]: 'ethbtc' is 'ETH/BTC' again — allowed: each symbol once",
            ],
        )

    def test_the_arguments_are_judged_like_the_file(self) -> None:
        with self.assertRaisesRegex(ConfigValidationError, r"argument: symbols\[1\]: 'ETH/BTC' is kept in BTC"):
            load_settings(self.config(["BTC/USDT"]), symbols=["BTC/USDT", "ETH/BTC"])

    def test_what_no_spelling_says_is_refused_by_the_market_list_before_a_candle_is_fetched(self) -> None:
        columns = practice_columns("BTC/USDT", "15m", 96)
        exchange = MemoryExchange({"BTC/USDT": columns, "ETH/BTC": columns}, JANUARY_MS + DAY_MS)
        runner = ConfigBacktestRunner(
            self.config(["BTCUSDT", "ETHBTC"]), "2024-01-01", "2024-01-02", output_dir=self.base / "out"
        )
        runner.data_provider = HistoricalDataProvider(
            "binanceus", self.base / "cache", adapter=exchange, progress=False, now_ms=lambda: JANUARY_MS + DAY_MS
        )
        with self.assertRaisesRegex(ConfigurationError, r"'ETHBTC' is kept in BTC, 'BTCUSDT' in USDT — allowed"):
            runner.run()
        self.assertEqual([], exchange.pages)
        self.assertFalse((self.base / "out").exists())

    def test_no_session_is_built_on_rules_of_two_currencies(self) -> None:
        names = {"BTCUSDT": "BTC/USDT", "ETHBTC": "ETH/BTC"}
        rules = {spelling: Instrument(name) for spelling, name in names.items()}
        with self.assertRaisesRegex(ConfigurationError, "'ETHBTC' is kept in BTC, 'BTCUSDT' in USDT"):
            run_kernel({}, list(names), {}, {}, rules)


if __name__ == "__main__":
    unittest.main()
