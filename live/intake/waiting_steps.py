"""Closed steps that wait, in order, for the mark candles, funding rates and open interest they need."""

import itertools
from collections import deque
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from core.candle import Candle, FundingRate, OpenInterest
from engine.journal_records import MissingRecord
from live.intake.barrier import ClosedStep
from live.intake.candle_lane import CandleLane, Note, Question, ReceivedCandle
from live.intake.funding_calendar import FundingCalendar
from live.intake.open_interest_calendar import OpenInterestCalendar

STEPS_OF_A_ROUND = 500
"""Most queued steps that one round of questions asks for: one page of mark candles."""


class MarkSeries(NamedTuple):
    """The mark candles of a session: those of its finest candles' timeframe."""

    timeframe: str
    lane: CandleLane


class Lacking(NamedTuple):
    """A step that waits, and the symbols of which it lacks something."""

    time_ms: int
    marks: list[str]
    rates: list[str]
    open_interest: list[str]

    def words(self) -> dict[str, list[str]]:
        """Return the symbols by what they lack, in words."""
        return {"mark candles": self.marks, "funding rates": self.rates, "open interest": self.open_interest}


class _Waiting(NamedTuple):
    """A closed step and when, in monotonic seconds, it began to wait."""

    closed: ClosedStep
    since: float


class WaitingSteps:
    """The queue, and what has come for it.

    ``rounds`` counts the rounds of questions since a step last left or came to an empty queue.

    Parameters
    ----------
    symbols
        Unified symbols in configured order.
    marks
        Where mark candles are collected; None needs none.
    funding
        The calendars of all symbols; empty needs no rates.
    open_interest
        The same of open interest.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        marks: MarkSeries | None,
        funding: Mapping[str, FundingCalendar],
        open_interest: Mapping[str, OpenInterestCalendar] = MappingProxyType({}),
    ) -> None:
        self.marks = marks
        self.funding = funding
        self.open_interest = open_interest
        self.rounds = 0
        self._symbols = tuple(symbols)
        self._queue: deque[_Waiting] = deque()
        self._without_mark: set[str] = set()
        self._latest_ms = 0
        self._rates_overdue = False
        self._notes: list[Note] = []

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, closed: ClosedStep, now: float) -> None:
        """Queue a step behind those that wait; ``now`` is monotonic seconds."""
        if not self._queue:
            self.rounds = 0
        self._queue.append(_Waiting(closed, now))
        self._latest_ms = closed.step.time_ms
        self._rates_overdue = any(calendar.waits for calendar in self.funding.values())

    def next_complete(self) -> tuple[ClosedStep, list[MissingRecord]] | None:
        """Take out the oldest step if it is complete, with what it goes on without; None while it waits."""
        if not self._queue:
            return None
        closed = self._queue[0].closed
        time_ms = closed.step.time_ms
        if self.marks is not None and not self.marks.lane.is_whole(time_ms):
            return None
        if not all(calendar.is_clear(time_ms) for calendar in self.funding.values()):
            return None
        if not all(calendar.is_clear(time_ms) for calendar in self.open_interest.values()):
            return None
        self._queue.popleft()
        self.rounds = 0
        missing: list[MissingRecord] = []
        step = msgspec.structs.replace(
            closed.step,
            marks=self._marks_of(time_ms, missing),
            funding=self._funding_of(time_ms, missing),
            open_interest=self._open_interest_of(time_ms, missing),
        )
        return closed._replace(step=step), missing

    def lacking(self) -> Lacking | None:
        """Return the oldest step that waits and what it lacks; None where none waits."""
        if not self._queue:
            return None
        time_ms = self._queue[0].closed.step.time_ms
        marks = [] if self.marks is None else self.marks.lane.questions(time_ms - 1, time_ms)
        rates = [symbol for symbol, calendar in self.funding.items() if not calendar.is_clear(time_ms)]
        interest = [symbol for symbol, calendar in self.open_interest.items() if not calendar.is_clear(time_ms)]
        return Lacking(time_ms, [one.symbol for one in marks], rates, interest)

    def take_notes(self) -> list[Note]:
        """Take out the notes of mark candles that were refused."""
        notes, self._notes = self._notes, []
        return notes

    def begin_round(self) -> bool:
        """Return whether anything is to be asked for, and count an overdue rate as asked for."""
        needed = bool(self._queue) or self._rates_overdue
        self._rates_overdue = False
        return needed

    @property
    def asked_until_ms(self) -> int:
        """The last step that a round of questions asks for."""
        steps = self._of_a_round()
        return steps[-1].closed.step.time_ms if steps else self._latest_ms

    def patient_ms(self, since: float) -> int:
        """Return the last step of a round that has waited since a time or longer; 0 where none has."""
        return max((one.closed.step.time_ms for one in self._of_a_round() if one.since <= since), default=0)

    def mark_questions(self, settled_ms: int) -> list[Question]:
        """Return the questions about marks that have settled by a time: to ask earlier is in vain."""
        steps = self._of_a_round()
        if self.marks is None or not steps:
            return []
        first_ms, last_ms = steps[0].closed.step.time_ms, steps[-1].closed.step.time_ms
        return self.marks.lane.questions(first_ms - 1, min(last_ms, settled_ms))

    def take_marks(self, asked: Question, candles: Sequence[Candle], denied_ms: int) -> None:
        """Take REST's answer; a mark candle that closed by ``denied_ms`` and is not in it does not exist."""
        if self.marks is None:
            return
        lane = self.marks.lane
        for candle in candles:
            if not lane.has(asked.symbol, candle.open_time_ms + lane.length_ms):
                note = lane.take(asked.symbol, ReceivedCandle(candle, "rest"), asked.start_ms)
                if isinstance(note, Note):
                    self._notes.append(note)
        lane.deny(asked.symbol, min(denied_ms, asked.end_ms))

    def _of_a_round(self) -> list[_Waiting]:
        return list(itertools.islice(self._queue, STEPS_OF_A_ROUND))

    def _marks_of(self, time_ms: int, missing: list[MissingRecord]) -> tuple[Candle | None, ...]:
        if self.marks is None:
            return ()
        found = self.marks.lane.pop(time_ms)
        self.marks.lane.drop_before(time_ms)
        for symbol, one in zip(self._symbols, found, strict=True):
            if one is not None:
                self._without_mark.discard(symbol)
            elif symbol not in self._without_mark:
                self._without_mark.add(symbol)
                missing.append(
                    MissingRecord("mark", symbol, time_ms, "REST does not have it; the first of a row is noted")
                )
        return tuple(None if one is None else one.candle for one in found) if any(found) else ()

    def _funding_of(self, time_ms: int, missing: list[MissingRecord]) -> tuple[tuple[FundingRate, ...], ...]:
        rates = []
        for symbol, calendar in self.funding.items():
            for due_ms in calendar.newly_missing(time_ms):
                missing.append(MissingRecord("funding", symbol, due_ms, "not published in time; asked for on"))
            of_symbol = calendar.due_by(time_ms)
            calendar.delivered(of_symbol, time_ms)
            rates.append(of_symbol)
        return tuple(rates) if any(rates) else ()

    def _open_interest_of(self, time_ms: int, missing: list[MissingRecord]) -> tuple[tuple[OpenInterest, ...], ...]:
        rows = []
        for symbol, calendar in self.open_interest.items():
            for first_ms, last_ms in calendar.newly_missing(time_ms):
                several = UNSET if last_ms == first_ms else last_ms
                missing.append(MissingRecord("open_interest", symbol, first_ms, calendar.why_missing, several))
            rows.append(calendar.due_by(time_ms))
            calendar.delivered(time_ms)
        return tuple(rows) if any(rows) else ()
