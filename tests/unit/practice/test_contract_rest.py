"""The loopback server's futures interface by plain HTTP: shapes as recorded, ranges, refusals, faults, sources."""

import contextlib
import json
import tempfile
import unittest
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from core.candle import FundingRate
from core.errors import ConfigurationError
from market_data import CandleColumns, CandleStore
from market_data.practice.practice_market import PracticeMarket
from market_data.series_columns import FundingColumns
from practice import BinanceRestServer, ColumnsSource, Fault, FaultKind, StoreSource
from practice.market.candle_sources import AdapterSource, CandleSource, SelectedSource, contract_source
from tests.support.exchanges.loopback import HandClock, practice_columns
from tests.support.shared import RECORDINGS, needs_shared
from tests.support.times import HOUR_MS, JANUARY_MS, MINUTE_MS, at
from tests.support.waiting import PATIENCE_S

BTC = practice_columns("BTC/USDT", 600)
MARKS = PracticeMarket().mark_candles("BTC/USDT", "1m", JANUARY_MS, at(600))
FUNDING = (
    FundingRate(JANUARY_MS + 1, 0.0001, 42_000.5),
    FundingRate(JANUARY_MS + 4 * HOUR_MS, -0.00025),
    FundingRate(JANUARY_MS + 8 * HOUR_MS + 12, 0.0003, 41_000.125),
    FundingRate(JANUARY_MS + 12 * HOUR_MS, 0.0001),
)


def source() -> ColumnsSource:
    """Return one contract with marks and rates, and one without."""
    return ColumnsSource(
        {("BTC/USDT", "1m"): BTC, ("ETH/USDT", "1m"): BTC},
        marks={("BTC/USDT", "1m"): MARKS},
        funding={"BTC/USDT": FUNDING},
    )


class ContractCase(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = HandClock(JANUARY_MS + 9 * HOUR_MS + 30_000)
        self.server = self.serving(source())

    def serving(self, candles: CandleSource) -> BinanceRestServer:
        server = BinanceRestServer(candles, clock=self.clock)
        server.start()
        self.addCleanup(server.stop)
        return server

    def get(self, path: str) -> Any:
        """Return the decoded body of an answer, or its status and code where it is a refusal."""
        try:
            with urllib.request.urlopen(f"{self.server.url}/fapi/v1/{path}", timeout=PATIENCE_S) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with contextlib.closing(error):
                return error.code, json.loads(error.read())["code"]

    def stamps(self, query: str) -> list[int]:
        """Return the stamps of the rates of a query, in milliseconds since the start."""
        return [row["fundingTime"] - JANUARY_MS for row in self.get(f"fundingRate?symbol=BTCUSDT{query}")]


class FundingRates(ContractCase):
    def test_both_ends_of_a_range_are_included_and_the_oldest_comes_first(self) -> None:
        self.assertEqual(
            self.stamps(f"&startTime={JANUARY_MS + 1}&endTime={JANUARY_MS + 8 * HOUR_MS + 12}"),
            [1, 4 * HOUR_MS, 8 * HOUR_MS + 12],
        )
        self.assertEqual(
            self.stamps(f"&startTime={JANUARY_MS + 2}&endTime={JANUARY_MS + 8 * HOUR_MS + 11}"), [4 * HOUR_MS]
        )

    def test_a_start_with_a_limit_gives_the_first_and_no_start_the_last(self) -> None:
        self.assertEqual(self.stamps(f"&startTime={JANUARY_MS}&limit=1"), [1])
        self.assertEqual(self.stamps("&limit=1"), [8 * HOUR_MS + 12])
        self.assertEqual(self.stamps(f"&endTime={JANUARY_MS + 5 * HOUR_MS}&limit=2"), [1, 4 * HOUR_MS])

    def test_payments_of_the_future_are_not_there(self) -> None:
        self.assertEqual(
            self.stamps(f"&startTime={JANUARY_MS + 8 * HOUR_MS}&endTime={JANUARY_MS + 99 * HOUR_MS}"),
            [8 * HOUR_MS + 12],
        )
        self.clock.now_ms = JANUARY_MS + 12 * HOUR_MS
        self.assertEqual(self.stamps(f"&startTime={JANUARY_MS + 9 * HOUR_MS}"), [12 * HOUR_MS])

    def test_rates_and_marks_are_text_that_reads_back_and_an_unknown_mark_is_empty(self) -> None:
        rows = self.get("fundingRate?symbol=BTCUSDT")
        self.assertEqual(
            [(float(row["fundingRate"]), row["markPrice"]) for row in rows][:2],
            [(0.0001, "42000.50000000"), (-0.00025, "")],
        )

    def test_many_payments_come_a_thousand_at_a_time(self) -> None:
        every_hour = [FundingRate(JANUARY_MS - hour * HOUR_MS, 0.0001) for hour in range(3_000, 0, -1)]
        self.server = self.serving(ColumnsSource({("BTC/USDT", "1m"): BTC}, funding={"BTC/USDT": every_hour}))
        first = self.get(f"fundingRate?symbol=BTCUSDT&startTime={JANUARY_MS - 3_000 * HOUR_MS}&limit=5000")
        self.assertEqual([row["fundingTime"] for row in first], [one.time_ms for one in every_hour[:1000]])
        last = self.get("fundingRate?symbol=BTCUSDT&limit=1000")
        self.assertEqual([row["fundingTime"] for row in last], [one.time_ms for one in every_hour[-1000:]])
        self.assertEqual(len(self.get("fundingRate?symbol=BTCUSDT")), 100)


class MarksAndPremium(ContractCase):
    def test_marks_are_paged_like_klines_and_the_open_one_is_the_last(self) -> None:
        now = self.clock.now_ms
        rows = self.get(f"markPriceKlines?symbol=BTCUSDT&interval=1m&startTime={JANUARY_MS}&limit=1500")
        self.assertEqual([row[0] for row in rows], list(range(JANUARY_MS, now, MINUTE_MS)))
        for row, place in ((rows[0], 0), (rows[-2], 539)):
            self.assertEqual([float(text) for text in row[1:5]], [float(column[place]) for column in MARKS[1:5]])
            self.assertEqual(row[5:], ["0", row[0] + MINUTE_MS - 1, "0", 60, "0", "0", "0"])
        opened, high, low, close = (float(text) for text in rows[-1][1:5])
        self.assertTrue(low <= min(opened, close) and max(opened, close) <= high <= float(MARKS.high[540]))
        self.assertEqual(len(self.get("markPriceKlines?symbol=BTCUSDT&interval=1m")), 500)

    def test_the_premium_index_tells_mark_last_rate_and_next_payment(self) -> None:
        told = self.get("premiumIndex?symbol=BTCUSDT")
        self.assertTrue(float(MARKS.low[540]) <= float(told["markPrice"]) <= float(MARKS.high[540]))
        self.assertEqual(float(told["lastFundingRate"]), 0.0003)
        self.assertEqual((told["nextFundingTime"], told["time"]), (JANUARY_MS + 12 * HOUR_MS, self.clock.now_ms))
        self.assertEqual([one["symbol"] for one in self.get("premiumIndex")], ["BTCUSDT"])

    def test_what_a_source_does_not_have_is_empty(self) -> None:
        self.assertEqual(self.get("markPriceKlines?symbol=ETHUSDT&interval=1m"), [])
        self.assertEqual(self.get("fundingRate?symbol=ETHUSDT"), [])
        self.assertEqual(self.get("premiumIndex?symbol=ETHUSDT"), (400, -1121))
        self.server = self.serving(AdapterSource(PracticeMarket()))
        self.assertEqual(self.get("fundingRate?symbol=BTCUSDT"), [])

    def test_wrong_requests_are_refused_as_on_the_spot_interface(self) -> None:
        for path, code in (
            ("fundingRate", -1102),
            ("fundingRate?symbol=XYZ", -1121),
            ("fundingRate?symbol=BTCUSDT&limit=0", -1100),
            ("fundingRate?symbol=BTCUSDT&startTime=soon", -1100),
            ("markPriceKlines?symbol=BTCUSDT", -1102),
            ("markPriceKlines?symbol=BTCUSDT&interval=7m", -1120),
            ("premiumIndex?symbol=XYZ", -1121),
        ):
            self.assertEqual(self.get(path), (400, code), path)

    def test_faults_befall_these_answers_too(self) -> None:
        for fault, expected in (
            (Fault(FaultKind.EMPTY, path="fundingRate"), []),
            (Fault(FaultKind.SHORT_PAGE, path="fundingRate", rows=1), [1]),
            (Fault(FaultKind.SHUFFLED_ROWS, path="fundingRate"), [4 * HOUR_MS, 1, 8 * HOUR_MS + 12]),
            (Fault(FaultKind.OTHER_TIME, path="fundingRate"), [1, 4 * HOUR_MS, 8 * HOUR_MS + 12]),
        ):
            self.server.faults.add(fault)
            self.assertEqual(
                self.stamps(f"&startTime={JANUARY_MS}&endTime={JANUARY_MS + 9 * HOUR_MS}"), expected, fault.kind
            )
        for path in ("markPriceKlines?symbol=BTCUSDT&interval=1m", "premiumIndex", "fundingRate?symbol=BTCUSDT"):
            self.server.faults.add(Fault(FaultKind.STATUS, status=503, path=path.partition("?")[0]))
            self.assertEqual(self.get(path)[0], 503)
            self.server.faults.add(Fault(FaultKind.EMPTY, symbol=None))
            self.assertEqual(self.get(path), [])


class Markets(ContractCase):
    def test_both_interfaces_have_clock_candles_and_markets(self) -> None:
        self.assertEqual(self.get("time"), {"serverTime": self.clock.now_ms})
        rows = self.get("klines?symbol=BTCUSDT&interval=1m&limit=2")
        with urllib.request.urlopen(f"{self.server.url}/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=2") as answer:
            self.assertEqual(json.loads(answer.read()), rows)
        contract = self.get("exchangeInfo")["symbols"][0]
        self.assertEqual(
            [contract[key] for key in ("symbol", "contractType", "marginAsset")], ["BTCUSDT", "PERPETUAL", "USDT"]
        )

    def test_the_practice_markets_bounds_stand_in_both_market_lists(self) -> None:
        self.server = self.serving(PracticeMarket())
        filters = {one["filterType"]: one for one in self.get("exchangeInfo")["symbols"][0]["filters"]}
        self.assertEqual(filters["LOT_SIZE"]["maxQty"], "250.00000000")
        self.assertEqual(filters["PERCENT_PRICE"]["multiplierUp"], "5")
        with urllib.request.urlopen(f"{self.server.url}/api/v3/exchangeInfo?symbol=BTCUSDT") as answer:
            spot = {one["filterType"]: one for one in json.loads(answer.read())["symbols"][0]["filters"]}
        self.assertEqual(spot["PERCENT_PRICE_BY_SIDE"]["askMultiplierDown"], "0.2")

    def test_contracts_settled_in_their_quote_currency_are_served(self) -> None:
        contract = "BTC/USDT:USDT"
        self.server = self.serving(ColumnsSource({(contract, "1m"): BTC}, funding={contract: FUNDING}))
        self.assertEqual(self.stamps("&limit=1"), [8 * HOUR_MS + 12])
        self.assertEqual(len(self.get("klines?symbol=BTCUSDT&interval=1m&limit=3")), 3)

    def test_other_contracts_and_two_markets_of_one_name_are_refused(self) -> None:
        for symbols, words in (
            (("BTC/USD:BTC",), "BTC/USD:BTC is neither"),
            (("BTC/USDT:USDT-260327",), "BTC/USDT:USDT-260327 is neither"),
            (("BTC/USDT", "BTC/USDT:USDT"), "BTC/USDT and BTC/USDT:USDT are both called BTCUSDT"),
        ):
            columns = {(symbol, "1m"): BTC for symbol in symbols}
            with self.assertRaisesRegex(ConfigurationError, words):
                BinanceRestServer(ColumnsSource(columns), clock=self.clock).start()

    def test_a_store_gives_its_marks_and_rates(self) -> None:
        contract = "BTC/USDT:USDT"
        with tempfile.TemporaryDirectory() as folder:
            store = CandleStore(folder)
            store.write("binanceusdm", contract, "1m", BTC, source="a test")
            store.write("binanceusdm", contract, "mark-1m", MARKS, source="a test")
            rates = FundingColumns.from_rows((one.time_ms, one.rate, one.mark_price) for one in FUNDING)
            store.write("binanceusdm", contract, "funding", rates, source="a test")
            self.server = self.serving(SelectedSource(StoreSource(store, "binanceusdm"), [contract]))
            self.assertEqual(self.stamps(f"&startTime={JANUARY_MS}"), [1, 4 * HOUR_MS, 8 * HOUR_MS + 12])
            self.assertEqual(len(self.get("markPriceKlines?symbol=BTCUSDT&interval=1m&limit=7")), 7)
            self.assertEqual(self.get("premiumIndex?symbol=BTCUSDT")["nextFundingTime"], JANUARY_MS + 12 * HOUR_MS)
            found = contract_source(StoreSource(store, "binanceusdm")).funding_rates(
                contract, JANUARY_MS, JANUARY_MS + 99 * HOUR_MS
            )
            self.assertEqual(found, list(FUNDING))

    def test_a_source_of_candles_alone_has_no_contracts(self) -> None:
        class Candles:
            def markets(self) -> Mapping[str, Any]:
                return {}

            def candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
                return BTC

        nothing = contract_source(Candles())
        self.assertEqual(nothing.mark_candles("BTC/USDT", "1m", 0, JANUARY_MS).rows, 0)
        self.assertIsNone(nothing.next_funding_ms("BTC/USDT", JANUARY_MS))
        practice = PracticeMarket()
        self.assertIs(contract_source(practice), practice)


@needs_shared
class RecordedShapes(ContractCase):
    FOLDER = RECORDINGS / "nautilus_trader" / "binance" / "python" / "http_responses"

    def recorded(self, name: str) -> Any:
        return json.loads((self.FOLDER / f"{name}.json").read_text(encoding="utf-8"))

    def test_mark_klines_have_the_recorded_types(self) -> None:
        ours = self.get("markPriceKlines?symbol=BTCUSDT&interval=1m&limit=1")[0]
        real = self.recorded("http_futures_market_mark_price_klines")[0]
        self.assertEqual([type(value) for value in ours], [type(value) for value in real])
        self.assertEqual((ours[5], ours[7:]), (real[5], real[7:]))
        self.assertEqual(ours[6] - ours[0], real[6] - real[0])

    def test_funding_rates_have_the_recorded_fields(self) -> None:
        ours = self.get("fundingRate?symbol=BTCUSDT&limit=1")[0]
        real = self.recorded("http_futures_market_funding_rate")[0]
        self.assertEqual({key: type(ours[key]) for key in real}, {key: type(value) for key, value in real.items()})
        # Recorded before the exchange began to tell the mark price.
        self.assertEqual(set(ours) - set(real), {"markPrice"})


if __name__ == "__main__":
    unittest.main()
