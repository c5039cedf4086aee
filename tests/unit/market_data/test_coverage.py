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

_DEEDS = st.sampled_from(("answered", "denied", "forgotten"))
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


class Denials(unittest.TestCase):
    @settings(max_examples=scaled(200, 4_000), deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(("answered", "denied", "forgotten")),
                st.integers(0, 30),
                st.integers(0, 30),
                st.integers(1, 4),
            ),
            max_size=12,
        )
    )
    def test_each_instant_is_settled_by_an_answer_or_by_two_days_and_by_nothing_else(self, deeds):
        record = Coverage()
        answered, days = set(), {}
        for deed, start, end, day in deeds:
            instants = range(start, end)
            if deed == "answered":
                record = record.with_range(start, end, f"day {day}")
                answered |= set(instants)
                days = {one: told for one, told in days.items() if one not in instants}
            elif deed == "denied":
                record = record.with_denial(start, end, f"2024-01-0{day}")
                for one in instants:
                    if one not in answered and len(days.setdefault(one, [])) < 2 and day not in days[one]:
                        days[one].append(day)
            else:
                record = record.without_range(start, end)
                answered -= set(instants)
                days = {one: told for one, told in days.items() if one not in instants}
        settled = answered | {one for one, told in days.items() if len(told) == 2}
        self.assertEqual(_instants(record.covered), settled)
        self.assertEqual(record.covered, union(record.covered))
        for one in range(31):
            told = [f"2024-01-0{day}" for day in days.get(one, [])]
            found = [denial.days for denial in record.denials if denial.start_ms <= one < denial.end_ms]
            self.assertEqual(found, [tuple(told)] if told else [])
            ground = record.ground_of(one, one + 1)
            if one in answered:
                self.assertRegex(ground, r"^day [1-4](, day [1-4])*$")
            elif not told:
                self.assertEqual(ground, "not fetched")
            else:
                self.assertIn(f"denied on {' and '.join(told)}", ground)
                self.assertEqual("asked again" in ground, len(told) == 1)

    def test_a_range_of_several_kinds_names_them_all(self):
        record = Coverage().with_range(0, 5, "import of a.csv").with_denial(5, 9, "2024-01-01")
        self.assertEqual(
            record.ground_of(3, 12), "denied on 2024-01-01 only, asked again, import of a.csv, not fetched"
        )

    def test_a_record_of_before_is_read_and_its_ranges_are_answered(self):
        sources = '{"import of x":{"rows":3,"first_ms":0,"last_ms":2}}'
        old = f'{{"version":1,"covered":[[0,9]],"months":{{"2024-04":3}},"sources":{sources}}}'
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "coverage.json"
            path.write_text(old)
            record = load_coverage(path)
        self.assertEqual((record.ground_of(2, 4), record.import_ends()), ("answered", {2}))


class CoverageFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "coverage.json"

    def test_a_record_comes_back_as_it_was_saved(self):
        record = Coverage(covered=((0, 5), (7, 9)), months={"2024-04": 3}, sources={"a": SourceRows(3, 0, 2)})
        record = record.with_range(20, 30, "a").with_denial(40, 50, "2024-01-01").with_denial(45, 50, "2024-01-02")
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
            "reversed denial": b'{"denials": [{"start_ms": 5, "end_ms": 1, "days": ["2024-01-01"]}]}',
            "overlapping grounds": b'{"grounds": {"a": [[1, 5], [4, 6]]}}',
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
