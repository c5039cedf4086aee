"""The practice exchange over real sockets: two timeframes at one boundary, and perpetual contracts by its clock."""

import json
import unittest
import urllib.request
from collections.abc import Sequence
from typing import Any

import ccxt

from practice import ExchangeOptions, FaultKind, FaultScript, PracticeExchange, practice_source
from practice.faults.fault_script import (
    DelayFinals,
    FailRest,
    LateFunding,
    OrderCloses,
    ReviseCandle,
    ScriptedFault,
    SkipCandle,
)
from tests.support.exchanges.practice_streams import StreamReader
from tests.support.times import HOUR_MS, JANUARY_MS, MINUTE_MS, at
from tests.support.waiting import PATIENCE_S

SYMBOLS = ["BTC/USDT", "ETH/USDT"]
DETAIL = ["btcusdt@kline_1m", "ethusdt@kline_1m"]
STRATEGY = ["btcusdt@kline_5m", "ethusdt@kline_5m"]


def driven(*faults: ScriptedFault, **options: Any) -> PracticeExchange:
    """Return an exchange of two symbols that moves when it is told to; its own timeframe is the strategy's."""
    options.setdefault("timeframe", "5m")
    return PracticeExchange(
        practice_source(1, SYMBOLS), ExchangeOptions(pace="driven", script=FaultScript(faults=tuple(faults)), **options)
    )


def get(exchange: PracticeExchange, path: str) -> Any:
    """Return the decoded body of an answer of the futures interface."""
    with urllib.request.urlopen(f"{exchange.rest_url}/fapi/v1/{path}", timeout=PATIENCE_S) as answer:
        return json.loads(answer.read())


def names(finals: Sequence[dict[str, Any]], close_ms: int) -> list[str]:
    """Return symbol and interval of the finals that close at an instant, in order of arrival."""
    return [f"{one['s'][:3]} {one['k']['i']}" for one in finals if one["k"]["T"] == close_ms - 1]


class Boundaries(unittest.TestCase):
    def at_the_first_boundary(self, *faults: ScriptedFault) -> list[str]:
        """Return the order in which one client reads the finals that close after five minutes."""
        with driven(*faults) as exchange, StreamReader(exchange, DETAIL + STRATEGY) as reader:
            exchange.advance()
            return names(reader.expect_finals(12), at(5))

    def test_usually_each_symbols_detail_closes_before_its_strategy_candle(self) -> None:
        self.assertEqual(self.at_the_first_boundary(), ["BTC 1m", "BTC 5m", "ETH 1m", "ETH 5m"])

    def test_every_order_of_a_boundary_can_be_scripted(self) -> None:
        for order, expected in (
            (OrderCloses(by="timeframe"), ["BTC 1m", "ETH 1m", "BTC 5m", "ETH 5m"]),
            (OrderCloses(by="timeframe", coarse_first=True), ["BTC 5m", "ETH 5m", "BTC 1m", "ETH 1m"]),
            (OrderCloses(coarse_first=True), ["BTC 5m", "BTC 1m", "ETH 5m", "ETH 1m"]),
            (OrderCloses(last_symbol_first=True), ["ETH 1m", "ETH 5m", "BTC 1m", "BTC 5m"]),
            (OrderCloses(by="timeframe", last_symbol_first=True), ["ETH 1m", "BTC 1m", "ETH 5m", "BTC 5m"]),
        ):
            self.assertEqual(self.at_the_first_boundary(order), expected, order)

    def test_an_order_lasts_as_long_as_it_says(self) -> None:
        order = OrderCloses(at="10m", duration="5m", coarse_first=True)
        with driven(order) as exchange, StreamReader(exchange, [DETAIL[0], STRATEGY[0]]) as reader:
            exchange.advance(3)
            finals = reader.expect_finals(18)
        usual, turned = ["BTC 1m", "BTC 5m"], ["BTC 5m", "BTC 1m"]
        for boundary, expected in ((5, usual), (10, turned), (15, usual)):
            self.assertEqual(names(finals, at(boundary)), expected)

    def test_a_detail_final_may_come_long_after_the_strategy_candle_of_its_time(self) -> None:
        late = DelayFinals(final=5, by="90s", timeframe="1m", symbols=("BTC/USDT",))
        with driven(late) as exchange, StreamReader(exchange, [DETAIL[0], STRATEGY[0]]) as reader:
            exchange.advance()
            self.assertEqual(names(reader.expect_finals(5), at(5)), ["BTC 5m"])
            exchange.advance_to(at(7))
            closes = [one["k"]["T"] + 1 - JANUARY_MS for one in reader.expect_finals(8) if one["k"]["i"] == "1m"]
            self.assertEqual(closes[-3:], [6 * MINUTE_MS, 5 * MINUTE_MS, 7 * MINUTE_MS])

    def test_faults_of_two_timeframes_leave_each_other_alone(self) -> None:
        faults = (
            SkipCandle(final=1, timeframe="5m", where="everywhere", symbols=("BTC/USDT",)),
            ReviseCandle(final=2, timeframe="1m", after="10s", symbols=("BTC/USDT",)),
        )
        with driven(*faults) as exchange, StreamReader(exchange, [DETAIL[0], STRATEGY[0]]) as reader:
            exchange.advance(2)
            finals = reader.expect_finals(12)
            self.assertEqual([one["k"]["t"] - JANUARY_MS for one in finals if one["k"]["i"] == "5m"], [5 * MINUTE_MS])
            self.assertEqual(
                [one["k"]["t"] - JANUARY_MS for one in finals if one["k"]["i"] == "1m"].count(MINUTE_MS), 2
            )
            self.assertEqual(exchange.truth("BTC/USDT").open_time_ms.tolist(), [at(5)])
            self.assertEqual(exchange.truth("BTC/USDT", "1m").rows, 10)
            before = practice_source(1).candles("BTC/USDT", "1m", JANUARY_MS, at(10))
            changed = (exchange.truth("BTC/USDT", "1m").close != before.close).nonzero()[0]
            self.assertEqual(changed.tolist(), [1])

    def test_two_clients_of_one_timeframe_each_are_served_at_once(self) -> None:
        with driven() as exchange, StreamReader(exchange, DETAIL) as detail, StreamReader(exchange, STRATEGY) as coarse:
            exchange.advance(3)
            self.assertEqual(len(detail.expect_finals(30)), 30)
            self.assertEqual(len(coarse.expect_finals(6)), 6)


class Contracts(unittest.TestCase):
    def rates(self, exchange: PracticeExchange, symbol: str = "BTCUSDT") -> list[int]:
        """Return the minutes of the payments that REST has since the start, in hours."""
        rows = get(exchange, f"fundingRate?symbol={symbol}&startTime={JANUARY_MS + 1_000}&limit=1000")
        return [(row["fundingTime"] - JANUARY_MS) // HOUR_MS for row in rows]

    def test_a_rate_is_there_some_seconds_after_its_payment(self) -> None:
        with driven(timeframe="1h", funding_delay="5s") as exchange:
            stamp_ms = (
                practice_source(1).funding_rates("BTC/USDT", JANUARY_MS + HOUR_MS, JANUARY_MS + 9 * HOUR_MS)[0].time_ms
            )
            for now_ms, expected in ((JANUARY_MS + 8 * HOUR_MS, []), (stamp_ms + 4_999, []), (stamp_ms + 5_000, [8])):
                exchange.advance_to(now_ms)
                self.assertEqual(self.rates(exchange), expected)
                self.assertEqual(len(exchange.funding_truth("BTC/USDT", since_ms=JANUARY_MS + HOUR_MS)), len(expected))

    def test_a_rate_can_be_published_late_for_one_symbol(self) -> None:
        late = LateFunding(at="7h", duration="2h", by="10m", symbols=("ETH/USDT",))
        with driven(late, timeframe="1h") as exchange:
            exchange.advance_to(JANUARY_MS + 8 * HOUR_MS + 9 * MINUTE_MS)
            self.assertEqual((self.rates(exchange), self.rates(exchange, "ETHUSDT")), ([8], []))
            exchange.advance_to(JANUARY_MS + 8 * HOUR_MS + 11 * MINUTE_MS)
            self.assertEqual(self.rates(exchange, "ETHUSDT"), [8])
            exchange.advance_to(JANUARY_MS + 16 * HOUR_MS + MINUTE_MS)
            self.assertEqual(self.rates(exchange, "ETHUSDT"), [8, 16])

    def test_scripted_errors_and_empty_answers_befall_marks_and_rates(self) -> None:
        faults = (
            FailRest(path="fundingRate", form=FaultKind.EMPTY, times=1),
            FailRest(path="markPriceKlines", status=503, times=1),
            FailRest(path="premiumIndex", form=FaultKind.HTML_PAGE, times=1),
        )
        with driven(*faults) as exchange:
            self.assertEqual(get(exchange, f"fundingRate?symbol=BTCUSDT&endTime={JANUARY_MS - 1}"), [])
            self.assertEqual(len(get(exchange, f"fundingRate?symbol=BTCUSDT&endTime={JANUARY_MS - 1}")), 100)
            with self.assertRaises(urllib.error.HTTPError) as failed:
                get(exchange, "markPriceKlines?symbol=BTCUSDT&interval=1m")
            failed.exception.close()
            self.assertEqual(failed.exception.code, 503)
            self.assertEqual(len(get(exchange, "markPriceKlines?symbol=BTCUSDT&interval=1m")), 500)

    def test_the_truth_of_marks_is_the_sources_up_to_now(self) -> None:
        with driven() as exchange:
            exchange.advance(2)
            expected = practice_source(1).mark_candles("BTC/USDT", "1m", JANUARY_MS, at(10))
            self.assertEqual(exchange.mark_truth("BTC/USDT", "1m").close.tolist(), expected.close.tolist())
            self.assertEqual(exchange.mark_truth("BTC/USDT").rows, 2)

    def test_ccxt_reads_contracts_unchanged_but_for_the_address(self) -> None:
        with driven() as exchange:
            client = ccxt.binanceusdm({"options": {"fetchMarkets": {"types": ["linear"]}}})
            self.addCleanup(client.session.close)
            for name, url in client.urls["api"].items():
                if url.startswith("https://fapi.binance.com"):
                    client.urls["api"][name] = url.replace("https://fapi.binance.com", exchange.rest_url)
            market = client.load_markets()["BTC/USDT:USDT"]
            self.assertTrue(market["swap"] and market["linear"])
            self.assertEqual((market["precision"]["price"], market["limits"]["amount"]["max"]), (0.01, 250.0))
            rates = client.fetch_funding_rate_history("BTC/USDT:USDT", JANUARY_MS - 24 * HOUR_MS, 10)
            expected = practice_source(1).funding_rates("BTC/USDT", JANUARY_MS - 24 * HOUR_MS, JANUARY_MS)
            self.assertEqual(
                [(one["timestamp"], one["fundingRate"]) for one in rates], [(one.time_ms, one.rate) for one in expected]
            )
            marks = client.fetch_mark_ohlcv("BTC/USDT:USDT", "1h", JANUARY_MS - 3 * HOUR_MS, 3)
            ours = practice_source(1).mark_candles("BTC/USDT", "1h", JANUARY_MS - 3 * HOUR_MS, JANUARY_MS)
            self.assertEqual([row[4] for row in marks], ours.close.tolist())
            self.assertEqual(client.fetch_funding_rate("BTC/USDT:USDT")["fundingTimestamp"], JANUARY_MS + 8 * HOUR_MS)


if __name__ == "__main__":
    unittest.main()
