"""Funding rates and open interest in the store: checks, one payment a minute, records, damage, several processes."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import CandleError, ConfigurationError, InvariantError, StoreError
from market_data.commands.store_verification import verify
from market_data.quality.perpetual_quality import check_marks, check_rows
from market_data.series_columns import FundingColumns, OpenInterestColumns
from market_data.series_names import FUNDING, Series, is_series, kind_and_period
from market_data.store.candle_store import CandleStore
from market_data.store.store_layout import series_folder
from tests.support.candle_tables import APRIL, candles_at, minutes
from tests.support.scale import scaled
from tests.support.shared import REPOSITORY
from tests.support.times import HOUR_MS, MINUTE_MS

RATES = ("binanceusdm", "BTC/USDT:USDT", FUNDING)


def rates(*rows):
    return FundingColumns.from_rows(rows)


def rows_of(columns):
    return [
        tuple(None if value != value else value for value in row)
        for row in zip(*map(np.ndarray.tolist, columns), strict=True)
    ]


def damage(store):
    return [finding for finding in verify(store, store.series()).findings if finding.damage]


class StoreCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.store = CandleStore(folder.name)

    def write(self, *rows, source="test"):
        return self.store.write(*RATES, rates(*rows), source=source)

    def stored(self, start_ms=0, end_ms=APRIL * 2):
        return rows_of(self.store.read_funding(*RATES[:2], start_ms, end_ms))


class Names(unittest.TestCase):
    def test_series_say_what_they_are(self):
        for name, expected in (
            ("1m", ("candles", "1m")),
            ("mark-8h", ("mark", "8h")),
            ("funding", ("funding", "")),
            ("open-interest-5m", ("open-interest", "5m")),
        ):
            self.assertEqual(kind_and_period(name), expected)
            self.assertTrue(is_series(name))

    def test_other_names_are_none(self):
        for name in (
            "mark",
            "mark-",
            "mark-3d",
            "funding-8h",
            "open-interest",
            "open-interest-2w",
            "index-1m",
            "",
            "Mark-1m",
        ):
            with self.subTest(name):
                self.assertFalse(is_series(name))
                with self.assertRaises(ConfigurationError):
                    series_folder(Path(), Series("e", "A/B", name))


class Checks(unittest.TestCase):
    def test_rates_are_judged_in_the_order_in_which_they_came(self):
        day = 24 * HOUR_MS
        came = rates(
            (APRIL + 3, 0.01, None),
            (APRIL + 59_999, 0.02, None),
            (APRIL + day, float("nan"), None),
            (APRIL + 2 * day, -1.0, None),
            (APRIL + 3 * day, -0.5, 0.0),
            (APRIL + day, 0.01, None),
            (APRIL + 9 * day, 0.01, None),
        )
        accepted, report = check_rows(came, MINUTE_MS, now_ms=APRIL + 4 * day)
        self.assertEqual(rows_of(accepted), [(APRIL + 3, 0.01, None), (APRIL + 3 * day, -0.5, None)])
        self.assertEqual(report.refused, {"bad_rate": 2, "duplicate": 1, "out_of_order": 1, "future": 1})
        self.assertEqual((report.rows, report.accepted, report.refused_rows), (7, 2, 5))

    def test_open_interest_of_nothing_is_an_amount_and_a_negative_one_is_not(self):
        came = OpenInterestColumns.from_rows(
            [(APRIL, 0.0, 1.0), (APRIL + HOUR_MS, -1.0, 1.0), (APRIL + 2 * HOUR_MS, 1.0, float("inf"))]
        )
        accepted, report = check_rows(came, HOUR_MS)
        self.assertEqual(rows_of(accepted), [(APRIL, 0.0, 1.0), (APRIL + 2 * HOUR_MS, 1.0, None)])
        self.assertEqual(report.refused, {"bad_amount": 1})

    def test_mark_candles_have_no_volume_whatever_the_source_prints(self):
        candles = candles_at(minutes(APRIL, 3))
        for volume in (np.nan, 0.0, 5.0, -1.0):
            accepted, _ = check_marks(candles._replace(volume=np.full(3, volume)), MINUTE_MS)
            self.assertEqual(accepted.volume.tolist(), [0.0, 0.0, 0.0])


class Stored(StoreCase):
    def test_stamps_and_rates_come_back_as_they_were_with_the_mark_where_it_is_known(self):
        rows = [(APRIL + 17, -0.02, None), (APRIL + HOUR_MS, 1e-8, 70_000.125), (APRIL + 800 * HOUR_MS + 1, 0.0, None)]
        self.assertEqual(self.write(*rows).added, 3)
        self.assertEqual(self.stored(), rows)
        self.assertEqual(self.stored(APRIL + 18, APRIL + 2 * HOUR_MS), rows[1:2])
        self.assertEqual(self.store.open_times(*RATES).tolist(), [row[0] for row in rows])

    def test_rates_of_one_minute_are_one_payment_and_the_first_stands(self):
        self.write((APRIL + 17, 0.01, None), (APRIL + 8 * HOUR_MS, 0.02, None))
        result = self.write(
            (APRIL, 0.01, 5.0), (APRIL + 8 * HOUR_MS + 3, 0.03, None), (APRIL + 16 * HOUR_MS, 0.04, None)
        )
        self.assertEqual(result[:3], (1, 1, 1))
        self.assertEqual(result.revised_ms, (APRIL + 8 * HOUR_MS + 3,))
        self.assertEqual(
            [row[:2] for row in self.stored()],
            [(APRIL + 17, 0.01), (APRIL + 8 * HOUR_MS, 0.02), (APRIL + 16 * HOUR_MS, 0.04)],
        )

    def test_rows_that_were_not_checked_are_refused_as_a_whole(self):
        for rows in (
            [(APRIL, float("nan"), None)],
            [(APRIL, 1.5, None)],
            [(APRIL + 8, 0.1, None), (APRIL + 9, 0.1, None)],
            [(APRIL + HOUR_MS, 0.1, None), (APRIL, 0.1, None)],
            [(-1, 0.1, None)],
        ):
            with self.subTest(rows), self.assertRaisesRegex(CandleError, "the row at .* was not checked"):
                self.write(*rows)
        with self.assertRaisesRegex(CandleError, "not made of CandleColumns"):
            self.store.write(*RATES, candles_at([APRIL]), source="test")
        with self.assertRaisesRegex(CandleError, "not made of FundingColumns"):
            self.store.write("e", "A/B", "mark-1m", rates((APRIL, 0.1, None)), source="test")
        self.assertEqual(self.store.series(), [])

    def test_a_series_is_only_read_as_what_it_is(self):
        self.write((APRIL, 0.1, None))
        with self.assertRaises(InvariantError):
            self.store.read(*RATES, 0, APRIL * 2)

    def test_the_record_misses_a_month_that_was_removed(self):
        self.write((APRIL, 0.1, None), (APRIL + 800 * HOUR_MS, 0.1, None))
        self.store.add_coverage(*RATES, APRIL, APRIL + 900 * HOUR_MS)
        self.assertEqual(self.store.missing_ranges(*RATES, APRIL, APRIL + 900 * HOUR_MS), [])
        (series_folder(self.store.root, Series(*RATES)) / "2024-04.parquet").unlink()
        self.assertEqual(
            self.store.missing_ranges(*RATES, APRIL, APRIL + 900 * HOUR_MS), [(APRIL, APRIL + 720 * HOUR_MS)]
        )

    def test_series_are_listed_after_the_candles_and_candles_alone_are_entries(self):
        for name in ("mark-1m", "1h", "1m", "mark-8h"):
            self.store.write("e", "A/B", name, candles_at([APRIL]), source="test")
        self.store.write("e", "A/B", FUNDING, rates((APRIL, 0.1, None)), source="test")
        self.store.write(
            "e", "A/B", "open-interest-1h", OpenInterestColumns.from_rows([(APRIL, 1.0, 2.0)]), source="test"
        )
        self.assertEqual(
            [series.timeframe for series in self.store.series()],
            ["1m", "1h", "mark-1m", "mark-8h", "funding", "open-interest-1h"],
        )
        self.assertEqual(self.store.timeframes("e", "A/B"), ["1m", "1h"])
        self.assertEqual([entry.timeframe for entry in self.store.entries()], ["1m", "1h"])
        self.assertEqual(damage(self.store), [])

    def test_a_damaged_month_is_named_and_another_months_rows_can_still_be_read(self):
        self.write((APRIL, 0.1, None), (APRIL + 800 * HOUR_MS, 0.2, None))
        file = series_folder(self.store.root, Series(*RATES)) / "2024-04.parquet"
        file.write_bytes(b"PAR1 and nothing else")
        with self.assertRaisesRegex(StoreError, f"{file}: cannot be read as funding rates"):
            self.stored()
        self.assertEqual([row[1] for row in self.stored(APRIL + 720 * HOUR_MS)], [0.2])
        self.assertEqual([finding.path for finding in damage(self.store)], [file])

    def test_candles_in_the_place_of_rates_are_damage(self):
        self.write((APRIL, 0.1, None))
        self.store.write("e", "A/B", "mark-1m", candles_at([APRIL]), source="test")
        wrong = series_folder(self.store.root, Series("e", "A/B", "mark-1m")) / "2024-04.parquet"
        file = series_folder(self.store.root, Series(*RATES)) / "2024-04.parquet"
        file.write_bytes(wrong.read_bytes())
        with self.assertRaisesRegex(StoreError, f"{file}: cannot be read as funding rates"):
            self.stored()

    def test_a_row_without_a_rate_is_damage_and_one_without_a_mark_is_not(self):
        self.write((APRIL, 0.1, 5.0))
        import pyarrow as pa
        from pyarrow import parquet

        file = series_folder(self.store.root, Series(*RATES)) / "2024-04.parquet"
        for column, empty in ((2, "mark_price"), (1, "rate")):
            table = parquet.read_table(file, partitioning=None)
            parquet.write_table(table.set_column(column, empty, pa.array([None], pa.float64())), file)
            if empty == "mark_price":
                self.assertEqual(self.stored(), [(APRIL, 0.1, None)])
        with self.assertRaisesRegex(StoreError, "it holds rows with empty cells"):
            self.stored()

    def test_a_rate_changed_in_its_file_is_found(self):
        self.write((APRIL, 0.1, None))
        folder = series_folder(self.store.root, Series(*RATES))
        import pyarrow as pa
        from pyarrow import parquet

        table = parquet.read_table(folder / "2024-04.parquet", partitioning=None)
        changed = table.set_column(1, "rate", pa.array([0.3]))
        parquet.write_table(changed.replace_schema_metadata(table.schema.metadata), folder / "2024-04.parquet")
        found = [finding.text for finding in damage(self.store)]
        self.assertEqual(len(found), 1, found)
        self.assertIn("holds other rows than were written", found[0])

    @settings(max_examples=scaled(20, 300), deadline=None)
    @given(
        st.lists(
            st.lists(
                st.tuples(st.integers(0, 400), st.integers(0, 59_999), st.sampled_from([0.0, 0.01, -0.02])), max_size=8
            ),
            max_size=5,
        )
    )
    def test_it_holds_the_first_rate_of_every_minute_like_a_dictionary(self, batches):
        with tempfile.TemporaryDirectory() as folder:
            store = CandleStore(folder)
            model = {}
            for batch in batches:
                unique = {}
                for place, late, rate in sorted(batch):
                    unique.setdefault(place, (APRIL + place * 4 * HOUR_MS + late, rate, None))
                store.write(*RATES, rates(*(unique[place] for place in sorted(unique))), source="test")
                for place, row in unique.items():
                    model.setdefault(place, row)
            stored = rows_of(store.read_funding(*RATES[:2], 0, APRIL * 2))
            self.assertEqual(stored, [model[place] for place in sorted(model)])


WRITER = """
import sys
from market_data.store.candle_store import CandleStore
from market_data.series_columns import FundingColumns
root, late, start = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store = CandleStore(root)
for turn in range(15):
    first = start + turn * 40 * 3_600_000
    rows = [(first + number * 8 * 3_600_000 + late, 0.0001 * late, None) for number in range(6)]
    store.write("e", "A/B", "funding", FundingColumns.from_rows(rows), source=f"writer {late}")
    store.add_coverage("e", "A/B", "funding", first, first + 48 * 3_600_000)
    seen = store.read_funding("e", "A/B", 0, 2**60)
    due = (seen.time_ms // 60_000).tolist()
    if due != sorted(set(due)) or len(due) < 6:
        raise SystemExit("two payments of one minute, or one lost")
"""


class Processes(StoreCase):
    def test_writers_of_the_same_payments_with_other_stamps_store_each_once(self):
        started = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(self.store.root), str(late), str(APRIL)], cwd=REPOSITORY
            )
            for late in (1, 2, 3)
        ]
        self.assertEqual([process.wait(timeout=120) for process in started], [0, 0, 0])
        stored = rows_of(self.store.read_funding("e", "A/B", 0, APRIL * 2))
        due = [APRIL + number * 8 * HOUR_MS for number in range(76)]
        self.assertEqual([row[0] - row[0] % MINUTE_MS for row in stored], due)
        # Stamp and rate of a payment come from one and the same writer.
        self.assertTrue(all(row[1] == 0.0001 * (row[0] % MINUTE_MS) for row in stored))
        self.assertEqual(self.store.missing_ranges("e", "A/B", FUNDING, APRIL, due[-1] + 8 * HOUR_MS), [])
        self.assertEqual(damage(self.store), [])


if __name__ == "__main__":
    unittest.main()
