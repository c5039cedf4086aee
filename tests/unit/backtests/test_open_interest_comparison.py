"""Open interest of a session and of history is compared by stamp, and the journal says what it knows of it."""

import unittest

import msgspec
import numpy as np

from backtests.proof.journal_columns import IRREGULAR, JournalColumns
from backtests.proof.open_interest_comparison import MEANING, OpenInterestDifference, compare_open_interest
from backtests.proof.report_lines import interest_lines
from core.candle import OpenInterest, Step
from core.errors import Uncovered
from engine.journal_records import MissingRecord, SessionRecord, step_record
from tests.support.candles import candle
from tests.support.runs.kernel_runs import settings_from
from tests.support.times import MINUTE_MS

STEPS = np.arange(4, 13, dtype=np.int64) * 5 * MINUTE_MS
"""Steps at 00:20, 00:25 and so on to 01:00."""


def row(minute: int, amount: float = 10.0, value: float | None = 100.0) -> OpenInterest:
    return OpenInterest(minute * MINUTE_MS, amount, value)


class Comparing(unittest.TestCase):
    def compare(
        self, told: list[OpenInterest], known: list[OpenInterest], *missing: MissingRecord
    ) -> list[OpenInterestDifference]:
        return compare_open_interest("BTC/USDT", told, known, STEPS, missing)

    def test_equal_rows_have_no_difference(self) -> None:
        rows = [row(5), row(10, value=None), row(30)]
        self.assertEqual([], self.compare(rows, [*rows]))

    def test_each_kind_of_difference_has_its_name(self) -> None:
        for why, told, known in (
            ("open_interest_missing", [], [row(30)]),
            ("open_interest_not_in_history", [row(30)], []),
            ("open_interest_revised", [row(30, 11.0)], [row(30)]),
            ("open_interest_value", [row(30, value=None)], [row(30)]),
            ("open_interest_value", [row(30, value=99.0)], [row(30)]),
        ):
            with self.subTest(why):
                (found,) = self.compare(told, known)
                expected = (why, "1970-01-01T00:30:00.000Z", 35 * MINUTE_MS)
                self.assertEqual(expected, (found.why, found.stamp, found.step_ms))
                self.assertEqual((10.0, 100.0) if known else None, found.history)
                self.assertEqual((told[0].amount, told[0].value) if told else None, found.session)
        self.assertEqual(4, len(MEANING))

    def test_a_row_belongs_to_the_first_step_that_knows_it_and_what_was_known_before_to_the_first(self) -> None:
        found = self.compare([], [row(0), row(15), row(22)])
        self.assertEqual([20, 20, 30], [one.step_ms // MINUTE_MS for one in found])

    def test_a_row_that_is_known_after_the_last_step_is_nobodys(self) -> None:
        self.assertEqual([55], [one.time_ms // MINUTE_MS for one in self.compare([], [row(55), row(56)])])

    def test_the_journals_note_of_that_row_is_told(self) -> None:
        notes = [MissingRecord(kind, "BTC/USDT", 30 * MINUTE_MS, kind) for kind in ("funding", "open_interest")]
        (found,) = self.compare([], [row(30)], *notes)
        self.assertEqual("open_interest", found.note)
        self.assertEqual(
            [
                "    BTC/USDT 1970-01-01T00:30:00.000Z: open interest missing: the session was never told it",
                "      session  none",
                "      history  amount 10.0, value 100.0",
                "      journal  open_interest",
            ],
            [*interest_lines(found)],
        )

    def test_a_note_about_several_rows_is_told_with_each_of_them(self) -> None:
        note = MissingRecord("open_interest", "BTC/USDT", 30 * MINUTE_MS, "why", 40 * MINUTE_MS)
        found = self.compare([], [row(minute) for minute in (25, 30, 35, 40, 45)], note)
        self.assertEqual([None, "why", "why", "why", None], [one.note for one in found])


class ByColumns(unittest.TestCase):
    """The compiled rules know no open interest; the kernel replays a journal that has any."""

    def test_a_journal_that_has_any_is_left_to_the_kernel(self) -> None:
        settings, plain = settings_from({}, ("BTC/USDT",), "1m"), SessionRecord("s", "", "", {}, {}, {}, False)
        with self.assertRaisesRegex(Uncovered, "open interest"):
            JournalColumns(msgspec.structs.replace(plain, open_interest=["5m"]), settings)
        step = Step(MINUTE_MS, (candle(0, 1.0),))
        JournalColumns(plain, settings).take(step_record(step, ""))
        with self.assertRaisesRegex(Uncovered, IRREGULAR):
            shown = msgspec.structs.replace(step, open_interest=((row(-5),),))
            JournalColumns(plain, settings).take(step_record(shown, ""))


if __name__ == "__main__":
    unittest.main()
