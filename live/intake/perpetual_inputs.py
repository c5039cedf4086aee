"""What steps of perpetual contracts wait for before they are journalled: mark candles and funding rates, from REST."""

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from core.candle import Candle, FundingRate
from core.errors import FeedError
from engine.journal_records import MissingRecord
from live.intake.barrier import ClosedStep
from live.intake.candle_lane import CandleLane, Note, Question, ReceivedCandle
from live.intake.funding_calendar import FundingCalendar
from market_data.feeds.perpetual_source import PerpetualSource

REQUESTS_AT_ONCE = 4
FIRST_WAIT_SHARE = 1 / 16
"""The first wait between two rounds of questions, as a share of the longest; it doubles until a step is complete."""

STEPS_OF_A_ROUND = 500
"""Most queued steps that one round asks for: one page of mark candles."""


class MarkSeries(NamedTuple):
    """The mark candles of a session: those of its finest candles' timeframe."""

    timeframe: str
    lane: CandleLane


class _Waiting(NamedTuple):
    """A closed step and when, in monotonic seconds, it began to wait."""

    closed: ClosedStep
    since: float


class PerpetualInputs:
    """Completes closed steps, in order: each leaves with its mark candles and the funding rates due by then.

    A step waits while REST does not answer. A mark candle that REST denies once the grace is over is left out, and so
    is a rate that is not published within a minute of the exchange's time; that one comes with a later step. ``wake``
    is called after each round of questions.

    Parameters
    ----------
    source
        Marks and rates; one bounded attempt a call.
    symbols
        Unified symbols in configured order.
    marks
        Where mark candles are collected; None asks for none.
    funding
        The calendars of all symbols; empty asks for no rates.
    exchange_ms
        Reads the exchange's clock; raises FeedError where it does not answer.
    settle_ms
        Exchange time after its close for which REST may lack a mark candle.
    grace_seconds, ask_again_seconds
        How long marks are waited for; longest wait between two rounds of questions. Wall time.
    """

    def __init__(
        self,
        source: PerpetualSource,
        symbols: Sequence[str],
        marks: MarkSeries | None,
        funding: Mapping[str, FundingCalendar],
        exchange_ms: Callable[[], Awaitable[int]],
        *,
        settle_ms: int,
        grace_seconds: float,
        ask_again_seconds: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._source = source
        self._symbols = tuple(symbols)
        self._marks = marks
        self._funding = funding
        self._exchange_ms = exchange_ms
        self._settle_ms = settle_ms
        self._grace_seconds = grace_seconds
        self._longest_wait = ask_again_seconds
        self._wait = 0.0
        self._monotonic = monotonic
        self._queue: deque[_Waiting] = deque()
        self._without_mark: set[str] = set()
        self._requests = asyncio.Semaphore(REQUESTS_AT_ONCE)
        self._round: asyncio.Task[None] | None = None
        self._latest_ms = 0
        self._ask_overdue = False
        self._notes: list[Note] = []
        self.wake: Callable[[], Awaitable[None]] = _nobody

    def add(self, closed: ClosedStep) -> None:
        """Queue a step behind those that wait."""
        if not self._queue:
            self._wait = 0.0
        self._queue.append(_Waiting(closed, self._monotonic()))
        self._latest_ms = closed.step.time_ms
        self._ask_overdue = any(calendar.waits for calendar in self._funding.values())

    def take_notes(self) -> list[Note]:
        """Take out the notes of mark candles that were refused."""
        notes, self._notes = self._notes, []
        return notes

    def __len__(self) -> int:
        return len(self._queue)

    def next_complete(self) -> tuple[ClosedStep, list[MissingRecord]] | None:
        """Take out the oldest step if it is complete, with what it goes on without; None while it waits."""
        if not self._queue:
            return None
        closed = self._queue[0].closed
        time_ms = closed.step.time_ms
        if self._marks is not None and not self._marks.lane.is_whole(time_ms):
            return None
        if not all(calendar.is_clear(time_ms) for calendar in self._funding.values()):
            return None
        self._queue.popleft()
        self._wait = 0.0
        missing: list[MissingRecord] = []
        marks = self._marks_of(time_ms, missing)
        funding = self._funding_of(time_ms, missing)
        step = msgspec.structs.replace(closed.step, marks=marks, funding=funding)
        return closed._replace(step=step), missing

    def ask(self) -> None:
        """Begin a round of questions if one is needed; one round at a time."""
        if self._round is not None and self._round.done():
            self._round.result()
            self._round = None
        if self._round is None and (self._queue or self._ask_overdue):
            self._ask_overdue = False
            self._round = asyncio.create_task(self._ask())

    async def stop(self) -> None:
        """Give up what is being asked."""
        if self._round is not None:
            self._round.cancel()
            await asyncio.gather(self._round, return_exceptions=True)

    def _marks_of(self, time_ms: int, missing: list[MissingRecord]) -> tuple[Candle | None, ...]:
        if self._marks is None:
            return ()
        found = self._marks.lane.pop(time_ms)
        self._marks.lane.drop_before(time_ms)
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
        for symbol, calendar in self._funding.items():
            for due_ms in calendar.newly_missing(time_ms):
                missing.append(MissingRecord("funding", symbol, due_ms, "not published in time; asked for on"))
            of_symbol = calendar.due_by(time_ms)
            calendar.delivered(of_symbol, time_ms)
            rates.append(of_symbol)
        return tuple(rates) if any(rates) else ()

    async def _ask(self) -> None:
        """Ask, after a wait, for everything that queued steps need; what cannot be had now is asked for again."""
        await asyncio.sleep(self._wait)
        self._wait = min(max(2 * self._wait, self._longest_wait * FIRST_WAIT_SHARE), self._longest_wait)
        now = self._monotonic()
        steps = list(itertools.islice(self._queue, STEPS_OF_A_ROUND))
        last_ms = steps[-1].closed.step.time_ms if steps else self._latest_ms
        patient = (one.closed.step.time_ms for one in steps if now - one.since >= self._grace_seconds)
        with contextlib.suppress(FeedError):
            told_ms = await self._exchange_ms()
            asked = self._missing_marks(steps, told_ms - self._settle_ms)
            marks = await asyncio.gather(*map(self._ask_marks, asked))
            rates = await asyncio.gather(*(self._ask_funding(symbol, last_ms) for symbol in self._funding))
            # A clock that was set back meanwhile must not deny anything.
            told_ms = min(told_ms, await self._exchange_ms())
            denied_ms = min(max(patient, default=0), told_ms - self._settle_ms)
            for question, candles in zip(asked, marks, strict=True):
                self._take_marks(question, candles, denied_ms)
            for calendar, found in zip(self._funding.values(), rates, strict=True):
                if found is not None:
                    calendar.answer(found, last_ms, told_ms)
        await self.wake()

    def _missing_marks(self, steps: Sequence[_Waiting], settled_ms: int) -> list[Question]:
        """Return the questions about marks that have settled by a time: to ask earlier is in vain."""
        if self._marks is None or not steps:
            return []
        first_ms, last_ms = steps[0].closed.step.time_ms, steps[-1].closed.step.time_ms
        return self._marks.lane.questions(first_ms - 1, min(last_ms, settled_ms))

    async def _ask_marks(self, asked: Question) -> list[Candle] | None:
        """Return REST's mark candles, None without an answer."""
        if self._marks is None:
            return None
        timeframe = self._marks.timeframe
        async with self._requests:
            try:
                return await self._source.mark_candles(asked.symbol, timeframe, asked.start_ms, asked.end_ms)
            except FeedError:
                return None

    def _take_marks(self, asked: Question, candles: Sequence[Candle] | None, denied_ms: int) -> None:
        if self._marks is None or candles is None:
            return
        lane = self._marks.lane
        for candle in candles:
            if not lane.has(asked.symbol, candle.open_time_ms + lane.length_ms):
                note = lane.take(asked.symbol, ReceivedCandle(candle, "rest"), asked.start_ms)
                if isinstance(note, Note):
                    self._notes.append(note)
        lane.deny(asked.symbol, min(denied_ms, asked.end_ms))

    async def _ask_funding(self, symbol: str, last_ms: int) -> list[FundingRate] | None:
        """Return REST's rates for steps up to a time; None without an answer, and where there is nothing to ask."""
        calendar = self._funding[symbol]
        async with self._requests:
            try:
                if calendar.lacks_announcement(last_ms):
                    next_ms = await self._source.next_funding_ms(symbol)
                    # Read afterwards: a payment between the two may be the one that is announced no more.
                    calendar.announce(max(last_ms, await self._exchange_ms()), next_ms)
                question = calendar.question(last_ms)
                return None if question is None else await self._source.funding_rates(symbol, *question)
            except FeedError:
                return None


async def _nobody() -> None:
    """Wake nobody."""
