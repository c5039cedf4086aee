"""Asks the exchange for its time where finals, or their absence, call for it, and lets through what is due."""

import asyncio
from collections.abc import Callable

from core.errors import FeedError
from live.intake.early_finals import Arrival, EarlyFinals, Verdict
from live.intake.ingress_clock import IngressClock
from market_data.exchanges.request_failures import asked_pause_of

_FIRST_WAIT_S = 0.05
_LONGEST_WAIT_S = 1.0
_LONGEST_SILENCE_S = 60.0


class FinalJudgement:
    """Finals on their way to the barrier.

    Parameters
    ----------
    clock
        The exchange's time.
    tolerance_ms
        How far ahead of the clock the close of a final may lie.
    grace_seconds
        After so long without any final the exchange's time is read again, and then after waits that double: what is
        missing is known by the exchange's clock only.
    wake
        Called when the exchange has told its time, or has not.
    monotonic
        Seconds that only grow.
    """

    def __init__(
        self,
        clock: IngressClock,
        tolerance_ms: int,
        grace_seconds: float,
        wake: Callable[[], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._finals = EarlyFinals(tolerance_ms)
        self._grace_seconds = max(grace_seconds, _FIRST_WAIT_S)
        self._wake = wake
        self._monotonic = monotonic
        self._reading: asyncio.Task[FeedError | None] | None = None
        self._older = 0
        self._failures = 0
        self._not_before = 0.0
        self._silence_s = self._grace_seconds
        self._look_at = monotonic() + self._silence_s

    def take(self, arrival: Arrival) -> None:
        """Take a final; :meth:`ready` says what becomes of it."""
        self._finals.take(arrival)
        self._silence_s = self._grace_seconds
        self._look_at = self._monotonic() + self._silence_s

    def ready(self) -> list[Verdict]:
        """Return what can be said now, in order; begins to ask for the exchange's time if that is needed."""
        older = 0
        if self._reading is not None and self._reading.done():
            failure, self._reading = self._reading.result(), None
            older = self._older if failure is None else 0
            self._failures = 0 if failure is None else self._failures + 1
            if failure is not None:
                wait_s = min(_FIRST_WAIT_S * (1 << min(self._failures, 10)), _LONGEST_WAIT_S)
                self._not_before = self._monotonic() + max(wait_s, asked_pause_of(failure))
        found = list(self._finals.judged(self._clock.now_ms(), older))
        now = self._monotonic()
        if self._reading is None and now >= self._not_before and (self._finals.unjudged or now >= self._look_at):
            if not self._finals.unjudged:
                self._silence_s = min(2.0 * self._silence_s, _LONGEST_SILENCE_S)
            self._look_at = now + self._silence_s
            self._older = self._finals.unjudged
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(lambda _: self._wake())
        return found

    async def stop(self) -> None:
        """Give up what is being asked."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> FeedError | None:
        """Read the exchange's time; return why it could not be had."""
        try:
            await self._clock.synchronise()
        except FeedError as error:
            return error
        return None
