"""Stored data as DataFrames: the rows that the files hold, longer candles that have closed, gaps and their filling."""

import datetime as dt
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.candle_columns import CandleColumns
from core.errors import ConfigurationError, DataUnavailableError
from core.instants import format_ms
from market_data import CandleStore, HistoricalDataStore
from market_data.series_columns import FundingColumns, OpenInterestColumns
from tests.support.market_data_sets import practice_columns
from tests.support.scale import scaled
from tests.support.times import HOUR_MS, JANUARY_MS, MINUTE_MS, at

BTC = practice_columns("BTC/USDT", "1m", 600)
SWAP = "BTC/USDT:USDT"
PRICES = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


def utc(time_ms: int) -> pd.Timestamp:
    return pd.Timestamp(time_ms, unit="ms", tz="UTC")


def known_by(frame: pd.DataFrame, row: int, rule: str) -> pd.Series:
    """Return the last longer candle that closed by a row's close, made by pandas from the rows up to it alone."""
    past = frame.iloc[: row + 1]
    longer = past.resample(rule, origin="epoch").agg(PRICES).dropna()
    closed = longer[longer.index + pd.Timedelta(rule) <= past.index[-1] + pd.Timedelta("1min")]
    return closed.iloc[-1] if len(closed) else pd.Series(np.nan, PRICES)


class StoreCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.files = CandleStore(self.root)

    def put(self, columns: CandleColumns, timeframe: str = "1m", symbol: str = "BTC/USDT", env: str = "mine") -> None:
        self.files.write(env, symbol, timeframe, columns, source="import of test")

    def store(self, env: str = "mine", *, offline: bool = True) -> HistoricalDataStore:
        return HistoricalDataStore(env, self.root, offline=offline)


class Reading(StoreCase):
    def test_candles_are_those_of_the_month_files(self) -> None:
        hours = practice_columns("BTC/USDT", "1h", 60 * 24)
        self.put(hours, "1h")
        files = sorted((self.root / "mine" / "BTC-USDT" / "1h").glob("*.parquet"))
        self.assertEqual(2, len(files))
        held = pa.concat_tables([pq.read_table(file) for file in files]).to_pandas()
        for spelling in ("BTCUSDT", "btc-usdt", "BTC/USDT"):
            frame = self.store().get_ohlcv(spelling, "1h")
            self.assertEqual(list(PRICES), list(frame.columns))
            np.testing.assert_array_equal(held[list(PRICES)].to_numpy(), frame.to_numpy())
            np.testing.assert_array_equal(held["open_time_ms"], frame.index.as_unit("ms").asi8)
        self.assertEqual(("timestamp", "UTC"), (frame.index.name, str(frame.index.tz)))
        start = dt.datetime(2024, 1, 31, 22, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))
        cut = self.store().get_ohlcv("BTCUSDT", "1h", start, "2024-02-01T01:59")
        self.assertEqual(frame.loc["2024-01-31T22:00Z":"2024-02-01T00:00Z"].to_dict(), cut.to_dict())
        self.assertEqual(0, len(self.store().get_ohlcv("BTCUSDT", "1h", "2030-01-01", "2030-01-02")))

    def test_a_spelling_means_the_symbol_that_has_what_is_asked_for(self) -> None:
        self.put(BTC)
        self.put(BTC._replace(volume=BTC.volume + 1), symbol=SWAP)
        rates = FundingColumns.from_rows([(at(0) + 1, 0.0001, 42_000.5), (at(480), -0.0002, None)])
        interest = OpenInterestColumns.from_rows([(at(0), 80.0, 3e6), (at(5), 81.0, np.nan)])
        self.files.write("mine", SWAP, "funding", rates, source="test")
        self.files.write("mine", SWAP, "open-interest-5m", interest, source="test")
        store = self.store()
        self.assertEqual(BTC.volume[0], store.get_ohlcv("BTCUSDT", "1m")["volume"].iloc[0])
        paid = store.get_funding_rates("BTCUSDT")
        self.assertEqual([utc(at(0) + 1), utc(at(480))], list(paid.index))
        self.assertEqual({"rate": 0.0001, "mark_price": 42_000.5}, paid.iloc[0].to_dict())
        self.assertTrue(np.isnan(paid["mark_price"].iloc[1]))
        self.assertEqual(1, len(store.get_funding_rates("BTCUSDT", format_ms(at(1)), format_ms(at(481)))))
        for period in (None, "5m"):
            held = store.get_open_interest("btc/usdt", period=period)
            self.assertEqual([80.0, 81.0], held["amount"].to_list())
            self.assertEqual((3e6, True), (held["value"].iloc[0], bool(np.isnan(held["value"].iloc[1]))))

    def test_what_is_not_stored_is_answered_with_what_is_and_at_once(self) -> None:
        self.put(BTC)
        store, begun = self.store(), time.monotonic()
        for says, ask in (
            ("5m of BTC/USDT is not stored in mine; stored: 1m; .*resample", lambda: store.get_ohlcv("BTCUSDT", "5m")),
            ("funding of BTC/USDT is not stored", lambda: store.get_funding_rates("BTCUSDT")),
            ("open-interest-1h of BTC/USDT is not stored", lambda: store.get_open_interest("BTCUSDT")),
            ("nothing of binance is stored in", lambda: self.store("binance").get_ohlcv("BTCUSDT", "1m")),
        ):
            with self.assertRaisesRegex(DataUnavailableError, says):
                ask()
        for says, ask in (
            (
                "'BTXUSDT' is not in what is stored of mine; did you mean BTC/USDT",
                lambda: store.get_ohlcv("BTXUSDT", "1m"),
            ),
            ("'7q'", lambda: store.get_ohlcv("BTCUSDT", "7q")),
            ("allowed: that of candles", lambda: store.get_ohlcv("BTCUSDT", "funding")),
            ("is not before the end", lambda: store.get_ohlcv("BTCUSDT", "1m", "2024-01-02", "2024-01-01")),
            ("'yours' is not known", lambda: self.store("yours")),
            ("is a file", lambda: HistoricalDataStore("mine", Path(__file__))),
            ("is no multiple of the shortest, 15m", lambda: store.get_multi_timeframe_data("BTCUSDT", ["40m", "15m"])),
            ("timeframes is empty", lambda: store.get_multi_timeframe_data("BTCUSDT", [])),
            ("source 'x'", lambda: store.get_multi_timeframe_data("BTCUSDT", ["1m"], source="x")),
            ("this store is offline", lambda: store.fill_gaps("BTCUSDT", "1m")),
        ):
            with self.assertRaisesRegex(ConfigurationError, says):
                ask()
        self.assertLess(time.monotonic() - begun, 5)


class SeveralTimeframes(StoreCase):
    @settings(max_examples=scaled(8, 200), deadline=None)
    @example([], 1, 14)
    @example([(3, 140), (180, 70)], 100, 90)
    @given(
        st.lists(st.tuples(st.integers(0, 560), st.integers(1, 150)), max_size=4),
        st.integers(0, 500),
        st.integers(1, 90),
    )
    def test_each_row_has_what_pandas_makes_of_the_rows_up_to_it(
        self, holes: list[tuple[int, int]], start: int, length: int
    ) -> None:
        kept = np.ones(BTC.rows, bool)
        for first, rows in holes:
            kept[first : first + rows] = False
        columns = CandleColumns._make(column[kept] for column in BTC)
        with tempfile.TemporaryDirectory() as folder:
            CandleStore(folder).write("mine", "BTC/USDT", "1m", columns, source="test")
            if not columns.rows:
                return
            store = HistoricalDataStore("mine", folder, offline=True)
            bounds = (format_ms(at(start)), format_ms(at(start + length)))
            frame = store.get_multi_timeframe_data("BTCUSDT", ["1h", "1m", "15m"], *bounds)
            single = store.get_ohlcv("BTCUSDT", "1m")
        self.assertEqual(list(single.loc[utc(at(start)) : utc(at(start + length - 1))].index), list(frame.index))
        for place in sorted({0, 1, *range(0, len(frame), 11), len(frame) - 1} & set(range(len(frame)))):
            row, number = frame.iloc[place], single.index.get_loc(frame.index[place])
            self.assertEqual(single.iloc[number].to_dict(), row[list(PRICES)].to_dict())
            for rule, name in (("1h", "1h"), ("15min", "15m")):
                expected = known_by(single, number, rule)
                *prices, volume = row[[f"{one}_{name}" for one in PRICES]].to_list()
                np.testing.assert_array_equal(expected[list(PRICES)[:4]], prices)
                np.testing.assert_allclose(expected["volume"], volume, rtol=1e-12)  # pandas adds up otherwise.
                self.assertTrue(expected.name is None or expected.name == row[f"timestamp_{name}"])

    def test_a_longer_candle_stands_from_the_row_that_closes_it(self) -> None:
        self.put(BTC)
        self.put(practice_columns("BTC/USDT", "1h", 10), "1h")
        frames = {
            source: self.store().get_multi_timeframe_data("BTCUSDT", ["1m", "1h"], source=source)
            for source in ("joined", "stored")
        }
        hour = practice_columns("BTC/USDT", "1h", 1)
        for frame in frames.values():
            self.assertTrue(frame["close_1h"].iloc[:59].isna().all() and frame["timestamp_1h"].iloc[:59].isna().all())
            self.assertTrue((frame["close_1h"].iloc[59:119] == hour.close[0]).all())
            self.assertEqual({utc(JANUARY_MS)}, set(frame["timestamp_1h"].iloc[59:119]))
        # The exchange's hours are joins of its minutes; only the volume, summed as integers there, may round otherwise.
        joined = frames["joined"].drop(columns="missing_1h")
        pd.testing.assert_frame_equal(frames["stored"], joined, rtol=1e-12)
        later = self.store().get_multi_timeframe_data("BTCUSDT", ["1m", "1h"], format_ms(at(130)), source="stored")
        pd.testing.assert_frame_equal(frames["stored"].iloc[130:], later)


class Gaps(StoreCase):
    def test_are_found_between_rows_and_at_the_ends_that_are_named(self) -> None:
        for rows in ((100, 200), (230, 231), (300, 350)):
            self.put(BTC.slice(*rows))
        store = self.store()
        between = [(200, 230, 30), (231, 300, 69)]
        self.assertEqual(between, self.minutes(store.find_gaps("BTCUSDT", "1m")))
        ends = (format_ms(at(0)), format_ms(at(400)))
        self.assertEqual(
            [(0, 100, 100), *between, (350, 400, 50)], self.minutes(store.find_gaps("BTCUSDT", "1m", *ends))
        )
        inner = (format_ms(at(210)), format_ms(at(240)))
        self.assertEqual([(210, 230, 20), (231, 240, 9)], self.minutes(store.find_gaps("BTCUSDT", "1m", *inner)))
        after = (format_ms(at(360)), format_ms(at(361)))
        self.assertEqual([(360, 361, 1)], self.minutes(store.find_gaps("BTCUSDT", "1m", *after)))
        self.assertEqual([], self.minutes(store.find_gaps("BTCUSDT", "1m", format_ms(at(100)), format_ms(at(150)))))
        self.files.add_coverage("mine", "BTC/USDT", "1m", at(200), at(231), "told by hand")
        found = store.find_gaps("BTCUSDT", "1m")
        self.assertEqual([True, False], found["known"].to_list())
        self.assertEqual("told by hand", found["rests_on"].iloc[0])

    def test_of_funding_are_counted_in_payments(self) -> None:
        due = [JANUARY_MS + hours * HOUR_MS + 3 for hours in (0, 8, 16, 40, 48, 56)]
        rates = FundingColumns.from_rows([(time_ms, 0.0001, None) for time_ms in due])
        self.files.write("mine", SWAP, "funding", rates, source="test")
        found = self.store().find_gaps("BTCUSDT", "funding", "2023-12-31", "2024-01-04")
        self.assertEqual([3, 2, 1], found["missing"].to_list())

    def minutes(self, gaps: pd.DataFrame) -> list[tuple[int, int, int]]:
        starts, ends = (
            (gaps[name].dt.as_unit("ms").astype("int64") - JANUARY_MS) // MINUTE_MS for name in ("start", "end")
        )
        return list(zip(starts, ends, gaps["missing"], strict=True))


class Filling(StoreCase):
    def test_brings_what_is_missing_and_says_how_much(self) -> None:
        store = self.store("practice", offline=False)
        first = store.fill_gaps("BTCUSDT", "1m", "2024-01-01", "2024-01-01T10:00")
        self.assertEqual([(600, 600)], list(zip(first["missing"], first["filled"], strict=True)))
        whole = store.get_ohlcv("BTCUSDT", "1m")
        np.testing.assert_array_equal(BTC.close, whole["close"])
        for begin, end in ((10, 20), (100, 101)):
            self.files.forget("practice", "BTC/USDT", "1m", at(begin), at(end), at_ms=at(0))
        self.assertEqual([10, 1], store.find_gaps("BTCUSDT", "1m")["missing"].to_list())
        self.assertEqual([10, 1], store.fill_gaps("BTC/USDT", "1m")["filled"].to_list())
        pd.testing.assert_frame_equal(whole, store.get_ohlcv("BTCUSDT", "1m"))
        self.assertEqual(0, len(store.fill_gaps("BTCUSDT", "1m")))

    def test_leaves_what_a_source_has_answered_unless_it_is_asked_again(self) -> None:
        for rows in ((0, 50), (60, 100)):
            self.put(BTC.slice(*rows), env="practice")
        self.files.add_coverage("practice", "BTC/USDT", "1m", at(0), at(100), "told by hand")
        store = self.store("practice", offline=False)
        self.assertEqual(
            [(10, 0)], [*zip(*store.fill_gaps("BTCUSDT", "1m")[["missing", "filled"]].T.to_numpy(), strict=True)]
        )
        self.assertEqual([10], store.fill_gaps("BTCUSDT", "1m", again=True)["filled"].to_list())

    def test_marks_funding_and_open_interest_come_as_candles_do_and_what_is_not_served_is_told(self) -> None:
        store = self.store("practice", offline=False)
        store.fill_gaps("BTCUSDT", "1h", "2024-01-01", "2024-01-03")
        store.fill_gaps("BTCUSDT", "mark-1h", "2024-01-01", "2024-01-03")
        filled = store.fill_gaps("BTCUSDT", "funding", "2024-01-01", "2024-01-03")
        self.assertEqual(6, filled["filled"].sum())
        self.assertEqual(6, len(store.get_funding_rates("BTCUSDT")))
        self.assertEqual(48, len(store.get_ohlcv("BTCUSDT", "mark-1h")))
        filled = store.fill_gaps("BTCUSDT", "open-interest-1h", "2024-01-01", "2024-01-03")
        self.assertEqual((48, 48), (filled["filled"].sum(), len(store.get_open_interest("BTCUSDT"))))
        with self.assertRaisesRegex(ConfigurationError, "practice has no open interest period '3h'"):
            store.fill_gaps("BTCUSDT", "open-interest-3h", "2024-01-01", "2024-01-03")

    def test_of_a_set_that_no_exchange_has_is_refused(self) -> None:
        for rows in ((0, 50), (60, 100)):
            self.put(BTC.slice(*rows))
        with self.assertRaisesRegex(DataUnavailableError, "mine is no exchange but a name of imported candles"):
            self.store(offline=False).fill_gaps("BTCUSDT", "1m")


if __name__ == "__main__":
    unittest.main()
