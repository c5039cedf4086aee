"""The spellings of symbols."""

import unittest

from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError
from market_data.instruments.symbols import matching_symbols, resolve_symbol

SPOT = ["BTC/USDT", "ETH/USDT", "ETH/BTC", "SOL/USDT", "BTC/USD", "1000SATS/USDT", "USDC.E/USDT"]
MIXED = [*SPOT, "BTC/USDT:USDT", "BTC/USD:BTC", "XRP/USDT:USDT", "BTC/USDT:USDT-240628", "BTC/USDT:USDT-240628-60000-C"]


class Spellings(unittest.TestCase):
    def test_every_separator_and_case_names_the_same_symbol(self) -> None:
        for spelling in ("BTCUSDT", "btc-usdt", "BTC/USDT", "BTC_USDT", "btc/usdt", "Btc Usdt", "BTC:USDT"):
            self.assertEqual(resolve_symbol(spelling, SPOT), "BTC/USDT", spelling)

    def test_quotes_of_three_and_four_letters_are_told_apart(self) -> None:
        self.assertEqual(resolve_symbol("BTCUSD", SPOT), "BTC/USD")
        self.assertEqual(resolve_symbol("1000satsusdt", SPOT), "1000SATS/USDT")
        self.assertEqual(resolve_symbol("usdc.e_usdt", SPOT), "USDC.E/USDT")

    def test_one_spelling_of_two_symbols_is_ambiguous_and_names_both(self) -> None:
        listed = ["BTC/USDT", "BTCU/SDT"]
        with self.assertRaises(ConfigurationError) as caught:
            resolve_symbol("btcusdt", listed)
        for part in ("ambiguous", *listed):
            self.assertIn(part, str(caught.exception))
        self.assertEqual(resolve_symbol("BTCU/SDT", listed), "BTCU/SDT")

    def test_an_exact_symbol_wins_over_another_case(self) -> None:
        self.assertEqual(resolve_symbol("Ai/USDT", ["AI/USDT", "Ai/USDT"]), "Ai/USDT")

    def test_an_unknown_symbol_names_the_nearest(self) -> None:
        with self.assertRaises(ConfigurationError) as caught:
            resolve_symbol("BTCUSTD", SPOT, where="the market list of binanceus")
        self.assertIn("did you mean", str(caught.exception))
        self.assertIn("BTC/USDT", str(caught.exception))
        self.assertIn("the market list of binanceus", str(caught.exception))

    def test_nothing_near_names_what_there_is(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "it holds 1000SATS/USDT, BTC/USD.* and 2 more"):
            resolve_symbol("QQQQQQQQ", SPOT)
        with self.assertRaisesRegex(ConfigurationError, "empty"):
            resolve_symbol("BTCUSDT", [])

    def test_nothing_but_separators_is_no_symbol(self) -> None:
        for spelling in ("", "/", " - "):
            with self.assertRaisesRegex(ConfigurationError, "is no symbol"):
                resolve_symbol(spelling, SPOT)

    def test_base_and_quote_are_never_swapped_or_cut(self) -> None:
        for spelling in ("USDTBTC", "BTC", "USDT", "BTCUSDTX"):
            with self.assertRaises(ConfigurationError):
                resolve_symbol(spelling, SPOT)


class Contracts(unittest.TestCase):
    def test_spot_wins_unless_the_settle_currency_is_named(self) -> None:
        self.assertEqual(resolve_symbol("BTCUSDT", MIXED), "BTC/USDT")
        self.assertEqual(resolve_symbol("btcusd", MIXED), "BTC/USD")
        self.assertEqual(resolve_symbol("BTCUSDTUSDT", MIXED), "BTC/USDT:USDT")
        self.assertEqual(resolve_symbol("btc-usdt:usdt", MIXED), "BTC/USDT:USDT")

    def test_where_only_the_swap_is_listed_the_pair_names_it(self) -> None:
        self.assertEqual(resolve_symbol("XRPUSDT", MIXED), "XRP/USDT:USDT")

    def test_two_swaps_of_one_pair_are_ambiguous(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "ambiguous"):
            resolve_symbol("BTCUSD", ["BTC/USD:BTC", "BTC/USD:USD"])

    def test_dated_contracts_need_their_whole_name(self) -> None:
        self.assertEqual(matching_symbols("BTCUSDT", ["BTC/USDT:USDT-240628"]), [])
        self.assertEqual(resolve_symbol("btcusdtusdt240628", MIXED), "BTC/USDT:USDT-240628")


class Properties(unittest.TestCase):
    @given(
        st.lists(st.tuples(st.text("ABC1", min_size=1), st.text("XYZ", min_size=1)), min_size=1),
        st.sampled_from("/-_ "),
    )
    def test_any_separator_leads_back_or_is_ambiguous(self, pairs: list[tuple[str, str]], separator: str) -> None:
        listed = [f"{base}/{quote}" for base, quote in pairs]
        for symbol in listed:
            found = matching_symbols(symbol.replace("/", separator).lower(), listed)
            self.assertIn(symbol, found)
            self.assertEqual({found_one.replace("/", "") for found_one in found}, {symbol.replace("/", "")})
