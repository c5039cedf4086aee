"""Mark candles, funding rates and open interest through real ccxt over real sockets, from a loopback exchange."""

import contextlib
import io
import tempfile
import threading
import time
import unittest
from decimal import Decimal
from unittest import mock

import numpy as np

from core.candle import OpenInterest
from core.errors import ConfigurationError, DataUnavailableError
from core.instants import format_ms
from market_data import CandleStore, HistoricalDataProvider, HistoricalDataStore
from market_data.adapters import adapter_registry as registry
from market_data.adapters.ccxt_adapter import CcxtAdapter
from market_data.commands.fetch_command import fetch_series
from market_data.history.missing_candles import MissingCandlesError
from market_data.perpetual.open_interest_data import OpenInterestData
from market_data.perpetual.perpetual_data import PerpetualData
from market_data.series_names import FUNDING
from tests.support.exchanges.futures_exchange import KEPT_MS, FuturesExchange, stalled
from tests.support.exchanges.loopback import adapter_at, practice_columns, same_columns
from tests.support.times import DAY_MS, HOUR_MS, JANUARY_MS, MINUTE_MS, at
from tests.support.waiting import LONG_S

NOW = JANUARY_MS + 10 * DAY_MS + 30 * MINUTE_MS
BTC = "BTC/USDT:USDT"
MINUTES = practice_columns("BTC/USDT", 3_000)
MARKS = MINUTES._replace(volume=np.zeros(MINUTES.rows))
RATES = [
    (
        JANUARY_MS + number * 8 * HOUR_MS + number % 20,
        f"{(number % 7 - 2) / 100_000:.8f}",
        f"{40_000 + number}.50000000",
    )
    for number in range(31)
]
INTEREST = [
    (JANUARY_MS + number * 5 * MINUTE_MS, f"{80_000 + number}.125", f"{3_000_000 + number}.5")
    for number in range(2_880)
]


class FuturesCase(unittest.TestCase):
    def setUp(self) -> None:
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.cache = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.server = self.stack.enter_context(FuturesExchange(NOW))
        self.server.candles["BTCUSDT", "1m"] = MINUTES
        self.server.marks["BTCUSDT", "1m"] = MARKS
        self.server.funding["BTCUSDT"] = RATES
        self.server.interest["BTCUSDT", "5m"] = INTEREST
        self.store = CandleStore(self.cache)

    def adapter(self) -> CcxtAdapter:
        adapter = adapter_at(self.server.url, "binanceusdm")
        self.addCleanup(adapter.close)
        return adapter

    def provider(self, adapter: CcxtAdapter | None = None) -> HistoricalDataProvider:
        return HistoricalDataProvider(cache_dir=self.cache, adapter=adapter or self.adapter(), progress=False)

    def impatient(self) -> HistoricalDataProvider:
        """Return a provider for a server that never answers something."""
        adapter = CcxtAdapter("binanceusdm", base_url=self.server.url, timeout_seconds=3.0, give_up_seconds=4.0)
        self.addCleanup(adapter.close)
        return self.provider(adapter)

    def load(self, start: int, end: int, **options: object) -> PerpetualData:
        return self.provider().load_perpetual(["BTCUSDT"], "1m", start, end, **options)["BTCUSDT"]


class Pages(FuturesCase):
    def test_marks_rates_and_open_interest_are_stored_as_the_exchange_gave_them(self) -> None:
        provider = self.provider()
        for series in ("mark-1m", FUNDING, "open-interest-5m"):
            provider.fetch(["BTCUSDT"], series, JANUARY_MS, NOW)
        self.assertTrue(same_columns(self.store.read("binanceusdm", BTC, "mark-1m", 0, NOW), MARKS))
        rates = self.store.read_funding("binanceusdm", BTC, 0, NOW)
        stored = list(zip(*(column.tolist() for column in rates), strict=True))
        self.assertEqual(stored, [(time_ms, float(rate), float(mark)) for time_ms, rate, mark in RATES])
        interest = self.store.read_open_interest("binanceusdm", BTC, "5m", 0, NOW)
        self.assertEqual(interest.amount.tolist(), [float(row[1]) for row in INTEREST])
        self.assertEqual(interest.value.tolist(), [float(row[2]) for row in INTEREST])

    def test_only_the_interface_of_the_contracts_is_asked_and_no_key_is_needed(self) -> None:
        self.load(JANUARY_MS, JANUARY_MS + DAY_MS)
        self.assertEqual(
            {path for path, _ in self.server.requests},
            {f"/fapi/v1/{name}" for name in ("exchangeInfo", "time", "markPriceKlines", "fundingRate")},
        )

    def test_what_is_answered_is_not_asked_again_and_the_rest_is(self) -> None:
        self.load(JANUARY_MS + DAY_MS, JANUARY_MS + 2 * DAY_MS)
        asked = len(self.server.requests)
        again = self.load(JANUARY_MS + DAY_MS, JANUARY_MS + 2 * DAY_MS)
        self.assertEqual(len(self.server.requests), asked)
        self.assertEqual(
            [rate.due_ms for rate in again.funding], [JANUARY_MS + DAY_MS + n * 8 * HOUR_MS for n in (1, 2, 3)]
        )
        self.load(JANUARY_MS + DAY_MS, JANUARY_MS + 4 * DAY_MS)
        self.assertEqual(
            int(self.server.asked("/fapi/v1/fundingRate")[-1]["startTime"]) // HOUR_MS,
            (JANUARY_MS + 2 * DAY_MS) // HOUR_MS,
        )

    def test_a_page_that_is_cut_at_either_end_is_asked_in_halves(self) -> None:
        for newest_first in (False, True):
            with self.subTest(newest_first=newest_first):
                hourly = [(JANUARY_MS + number * HOUR_MS, "0.0001", "") for number in range(240)]
                self.server.funding["BTCUSDT"] = hourly
                self.server.newest_first = newest_first
                self.server.most_rates = 50
                adapter = self.adapter()
                adapter._pages = adapter._pages._replace(funding=50)
                rows = adapter.fetch_funding_page(BTC, JANUARY_MS, JANUARY_MS + 240 * HOUR_MS)
                self.assertEqual(rows, [(time_ms, 0.0001, None) for time_ms, _, _ in hourly])

    def test_a_payment_of_which_the_mark_is_not_told_gets_it_from_the_mark_candles(self) -> None:
        self.server.funding["BTCUSDT"] = [(time_ms, rate, "") for time_ms, rate, _ in RATES]
        loaded = self.load(JANUARY_MS, JANUARY_MS + DAY_MS)
        opens = dict(zip(MARKS.open_time_ms.tolist(), MARKS.open.tolist(), strict=True))
        self.assertEqual([rate.mark_price for rate in loaded.funding], [opens[rate.due_ms] for rate in loaded.funding])
        self.assertEqual((loaded.facts["mark"], loaded.facts["funding_mark"]), ("mark-1m", "mark-1m"))

    def test_a_payment_just_due_that_is_not_published_yet_is_asked_again(self) -> None:
        self.server.now_ms = JANUARY_MS + DAY_MS + 2 * MINUTE_MS
        self.server.funding["BTCUSDT"] = RATES[:3]
        provider = self.provider()
        provider.fetch(["BTCUSDT"], FUNDING, JANUARY_MS, JANUARY_MS + 2 * DAY_MS)
        self.assertEqual(self.store.read_funding("binanceusdm", BTC, 0, NOW).rows, 3)
        self.server.funding["BTCUSDT"] = RATES
        provider.fetch(["BTCUSDT"], FUNDING, JANUARY_MS, JANUARY_MS + 2 * DAY_MS)
        self.assertEqual(self.store.read_funding("binanceusdm", BTC, 0, NOW).rows, 4)

    def test_open_interest_older_than_the_exchange_keeps_is_named_and_the_rest_is_stored(self) -> None:
        early = NOW - 40 * DAY_MS
        with self.assertRaisesRegex(MissingCandlesError, "open-interest-5m") as caught:
            self.provider().fetch([BTC], "open-interest-5m", early, NOW)
        self.assertIn(f"missing: {BTC} open-interest-5m {format_ms(early)}", str(caught.exception))
        self.assertIn("--timeframe 1m --with open-interest-5m", str(caught.exception))
        self.assertFalse(caught.exception.out_of_reach)
        self.assertEqual(self.store.read_open_interest("binanceusdm", BTC, "5m", 0, NOW).rows, len(INTEREST))


class OpenInterestOfARun(FuturesCase):
    def load(self, period: str, start: int, end: int) -> OpenInterestData:
        return self.provider().load_open_interest(["BTCUSDT"], period, start, end)["BTCUSDT"]

    def asked(self) -> list[dict[str, str]]:
        return self.server.asked("/futures/data/openInterestHist")

    def test_it_is_fetched_once_and_a_stamp_of_the_present_belongs_to_it(self) -> None:
        self.server.interest["BTCUSDT", "1h"] = INTEREST[::12]
        now_ms = self.server.now_ms = JANUARY_MS + 9 * DAY_MS
        data = self.load("1h", JANUARY_MS, now_ms + 2 * HOUR_MS)
        expected = [
            OpenInterest(time_ms, float(amount), float(value))
            for time_ms, amount, value in INTEREST[::12]
            if time_ms <= now_ms
        ]
        self.assertEqual(data.rows, tuple(expected))
        self.assertEqual(data.facts["open_interest_missing"], 1)
        asked = len(self.server.requests)
        self.assertEqual(self.load("1h", JANUARY_MS, now_ms + HOUR_MS).rows, data.rows)
        self.assertEqual(len(self.server.requests), asked)

    def test_nothing_is_asked_for_that_is_older_than_what_the_exchange_keeps(self) -> None:
        data = self.load("5m", NOW - 400 * DAY_MS, JANUARY_MS + DAY_MS)
        self.assertEqual(len(data.rows), 288)
        self.assertEqual(data.facts["open_interest_gaps"], [f"{format_ms(NOW - 400 * DAY_MS)} .. {format_ms(at(-5))}"])
        self.assertGreaterEqual(min(int(query["startTime"]) for query in self.asked()), NOW - KEPT_MS)
        self.load("1h", NOW - 400 * DAY_MS, NOW - 300 * DAY_MS)
        self.assertEqual({query["period"] for query in self.asked()}, {"5m"})

    def test_what_is_stored_of_a_shorter_period_is_enough(self) -> None:
        self.load("5m", JANUARY_MS, JANUARY_MS + DAY_MS)
        asked = len(self.server.requests)
        rows = self.load("4h", JANUARY_MS, JANUARY_MS + DAY_MS).rows
        self.assertEqual([row.amount for row in rows], [float(row[1]) for row in INTEREST[:288:48]])
        self.assertEqual(len(self.server.requests), asked)

    def test_a_period_that_the_exchange_does_not_have_is_made_of_one_that_divides_it(self) -> None:
        adapter = self.adapter()
        adapter.open_interest_periods = ("5m",)
        rows = self.provider(adapter).load_open_interest([BTC], "2h", JANUARY_MS, JANUARY_MS + DAY_MS)[BTC].rows
        self.assertEqual([row.amount for row in rows], [float(row[1]) for row in INTEREST[:288:24]])

    def test_an_exchange_out_of_reach_says_so_and_offline_reads_what_is_stored(self) -> None:
        self.load("5m", JANUARY_MS, JANUARY_MS + DAY_MS)
        self.server.spoil = lambda path, query: (503, b"{}")
        for start in (JANUARY_MS + DAY_MS, NOW - 400 * DAY_MS):
            adapter = CcxtAdapter("binanceusdm", base_url=self.server.url, give_up_seconds=0.2)
            self.addCleanup(adapter.close)
            with self.assertRaisesRegex(DataUnavailableError, "use what is stored with --offline"):
                self.provider(adapter).load_open_interest([BTC], "5m", start, JANUARY_MS + 2 * DAY_MS)
        offline = HistoricalDataProvider("binanceusdm", self.cache, offline=True)
        loaded = offline.load_open_interest([BTC], "5m", JANUARY_MS, JANUARY_MS + 2 * DAY_MS)[BTC]
        self.assertEqual((len(loaded.rows), len(loaded.warnings)), (288, 1))


class InANotebook(FuturesCase):
    def test_gaps_of_open_interest_rates_and_marks_are_filled_and_read_as_frames(self) -> None:
        store = HistoricalDataStore("binanceusdm", self.cache, adapter=self.adapter())
        start, end = format_ms(JANUARY_MS), format_ms(JANUARY_MS + DAY_MS)
        for series, rows in (("open-interest-5m", 288), (FUNDING, 3), ("mark-1m", 1_440)):
            self.assertEqual([rows], store.fill_gaps("BTCUSDT", series, start, end)["filled"].to_list())
            asked = len(self.server.requests)
            self.assertEqual(0, store.fill_gaps("BTCUSDT", series, start, end)["filled"].sum())
            self.assertEqual(asked, len(self.server.requests))
        interest = store.get_open_interest("BTCUSDT")
        self.assertEqual([float(row[1]) for row in INTEREST[:288]], interest["amount"].to_list())
        self.assertEqual([row[0] for row in INTEREST[:288]], interest.index.as_unit("ms").asi8.tolist())
        self.assertEqual([float(row[1]) for row in RATES[:3]], store.get_funding_rates("btc-usdt")["rate"].to_list())
        self.assertEqual(MARKS.close[:1_440].tolist(), store.get_ohlcv("BTC/USDT:USDT", "mark-1m")["close"].to_list())


class Rules(FuturesCase):
    def test_quantity_bounds_and_the_price_band_come_with_the_market_list(self) -> None:
        rules = self.adapter().markets()[BTC]
        self.assertEqual((rules.min_quantity, rules.max_quantity), (Decimal("0.001"), Decimal(1000)))
        self.assertEqual((rules.band_down, rules.band_up), (Decimal("0.95"), Decimal("1.05")))
        self.assertEqual(
            (rules.tick_size, rules.lot_size, rules.min_notional), tuple(map(Decimal, ("0.1", "0.001", "100")))
        )


class Faults(FuturesCase):
    def test_answers_that_pass_leave_no_trace(self) -> None:
        spoilt = iter([(500, b"{}"), (200, b'{"code":0}'), (200, b'[{"symbol":"BTCUSDT"}]')])
        self.server.spoil = lambda path, query: next(spoilt, None) if path.endswith("fundingRate") else None
        self.provider().fetch([BTC], FUNDING, JANUARY_MS, NOW)
        self.assertEqual(self.store.read_funding("binanceusdm", BTC, 0, NOW).rows, len(RATES))
        self.assertIsNone(next(spoilt, None))

    def test_rates_of_another_symbol_are_never_taken(self) -> None:
        other = b'[{"symbol":"ETHUSDT","fundingTime":%d,"fundingRate":"0.5","markPrice":"1"}]' % JANUARY_MS
        self.server.spoil = lambda path, query: (200, other) if path.endswith("fundingRate") else None
        with self.assertRaisesRegex(DataUnavailableError, "none of BTC/USDT:USDT"):
            self.impatient().load_perpetual(["BTCUSDT"], "1m", JANUARY_MS, JANUARY_MS + DAY_MS)
        self.assertEqual(self.store.read_funding("binanceusdm", BTC, 0, NOW).rows, 0)

    def test_a_rate_that_is_no_number_is_refused_and_counted(self) -> None:
        self.server.funding["BTCUSDT"] = [*RATES[:3], (RATES[3][0], "", "1"), (RATES[4][0], "NaN", "1"), *RATES[5:]]
        provider = self.provider()
        outcome = provider.fetch([BTC], FUNDING, JANUARY_MS, NOW)[BTC]
        self.assertEqual((outcome.rows, outcome.quality.refused), (len(RATES) - 2, {"bad_rate": 2}))

    def test_an_exchange_that_stops_answering_ends_in_time_and_a_second_run_goes_on(self) -> None:
        seen = threading.Event()

        def spoil(path: str, query: object) -> tuple[int, bytes] | None:
            if path.endswith("markPriceKlines") and len(self.server.asked("/fapi/v1/markPriceKlines")) > 2:
                seen.set()
                return stalled()
            return None

        self.server.spoil = spoil
        started = time.monotonic()
        with self.assertRaisesRegex(MissingCandlesError, "--timeframe 1m --with mark-1m") as caught:
            self.impatient().fetch([BTC], "mark-1m", JANUARY_MS, at(3_000))
        self.assertLess(time.monotonic() - started, LONG_S)
        self.assertTrue(seen.is_set() and caught.exception.out_of_reach)
        self.assertEqual(self.store.read("binanceusdm", BTC, "mark-1m", 0, NOW).rows, 2_000)
        self.server.spoil = lambda path, query: None
        self.provider().fetch([BTC], "mark-1m", JANUARY_MS, at(3_000))
        self.assertTrue(same_columns(self.store.read("binanceusdm", BTC, "mark-1m", 0, NOW), MARKS))

    def test_a_load_that_cannot_reach_the_exchange_says_so_and_offline_reads_what_is_stored(self) -> None:
        self.load(JANUARY_MS, JANUARY_MS + DAY_MS)
        self.server.spoil = lambda path, query: (503, b"{}")
        with self.assertRaisesRegex(DataUnavailableError, "--with mark-1m"):
            self.impatient().load_perpetual([BTC], "1m", JANUARY_MS, JANUARY_MS + 2 * DAY_MS)
        offline = HistoricalDataProvider("binanceusdm", self.cache, offline=True)
        self.assertEqual(len(offline.load_perpetual([BTC], "1m", JANUARY_MS, JANUARY_MS + DAY_MS)[BTC].funding), 3)


class Command(FuturesCase):
    def run_fetch(self, *beside: str, timeframe: str = "1m") -> str:
        output = io.StringIO()

        def opened(name: str, **options: object) -> CcxtAdapter:
            return adapter_at(self.server.url, name)

        with mock.patch.object(registry, "open_adapter", opened), contextlib.redirect_stdout(output):
            provider = HistoricalDataProvider("binanceusdm", self.cache)
            fetch_series(provider, ["btcusdt"], timeframe, JANUARY_MS, JANUARY_MS + DAY_MS, beside=beside)
        return output.getvalue()

    def test_candles_marks_rates_and_open_interest_come_with_one_command(self) -> None:
        output = self.run_fetch("mark", "funding", "open-interest")
        for line in (
            f"{BTC} 1m: 1440 candles in 2 pages",
            f"{BTC} mark-1m: 1440 mark candles in 2 pages",
            f"{BTC} funding: 3 funding rates in 2 pages",
            f"{BTC} open-interest-5m: 288 rows of open interest in 1 pages",
        ):
            self.assertIn(f"{line}\n", output)
        asked = len(self.server.requests)
        again = self.run_fetch("mark-1m", "funding", "open-interest-5m")
        self.assertEqual(again.count("nothing to fetch"), 4)
        self.assertEqual(len(self.server.requests), asked)

    def test_a_name_that_means_nothing_is_refused_before_anything_is_asked(self) -> None:
        for name in ("marks", "1h", "open-interest-3d", "funding-8h"):
            with self.subTest(name), self.assertRaisesRegex(ConfigurationError, "mark, funding, open-interest"):
                self.run_fetch(name)
        self.assertEqual(self.server.requests, [])

    def test_a_period_that_the_exchange_does_not_serve_is_refused_with_those_it_does(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "no open interest period '3m'; allowed: 5m, 15m"):
            self.run_fetch("open-interest-3m")


if __name__ == "__main__":
    unittest.main()
