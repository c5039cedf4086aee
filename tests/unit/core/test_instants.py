"""Instants: what users give for a point in time, in UTC milliseconds and back."""

import datetime as dt
import unittest
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from core.instants import format_ms, parse_instant, to_datetime, to_ms
from tests.support.scale import scaled

NOON_MS = 1_710_072_000_000
"""2024-03-10T12:00:00Z: 19,792 days of 86,400 s after the epoch, plus 12 h."""


class ParsedInstants(unittest.TestCase):
    def test_text_without_an_offset_is_utc(self) -> None:
        self.assertEqual((19_792 * 24 + 12) * 3_600_000, NOON_MS)
        for text in (
            "2024-03-10T12:00",
            "2024-03-10 12:00:00",
            " 2024-03-10T12:00:00.000 ",
            "2024-03-10T12:00:00Z",
            "2024-03-10T12:00:00+00:00",
            "2024-03-10T07:00-05:00",
            "2024-03-10T17:30:00+05:30",
            "2024-03-11T02:00+14:00",
        ):
            with self.subTest(text):
                self.assertEqual(NOON_MS, parse_instant(text))

    def test_a_date_is_its_midnight_as_text_and_as_date(self) -> None:
        midnight = NOON_MS - 12 * 3_600_000
        self.assertEqual(midnight, parse_instant("2024-03-10"))
        self.assertEqual(midnight, parse_instant(dt.date(2024, 3, 10)))

    def test_a_naive_datetime_is_utc_and_an_aware_one_is_its_own_instant(self) -> None:
        self.assertEqual(NOON_MS, parse_instant(dt.datetime(2024, 3, 10, 12)))  # noqa: DTZ001
        self.assertEqual(NOON_MS, to_ms(dt.datetime(2024, 3, 10, 12, tzinfo=dt.UTC)))

    def test_offsets_change_with_daylight_saving_time(self) -> None:
        new_york = ZoneInfo("America/New_York")
        # Clocks went from 02:00 EST (UTC-5) to 03:00 EDT (UTC-4) on 2024-03-10.
        before = dt.datetime(2024, 3, 10, 1, 59, tzinfo=new_york)
        after = dt.datetime(2024, 3, 10, 3, 0, tzinfo=new_york)
        self.assertEqual(60_000, parse_instant(after) - parse_instant(before))
        # 01:30 came twice on 2024-11-03; `fold` tells which, and they are an hour apart.
        first = dt.datetime(2024, 11, 3, 1, 30, tzinfo=new_york)
        second = first.replace(fold=1)
        self.assertEqual(parse_instant("2024-11-03T05:30Z"), parse_instant(first))
        self.assertEqual(parse_instant("2024-11-03T06:30Z"), parse_instant(second))

    def test_leap_days_are_days_and_other_29ths_of_february_are_none(self) -> None:
        self.assertEqual(86_400_000, parse_instant("2024-03-01") - parse_instant("2024-02-29"))
        with self.assertRaises(ConfigurationError):
            parse_instant("2023-02-29")

    def test_what_is_no_date_is_refused_by_its_name_with_what_is_allowed(self) -> None:
        for value in ("", "yesterday", "2024-13-01", "2024-1-1", "20240301", "2024-03-10T25:00", "10.03.2024", 5, None):
            with self.subTest(value), self.assertRaises(ConfigurationError) as caught:
                parse_instant(value, name="--start")  # type: ignore[arg-type]
            self.assertIn("--start " + repr(value), str(caught.exception))
            self.assertIn("YYYY-MM-DD", str(caught.exception))

    def test_parts_of_a_millisecond_are_cut_off_towards_the_past(self) -> None:
        self.assertEqual(1, to_ms(dt.datetime(1970, 1, 1, 0, 0, 0, 1_999, tzinfo=dt.UTC)))
        self.assertEqual(-1, to_ms(dt.datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC)))


class WrittenInstants(unittest.TestCase):
    def test_the_written_form_has_milliseconds_and_z(self) -> None:
        self.assertEqual("2024-03-10T12:00:00.000Z", format_ms(NOON_MS))
        self.assertEqual("2024-03-10T12:00:00.007Z", format_ms(NOON_MS + 7))
        self.assertEqual("1969-12-31T23:59:59.999Z", format_ms(-1))
        self.assertEqual("0999-01-01T00:00:00.000Z", format_ms(parse_instant("0999-01-01")))

    def test_datetimes_are_aware_utc(self) -> None:
        self.assertEqual(dt.timedelta(0), to_datetime(NOON_MS).utcoffset())

    @settings(max_examples=scaled(200, 5_000), deadline=None)
    @given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
    def test_every_millisecond_of_the_calendar_comes_back(self, time_ms: int) -> None:
        self.assertEqual(time_ms, to_ms(to_datetime(time_ms)))
        self.assertEqual(time_ms, parse_instant(format_ms(time_ms)))
        self.assertEqual(24, len(format_ms(time_ms)))
        naive = to_datetime(time_ms).replace(tzinfo=None)
        self.assertEqual(naive.isoformat(timespec="milliseconds") + "Z", format_ms(time_ms))


if __name__ == "__main__":
    unittest.main()
