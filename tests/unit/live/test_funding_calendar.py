"""Which payments are due: announced, looked for, given up, and delivered once."""

import unittest

from core.candle import FundingRate
from live.intake.funding_calendar import FORGOTTEN_AFTER_MS, PATIENCE_MS, FundingCalendar
from tests.support.times import HOUR_MS, MINUTE_MS

EIGHT = 8 * HOUR_MS


def rate(hour: int, late_ms: int = 0) -> FundingRate:
    return FundingRate(hour * HOUR_MS + late_ms, 0.0001, 100.0)


class FundingCalendarTest(unittest.TestCase):
    def setUp(self) -> None:
        self.calendar = FundingCalendar(2 * HOUR_MS)
        self.calendar.announce(2 * HOUR_MS + 1, EIGHT)

    def delivered(self, time_ms: int) -> list[int]:
        """Deliver what is due with a step and return its times."""
        rates = self.calendar.due_by(time_ms)
        self.calendar.delivered(rates, time_ms)
        return [one.time_ms for one in rates]

    def test_until_the_announced_payment_nothing_is_asked_and_nothing_waited_for(self) -> None:
        self.assertTrue(self.calendar.is_clear(EIGHT - MINUTE_MS))
        self.assertIsNone(self.calendar.question(EIGHT - MINUTE_MS))
        self.assertFalse(self.calendar.is_clear(EIGHT))
        self.assertEqual((2 * HOUR_MS + MINUTE_MS, EIGHT + MINUTE_MS), self.calendar.question(EIGHT))

    def test_a_payment_is_waited_for_and_delivered_with_its_step_once(self) -> None:
        self.calendar.answer([], EIGHT, EIGHT + 1_000)
        self.assertFalse(self.calendar.is_clear(EIGHT))
        self.calendar.answer([rate(8, late_ms=7)], EIGHT, EIGHT + 4_000)
        self.assertTrue(self.calendar.is_clear(EIGHT))
        self.assertEqual([EIGHT + 7], self.delivered(EIGHT))
        self.calendar.answer([rate(8, late_ms=7)], EIGHT, EIGHT + 5_000)
        self.assertEqual([], self.delivered(EIGHT + MINUTE_MS))

    def test_the_next_payment_is_asked_about_after_each(self) -> None:
        self.calendar.answer([rate(8)], EIGHT, EIGHT + 4_000)
        self.assertTrue(self.calendar.lacks_announcement(EIGHT + MINUTE_MS))
        self.calendar.announce(EIGHT + 5_000, 2 * EIGHT)
        self.assertTrue(self.calendar.is_clear(2 * EIGHT - 1))
        self.assertFalse(self.calendar.is_clear(2 * EIGHT))

    def test_a_rate_that_is_not_published_in_time_is_noted_once_asked_for_on_and_delivered_late(self) -> None:
        self.calendar.answer([], EIGHT, EIGHT + PATIENCE_MS - 1)
        self.assertFalse(self.calendar.is_clear(EIGHT))
        self.calendar.answer([], EIGHT, EIGHT + PATIENCE_MS)
        self.assertTrue(self.calendar.is_clear(EIGHT))
        self.assertEqual([EIGHT], self.calendar.newly_missing(EIGHT))
        self.assertEqual([], self.delivered(EIGHT))
        self.calendar.announce(EIGHT + PATIENCE_MS, 2 * EIGHT)
        self.assertTrue(self.calendar.waits)
        self.assertTrue(self.calendar.is_clear(EIGHT + MINUTE_MS))
        self.assertIsNotNone(self.calendar.question(EIGHT + MINUTE_MS))
        self.calendar.answer([rate(8)], EIGHT + 5 * MINUTE_MS, EIGHT + 5 * MINUTE_MS)
        self.assertEqual([EIGHT], self.delivered(EIGHT + 5 * MINUTE_MS))
        self.assertFalse(self.calendar.waits)
        self.assertEqual([], self.calendar.newly_missing(EIGHT + 5 * MINUTE_MS))

    def test_a_rate_that_never_comes_is_asked_for_during_a_day(self) -> None:
        self.calendar.answer([], EIGHT, EIGHT + PATIENCE_MS)
        self.calendar.answer([], EIGHT + MINUTE_MS, EIGHT + FORGOTTEN_AFTER_MS - 1)
        self.assertTrue(self.calendar.waits)
        self.calendar.answer([], EIGHT + MINUTE_MS, EIGHT + FORGOTTEN_AFTER_MS)
        self.assertFalse(self.calendar.waits)

    def test_payments_missed_while_nobody_asked_are_delivered_with_the_steps_they_belong_to(self) -> None:
        calendar = FundingCalendar(2 * HOUR_MS)
        calendar.announce(25 * HOUR_MS + 2 * MINUTE_MS, 4 * EIGHT)
        self.assertEqual((2 * HOUR_MS + MINUTE_MS, 25 * HOUR_MS + MINUTE_MS), calendar.question(25 * HOUR_MS))
        calendar.answer([rate(8), rate(16), rate(24)], 25 * HOUR_MS, 25 * HOUR_MS + 2 * MINUTE_MS)
        self.assertTrue(calendar.is_clear(25 * HOUR_MS))
        self.assertEqual([rate(8)], list(calendar.due_by(EIGHT + 3 * MINUTE_MS)))
        self.assertEqual(
            [8 * HOUR_MS, 16 * HOUR_MS, 24 * HOUR_MS], [one.time_ms for one in calendar.due_by(25 * HOUR_MS)]
        )

    def test_an_hour_just_before_the_first_announcement_may_have_been_a_payment(self) -> None:
        calendar = FundingCalendar(2 * HOUR_MS)
        calendar.announce(EIGHT + 1_500, 2 * EIGHT)
        calendar.answer([], EIGHT, EIGHT + 1_500)
        self.assertFalse(calendar.is_clear(EIGHT))
        calendar.answer([rate(8)], EIGHT, EIGHT + 4_000)
        self.assertTrue(calendar.is_clear(EIGHT))

    def test_an_hour_that_was_none_is_passed_after_a_minute_and_not_noted(self) -> None:
        calendar = FundingCalendar(2 * HOUR_MS)
        calendar.announce(3 * HOUR_MS + 1_500, EIGHT)
        calendar.answer([], 3 * HOUR_MS, 3 * HOUR_MS + PATIENCE_MS)
        self.assertTrue(calendar.is_clear(3 * HOUR_MS + 30 * MINUTE_MS))
        self.assertEqual([], calendar.newly_missing(4 * HOUR_MS))
        self.assertFalse(calendar.waits)

    def test_what_the_journal_says_was_delivered_or_gone_without_is_known_again(self) -> None:
        calendar = FundingCalendar(2 * HOUR_MS)
        calendar.gone_without(EIGHT)
        calendar.delivered([rate(16)], 17 * HOUR_MS)
        calendar.announce(17 * HOUR_MS + 1, 3 * EIGHT)
        self.assertEqual((EIGHT, 18 * HOUR_MS + MINUTE_MS), calendar.question(18 * HOUR_MS))
        calendar.answer([rate(8), rate(16)], 18 * HOUR_MS, 18 * HOUR_MS)
        self.assertEqual([rate(8)], list(calendar.due_by(18 * HOUR_MS)))

    def test_a_payment_announced_by_nobody_comes_with_the_next_one(self) -> None:
        self.calendar.answer([rate(4), rate(8)], EIGHT, EIGHT + 4_000)
        self.assertEqual([4 * HOUR_MS, EIGHT], self.delivered(EIGHT))

    def test_a_contract_without_payments_is_asked_about_every_hour(self) -> None:
        calendar = FundingCalendar(2 * HOUR_MS)
        calendar.announce(2 * HOUR_MS + 1, None)
        self.assertTrue(calendar.is_clear(3 * HOUR_MS + 1))
        self.assertTrue(calendar.lacks_announcement(3 * HOUR_MS + MINUTE_MS))

    def test_payments_at_or_before_the_start_are_none_of_the_sessions(self) -> None:
        self.calendar.answer([FundingRate(2 * HOUR_MS + 5, 0.1)], EIGHT, EIGHT + 4_000)
        self.assertEqual((), self.calendar.due_by(EIGHT))


if __name__ == "__main__":
    unittest.main()
