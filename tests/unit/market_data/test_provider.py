"""The historical data provider over an exchange in memory: what is asked, what is kept, what is said."""

import contextlib
import datetime as dt
import io
import tempfile
import unittest
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from unittest import TestCase

import numpy as np
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.candle_columns import CandleColumns
from core.errors import ConfigurationError, DataUnavailableError, StoreError
from core.instants import format_ms
from core.instrument import Instrument
from core.timeframe import WEEK_MS
from market_data import HistoricalDataProvider
from market_data.commands.fetch_command import fetch_series
from market_data.exchange_adapter import CandleRow
from market_data.history.missing_candles import MissingCandlesError
from market_data.instruments.instrument_store import InstrumentStore
from market_data.store.candle_store import CandleStore
from market_data.store.coverage import uncovered
from tests.support.exchanges.loopback import practice_columns, same_columns, without
from tests.support.exchanges.memory_exchange import MemoryExchange
from tests.support.scale import scaled
from tests.support.times import JANUARY_MS, MINUTE_MS, at

BTC = practice_columns("BTC/USDT", 1000)
ETH = practice_columns("ETH/USDT", 1000)
LATE = at(2000)


class ProviderCase(TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.cache = folder.name
        self.exchange = MemoryExchange({"BTC/USDT": BTC, "ETH/USDT": ETH}, LATE)

    def provider(self, *, offline: bool = False) -> HistoricalDataProvider:
        return HistoricalDataProvider(cache_dir=self.cache, offline=offline, adapter=self.exchange, progress=False)

    def asked(self, symbol: str = "BTC/USDT") -> Sequence[tuple[int, int]]:
        """Return the ranges asked since the last call, in minutes, and forget them."""
        pages = [
            ((since - JANUARY_MS) // MINUTE_MS, (until - JANUARY_MS) // MINUTE_MS)
            for name, since, until in self.exchange.pages
            if name == symbol
        ]
        self.exchange.pages = [page for page in self.exchange.pages if page[0] != symbol]
        return pages


class Windows(ProviderCase):
    def test_the_window_is_the_candles_that_open_and_close_inside(self) -> None:
        loaded = self.provider().load(["BTCUSDT"], "1m", at(10) + 1, at(20) - 1)["BTCUSDT"]
        self.assertEqual(loaded.symbol, "BTC/USDT")
        self.assertTrue(same_columns(loaded.window, BTC.slice(11, 19)))
        self.assertEqual(loaded.warmup.rows, 0)

    def test_warm_up_is_the_last_candles_closed_by_the_start(self) -> None:
        loaded = self.provider().load(["BTCUSDT"], "1m", at(500), at(510), warmup_candles=7)["BTCUSDT"]
        self.assertTrue(same_columns(loaded.warmup, BTC.slice(493, 500)))
        between = self.provider().load(["BTCUSDT"], "1m", at(500) + 1, at(510), warmup_candles=7)["BTCUSDT"]
        self.assertTrue(same_columns(between.warmup, BTC.slice(493, 500)))
        self.assertTrue(same_columns(between.window, BTC.slice(501, 510)))

    def test_warm_up_before_the_listing_is_short_and_not_an_error(self) -> None:
        loaded = self.provider().load(["BTC/USDT"], "1m", at(3), at(10), warmup_candles=50)["BTC/USDT"]
        self.assertEqual(loaded.warmup.rows, 3)

    def test_warm_up_takes_stored_candles_over_a_hole(self) -> None:
        self.exchange = MemoryExchange({"BTC/USDT": without(BTC, 90, 100)}, LATE)
        provider = self.provider()
        provider.fetch(["BTCUSDT"], "1m", at(0), at(200))
        loaded = provider.load(["BTCUSDT"], "1m", at(102), at(110), warmup_candles=5)["BTCUSDT"]
        self.assertTrue(same_columns(loaded.warmup, without(BTC, 90, 100).slice(87, 92)))

    def test_keys_are_the_spellings_given_and_columns_never_mix(self) -> None:
        loaded = self.provider().load(["ethusdt", "BTC-USDT"], "1m", at(0), at(300))
        self.assertEqual(list(loaded), ["ethusdt", "BTC-USDT"])
        self.assertTrue(same_columns(loaded["ethusdt"].window, ETH.slice(0, 300)))
        self.assertTrue(same_columns(loaded["BTC-USDT"].window, BTC.slice(0, 300)))

    def test_a_frame_has_utc_timestamps_and_plain_columns(self) -> None:
        start = dt.datetime.fromisoformat("2024-01-01T00:10")
        frame = self.provider().fetch_ohlcv("BTCUSDT", "1m", start, "2024-01-01T02:20:00+02:00")
        self.assertEqual(list(frame.columns), ["timestamp", "open", "high", "low", "close", "volume"])
        self.assertIsInstance(frame.index, pd.RangeIndex)
        self.assertEqual(str(frame["timestamp"].dt.tz), "UTC")
        self.assertEqual(frame["timestamp"].iloc[0], pd.Timestamp("2024-01-01T00:10:00Z"))
        self.assertEqual(len(frame), 10)
        np.testing.assert_array_equal(frame["close"].to_numpy(), BTC.close[10:20])

    def test_a_frame_without_a_candle_keeps_its_columns_and_types(self) -> None:
        frame = self.provider().fetch_ohlcv("BTCUSDT", "1m", "2023-01-01", "2023-01-01T01:00")
        self.assertEqual(len(frame), 0)
        self.assertEqual(str(frame["timestamp"].dt.tz), "UTC")
        self.assertEqual(str(frame["close"].dtype), "float64")

    def test_weeks_start_on_mondays(self) -> None:
        weeks = practice_columns("BTC/USDT", 20 * WEEK_MS // MINUTE_MS, timeframe="1w")
        self.exchange = MemoryExchange({"BTC/USDT": weeks}, JANUARY_MS + 40 * WEEK_MS)
        frame = self.provider().fetch_ohlcv("BTC/USDT", "1w", "2024-01-03", "2024-02-01")
        self.assertEqual([day.weekday() for day in frame["timestamp"]], [0, 0, 0])
        self.assertEqual(frame["timestamp"].iloc[0], pd.Timestamp("2024-01-08T00:00Z"))

    def test_a_start_that_is_not_before_the_end_is_refused(self) -> None:
        for start, end in ((at(5), at(5)), (at(6), at(5))):
            with self.assertRaisesRegex(ConfigurationError, "is not before the end"):
                self.provider().load(["BTCUSDT"], "1m", start, end)

    def test_a_timeframe_the_exchange_lacks_is_refused_before_anything_is_asked(self) -> None:
        for timeframe in ("3m", "1M"):
            with self.assertRaises(ConfigurationError):
                self.provider().load(["BTCUSDT"], timeframe, at(0), at(5))
        self.assertEqual(self.exchange.pages, [])


class Asking(ProviderCase):
    def test_only_missing_ranges_are_asked_page_by_page(self) -> None:
        provider = self.provider()
        provider.load(["BTCUSDT"], "1m", at(200), at(450))
        self.assertEqual(self.asked(), [(200, 300), (300, 400), (400, 450)])
        loaded = provider.load(["BTCUSDT"], "1m", at(150), at(500))["BTCUSDT"]
        self.assertEqual(self.asked(), [(150, 200), (450, 500)])
        self.assertTrue(same_columns(loaded.window, BTC.slice(150, 500)))
        provider.load(["BTCUSDT"], "1m", at(150), at(500), warmup_candles=0)
        self.assertEqual(self.asked(), [])

    def test_a_hole_between_candles_of_one_answer_is_settled_and_one_at_the_end_is_asked_again(self) -> None:
        holed = without(without(BTC, 420, 450), 100, 130)
        self.exchange = MemoryExchange({"BTC/USDT": holed}, LATE)
        provider = self.provider()
        first = provider.load(["BTCUSDT"], "1m", at(50), at(450))["BTCUSDT"]
        self.assertEqual(first.quality["holes"], 1)
        self.assertEqual(first.quality["missing"], 30)
        # The hole begins a page: it is asked by itself, with the candle before it.
        self.assertEqual(self.asked(), [(50, 150), (150, 250), (250, 350), (350, 450), (420, 450)])
        again = provider.load(["BTCUSDT"], "1m", at(50), at(450))["BTCUSDT"]
        self.assertEqual(self.asked(), [(420, 450)])
        self.assertTrue(same_columns(first.window, again.window))

    def test_a_hole_that_begins_a_page_is_asked_with_the_candle_before_it_and_settled_by_that(self) -> None:
        self.exchange = MemoryExchange({"BTC/USDT": without(BTC, 150, 170)}, LATE)
        provider = self.provider()
        provider.load(["BTCUSDT"], "1m", at(50), at(250))
        self.assertEqual(self.asked(), [(50, 150), (150, 250), (149, 170)])
        provider.load(["BTCUSDT"], "1m", at(50), at(250))
        self.assertEqual(self.asked(), [])

    def test_a_page_that_is_cut_at_its_beginning_is_asked_until_it_is_whole(self) -> None:
        self.exchange.spoil = lambda symbol, since, until, rows: rows[-30:]
        loaded = self.provider().load(["BTCUSDT"], "1m", at(0), at(200))["BTCUSDT"]
        self.assertTrue(same_columns(loaded.window, BTC.slice(0, 200)))

    def test_time_before_the_first_candle_is_settled_when_that_is_found(self) -> None:
        provider = self.provider()
        provider.load(["BTCUSDT"], "1m", at(-250), at(10))
        self.assertEqual(self.asked()[:4], [(-250, -150), (-150, -50), (-50, 10), (-50, 0)])
        provider.load(["BTCUSDT"], "1m", at(-250), at(10))
        self.assertEqual(self.asked(), [])
        ground = CandleStore(self.cache).record("binanceus", "BTC/USDT", "1m").ground_of(at(-250), at(0))
        self.assertEqual(ground, "before the first candle of binanceus")

    def test_a_page_shorter_than_it_should_be_is_no_answer_for_the_rest(self) -> None:
        self.exchange.spoil = lambda symbol, since, until, rows: rows[:30]
        loaded = self.provider().load(["BTCUSDT"], "1m", at(0), at(200))["BTCUSDT"]
        self.assertTrue(same_columns(loaded.window, BTC.slice(0, 200)))

    def test_shuffled_and_doubled_rows_are_stored_once_in_order(self) -> None:
        self.exchange.spoil = lambda symbol, since, until, rows: rows[1::2] + rows[::2] + rows[:40]
        provider = self.provider()
        loaded = provider.load(["BTCUSDT"], "1m", at(0), at(300))["BTCUSDT"]
        self.assertTrue(same_columns(loaded.window, BTC.slice(0, 300)))
        self.assertEqual(provider.quality_reports["BTC/USDT", "1m"].refused, {"duplicate": 120})

    def test_rows_outside_the_asked_range_are_not_taken(self) -> None:
        stray: CandleRow = (at(700), 1.0, 1.0, 1.0, 1.0, 1.0)
        self.exchange.spoil = lambda symbol, since, until, rows: [*rows, stray]
        loaded = self.provider().load(["BTCUSDT"], "1m", at(0), at(300))["BTCUSDT"]
        self.assertTrue(same_columns(loaded.window, BTC.slice(0, 300)))
        self.assertEqual(CandleStore(self.cache).read("binanceus", "BTC/USDT", "1m", at(300), at(999)).rows, 0)

    def test_a_page_of_another_time_answers_nothing_and_ends(self) -> None:
        latest: list[CandleRow] = [(at(900), 1.0, 1.0, 1.0, 1.0, 1.0)]
        self.exchange.spoil = lambda symbol, since, until, rows: latest
        with self.assertRaisesRegex(DataUnavailableError, "with candles of another time"):
            self.provider().load(["BTCUSDT"], "1m", at(0), at(300))
        missing = CandleStore(self.cache).missing_ranges("binanceus", "BTC/USDT", "1m", at(0), at(300))
        self.assertEqual(missing, [(at(0), at(300))])
        self.assertEqual(len(self.asked()), 3)

    def test_history_that_is_not_served_is_no_error_in_the_warm_up(self) -> None:
        latest: list[CandleRow] = [(at(900), 1.0, 1.0, 1.0, 1.0, 1.0)]
        self.exchange.spoil = lambda symbol, since, until, rows: latest if since < at(100) else rows
        loaded = self.provider().load(["BTCUSDT"], "1m", at(200), at(300), warmup_candles=150)["BTCUSDT"]
        self.assertEqual(loaded.window.rows, 100)
        self.assertEqual(loaded.warmup.rows, 50)

    def test_bad_rows_are_refused_counted_and_not_asked_again(self) -> None:
        def spoil(symbol: str, since: int, until: int, rows: list[CandleRow]) -> list[CandleRow]:
            bad: dict[int, CandleRow] = {
                at(5): (at(5), 100.0, 90.0, 80.0, 95.0, 1.0),
                at(6): (at(6), float("nan"), 1.0, 1.0, 1.0, 1.0),
                at(7): (at(7), 100.0, 100.0, 100.0, 100.0, -1.0),
            }
            return [bad.get(row[0], row) for row in rows]

        self.exchange.spoil = spoil
        provider = self.provider()
        loaded = provider.load(["BTCUSDT"], "1m", at(0), at(20))["BTCUSDT"]
        self.assertTrue(same_columns(loaded.window, without(BTC.slice(0, 20), 5, 8)))
        self.assertEqual(loaded.quality["refused"], 3)
        self.assertEqual(
            provider.quality_reports["BTC/USDT", "1m"].refused, {"bad_price": 1, "bad_volume": 1, "high_below_body": 1}
        )
        self.asked()
        provider.load(["BTCUSDT"], "1m", at(0), at(20))
        self.assertEqual(self.asked(), [])

    def test_candles_off_the_grid_are_floored_or_refused_as_told(self) -> None:
        shifted = BTC._replace(open_time_ms=BTC.open_time_ms + 20_799)
        self.exchange = MemoryExchange({"BTC/USDT": shifted}, LATE)
        provider = self.provider()
        loaded = provider.load(["BTCUSDT"], "1m", at(0), at(250))["BTCUSDT"]
        self.assertTrue(same_columns(loaded.window, BTC.slice(0, 250)))
        self.assertEqual(loaded.quality["snapped"], 250)
        with tempfile.TemporaryDirectory() as other:
            strict = HistoricalDataProvider(cache_dir=other, adapter=self.exchange, off_grid="refuse", progress=False)
            refused = strict.load(["BTCUSDT"], "1m", at(0), at(250))["BTCUSDT"]
        self.assertEqual((refused.window.rows, refused.quality["refused"]), (0, 250))

    def test_without_the_cache_everything_is_asked_and_nothing_is_stored(self) -> None:
        provider = self.provider()
        provider.load(["BTCUSDT"], "1m", at(0), at(50))
        self.asked()
        anew = provider.load(["BTCUSDT"], "1m", at(20), at(120), warmup_candles=5, use_cache=False)["BTCUSDT"]
        self.assertEqual(self.asked(), [(15, 115), (115, 120)])
        self.assertTrue(same_columns(anew.window, BTC.slice(20, 120)))
        self.assertTrue(same_columns(anew.warmup, BTC.slice(15, 20)))
        self.assertEqual(CandleStore(self.cache).entries()[0].rows, 50)


class Closing(ProviderCase):
    def test_a_candle_is_stored_only_when_it_is_closed_by_the_exchanges_clock(self) -> None:
        forming = at(300)
        self.exchange.now_ms = forming + 30_000
        real = self.exchange.fetch_page

        def with_forming(symbol: str, timeframe: str, since_ms: int, until_ms: int) -> list[CandleRow]:
            return [*real(symbol, timeframe, since_ms, until_ms), (forming, 5.0, 5.0, 5.0, 5.0, 5.0)]

        self.exchange.fetch_page = with_forming  # type: ignore[method-assign]
        provider = self.provider()
        first = provider.load(["BTCUSDT"], "1m", at(250), at(400))["BTCUSDT"]
        self.assertTrue(same_columns(first.window, BTC.slice(250, 300)))
        self.exchange.fetch_page = real  # type: ignore[method-assign]
        self.exchange.now_ms = at(310)
        self.asked()
        second = provider.load(["BTCUSDT"], "1m", at(250), at(400))["BTCUSDT"]
        self.assertEqual(self.asked(), [(300, 310)])
        self.assertTrue(same_columns(second.window, BTC.slice(250, 310)))

    def test_a_shifted_candle_is_closed_when_its_own_time_has_passed(self) -> None:
        shifted = BTC._replace(open_time_ms=BTC.open_time_ms + 20_799)
        self.exchange = MemoryExchange({"BTC/USDT": shifted}, at(300) + 10_000)
        provider = self.provider()
        self.assertEqual(provider.load(["BTCUSDT"], "1m", at(250), at(300))["BTCUSDT"].window.rows, 49)
        self.exchange.now_ms = at(300) + 30_000
        self.asked()
        second = provider.load(["BTCUSDT"], "1m", at(250), at(300))["BTCUSDT"]
        self.assertEqual(self.asked(), [(299, 300)])
        self.assertTrue(same_columns(second.window, BTC.slice(250, 300)))

    def test_a_candle_that_is_published_late_is_asked_again(self) -> None:
        self.exchange.now_ms = at(300) + 500
        self.exchange.spoil = lambda symbol, since, until, rows: [row for row in rows if row[0] < at(299)]
        provider = self.provider()
        self.assertEqual(provider.load(["BTCUSDT"], "1m", at(250), at(300))["BTCUSDT"].window.rows, 49)
        self.exchange.spoil = lambda symbol, since, until, rows: rows
        second = provider.load(["BTCUSDT"], "1m", at(250), at(300))["BTCUSDT"]
        self.assertTrue(same_columns(second.window, BTC.slice(250, 300)))

    def test_the_future_is_never_asked_nor_covered(self) -> None:
        self.exchange.now_ms = at(100)
        provider = self.provider()
        provider.load(["BTCUSDT"], "1m", at(50), at(5000))
        self.assertEqual(self.asked(), [(50, 100)])
        provider.load(["BTCUSDT"], "1m", at(200), at(5000))
        self.assertEqual(self.asked(), [])
        missing = CandleStore(self.cache).missing_ranges("binanceus", "BTC/USDT", "1m", at(50), at(5000))
        self.assertEqual(missing, [(at(100), at(5000))])

    def test_the_entry_points_clock_stands_in_where_the_exchange_tells_no_time(self) -> None:
        self.exchange.broken.add("time")
        with self.assertRaises(DataUnavailableError):
            self.provider().load(["BTCUSDT"], "1m", at(0), at(10))
        given = HistoricalDataProvider(
            cache_dir=self.cache, adapter=self.exchange, progress=False, now_ms=lambda: at(5)
        )
        self.assertEqual(given.load(["BTCUSDT"], "1m", at(0), at(10))["BTCUSDT"].window.rows, 5)


class OutOfReach(ProviderCase):
    def test_the_error_names_what_is_missing_and_how_to_get_it(self) -> None:
        self.provider().load(["BTCUSDT"], "1m", at(0), at(50))
        self.exchange.broken |= {"BTC/USDT", "ETH/USDT"}
        with self.assertRaises(MissingCandlesError) as caught:
            self.provider().load(["BTCUSDT", "ETHUSDT"], "1m", at(0), at(100))
        text = str(caught.exception)
        self.assertEqual(caught.exception.exit_code, 3)
        self.assertEqual(caught.exception.missing, {"BTC/USDT": ((at(50), at(100)),), "ETH/USDT": ((at(0), at(100)),)})
        for part in (
            "BTC/USDT 1m", format_ms(at(50)), format_ms(at(100)), "ETH/USDT 1m", format_ms(at(0)),
            "python -m market_data fetch --exchange binanceus --symbols BTC/USDT,ETH/USDT --timeframe 1m",
            "python -m market_data import", "--offline",
        ):  # fmt: skip
            self.assertIn(part, text)
        self.assertNotIn("\n", text)

    def test_what_came_before_the_failure_is_kept(self) -> None:
        def spoil(symbol: str, since: int, until: int, rows: list[CandleRow]) -> list[CandleRow]:
            if since >= at(300):
                self.exchange.broken.add("BTC/USDT")
            return rows

        self.exchange.spoil = spoil
        with self.assertRaises(MissingCandlesError) as caught:
            self.provider().load(["BTCUSDT"], "1m", at(0), at(900))
        self.assertEqual(caught.exception.missing, {"BTC/USDT": ((at(400), at(900)),)})
        self.exchange.broken.clear()
        self.exchange.spoil = lambda symbol, since, until, rows: rows
        self.asked()
        self.provider().load(["BTCUSDT"], "1m", at(0), at(900))
        self.assertEqual(self.asked()[0], (400, 500))

    def test_a_symbol_the_exchange_refuses_does_not_stop_the_others(self) -> None:
        columns = {"BTC/USDT": BTC, "ETH/USDT": ETH}
        provider = self.provider()
        provider.load(["BTCUSDT", "ETHUSDT"], "1m", at(0), at(10))
        self.exchange = MemoryExchange({"ETH/USDT": columns["ETH/USDT"]}, LATE)
        with self.assertRaises(MissingCandlesError) as caught:
            self.provider().load(["BTCUSDT", "ETHUSDT"], "1m", at(0), at(300))
        self.assertEqual(list(caught.exception.missing), ["BTC/USDT"])
        self.assertEqual(CandleStore(self.cache).read("binanceus", "ETH/USDT", "1m", at(0), at(300)).rows, 300)

    def test_a_warm_up_out_of_reach_is_missing_though_the_window_is_stored(self) -> None:
        self.provider().load(["BTCUSDT"], "1m", at(100), at(150))
        self.exchange.broken.add("BTC/USDT")
        with self.assertRaises(MissingCandlesError) as caught:
            self.provider().load(["BTCUSDT"], "1m", at(100), at(150), warmup_candles=10)
        self.assertEqual(caught.exception.missing, {"BTC/USDT": ((at(90), at(100)),)})
        self.assertEqual(self.provider().load(["BTCUSDT"], "1m", at(100), at(150))["BTCUSDT"].window.rows, 50)

    def test_without_even_the_market_list_the_whole_range_is_named(self) -> None:
        self.exchange.broken.add("markets")
        with self.assertRaisesRegex(
            MissingCandlesError, "the market list does not come; missing: btcusdt 1m"
        ) as caught:
            self.provider().load(["btcusdt"], "1m", at(10), at(50), warmup_candles=5)
        self.assertEqual(caught.exception.missing, {"btcusdt": ((at(5), at(50)),)})

    def test_a_dead_exchange_is_not_asked_for_every_symbol(self) -> None:
        names = [f"S{number}/USDT" for number in range(30)]
        self.exchange = MemoryExchange(dict.fromkeys(names, BTC), LATE)
        self.exchange.broken |= set(names)
        with self.assertRaises(MissingCandlesError) as caught:
            self.provider().load(names, "1m", at(0), at(300))
        self.assertEqual(sorted(caught.exception.missing), sorted(names))
        self.assertLess(len(self.exchange.pages), 17)

    def test_an_error_of_the_store_stops_the_fetch_as_it_is(self) -> None:
        provider = self.provider()
        provider.resolve("BTCUSDT")
        (provider.store.root / "binanceus" / "BTC-USDT").write_text("in the way")
        with self.assertRaises(StoreError):
            provider.load(["BTCUSDT", "ETHUSDT"], "1m", at(0), at(300))


class Offline(ProviderCase):
    def test_offline_returns_what_is_stored_and_asks_nothing(self) -> None:
        self.provider().load(["BTCUSDT"], "1m", at(100), at(200))
        self.exchange.pages.clear()
        reads = self.exchange.market_reads
        loaded = self.provider(offline=True).load(["BTCUSDT", "ETHUSDT"], "1m", at(0), at(300), warmup_candles=9)
        self.assertTrue(same_columns(loaded["BTCUSDT"].window, BTC.slice(100, 200)))
        self.assertEqual(loaded["ETHUSDT"].window.rows, 0)
        self.assertEqual((self.exchange.pages, self.exchange.market_reads), ([], reads))

    def test_offline_with_nothing_stored_says_how_to_get_it(self) -> None:
        with self.assertRaisesRegex(DataUnavailableError, "nothing of binanceus is stored .*python -m market_data"):
            self.provider(offline=True).load(["BTCUSDT"], "1m", at(0), at(5))

    def test_offline_refuses_what_needs_the_exchange(self) -> None:
        with self.assertRaises(ConfigurationError):
            self.provider(offline=True).fetch(["BTCUSDT"], "1m", at(0), at(5))
        with self.assertRaises(ConfigurationError):
            self.provider(offline=True).load(["BTCUSDT"], "1m", at(0), at(5), use_cache=False)

    def test_imported_candles_of_any_name_are_read_and_never_fetched(self) -> None:
        store = CandleStore(self.cache)
        store.write("binance@2017-2019", "BTC/USDT", "1m", BTC, source="a test")
        store.add_coverage("binance@2017-2019", "BTC/USDT", "1m", at(0), at(1000))
        provider = HistoricalDataProvider("binance@2017-2019", self.cache, progress=False)
        self.assertEqual(provider.load(["btcusdt"], "1m", at(0), at(9))["btcusdt"].window.rows, 9)
        with self.assertRaisesRegex(ConfigurationError, "BTC/USDT"):
            provider.resolve("BTCUSDX")
        with self.assertRaisesRegex(MissingCandlesError, "is no exchange but a name of imported candles") as caught:
            provider.load(["btcusdt"], "1m", at(-10), at(9))
        self.assertIn("`python -m market_data import --exchange binance@2017-2019 FILE...`", str(caught.exception))
        self.assertNotIn("market_data fetch", str(caught.exception))
        Path(self.cache, "bare").mkdir()
        with self.assertRaisesRegex(DataUnavailableError, "get candles with `python -m market_data import --exch"):
            HistoricalDataProvider("bare", self.cache, progress=False).resolve("BTCUSDT")

    def test_an_exchange_nobody_knows_is_refused(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "did you mean binanceus"):
            HistoricalDataProvider("binanceuss", self.cache)
        with self.assertRaisesRegex(
            ConfigurationError, "is not known .*no candles are stored under that name .*import"
        ):
            HistoricalDataProvider("binance-perp", self.cache)
        with self.assertRaisesRegex(ConfigurationError, "the folder .*/none does not exist.; files are imported"):
            HistoricalDataProvider("binance-perp", f"{self.cache}/none")

    def test_contracts_of_the_practice_market_are_told_their_names(self) -> None:
        provider = HistoricalDataProvider("practice", self.cache, progress=False)
        with self.assertRaisesRegex(
            ConfigurationError, "'BTC/USDT:USDT' is not in .* names of the spot markets: write BTC/USDT$"
        ):
            provider.resolve("BTC/USDT:USDT")
        with self.assertRaisesRegex(ConfigurationError, "'NOPE/USDT:USDT' is not in the market list of practice;"):
            provider.resolve("NOPE/USDT:USDT")


class Symbols(ProviderCase):
    def test_the_market_list_is_read_once_and_stored_with_its_date(self) -> None:
        provider = self.provider()
        self.assertEqual(provider.resolve("ethusdt"), "ETH/USDT")
        self.assertEqual(InstrumentStore(self.cache).snapshots("binanceus"), [LATE])
        self.assertEqual(self.provider().resolve("btcusdt"), "BTC/USDT")
        self.assertEqual(self.exchange.market_reads, 1)

    def test_a_symbol_listed_since_is_found_in_the_exchanges_own_list(self) -> None:
        self.provider().resolve("BTCUSDT")
        self.exchange = MemoryExchange({"BTC/USDT": BTC, "TAO/USDT": BTC}, LATE + 1)
        self.assertEqual(self.provider().resolve("taousdt"), "TAO/USDT")

    def test_an_unknown_symbol_names_the_nearest(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "'BTCUSDX'.*market list of binanceus.*BTC/USDT"):
            self.provider().resolve("BTCUSDX")

    def test_without_market_list_and_exchange_the_symbol_cannot_be_looked_up(self) -> None:
        self.exchange.broken.add("markets")
        with self.assertRaisesRegex(DataUnavailableError, "cannot be looked up"):
            self.provider().resolve("BTCUSDT")

    def test_an_old_market_list_is_read_again_with_candles_and_stored_when_a_rule_changed(self) -> None:
        provider = self.provider()
        provider.load(["BTCUSDT"], "1m", at(0), at(5))
        provider.load(["BTCUSDT"], "1m", at(0), at(10))
        self.assertEqual(self.exchange.market_reads, 1)
        self.exchange.now_ms = LATE + 86_400_000
        provider.load(["BTCUSDT"], "1m", at(0), at(15))
        self.assertEqual(self.exchange.market_reads, 2)
        self.assertEqual(InstrumentStore(self.cache).snapshots("binanceus"), [LATE])
        self.exchange.tick_size = Decimal("0.1")
        provider.load(["BTCUSDT"], "1m", at(0), at(20))
        self.assertEqual(InstrumentStore(self.cache).snapshots("binanceus"), [LATE, LATE + 86_400_000])
        self.assertEqual(provider.instrument("BTCUSDT").tick_size, Decimal("0.1"))

    def test_a_run_gets_the_rules_in_force_at_its_start(self) -> None:
        instruments = InstrumentStore(self.cache)
        for as_of_ms, tick in ((at(-1000), "0.1"), (at(100), "0.01")):
            rules = Instrument("BTC/USDT", tick_size=Decimal(tick), source="market list")
            instruments.save("binanceus", {"BTC/USDT": rules}, as_of_ms)
        provider = self.provider()
        early = provider.load(["BTCUSDT"], "1m", at(0), at(5))["BTCUSDT"].instrument
        self.assertEqual((str(early.tick_size), early.as_of_ms), ("0.1", at(-1000)))
        late = provider.load(["BTCUSDT"], "1m", at(100), at(105))["BTCUSDT"].instrument
        self.assertEqual(str(late.tick_size), "0.01")
        self.assertEqual(provider.instrument("btcusdt").symbol, "BTC/USDT")


class Command(unittest.TestCase):
    def test_fetching_the_practice_market_prints_a_summary_and_a_second_time_fetches_nothing(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            outputs = []
            for _ in range(2):
                text = io.StringIO()
                with contextlib.redirect_stdout(text), contextlib.redirect_stderr(io.StringIO()):
                    provider = HistoricalDataProvider("practice", folder)
                    code = fetch_series(provider, ["BTCUSDT", "ethusdt"], "1m", at(0), at(1500))
                self.assertEqual(code, 0)
                outputs.append(text.getvalue())
            stored = CandleStore(folder).read("practice", "BTC/USDT", "1m", at(0), at(1500))
        self.assertIn("BTC/USDT 1m: 1500 candles in 2 pages\n", outputs[0])
        self.assertIn("practice: 3000 candles of 2 symbols", outputs[0])
        self.assertIn("nothing to fetch", outputs[1])
        self.assertTrue(same_columns(stored, practice_columns("BTC/USDT", 1500)))


class AnyOrderOfRequests(unittest.TestCase):
    @settings(max_examples=scaled(15, 200), deadline=None)
    @example(windows=[(0, 2), (-1, 1)], holes=set(), page_limit=2)
    @given(
        st.lists(st.tuples(st.integers(-60, 420), st.integers(1, 120)), min_size=1, max_size=5),
        st.sets(st.integers(0, 400), max_size=120),
        st.integers(1, 70),
    )
    def test_what_is_returned_is_what_the_exchange_has_and_what_is_missing_is_known_to_be_denied(
        self, windows: list[tuple[int, int]], holes: set[int], page_limit: int
    ) -> None:
        kept = np.array([row for row in range(400) if row not in holes])
        listed = CandleColumns(*(column[kept] for column in BTC))
        exchange = MemoryExchange({"BTC/USDT": listed}, LATE, page_limit)
        answered: set[int] = set()
        with tempfile.TemporaryDirectory() as folder:
            provider = HistoricalDataProvider(cache_dir=folder, adapter=exchange, progress=False)
            for first, count in windows:
                exchange.pages.clear()
                loaded = provider.load(["BTCUSDT"], "1m", at(first), at(first + count))["BTCUSDT"]
                self.assertTrue(same_columns(loaded.window, listed.between(at(first), at(first + count))))
                record = CandleStore(folder).record("binanceus", "BTC/USDT", "1m")
                for _, since, until in (page for page in exchange.pages if page[1] >= at(-60) and page[2] <= at(600)):
                    asked = set(range((since - JANUARY_MS) // MINUTE_MS, (until - JANUARY_MS) // MINUTE_MS))
                    # Beside the candle that anchors a hole, and the page on which the search for the first candle of
                    # all has found it: it goes page by page from the week's first minute.
                    again = set(sorted(asked)[1:]) & answered & set(kept.tolist())
                    found_on = int(kept[0]) // page_limit * page_limit
                    self.assertTrue(not again or asked == set(range(found_on, found_on + page_limit)), "a candle twice")
                for start, end in uncovered(record.covered, at(first), at(first + count)):
                    self.assertEqual(listed.between(start, end).rows, 0)
                    self.assertIn("asked again", record.ground_of(start, end))
                covered = {
                    place
                    for place in range(first, first + count)
                    if not uncovered(record.covered, at(place), at(place + 1))
                }
                answered |= covered
