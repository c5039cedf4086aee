"""Asks REST for the candles that the barrier lacks once their grace is over."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from core.candle import Candle
from core.errors import FeedError
from live.intake.barrier import Barrier
from live.intake.candle_lane import Question, Series
from live.intake.standing_time import StandingTime
from market_data.exchanges.request_failures import asked_pause_of
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.feed_limits import FeedLimits


class RestAnswer(NamedTuple):
    """What REST said to a question; a candle that closed by ``until_ms`` and is not in it does not exist."""

    asked: Question
    until_ms: int
    candles: list[Candle]


class MissingCandles:
    """One round of questions at a time, and the next not before a while.

    Parameters
    ----------
    barrier
        Says what is missing.
    feeds
        Who is asked, by series.
    put
        Takes the answers.
    ask_again_seconds
        Least time between two rounds.
    """

    def __init__(
        self,
        barrier: Barrier,
        feeds: Mapping[Series, CandleFeed],
        put: Callable[[RestAnswer], Awaitable[None]],
        ask_again_seconds: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._barrier = barrier
        self._feeds = feeds
        self._put = put
        self._ask_again_seconds = ask_again_seconds
        self._monotonic = monotonic
        self._asking: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._time = StandingTime(monotonic)

    def ask(self) -> None:
        """Begin a round if anything is overdue."""
        now = self._monotonic()
        if self._asking is not None and self._asking.done():
            self._asking.result()
            self._asking = None
        if self._asking is not None or now < self._not_before:
            return
        questions = self._barrier.to_ask(now)
        if questions:
            self._not_before = now + self._ask_again_seconds
            self._asking = asyncio.create_task(self._ask(questions))

    async def stop(self) -> None:
        """Give up what is being asked."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self, questions: list[Question]) -> None:
        """Put each question to its feed; what cannot be had now is asked for again.

        A candle that is not closed by the exchange's own clock is not denied: a clock that was set back, before or
        while REST was asked, must not close a step without it.
        """
        answers = []
        clock = next(iter(self._feeds.values()))
        try:
            told_ms = await clock.server_time_ms()
            stands = self._time.stands(told_ms)
            for one in questions:
                try:
                    # Where no later final was seen, the clock that was read is all that says what is closed.
                    clock_ms = None if self._barrier.knows(one.end_ms) else told_ms
                    feed = self._feeds[one.series]
                    candles = await feed.final_candles(one.symbol, one.start_ms, one.end_ms, clock_ms)
                except FeedError as error:
                    self._leave_alone(error)
                    continue
                # A last row that is not believed by the clock is left out: what is beyond the rows is not denied.
                told_until_ms = one.end_ms if clock_ms is None else _end_ms(one, candles, self._barrier)
                answers.append(RestAnswer(one, told_until_ms, candles))
            told_ms = min(told_ms, await clock.server_time_ms())
        except FeedError as error:
            self._leave_alone(error)
            return
        # The one that reaches furthest first: up to there the others' candles are denied.
        for answer in sorted(answers, key=_last_open_ms, reverse=True):
            settle_ms = 0 if stands else FeedLimits().settle_for(self._barrier.length_of(answer.asked.series))
            await self._put(answer._replace(until_ms=min(answer.until_ms, told_ms - settle_ms)))

    def _leave_alone(self, failure: FeedError) -> None:
        """Ask nothing for as long as the exchange wants to be left alone."""
        self._not_before = max(self._not_before, self._monotonic() + asked_pause_of(failure))


def _end_ms(asked: Question, candles: list[Candle], barrier: Barrier) -> int:
    """Return up to when an answer tells of candles."""
    return candles[-1].open_time_ms + barrier.length_of(asked.series) if candles else asked.start_ms


def _last_open_ms(answer: RestAnswer) -> int:
    return answer.candles[-1].open_time_ms if answer.candles else 0
