"""Spellings of symbols: which symbol one names, and which it does not."""

import unittest

from core.symbol_spelling import KnownSymbols, same_symbols

SYMBOLS = ("BTC/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT", "ETH/USD:ETH", "SOL/USDT:USDT-250627", "eth-usdt")
NAMED = {
    "btc_usdt": ["BTC/USDT"],
    "BTC/USDT:USDT": ["BTC/USDT:USDT"],
    "BTCUSDTUSDT": ["BTC/USDT:USDT"],
    "ETHUSDT": ["eth-usdt"],
    "ETH/USD": [],
    "ETH/USD:ETH": ["ETH/USD:ETH"],
    "SOL/USDT": [],
    "sol usdt usdt 250627": ["SOL/USDT:USDT-250627"],
    "": [],
    "/": [],
}


class SymbolSpelling(unittest.TestCase):
    def test_a_spelling_names_the_symbols_of_its_letters_and_a_perpetual_without_its_settle_currency(self) -> None:
        known = KnownSymbols(iter(SYMBOLS))
        for spelling, symbols in NAMED.items():
            with self.subTest(spelling):
                self.assertEqual(symbols, known.named(spelling))
                self.assertEqual(symbols, same_symbols(spelling, SYMBOLS))
        self.assertEqual(["ETH/USDT:USDT"], same_symbols("ETH/USDT", SYMBOLS[1:5]))
        self.assertEqual(["a/b", "A-B"], same_symbols("AB", ["a/b", "x", "A-B"]))

    def test_what_is_found_is_the_callers_own(self) -> None:
        known = KnownSymbols(["BTC/USDT"])
        known.named("btcusdt").clear()
        self.assertEqual(["BTC/USDT"], known.named("btcusdt"))


if __name__ == "__main__":
    unittest.main()
