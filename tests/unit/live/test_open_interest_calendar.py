"""Which rows of open interest are due: waited for, given up for good, delivered once, and known from a journal."""

import contextlib
import io
import math
import tempfile
import unittest
from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.candle import OPEN_INTEREST_KNOWN_AFTER_MS, OpenInterest, Step
from core.errors import ConfigurationError
from engine.assembly import build_strategy_of
from engine.journal_records import MissingRecord, SessionRecord, StepRecord, step_record
from engine.portfolio.portfolio_assembly import AnyStrategy
from engine.portfolio.traded import Traded
from live.intake.exchange_access import Addresses
from live.intake.funding_calendar import PATIENCE_MS
from live.intake.open_interest_calendar import OpenInterestCalendar, open_interest_calendars
from live.intake.session_inputs import open_source
from live.life.journalled_past import JournalledPast
from live.life.session_start import open_interest_fed
from programs.backtest_config import PRACTICE_CONFIG
from programs.program_choice import ProgramChoice
from programs.program_run import ProgramMarket, program_settings
from tests.support.sessions.live_sessions import live_settings
from tests.support.times import DAY_MS, HOUR_MS, MINUTE_MS


class ServesNone:
    """A source of contracts that has no open interest."""

    serves_open_interest = False


FIVE = 5 * MINUTE_MS
SYMBOLS = ("A", "B")
READS = '    return market.get_flow(trigger.symbol, "open_interest")["value"]\n'


def row(minute: int, amount: float = 10.0) -> OpenInterest:
    return OpenInterest(minute * MINUTE_MS, amount, 2 * amount)


def minutes(runs: Sequence[tuple[int, int]]) -> list[tuple[int, ...]]:
    return [tuple(stamp // MINUTE_MS for stamp in run) for run in runs]


class OpenInterestCalendarTest(unittest.TestCase):
    """Stamps 00:10, 00:15 and so on; each is known five minutes later."""

    def setUp(self) -> None:
        self.assertEqual(FIVE, OPEN_INTEREST_KNOWN_AFTER_MS)
        self.calendar = OpenInterestCalendar(10 * MINUTE_MS, "5m")

    def answer(self, *rows: OpenInterest, at: int, late_ms: int = 0) -> None:
        """Answer what a step at a minute asks, some time after it."""
        _, until_ms = self.calendar.question(at * MINUTE_MS)
        self.calendar.answer(rows, until_ms, at * MINUTE_MS + late_ms)

    def delivered(self, minute: int) -> list[int]:
        """Deliver what is due with a step and return the minutes of its stamps."""
        rows = self.calendar.due_by(minute * MINUTE_MS)
        self.calendar.delivered(minute * MINUTE_MS)
        return [one.time_ms // MINUTE_MS for one in rows]

    def test_until_a_row_counts_as_known_nothing_is_asked(self) -> None:
        self.assertTrue(self.calendar.is_clear(15 * MINUTE_MS - 1))
        self.assertIsNone(self.calendar.question(15 * MINUTE_MS - 1))
        self.assertFalse(self.calendar.is_clear(15 * MINUTE_MS))
        self.assertEqual((10 * MINUTE_MS, 15 * MINUTE_MS), self.calendar.question(15 * MINUTE_MS))
        self.assertEqual((10 * MINUTE_MS, 25 * MINUTE_MS), self.calendar.question(25 * MINUTE_MS))

    def test_a_row_is_waited_for_and_delivered_once_with_the_first_step_that_knows_it(self) -> None:
        self.answer(at=15, late_ms=3_000)
        self.assertFalse(self.calendar.is_clear(15 * MINUTE_MS))
        self.answer(row(10), at=15, late_ms=4_000)
        self.assertTrue(self.calendar.is_clear(15 * MINUTE_MS))
        self.assertEqual([10], self.delivered(15))
        self.answer(row(10), row(15), at=20)
        self.assertEqual([15], self.delivered(20))
        self.assertEqual([], self.delivered(21))

    def test_of_queued_steps_each_is_given_what_is_known_by_then(self) -> None:
        self.answer(row(10), row(15), row(20), at=25)
        self.assertEqual([[10], [15], [20]], [self.delivered(minute) for minute in (15, 20, 25)])

    def test_a_row_that_is_not_there_a_minute_after_it_is_known_never_comes(self) -> None:
        self.answer(at=15)
        self.answer(row(15), at=20)
        self.assertEqual([(10 * MINUTE_MS,) * 2], self.calendar.newly_missing(20 * MINUTE_MS))
        self.assertEqual([], self.calendar.newly_missing(20 * MINUTE_MS))
        self.assertEqual([15], self.delivered(20))
        self.answer(row(10), row(20), at=25)
        self.assertEqual([20], self.delivered(25))
        self.assertIsNone(self.calendar.question(25 * MINUTE_MS))

    def test_one_answer_alone_that_has_nothing_makes_no_row_gone_however_late_it_is(self) -> None:
        self.answer(at=20, late_ms=DAY_MS)
        self.assertFalse(self.calendar.is_clear(20 * MINUTE_MS))
        self.answer(row(10), at=20, late_ms=DAY_MS)
        self.assertEqual([(15, 15)], minutes(self.calendar.newly_missing(20 * MINUTE_MS)))
        self.assertEqual([10], self.delivered(20))

    def test_the_minute_is_counted_from_when_it_is_known(self) -> None:
        self.answer(at=15, late_ms=PATIENCE_MS - 1)
        self.assertFalse(self.calendar.is_clear(15 * MINUTE_MS))
        self.answer(at=15, late_ms=PATIENCE_MS)
        self.assertTrue(self.calendar.is_clear(15 * MINUTE_MS))
        self.assertEqual([], self.delivered(15))

    def test_a_row_behind_one_that_is_waited_for_is_held_and_the_first_answer_counts(self) -> None:
        self.answer(row(15), at=20, late_ms=-PATIENCE_MS * 5)
        self.assertFalse(self.calendar.is_clear(20 * MINUTE_MS))
        self.answer(row(10), row(15, 99.0), at=20)
        self.assertEqual((row(10), row(15)), self.calendar.due_by(20 * MINUTE_MS))

    def test_what_was_not_asked_for_lies_off_the_grid_or_is_no_amount_is_no_row(self) -> None:
        for wrong in (row(5), row(15), row(12), row(10, -1.0), row(10, math.nan), row(10, math.inf)):
            with self.subTest(wrong):
                self.answer(wrong, at=15)
                self.assertEqual((), self.calendar.due_by(99 * MINUTE_MS))

    def test_what_a_missing_row_is_noted_with_is_the_step_that_knows_it(self) -> None:
        for _ in range(2):
            self.answer(at=25, late_ms=PATIENCE_MS)
        noted = [self.calendar.newly_missing(minute * MINUTE_MS) for minute in (15, 22, 25)]
        self.assertEqual([[(10, 10)], [(15, 15)], [(20, 20)]], [minutes(of_step) for of_step in noted])

    def test_rows_in_a_row_that_a_step_goes_on_without_are_one_note(self) -> None:
        for _ in range(2):
            self.answer(row(25), at=40, late_ms=PATIENCE_MS)
        self.assertEqual([(10, 20), (30, 35)], minutes(self.calendar.newly_missing(40 * MINUTE_MS)))
        self.assertEqual([25], self.delivered(40))

    def test_a_session_is_fed_one_period_that_divides_those_asked_for_from_before_its_start(self) -> None:
        # At 09:30 the rows known are those up to 09:25; 00:00, 04:00 and 08:00 serve 4h, one of them missing or not.
        calendars = open_interest_calendars(SYMBOLS, ("1h", "4h"), 9 * HOUR_MS + 30 * MINUTE_MS)
        self.assertEqual([*SYMBOLS], [*calendars])
        self.assertEqual({"1h"}, {one.period for one in calendars.values()})
        self.assertEqual((0, 10 * HOUR_MS), calendars["A"].question(9 * HOUR_MS + 30 * MINUTE_MS))
        self.assertEqual({}, open_interest_calendars(SYMBOLS, (), DAY_MS))


class AtTheStart(unittest.TestCase):
    """An exchange that serves none is named once, where any is asked for; the session goes without."""

    def fed(self, periods: tuple[str, ...], source: object, *strategies: AnyStrategy) -> tuple[tuple[str, ...], str]:
        said = io.StringIO()
        traded = Traded("crowd", {str(n): one for n, one in enumerate(strategies)}, (), MINUTE_MS, periods)
        with contextlib.redirect_stderr(said):
            fed = open_interest_fed(traded, "kraken", source)
        return fed, said.getvalue()

    def test_without_a_source_of_it_none_is_fed_and_a_line_says_so(self) -> None:
        for source in (None, ServesNone()):
            fed, said = self.fed(("5m", "1h"), source)
            self.assertEqual((), fed)
            self.assertRegex(said, r"\Awarning: kraken serves no open interest here: what crowd reads [^\n]*\n\Z")

    def test_who_asks_for_none_hears_nothing_of_it(self) -> None:
        self.assertEqual(((), ""), self.fed((), None))

    def test_who_reads_it_and_trades_no_contracts_is_told_so(self) -> None:
        choice = ProgramChoice("crowd", "def decide(market, account, trigger):\n" + READS, schedule="1h")
        program = build_strategy_of(program_settings(choice, ProgramMarket(PRACTICE_CONFIG)))
        fed, said = self.fed((), None, program)
        self.assertEqual((), fed)
        self.assertRegex(said, r"\Awarning: crowd reads open interest, which only perpetual contracts have [^\n]*\n\Z")

    def test_a_source_is_opened_for_open_interest_alone_and_an_exchange_without_one_is_no_error_then(self) -> None:
        nowhere = Addresses(None, None)
        for kept in (True, False):
            with tempfile.TemporaryDirectory() as base:
                contracts = {"perpetual": {"funding": kept, "mark_price": False}}
                settings = live_settings(Path(base), live={"execution": contracts})
            with self.subTest(kept=kept):
                if kept:
                    with self.assertRaises(ConfigurationError):
                        open_source(settings, nowhere, open_interest=("5m",))
                else:
                    self.assertIsNone(open_source(settings, nowhere, open_interest=("5m",)))
                    self.assertIsNone(open_source(settings, Addresses("http://127.0.0.1:9", None)))


class FromAJournal(unittest.TestCase):
    """A session that begins at 01:00 and is fed 5m from 00:45 on."""

    def past(self, *records: StepRecord | MissingRecord) -> dict[str, OpenInterestCalendar]:
        first = SessionRecord("s", "", "", {}, {}, {}, False, HOUR_MS, open_interest=["5m"])
        past = JournalledPast(first, SYMBOLS)
        for record in records:
            past.take(record)
        return {**past.open_interest_calendars(SYMBOLS)}

    def step(self, minute: int) -> StepRecord:
        rows = (tuple(row(one) for one in range(45, minute - 4, 5)), ())
        return step_record(Step(minute * MINUTE_MS, (None, None), open_interest=rows), "")

    def test_before_its_first_step_it_asks_for_what_was_known_before_the_start(self) -> None:
        self.assertEqual((45 * MINUTE_MS, 60 * MINUTE_MS), self.past()["A"].question(61 * MINUTE_MS))

    def test_what_steps_had_and_went_without_is_over(self) -> None:
        calendars = self.past(MissingRecord("open_interest", "B", 50 * MINUTE_MS), self.step(61), self.step(62))
        for calendar in calendars.values():
            self.assertIsNone(calendar.question(64 * MINUTE_MS))
            self.assertEqual((60 * MINUTE_MS, 65 * MINUTE_MS), calendar.question(65 * MINUTE_MS))

    def test_a_row_gone_without_before_its_step_was_written_stays_gone_and_is_not_noted_again(self) -> None:
        gone = (MissingRecord("open_interest", "B", 60 * MINUTE_MS), MissingRecord("funding", "A", 60 * MINUTE_MS))
        calendars = self.past(self.step(61), *gone)
        self.assertIsNone(calendars["B"].question(65 * MINUTE_MS))
        calendars["B"].answer([row(60)], 65 * MINUTE_MS, 65 * MINUTE_MS)
        self.assertEqual(((), []), (calendars["B"].due_by(65 * MINUTE_MS), calendars["B"].newly_missing(DAY_MS)))
        self.assertIsNotNone(calendars["A"].question(65 * MINUTE_MS))

    def test_rows_that_one_note_is_about_stay_gone(self) -> None:
        gone = MissingRecord("open_interest", "B", 50 * MINUTE_MS, "", 60 * MINUTE_MS)
        calendars = self.past(msgspec.json.decode(msgspec.json.encode(gone), type=MissingRecord))
        self.assertEqual((45 * MINUTE_MS, 65 * MINUTE_MS), calendars["B"].question(65 * MINUTE_MS))
        calendars["B"].answer([row(one) for one in (45, 50, 60)], 65 * MINUTE_MS, 99 * MINUTE_MS)
        self.assertEqual(((row(45),), []), (calendars["B"].due_by(DAY_MS), calendars["B"].newly_missing(DAY_MS)))

    def test_a_session_that_was_fed_none_has_none(self) -> None:
        past = JournalledPast(SessionRecord("s", "", "", {}, {}, {}, False, HOUR_MS), SYMBOLS)
        self.assertEqual({}, past.open_interest_calendars(SYMBOLS))


if __name__ == "__main__":
    unittest.main()
