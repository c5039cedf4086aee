"""The practice exchange over real sockets: two timeframes at one boundary, and perpetual contracts by its clock."""

import json
import math
import tempfile
import unittest
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

import ccxt

from core.candle import OpenInterest
from core.errors import ConfigurationError
from market_data import CandleStore
from market_data.series_columns import OpenInterestColumns
from practice import (
    ColumnsSource,
    ExchangeOptions,
    FaultKind,
    FaultScript,
    PracticeExchange,
    StoreSource,
    practice_source,
)
from practice.faults.fault_script import (
    DelayFinals,
    FailRest,
    LateFunding,
    LateOpenInterest,
    OrderCloses,
    ReviseCandle,
    ScriptedFault,
    SkipCandle,
)
from practice.market.candle_sources import SelectedSource
from tests.support.exchanges.loopback import practice_columns
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


def get(exchange: PracticeExchange, path: str, below: str = "fapi/v1") -> Any:
    """Return the decoded body of an answer of the futures interface."""
    with urllib.request.urlopen(f"{exchange.rest_url}/{below}/{path}", timeout=PATIENCE_S) as answer:
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


class OpenInterestRows(unittest.TestCase):
    def rows(self, exchange: PracticeExchange, query: str) -> list[tuple[int, float, float]]:
        answer = get(exchange, f"openInterestHist?symbol=BTCUSDT&{query}", "futures/data")
        self.assertEqual({row["symbol"] for row in answer} | {"BTCUSDT"}, {"BTCUSDT"})
        return [(row["timestamp"], float(row["sumOpenInterest"]), float(row["sumOpenInterestValue"])) for row in answer]

    def made(self, period: str, start_ms: int, end_ms: int) -> list[tuple[int, float, float | None]]:
        rows = practice_source(1).open_interest("BTC/USDT", period, start_ms, end_ms)
        return [(one.time_ms, one.amount, one.value) for one in rows]

    def test_rows_are_those_of_the_market_from_a_start_on_or_the_latest(self) -> None:
        with driven() as exchange:
            day = JANUARY_MS - 24 * HOUR_MS
            for query, expected in (
                (f"startTime={day}&endTime={JANUARY_MS - 1}&limit=500", self.made("1h", day, JANUARY_MS)),
                (f"startTime={day}&limit=3", self.made("1h", day, day + 3 * HOUR_MS)),
                (f"endTime={day}&limit=2", self.made("1h", day - 2 * HOUR_MS, day + 1)[1:]),
                ("", self.made("1h", JANUARY_MS - 30 * HOUR_MS, JANUARY_MS)),
            ):
                self.assertEqual(self.rows(exchange, f"period=1h&{query}"), expected, query)

    def test_a_row_is_there_some_time_after_its_stamp_and_one_can_be_late_or_left_out(self) -> None:
        faults = (
            LateOpenInterest(at="5m", duration="5m", by="3m"),
            LateOpenInterest(at="10m", duration="5m", symbols=("BTC/USDT",)),
        )
        with driven(*faults, open_interest_delay="50s") as exchange:
            for now_ms, minutes in (
                (at(0) + 49_999, []),
                (at(0) + 50_000, [0]),
                (at(8) - 1, [0]),
                (at(8), [0, 5]),
                (at(16), [0, 5, 15]),
            ):
                exchange.advance_to(now_ms)
                found = self.rows(exchange, f"period=5m&startTime={JANUARY_MS}")
                self.assertEqual([row[0] for row in found], [at(minute) for minute in minutes])
                self.assertEqual(
                    [one.time_ms for one in exchange.open_interest_truth("BTC/USDT", "5m")], [row[0] for row in found]
                )
            self.assertEqual(len(exchange.open_interest_truth("ETH/USDT", "5m")), 4)
        with self.assertRaisesRegex(ConfigurationError, "open_interest_delay 'soon' is no length of time"):
            driven(open_interest_delay="soon")

    def test_what_is_not_kept_or_not_known_is_refused_as_the_exchange_does(self) -> None:
        with driven() as exchange:
            oldest = JANUARY_MS - 30 * 24 * HOUR_MS
            self.assertEqual(self.rows(exchange, f"period=1h&startTime={oldest}&limit=1")[0][0], oldest)
            for query, code in (
                (f"symbol=BTCUSDT&period=1h&startTime={oldest - 1}", -1130),
                ("symbol=BTCUSDT&period=8h", -1130),
                ("symbol=BTCUSDT", -1102),
                ("period=1h", -1102),
                ("symbol=NIXUSDT&period=1h", -1121),
            ):
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    get(exchange, f"openInterestHist?{query}", "futures/data")
                self.assertEqual((refused.exception.code, json.loads(refused.exception.read())["code"]), (400, code))
                refused.exception.close()
            with self.assertRaises(urllib.error.HTTPError) as unknown:
                get(exchange, "klines?symbol=BTCUSDT&interval=1m", "futures/data")
            unknown.exception.close()
            self.assertEqual(unknown.exception.code, 404)

    def test_stored_open_interest_is_served_and_nothing_where_none_is_stored(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            store = CandleStore(folder)
            interest = [(at(minute), 80.0 + minute, math.nan if minute == 60 else 1e6) for minute in range(0, 130, 5)]
            for symbol in ("A/USDT", "B/USDT"):
                store.write("mine", symbol, "1m", practice_columns("BTC/USDT", 30), source="a test")
            store.write("mine", "A/USDT", "open-interest-5m", OpenInterestColumns.from_rows(interest), source="a test")
            options = ExchangeOptions(pace="driven", start_ms=at(130))
            sources = (
                StoreSource(store, "mine"),
                SelectedSource(StoreSource(store, "mine"), ["A/USDT", "B/USDT"]),
                ColumnsSource(
                    {(symbol, "1m"): practice_columns("BTC/USDT", 30) for symbol in ("A/USDT", "B/USDT")},
                    interest={
                        "A/USDT": [
                            OpenInterest(time_ms, amount, None if math.isnan(value) else value)
                            for time_ms, amount, value in interest
                        ]
                    },
                ),
            )
            for source in sources:
                with PracticeExchange(source, options) as exchange:
                    answer = get(exchange, f"openInterestHist?symbol=AUSDT&period=1h&startTime={at(0)}", "futures/data")
                    told = [(row["timestamp"], row["sumOpenInterest"], row["sumOpenInterestValue"]) for row in answer]
                    value = "1000000.00000000"
                    expected = [(at(n), f"{80 + n}.00000000", "" if n == 60 else value) for n in (0, 60, 120)]
                    self.assertEqual(told, expected)
                    self.assertEqual(get(exchange, "openInterestHist?symbol=BUSDT&period=5m", "futures/data"), [])


if __name__ == "__main__":
    unittest.main()
