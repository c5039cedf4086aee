"""Import: what is taken, what is inferred, and that nothing is written when a file is malformed."""

import tempfile
import unittest
from decimal import Decimal
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle_columns import CandleColumns
from core.errors import ConfigurationError
from core.instrument import Instrument
from market_data.files.candle_import import ImportWishes, import_files
from market_data.files.file_names import series_of
from market_data.files.import_report import describe
from market_data.instruments.inferred_rules import decimals, infer_instrument
from market_data.instruments.instrument_store import InstrumentStore
from market_data.series_names import Series
from market_data.store.candle_store import CandleStore
from tests.support.candle_tables import APRIL, candles_at, minutes, row_at, rows_of
from tests.support.scale import scaled
from tests.support.times import MINUTE_MS

HEADER = "timestamp,open,high,low,close,volume"


class ImportCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.store = CandleStore(self.folder / "store")

    def file(self, rows, name="BTC-USDT/1m.csv"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([HEADER, *(",".join(map(repr, row)) for row in rows), ""]))
        return path

    def stored_files(self):
        return {path: path.read_bytes() for path in (self.folder / "store").rglob("*") if path.is_file()}


class WhatIsTaken(ImportCase):
    def test_bad_rows_are_refused_and_the_rest_is_stored_and_answered(self):
        rows = [row_at(APRIL), (APRIL + MINUTE_MS, -1.0, 2.0, 1.0, 1.0, 1.0), row_at(APRIL + 3 * MINUTE_MS + 7)]
        wishes = ImportWishes(allow_partial=True)
        (imported,) = import_files(self.store, [self.file(rows)], exchange="binance", wishes=wishes)
        self.assertEqual(imported.series, Series("binance", "BTC/USDT", "1m"))
        self.assertEqual((imported.report.refused, imported.report.snapped), ({"bad_price": 1}, 1))
        self.assertEqual([hole.missing for hole in imported.holes], [2])
        end = APRIL + 4 * MINUTE_MS
        self.assertEqual(self.store.open_times(*imported.series).tolist(), [APRIL, APRIL + 3 * MINUTE_MS])
        self.assertEqual(
            self.store.missing_ranges(*imported.series, APRIL - 5, end + 5), [(APRIL - 5, APRIL), (end, end + 5)]
        )

    def test_importing_again_changes_no_byte(self):
        path = self.file([row_at(time_ms) for time_ms in minutes(APRIL, 50)])
        import_files(self.store, [path], exchange="binance")
        before = self.stored_files()
        (again,) = import_files(self.store, [path], exchange="binance")
        self.assertEqual((again.result.added, again.result.known, again.result.revised), (0, 50, 0))
        self.assertEqual(self.stored_files(), before)

    def test_a_different_candle_of_a_stored_time_is_counted_and_said_and_does_not_replace_it(self):
        import_files(self.store, [self.file([row_at(APRIL, 100.0)])], exchange="binance")
        (second,) = import_files(self.store, [self.file([row_at(APRIL, 101.0)])], exchange="binance")
        self.assertEqual((second.result.revised, second.result.revised_ms), (1, (APRIL,)))
        self.assertIn("2024-04-01T00:00:00.000Z", "\n".join(describe(second)))
        self.assertEqual(rows_of(self.store.read(*second.series, 0, 2**60)), [row_at(APRIL, 100.0)])

    def test_files_split_in_any_way_and_order_give_the_same_store(self):
        rows = [row_at(APRIL - 30 * MINUTE_MS + n * MINUTE_MS, 100.0 + n / 8) for n in range(60)]
        whole = CandleStore(self.folder / "whole")
        import_files(whole, [self.file(rows)], exchange="binance")
        parts = [self.file(rows[35:], "b/BTC-USDT/1m.csv"), self.file(rows[:40], "a/BTC-USDT/1m.csv")]
        import_files(self.store, parts, exchange="binance")
        series = ("binance", "BTC/USDT", "1m")
        self.assertEqual(rows_of(self.store.read(*series, 0, 2**60)), rows_of(whole.read(*series, 0, 2**60)))
        self.assertEqual(self.store.missing_ranges(*series, 0, 2**41), whole.missing_ranges(*series, 0, 2**41))
        rules = [InstrumentStore(store.root).latest("binance") for store in (self.store, whole)]
        self.assertEqual(*rules)

    def test_candles_that_are_not_closed_are_refused(self):
        path = self.file([row_at(APRIL), row_at(APRIL + MINUTE_MS)])
        (imported,) = import_files(self.store, [path], exchange="binance", now_ms=APRIL + MINUTE_MS + 1)
        self.assertEqual((imported.result.added, imported.report.refused), (1, {"unclosed": 1}))
        self.assertEqual(
            self.store.missing_ranges(*imported.series, APRIL, APRIL + 2 * MINUTE_MS),
            [(APRIL + MINUTE_MS, APRIL + 2 * MINUTE_MS)],
        )


class Replaced(ImportCase):
    def test_candles_are_replaced_only_on_purpose_and_said_and_kept(self):
        series = ("e", "BTC/USDT", "1m")
        import_files(self.store, [self.file([row_at(APRIL, 100.0), row_at(APRIL + MINUTE_MS, 5.0)])], exchange="e")
        other = self.file([row_at(APRIL, 101.0), row_at(APRIL + MINUTE_MS, 5.0)], "again/BTC-USDT/1m.csv")
        wishes = ImportWishes(replace=True)
        (taken,) = import_files(self.store, [other], exchange="e", now_ms=APRIL + 10 * MINUTE_MS, wishes=wishes)
        self.assertEqual((taken.result.replaced, taken.result.known, taken.result.revised), (1, 1, 0))
        text = "\n".join(describe(taken))
        self.assertIn(
            "0 added, 1 known already, 0 revised, 1 replaced\n  what was stored before is kept as a revision", text
        )
        self.assertEqual(self.store.read(*series, 0, 2**60).open.tolist(), [101.0, 5.0])
        (kept,) = self.store.revisions(*series)
        self.assertEqual((kept.change, rows_of(kept.rows)), ("replaced", [row_at(APRIL, 100.0)]))
        with self.assertRaisesRegex(ConfigurationError, "only be replaced at a known time"):
            import_files(self.store, [other], exchange="e", wishes=wishes)


class NothingWritten(ImportCase):
    def test_one_malformed_file_among_good_ones_stops_the_import_before_anything_is_written(self):
        good = self.file([row_at(APRIL)])
        bad = self.file([row_at(APRIL)], "ETH-USDT/1m.csv")
        bad.write_text(f"{HEADER}\n{APRIL},1,1,1,1,1\n{APRIL},1,oops,1,1,1\n")
        with self.assertRaisesRegex(ConfigurationError, "line 3, column 'high': 'oops'"):
            import_files(self.store, [good, bad], exchange="binance")
        self.assertFalse((self.folder / "store").exists())

    def test_a_file_that_is_not_there_is_said_to_be_missing_whatever_its_name(self):
        for name in ("nofile.csv", "BTC-USDT/1m.csv", "x" * 300, "premium.csv"):
            with self.subTest(name), self.assertRaisesRegex(ConfigurationError, "no such file|cannot be read"):
                import_files(self.store, [self.folder / name], exchange="binance")

    def test_a_file_of_which_no_row_can_be_taken_is_an_error(self):
        path = self.file([(APRIL, -1.0, 1.0, 1.0, 1.0, 1.0)])
        with self.assertRaisesRegex(ConfigurationError, "none of its 1 rows can be taken .*bad_price 1"):
            import_files(self.store, [path], exchange="binance")
        self.assertFalse((self.folder / "store").exists())


class Paths(unittest.TestCase):
    def test_symbol_and_timeframe_are_read_from_the_path(self):
        table = {
            "binance/BTC-USDT/1m.csv.gz": ("BTC/USDT", "1m"),
            "x/BTC-USDT_USDT/4h.parquet": ("BTC/USDT:USDT", "4h"),
            "SOL-USDC/1w.CSV": ("SOL/USDC", "1w"),
        }
        for path, (symbol, timeframe) in table.items():
            self.assertEqual(series_of(Path(path), "e"), Series("e", symbol, timeframe))

    def test_flags_stand_above_the_path(self):
        self.assertEqual(series_of(Path("x/trades.csv"), "e", "A/B", "5m"), Series("e", "A/B", "5m"))
        self.assertEqual(series_of(Path("BTC-USDT/1m.csv"), "e", None, "5m"), Series("e", "BTC/USDT", "5m"))

    def test_what_cannot_be_told_is_asked_for(self):
        for path, said in (
            ("BTC-USDT/trades.csv", "--timeframe"),
            ("prices/1m.csv", "--symbol"),
            ("BTC-USDT/3d.csv", "--timeframe"),
        ):
            with self.subTest(path), self.assertRaisesRegex(ConfigurationError, said):
                series_of(Path(path), "e")

    def test_the_name_of_a_file_says_what_it_is_whatever_timeframe_is_given(self):
        for name, series in (
            ("mark-8h.csv.gz", "mark-8h"),
            ("MARK-1m.csv", "mark-1m"),
            ("mark_price_1h.parquet", "mark-1h"),
            ("funding.csv.gz", "funding"),
            ("funding_rate.csv", "funding"),
            ("open-interest-1h.csv", "open-interest-1h"),
            ("open_interest_5m.csv.gz", "open-interest-5m"),
        ):
            for timeframe in (None, "8h"):
                with self.subTest(name, timeframe=timeframe):
                    self.assertEqual(series_of(Path("BTC-USDT") / name, "e", "A/B", timeframe).timeframe, series)

    def test_index_and_premium_prices_are_not_kept_even_with_flags(self):
        for name in ("index-1m.csv", "premium.csv.gz", "premium-index-8h.parquet"):
            with self.subTest(name), self.assertRaisesRegex(ConfigurationError, "index and premium prices"):
                series_of(Path("BTC-USDT") / name, "e", "A/B", "8h")

    def test_a_file_named_otherwise_is_what_the_flag_says(self):
        self.assertEqual(series_of(Path("BTC-USDT/rates.csv"), "e", None, "funding").timeframe, "funding")
        self.assertEqual(series_of(Path("BTC-USDT/1m.csv"), "e", None, "mark-1m").timeframe, "mark-1m")


class InferredRules(ImportCase):
    def test_tick_and_lot_are_the_decimals_that_are_used(self):
        rows = [(APRIL, 1.5, 2.25, 1.0, 1.25, 10.0), (APRIL + MINUTE_MS, 1.5, 2.0, 1.0, 1.0001, 0.125)]
        instrument = infer_instrument("A/B", CandleColumns.from_rows(rows), MINUTE_MS)
        self.assertEqual((instrument.tick_size, instrument.lot_size), (Decimal("0.0001"), Decimal("0.001")))
        self.assertEqual((instrument.min_notional, instrument.as_of_ms), (0, APRIL + 2 * MINUTE_MS))
        self.assertEqual(instrument.source, "inferred from imported prices")

    def test_the_tick_is_never_finer_than_the_decimals_printed_and_the_noise_of_floats_prints_none(self):
        for price, tick in (
            (100.0, "1"),
            (30_000.0, "1"),
            (1.25, "0.01"),
            (0.00002, "1E-5"),
            (4.7e-7, "1E-8"),
            (1.23e-10, "1E-12"),
            (0.1 + 0.2, "1E-8"),
            (1.1e-10 * 3, "1E-11"),
            (1.1e-10 / 3, "1E-14"),
        ):
            rows = [(APRIL, price, price, price, price, 0.0)]
            with self.subTest(price):
                self.assertEqual(
                    infer_instrument("A/B", CandleColumns.from_rows(rows), MINUTE_MS).tick_size, Decimal(tick)
                )

    def test_volumes_of_nothing_say_nothing_about_the_lot(self):
        rows = [(APRIL, 1.0, 1.0, 1.0, 1.0, 0.0)]
        self.assertEqual(infer_instrument("A/B", CandleColumns.from_rows(rows), MINUTE_MS).lot_size, Decimal("1E-8"))

    @settings(max_examples=scaled(200, 5_000), deadline=None)
    @given(st.lists(st.decimals(0, 10**6, places=6, allow_nan=False), min_size=1, max_size=5))
    def test_decimals_are_those_of_the_shortest_texts(self, values):
        expected = max(max(0, -value.normalize().as_tuple().exponent) for value in values)
        self.assertEqual(decimals(np.array([float(value) for value in values])), expected)

    def test_a_market_list_is_not_touched_by_an_import(self):
        rules = InstrumentStore(self.store.root)
        rules.save("binance", {"BTC/USDT": Instrument("BTC/USDT", Decimal("0.5"), source="market list")}, 5)
        (imported,) = import_files(self.store, [self.file([row_at(APRIL)])], exchange="binance")
        self.assertEqual((imported.rules.kept, str(imported.rules.instrument.tick_size)), (True, "0.5"))
        self.assertEqual(rules.snapshots("binance"), [5])

    def test_another_timeframe_changes_no_rules_and_what_it_shows_is_said(self):
        fine = self.file([(APRIL, 100.5, 101.25, 100.0, 101.0, 2.5)], "BTC-USDT/1m.csv")
        noisy = self.file([(APRIL, 100.5, 101.25, 100.0, 101.123, 0.1 + 0.2)], "BTC-USDT/5m.csv")
        import_files(self.store, [fine], exchange="e")
        before = InstrumentStore(self.store.root).latest("e")
        (again,) = import_files(self.store, [noisy], exchange="e")
        self.assertEqual(InstrumentStore(self.store.root).latest("e"), before)
        said = describe(again)[-1]
        self.assertIn("rules: tick 0.01, lot 0.1 (inferred from imported prices), as before", said)
        self.assertIn("these candles alone show tick 0.001, lot 0.00000001, which --infer-rules would take", said)
        (anew,) = import_files(self.store, [noisy], exchange="e", wishes=ImportWishes(infer_rules=True))
        self.assertIn(
            "rules: tick 0.001, lot 0.00000001 (inferred from imported prices), inferred anew", describe(anew)[-1]
        )
        self.assertIn("before: tick 0.01, lot 0.1", describe(anew)[-1])

    def test_of_files_imported_together_the_shortest_timeframe_has_the_say_in_any_order(self):
        fine = self.file([(APRIL, 100.5, 101.25, 100.0, 101.0, 2.5)], "BTC-USDT/1m.csv")
        noisy = self.file([(APRIL, 100.5, 101.25, 100.0, 101.123, 0.1 + 0.2)], "BTC-USDT/5m.csv")
        for number, files in enumerate(([fine, noisy], [noisy, fine])):
            imported = import_files(self.store, files, exchange=f"e{number}")
            self.assertEqual([one.rules is None for one in imported], [True, False])
            self.assertEqual(str(imported[1].rules.instrument.tick_size), "0.01")

    def test_ticks_for_volumes_say_nothing_of_the_lot(self):
        path = self.folder / "x.csv"
        path.write_text(
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\n2024.04.01\t00:00\t1.5\t2\t1\t1.5\t7\t0\n"
        )
        (one,) = import_files(self.store, [path], exchange="e", symbol="A/B", timeframe="1m")
        self.assertEqual(one.rules.instrument.lot_size, Decimal("1E-8"))

    def test_an_import_stores_the_rules_with_the_last_close_as_their_date(self):
        import_files(self.store, [self.file([row_at(APRIL)])], exchange="binance")
        self.assertEqual(InstrumentStore(self.store.root).latest("binance")["BTC/USDT"].as_of_ms, APRIL + MINUTE_MS)


class Described(ImportCase):
    def test_what_is_printed_names_rows_refusals_holes_and_the_time_format(self):
        rows = [row_at(APRIL), row_at(APRIL + 1), row_at(APRIL + 4 * MINUTE_MS + 3)]
        wishes = ImportWishes(allow_partial=True)
        (imported,) = import_files(self.store, [self.file(rows)], exchange="binance", wishes=wishes)
        text = "\n".join(describe(imported))
        for part in (
            "binance BTC/USDT 1m: 2 of 3 rows taken, 1 refused, 1 snapped, 1 holes (3 candles missing)",
            "  read as: columns by name, milliseconds",
            "refused, a second row of one time: 1, first row 2 2024-04-01T00:00:00.001Z",
            "snapped to the grid: 1, first row 3 2024-04-01T00:04:00.003Z",
            "2 added, 0 known already, 0 revised",
        ):
            self.assertIn(part, text)

    def test_many_candles_are_counted_with_separators(self):
        candles = candles_at(minutes(APRIL, 1_500))
        (imported,) = import_files(self.store, [self.file(rows_of(candles))], exchange="binance")
        self.assertIn("1,500 of 1,500 rows taken", describe(imported)[0])


if __name__ == "__main__":
    unittest.main()
