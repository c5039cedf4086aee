"""Asks REST for the mark candles, funding rates and open interest that waiting steps of perpetual contracts need."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from core.candle import Candle, FundingRate, OpenInterest
from core.errors import FeedError
from core.timeframe import DAY_MS
from live.intake.candle_lane import Question
from live.intake.funding_calendar import PATIENCE_MS
from live.intake.standing_time import StandingTime
from live.intake.waiting_steps import WaitingSteps
from market_data.exchanges.request_failures import TransientError, asked_pause_of
from market_data.feeds.perpetual_source import PerpetualSource

REQUESTS_AT_ONCE = 4
INTEREST_KEPT_MS = 28 * DAY_MS
"""How far back exchanges serve open interest, at least: some refuse what begins earlier."""

FIRST_WAIT_SHARE = 1 / 16
"""The first wait between two rounds of questions, as a share of the longest; it doubles until a step is complete."""


class Waits(NamedTuple):
    """How long is waited.

    ``settle_ms`` is exchange time after its close for which REST may lack a mark candle; ``grace_seconds`` is how long
    marks are waited for, and ``ask_again_seconds`` the longest wait between two rounds of questions, in wall time.
    """

    settle_ms: int
    grace_seconds: float
    ask_again_seconds: float

    def before_round(self, rounds: int) -> float:
        """Return the seconds to wait before a round of questions, with so many rounds behind it."""
        if rounds == 0:
            return 0.0
        return self.ask_again_seconds * min(FIRST_WAIT_SHARE * (1 << min(rounds - 1, 10)), 1.0)


class PerpetualInputs:
    """Completes waiting steps.

    A step waits while REST does not answer. A mark candle that REST denies once the grace is over is left out, and so
    is a rate that is not published within a minute of the exchange's time; that one comes with a later step. Open
    interest that is not there, or is refused for good, a minute after it counts as known never comes. An
    exchange whose time stands still has published what it will. ``wake`` is called after each round of questions.

    Parameters
    ----------
    source
        Marks, rates and open interest; one bounded attempt a call.
    steps
        What waits, and what has come for it.
    exchange_ms
        Reads the exchange's clock; raises FeedError where it does not answer.
    """

    def __init__(
        self,
        source: PerpetualSource,
        steps: WaitingSteps,
        exchange_ms: Callable[[], Awaitable[int]],
        waits: Waits,
        monotonic: Callable[[], float],
    ) -> None:
        self.steps = steps
        self._source = source
        self._exchange_ms = exchange_ms
        self._waits = waits
        self._monotonic = monotonic
        self._requests = asyncio.Semaphore(REQUESTS_AT_ONCE)
        self._round: asyncio.Task[None] | None = None
        self._not_before = monotonic()
        self._time = StandingTime(monotonic)
        self.wake: Callable[[], Awaitable[None]] = _nobody

    def ask(self) -> None:
        """Begin a round of questions if one is needed; one round at a time."""
        if self._round is not None and self._round.done():
            self._round.result()
            self._round = None
        if self._round is None and self.steps.begin_round():
            self._round = asyncio.create_task(self._ask())

    async def stop(self) -> None:
        """Give up what is being asked."""
        if self._round is not None:
            self._round.cancel()
            await asyncio.gather(self._round, return_exceptions=True)

    async def _ask(self) -> None:
        """Ask, after a wait, for everything that queued steps need; what cannot be had now is asked for again."""
        steps, waits = self.steps, self._waits
        await asyncio.sleep(max(waits.before_round(steps.rounds), self._not_before - self._monotonic()))
        steps.rounds += 1
        last_ms, patient_ms = steps.asked_until_ms, steps.patient_ms(self._monotonic() - waits.grace_seconds)
        with contextlib.suppress(FeedError):
            told_ms = await self._exchange_ms()
            # Nothing settles or is published any more where the exchange's time does not go on.
            stands = self._time.stands(told_ms)
            settle_ms, patience_ms = (0, PATIENCE_MS) if stands else (waits.settle_ms, 0)
            asked = steps.mark_questions(told_ms - settle_ms)
            marks = await asyncio.gather(*map(self._ask_marks, asked))
            rates = await asyncio.gather(*(self._ask_funding(symbol, last_ms) for symbol in steps.funding))
            interest = await asyncio.gather(
                *(self._ask_interest(symbol, last_ms, told_ms) for symbol in steps.open_interest)
            )
            # A clock that was set back meanwhile must not deny anything.
            told_ms = min(told_ms, await self._exchange_ms())
            for question, candles in zip(asked, marks, strict=True):
                if candles is not None:
                    steps.take_marks(question, candles, min(patient_ms, told_ms - settle_ms))
            for calendar, found in zip(steps.funding.values(), rates, strict=True):
                if found is not None:
                    calendar.answer(found, last_ms, told_ms + patience_ms)
            for symbol, said in zip(steps.open_interest, interest, strict=True):
                if said is not None:
                    steps.open_interest[symbol].answer(
                        said.rows, said.until_ms, told_ms + patience_ms, refused=said.refused
                    )
        await self.wake()

    def _leave_alone(self, failure: FeedError) -> None:
        """Ask nothing for as long as the exchange wants to be left alone."""
        self._not_before = max(self._not_before, self._monotonic() + asked_pause_of(failure))

    async def _ask_marks(self, asked: Question) -> list[Candle] | None:
        """Return REST's mark candles, None without an answer."""
        if self.steps.marks is None:
            return None
        timeframe = self.steps.marks.timeframe
        async with self._requests:
            try:
                return await self._source.mark_candles(asked.symbol, timeframe, asked.start_ms, asked.end_ms)
            except FeedError as error:
                self._leave_alone(error)
                return None

    async def _ask_funding(self, symbol: str, last_ms: int) -> list[FundingRate] | None:
        """Return REST's rates for steps up to a time; None without an answer, and where there is nothing to ask."""
        calendar = self.steps.funding[symbol]
        async with self._requests:
            try:
                if calendar.lacks_announcement(last_ms):
                    next_ms = await self._source.next_funding_ms(symbol)
                    # Read afterwards: a payment between the two may be the one that is announced no more.
                    calendar.announce(max(last_ms, await self._exchange_ms()), next_ms)
                question = calendar.question(last_ms)
                return None if question is None else await self._source.funding_rates(symbol, *question)
            except FeedError as error:
                self._leave_alone(error)
                return None

    async def _ask_interest(self, symbol: str, last_ms: int, told_ms: int) -> "_SaidInterest | None":
        """Return REST's open interest for steps up to a time; None without an answer, and where nothing is lacked."""
        question = self.steps.open_interest[symbol].question(last_ms)
        if question is None:
            return None
        async with self._requests:
            try:
                rows = await self._kept_interest(symbol, question, told_ms - INTEREST_KEPT_MS)
            except TransientError as error:
                self._leave_alone(error)
                return None
            except FeedError:
                # Asking again helps nothing, and nobody may be kept from leaving a position by what only informs.
                return _SaidInterest([], question[1], refused=True)
        return _SaidInterest(rows, question[1])

    async def _kept_interest(self, symbol: str, asked: tuple[int, int], kept_ms: int) -> list[OpenInterest]:
        """Return the rows of a range; of one that is refused because it begins too early, those that are kept."""
        (start_ms, until_ms), period = asked, self.steps.open_interest[symbol].period
        try:
            return await self._source.open_interest(symbol, period, start_ms, until_ms)
        except TransientError:
            raise
        except FeedError:
            if start_ms >= kept_ms:
                raise
        return [] if kept_ms >= until_ms else await self._source.open_interest(symbol, period, kept_ms, until_ms)


class _SaidInterest(NamedTuple):
    """Rows of stamps before an end, as REST has them; none where it refuses them for good."""

    rows: list[OpenInterest]
    until_ms: int
    refused: bool = False


async def _nobody() -> None:
    """Wake nobody."""
