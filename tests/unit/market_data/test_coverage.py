"""The algebra of answered ranges against sets of single instants, and the record's file."""

import itertools
import tempfile
import unittest
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import StoreError
from market_data.store.coverage import Coverage, SourceRows, load_coverage, save_coverage, uncovered, union
from market_data.store.store_layout import month_bounds
from tests.support.scale import scaled

_interval = st.tuples(st.integers(-5, 40), st.integers(-5, 40))


def _instants(intervals):
    return {instant for start, end in intervals for instant in range(start, end)}


class IntervalAlgebra(unittest.TestCase):
    @settings(max_examples=scaled(200, 5_000), deadline=None)
    @given(st.lists(_interval, max_size=8))
    def test_a_union_holds_the_same_instants_in_sorted_intervals_that_do_not_touch(self, intervals):
        joined = union(intervals)
        self.assertEqual(_instants(joined), _instants(intervals))
        self.assertTrue(all(start < end for start, end in joined))
        self.assertTrue(all(left[1] < right[0] for left, right in itertools.pairwise(joined)))

    @settings(max_examples=scaled(200, 5_000), deadline=None)
    @given(st.lists(_interval, max_size=8), _interval)
    def test_what_is_uncovered_is_the_difference_of_the_sets(self, intervals, asked):
        missing = uncovered(union(intervals), *asked)
        self.assertEqual(_instants(missing), _instants([asked]) - _instants(intervals))
        self.assertEqual(list(union(missing)), missing)

    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=6), st.sets(st.integers(1, 12)))
    def test_a_lost_month_is_taken_out_of_what_is_answered(self, days, lost_numbers):
        day = 86_400_000
        first = month_bounds("2023-01")[0]
        spans = [(first + start * day, first + end * day) for start, end in days]
        lost = [f"2023-{number:02d}" for number in sorted(lost_numbers)]
        record = Coverage(covered=union(spans), months=dict.fromkeys(lost, 1)).without_months(lost)
        expected = {(span_day) for start, end in days for span_day in range(start, end)}
        for month in lost:
            start, end = month_bounds(month)
            expected -= set(range((start - first) // day, (end - first) // day))
        found = {
            moment for start, end in record.covered for moment in range((start - first) // day, (end - first) // day)
        }
        self.assertEqual(found, expected)
        self.assertEqual(record.months, {})


class CoverageFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "coverage.json"

    def test_a_record_comes_back_as_it_was_saved(self):
        record = Coverage(covered=((0, 5), (7, 9)), months={"2024-04": 3}, sources={"a": SourceRows(3, 0, 2)})
        save_coverage(self.path, record)
        self.assertEqual(load_coverage(self.path), record)

    def test_no_file_is_an_empty_record(self):
        self.assertEqual(load_coverage(self.path), Coverage())

    def test_a_broken_record_is_named_with_what_to_do(self):
        broken = {
            "garbage": b"\x00\xff\xfe",
            "cut": b'{"covered": [[1, 2',
            "empty": b"",
            "list": b"[1, 2]",
            "text for number": b'{"covered": [["a", 2]]}',
            "overlap": b'{"covered": [[1, 5], [4, 6]]}',
            "reversed": b'{"covered": [[5, 1]]}',
            "month": b'{"months": {"2024-13": 4}}',
            "version": b'{"version": 99}',
        }
        for name, content in broken.items():
            with self.subTest(name):
                self.path.write_bytes(content)
                with self.assertRaises(StoreError) as caught:
                    load_coverage(self.path)
                message = str(caught.exception)
                self.assertIn(str(self.path), message)
                self.assertIn("delete that file", message)
                self.assertNotIn("\n", message)

    def test_rows_of_a_source_add_up(self):
        record = Coverage().with_rows({"2024-04": 2}, "a", [10, 20]).with_rows({"2024-04": 3}, "a", [15])
        self.assertEqual(record.sources, {"a": SourceRows(3, 10, 20)})
        self.assertEqual(record.months, {"2024-04": 3})


if __name__ == "__main__":
    unittest.main()
