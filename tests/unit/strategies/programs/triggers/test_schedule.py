"""Schedules: the instants they name, against calendars written by hand and minutes tried one by one."""

import datetime as dt
import unittest

from core.errors import ConfigurationError
from core.instants import parse_instant, to_datetime
from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from strategies.programs.triggers.schedule import Schedule


def instants(text: str, first: str, last: str) -> list[int]:
    """Return all instants of a schedule in a window, found from its end backwards."""
    schedule, after, until = Schedule.of(text), parse_instant(first), parse_instant(last)
    found = []
    while (instant := schedule.due_between(after, until)) is not None:
        found.append(instant)
        until = instant - 1
    return found[::-1]


def by_hand(*texts: str) -> list[int]:
    return [parse_instant(text) for text in texts]


class Instants(unittest.TestCase):
    def test_a_length_is_on_the_grid_of_such_candles(self) -> None:
        self.assertEqual(
            by_hand("2024-01-01T04:00", "2024-01-01T08:00"), instants("4h", "2024-01-01T00:00", "2024-01-01T11:59")
        )
        self.assertEqual(by_hand("2024-01-02", "2024-01-03"), instants("1d", "2024-01-01T00:01", "2024-01-03"))
        # 2024-01-08 is a Monday.
        self.assertEqual(by_hand("2024-01-08", "2024-01-15"), instants("1w", "2024-01-01", "2024-01-15"))

    def test_five_fields_are_a_calendar(self) -> None:
        working = by_hand(*(f"2024-03-0{day}T08:30" for day in (1, 4, 5, 6, 7, 8)))  # Friday; Monday to Friday
        for text in ("30 8 * * 1-5", "30 8 * * mon-fri", "30  8 * * 1,2,3,4,5"):
            self.assertEqual(working, instants(text, "2024-03-01", "2024-03-10"), text)
        sundays = by_hand("2024-03-03", "2024-03-10")
        for text in ("0 0 * * 0", "0 0 * * 7", "0 0 * * sun"):
            self.assertEqual(sundays, instants(text, "2024-03-01", "2024-03-15"), text)
        leap = by_hand("2024-02-29T12:00", "2028-02-29T12:00")
        self.assertEqual(leap, instants("0 12 29 feb *", "2023-01-01", "2030-01-01"))
        self.assertEqual(
            by_hand("2024-03-01T09:10", "2024-03-01T09:40", "2024-03-01T21:10", "2024-03-01T21:40"),
            instants("10-50/30 9/12 * * *", "2024-03-01", "2024-03-02"),
        )

    def test_two_days_that_are_both_written_are_one_or_the_other(self) -> None:
        # The 13th, a Wednesday, and the Fridays 1, 8, 15, 22, 29 of March 2024.
        days = by_hand(*(f"2024-03-{day:02}" for day in (1, 8, 13, 15, 22, 29)))
        self.assertEqual(days, instants("0 0 13 * fri", "2024-02-29T12:00", "2024-03-31"))
        # With a star in one of them both have to fit.
        self.assertEqual(by_hand("2024-03-13"), instants("0 0 13 * *", "2024-03-01", "2024-03-31"))

    def test_every_minute_that_fits_and_no_other_is_an_instant(self) -> None:
        first, last = parse_instant("2024-02-27"), parse_instant("2024-03-03")

        def fits(text: str, time: dt.datetime) -> bool:
            return {
                "*/7 * * * *": time.minute % 7 == 0,
                "5,35 1-3,23 * * *": time.minute in (5, 35) and time.hour in (1, 2, 3, 23),
                "0 */6 1 * *": time.minute == 0 and time.hour % 6 == 0 and time.day == 1,
                "59 23 * 2 thu": time.minute == 59 and time.hour == 23 and time.month == 2 and time.isoweekday() == 4,
            }[text]

        minutes = range(first + MINUTE_MS, last + 1, MINUTE_MS)
        for text in ("*/7 * * * *", "5,35 1-3,23 * * *", "0 */6 1 * *", "59 23 * 2 thu"):
            expected = [one for one in minutes if fits(text, to_datetime(one))]
            self.assertEqual(expected, instants(text, "2024-02-27", "2024-03-03"), text)

    def test_the_ends_of_what_is_asked_are_one_outside_and_one_inside(self) -> None:
        for text in ("1h", "0 * * * *"):
            schedule = Schedule.of(text)
            self.assertIsNone(schedule.due_between(HOUR_MS, 2 * HOUR_MS - 1), text)
            self.assertEqual(2 * HOUR_MS, schedule.due_between(HOUR_MS, 2 * HOUR_MS), text)
            self.assertEqual(HOUR_MS, schedule.due_between(HOUR_MS - 1, HOUR_MS), text)
            self.assertEqual(9 * HOUR_MS, schedule.due_between(HOUR_MS, 10 * HOUR_MS - 1), text)


class Refused(unittest.TestCase):
    def test_what_is_finer_than_the_candles(self) -> None:
        for text, length, closest in (
            ("15m", HOUR_MS, "15m"),
            ("0,30 * * * *", HOUR_MS, "30m"),
            ("0 0,23 * * *", 2 * HOUR_MS, "1h"),
            ("0 0 * * *", 7 * DAY_MS, "1d"),
        ):
            with self.subTest(text), self.assertRaisesRegex(ConfigurationError, f"wakes every {closest}, and candles"):
                Schedule.of(text).require_coarser(length)

    def test_and_nothing_that_is_not(self) -> None:
        for text, length in (
            ("1h", HOUR_MS),
            ("30 8 * * 1-5", DAY_MS),
            ("0 23 * * sun", 7 * DAY_MS),
            ("0 0,23 * * mon", 23 * HOUR_MS),  # No midnight of a Tuesday follows.
            ("59 * * * *", HOUR_MS),
        ):
            with self.subTest(text):
                Schedule.of(text).require_coarser(length)

    def test_what_cannot_be_understood(self) -> None:
        for text, said in (
            ("hourly", "'hourly' cannot be understood — allowed: a length such as 1h, 4h or 1d, or five cron fields"),
            ("2d", "'2d' is no length that a day or week is divided into"),
            ("1M", "'1M' is no length"),
            ("* * * *", "cannot be understood"),
            ("* * * * * *", "cannot be understood"),
            ("60 * * * *", "minute is '60' — allowed: 0 to 59"),
            ("* 24 * * *", "hour is '24' — allowed: 0 to 23"),
            ("0 0 0 * *", "day of the month is '0' — allowed: 1 to 31"),
            ("0 0 1 13 *", "month is '13' — allowed: 1 to 12 or jan to dec"),
            ("0 0 * * mo", "day of the week is 'mo' — allowed: 0 to 7 or sun to sat"),
            ("5-1 * * * *", "minute '5-1' runs backwards"),
            ("*/0 * * * *", r"minute '\*/0' has a step of 0"),
            ("1,,2 * * * *", "minute '1,,2' cannot be understood"),
            ("0 0 31 2,4 *", "names a day that no month has"),
            ("", "'' cannot be understood"),
            (7, "7 cannot be understood"),
        ):
            with self.subTest(text), self.assertRaisesRegex(ConfigurationError, said) as caught:
                Schedule.of(text)  # type: ignore[arg-type]
            self.assertNotIn("\n", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
