"""Ranges of time as people write them, against the calendar."""

import datetime as dt
import unittest

from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from core.instants import format_ms, parse_instant, to_datetime, to_ms
from core.time_range import TimeRange
from tests.support.scale import scaled

NOW = "2026-03-31T10:00"
NOW_MS = parse_instant(NOW)
DAYS = st.integers(parse_instant("1990-01-01"), parse_instant("2100-01-01"))


def named(text: str) -> str:
    """Return what a window names, short."""
    return " ".join(format_ms(time_ms)[:16] for time_ms in TimeRange.from_window_string(text, NOW_MS).to_tuple_ms())


class Windows(unittest.TestCase):
    def test_each_form_names_its_range(self) -> None:
        table = {
            "90d": "2025-12-31T10:00 2026-03-31T10:00",
            "last 90d": "2025-12-31T10:00 2026-03-31T10:00",
            "24h": "2026-03-30T10:00 2026-03-31T10:00",
            "30m": "2026-03-31T09:30 2026-03-31T10:00",
            "2w": "2026-03-17T10:00 2026-03-31T10:00",
            "1M": "2026-02-28T10:00 2026-03-31T10:00",
            "6M": "2025-09-30T10:00 2026-03-31T10:00",
            "1y": "2025-03-31T10:00 2026-03-31T10:00",
            "2024": "2024-01-01T00:00 2025-01-01T00:00",
            "2024-02": "2024-02-01T00:00 2024-03-01T00:00",
            "2024-12": "2024-12-01T00:00 2025-01-01T00:00",
            "2024-02-29": "2024-02-29T00:00 2024-03-01T00:00",
            "2024-01..2024-06": "2024-01-01T00:00 2024-07-01T00:00",
            "2023 .. 2024-01-15": "2023-01-01T00:00 2024-01-16T00:00",
            "2024-01-01T06:00..2024-01-02T03:30": "2024-01-01T06:00 2024-01-02T03:30",
            "2026..now": "2026-01-01T00:00 2026-03-31T10:00",
        }
        for text, expected in table.items():
            with self.subTest(text):
                self.assertEqual(expected, named(text))

    def test_what_names_no_range_is_one_line_that_says_what_does(self) -> None:
        table = {
            "": "is not understood; allowed: 90d",
            "90D": "is not understood",
            "6 months": "is not understood",
            "0d": "is not understood",
            "now": "is not understood",
            "2024-01-01T12:00": "is not understood",
            "2024-03..": "is not understood",
            "2024-13": "names a day that no calendar has",
            "2023-02-29": "names a day that no calendar has",
            "9999-12": "names a day that no calendar has",
            "99999y": "names a day that no calendar has",
            "30000d": "lies before 1970",
            "1969": "lies before 1970",
            "2024-03..2024-01": "is not before end 2024-02-01",
            "2027..now": "is not before end 2026-03-31T10:00",
            "2024-01-01T25:00..now": "hour must be in 0..23",
        }
        for text, expected in table.items():
            with self.subTest(text), self.assertRaises(ConfigurationError) as caught:
                TimeRange.from_window_string(text, NOW_MS)
            self.assertIn(f"window {text!r}", str(caught.exception))
            self.assertIn(expected, str(caught.exception))
            self.assertNotIn("\n", str(caught.exception))

    @settings(max_examples=scaled(50, 1000))
    @given(DAYS, st.integers(1, 200))
    def test_months_back_are_those_of_dateutil(self, now_ms: int, months: int) -> None:
        expected = to_ms(to_datetime(now_ms) - relativedelta(months=months))
        self.assertEqual(expected, TimeRange.from_window_string(f"{months}M", now_ms).start_ms)


class Ranges(unittest.TestCase):
    def test_the_last_day_and_dates(self) -> None:
        self.assertEqual((NOW_MS - 86_400_000, NOW_MS), TimeRange.last_24h(NOW_MS).to_tuple_ms())
        self.assertEqual(TimeRange.last_24h(NOW_MS), TimeRange.from_dates("2026-03-30T10:00", NOW))
        self.assertEqual(86_400_000, TimeRange.last_24h(NOW_MS).length_ms)
        days = TimeRange.from_dates(dt.date(2024, 1, 1), dt.datetime(2024, 1, 2, tzinfo=dt.UTC))
        self.assertEqual("2024-01-01T00:00:00.000Z to 2024-01-02T00:00:00.000Z", str(days))
        with self.assertRaisesRegex(ConfigurationError, "the end is exclusive"):
            TimeRange.from_dates("2024-01-01", "2024-01-01")

    def test_what_is_known_ends_at_the_present_and_the_future_is_refused(self) -> None:
        march = TimeRange.from_window_string("2026-03", NOW_MS)
        self.assertEqual((march.start_ms, NOW_MS), march.known_by(NOW_MS).to_tuple_ms())
        self.assertEqual(march, march.known_by(march.end_ms))
        with self.assertRaisesRegex(ConfigurationError, "has not begun; it is 2026-03-31T10:00"):
            TimeRange.from_window_string("2026-04", NOW_MS).known_by(NOW_MS)


if __name__ == "__main__":
    unittest.main()
