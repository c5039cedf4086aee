"""What is decided of requests through ccxt without one being sent: the reading of answers, and of failures."""

import math
import unittest

import ccxt
import requests

from market_data.exchanges.ccxt_core import (
    WatchedAnswers,
    candles_request,
    ccxt_object,
    funding_request,
    interest_request,
    page_rows,
)
from market_data.exchanges.exchange_description import described
from market_data.exchanges.exchange_names import known_exchanges
from market_data.exchanges.request_failures import SymbolRefusedError, TransientError

BTC = "BTC/USDT"


class AnswersCase(unittest.TestCase):
    def setUp(self) -> None:
        self.exchange = ccxt_object(ccxt, "binance")
        self.answers = WatchedAnswers(self.exchange)

    def answered(self, content: object, status: int = 200, **headers: str) -> None:
        """Let the exchange have answered."""
        self.answers.forget()
        self.exchange.on_rest_response(status, "", "url", "GET", headers, "body", {}, None)
        self.answers.taken(content)


class Requests(unittest.TestCase):
    def test_a_range_ends_before_its_end_and_the_page_is_as_long_as_asked(self) -> None:
        for request, expected in (
            (candles_request(BTC, "1m", 5, 9, 7), ("fetch_ohlcv", (BTC, "1m", 5, 7, {"until": 8}))),
            (candles_request(BTC, "1m", 5, 9, 7, marks=True), ("fetch_mark_ohlcv", (BTC, "1m", 5, 7, {"until": 8}))),
            (funding_request(BTC, 5, 9, 7), ("fetch_funding_rate_history", (BTC, 5, 7, {"until": 8}))),
            (interest_request(BTC, "1h", 5, 9, 7), ("fetch_open_interest_history", (BTC, "1h", 5, 7, {"until": 8}))),
        ):
            self.assertEqual((request.method, request.arguments), expected)

    def test_pages_are_as_long_as_ccxt_describes_them_and_never_above_a_thousand(self) -> None:
        for name, rows in (("binance", 1000), ("okx", 300), ("kraken", 720), ("bybit", 1000)):
            self.assertEqual(page_rows(getattr(ccxt, name)()), rows, name)

    def test_every_description_is_of_a_known_exchange(self) -> None:
        self.assertEqual(described("coinbase"), described("no such exchange"))
        for name in ("practice", "binance", "binanceus", "binanceusdm", "binancecoinm", "bybit", "dydx", "gate", "okx"):
            self.assertIn(name, known_exchanges())
            self.assertNotEqual(described(name), described("coinbase"), name)


class Failures(AnswersCase):
    def failure(self, error: Exception, status: int | None = None) -> Exception:
        self.answers.forget()
        self.answers.status = status
        return self.answers.failure(error, "candles")

    def test_each_kind_of_failure_is_told_by_what_helps(self) -> None:
        passing, final = True, False
        for error, status, expected in (
            (ccxt.RequestTimeout("x"), None, passing),
            (ccxt.ExchangeNotAvailable("x"), None, passing),
            (ccxt.ExchangeNotAvailable("x"), 403, final),
            (ccxt.ExchangeNotAvailable("x"), 404, final),
            (ccxt.ExchangeNotAvailable("x"), 503, passing),
            (ccxt.AuthenticationError("x"), 500, passing),
            (ccxt.DDoSProtection("x"), 403, passing),
            (ccxt.RateLimitExceeded("x"), 200, passing),
            (ccxt.OnMaintenance("x"), 200, passing),
            (ccxt.BadResponse("x"), 200, passing),
            (ccxt.ExchangeError("a code that ccxt does not know"), 200, passing),
            (ccxt.ExchangeError("x"), 400, final),
            (ccxt.BadRequest("x"), 200, final),
            (ccxt.NotSupported("x"), None, final),
            (ccxt.ArgumentsRequired("x"), None, final),
            (ccxt.PermissionDenied("x"), 200, final),
            (TimeoutError(), None, passing),
            (KeyError("x"), 200, passing),
            (TypeError("x"), 404, passing),
        ):
            with self.subTest(f"{error!r} {status}"):
                self.assertEqual(isinstance(self.failure(error, status), TransientError), expected)

    def test_a_refused_symbol_is_told_apart(self) -> None:
        self.assertIsInstance(self.failure(ccxt.BadSymbol("x"), 400), SymbolRefusedError)

    def test_of_a_broken_network_the_innermost_cause_is_said_first(self) -> None:
        error = ccxt.ExchangeNotAvailable("binance GET url")
        error.__cause__ = requests.ConnectionError("Max retries")
        error.__cause__.__cause__ = OSError(111, "Connection refused")
        self.assertIn("[Errno 111] Connection refused (binance GET url)", str(self.failure(error)))
        self.assertNotIn("refused", str(self.failure(error, 503)))


class Answers(AnswersCase):
    def test_an_empty_list_is_believed_where_the_answer_holds_one(self) -> None:
        for content in ([], {"result": {"list": []}}, {"data": None}):
            self.answered(content)
            self.assertEqual((self.answers.rows([]), self.answers.entries([], BTC)), ([], []))
        for content in ({}, {"code": 0}, {"result": {"list": "none"}}):
            self.answered(content)
            for read in (self.answers.rows, lambda rows: self.answers.entries(rows, BTC)):
                with self.assertRaises(ccxt.BadResponse):
                    read([])

    def test_what_is_no_json_object_or_list_is_no_answer(self) -> None:
        for content in ("<html>", "", None, 7, b"x"):
            with self.assertRaises(ccxt.BadResponse):
                self.answers.taken(content)

    def test_the_last_answer_is_forgotten_before_the_next(self) -> None:
        self.answered([], 429, Date="Thu, 01 Jan 1970 00:01:00 GMT")
        self.assertEqual((self.answers.status, self.answers.date_ms()), (429, 60_000))
        self.answers.forget()
        self.assertEqual((self.answers.status, self.answers.headers, self.answers.date_ms()), (None, {}, None))
        self.answered({})
        self.answers.forget()
        self.assertEqual(self.answers.rows([]), [])

    def test_rows_are_all_there_by_time_with_nan_for_what_is_missing(self) -> None:
        rows = self.exchange.parse_ohlcvs(
            [["120000", "1", "2", "0.5", None, "3"], [60000, 1, 2, 0.5, 1.5, 3]], None, "1m", 999
        )
        (first, second) = self.answers.rows(rows)
        self.assertEqual(first, (60_000, 1.0, 2.0, 0.5, 1.5, 3.0))
        self.assertEqual((second[0], math.isnan(second[4])), (120_000, True))
        for strange in (
            [[60_000, 1, 2, 0.5, 1.5, 3], "x"],
            [[None, 1, 2, 0.5, 1.5, 3]],
            [[0, 1, 2, 0.5, 1.5, 3]],
            {},
            "x",
        ):
            with self.assertRaises(ccxt.BadResponse, msg=str(strange)):
                self.exchange.parse_ohlcvs(strange, None)

    def test_a_payment_without_a_time_and_one_of_another_contract_are_refused(self) -> None:
        with self.assertRaises(ccxt.BadResponse):
            self.exchange.parse_funding_rate_history({"symbol": "BTCUSDT", "fundingRate": "0.0001"})
        known = {"timestamp": 7, "symbol": BTC}
        self.assertEqual(self.answers.entries([{"timestamp": 9, "symbol": None}, known], BTC)[0], known)
        for strange in ({"timestamp": None}, {"timestamp": 0}, {"timestamp": 7, "symbol": "ETH/USDT"}):
            with self.assertRaises(ccxt.BadResponse):
                self.answers.entries([strange], BTC)

    def test_ccxt_leaves_no_entry_out(self) -> None:
        entries = [{"timestamp": 7, "symbol": "ETH/USDT"}, {"timestamp": None}]
        self.assertEqual(self.exchange.filter_by_symbol_since_limit(entries, BTC, 100, 1), entries)

    def test_a_time_is_a_positive_integer_and_a_market_list_is_not_empty(self) -> None:
        self.assertEqual(self.answers.time_ms(5), 5)
        for strange in (None, 0, -1, "5", 5.0):
            with self.assertRaises(ccxt.BadResponse):
                self.answers.time_ms(strange)
        self.assertIs(self.answers.markets({BTC: {}}), self.exchange)
        with self.assertRaises(ccxt.BadResponse):
            self.answers.markets({})


if __name__ == "__main__":
    unittest.main()
