"""Which funding payments of one symbol are due, known, and delivered to the kernel."""

from collections.abc import Iterable
from typing import NamedTuple

from core.candle import FundingRate
from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS

PATIENCE_MS = MINUTE_MS
"""How long after a payment its rate is waited for, in the exchange's time; then the step goes on without it."""

FORGOTTEN_AFTER_MS = DAY_MS
"""How long a rate that never came is asked for."""

PAYMENT_GRID_MS = HOUR_MS
"""Payments fall on whole hours: where no announcement says when one is due, it may be due at each."""


class _Announcement(NamedTuple):
    """What the exchange said at one time: no payment before ``until_ms``, and one then if ``due``."""

    asked_ms: int
    until_ms: int
    due: bool


class FundingCalendar:
    """The payments of one symbol after a time.

    ``clear_ms`` is the instant up to which every payment is accounted for: its rate is here or was delivered, or it has
    been waited for long enough. What the exchange announces moves it on without a question; what REST answers does too.

    Parameters
    ----------
    since_ms
        Payments at or before are none of the session's.
    """

    def __init__(self, since_ms: int) -> None:
        self.clear_ms = since_ms
        self._since_ms = since_ms
        self._announced: _Announcement | None = None
        self._held: dict[int, FundingRate] = {}
        self._delivered: set[int] = set()
        self._missing: set[int] = set()
        self._to_note: list[int] = []

    def announce(self, asked_ms: int, next_ms: int | None) -> None:
        """Take the next payment that the exchange announces; None is asked about again after an hour."""
        due = next_ms is not None
        self._announced = _Announcement(asked_ms, next_ms if next_ms is not None else asked_ms + PAYMENT_GRID_MS, due)
        self._move_on()

    def lacks_announcement(self, time_ms: int) -> bool:
        """Return whether a step at a time needs to know when the next payment is due."""
        return time_ms > self.clear_ms and (self._announced is None or self._announced.until_ms <= self.clear_ms)

    def is_clear(self, time_ms: int) -> bool:
        """Return whether a step at a time can go on."""
        return time_ms <= self.clear_ms

    def question(self, time_ms: int) -> tuple[int, int] | None:
        """Return the stamps ``[start_ms, end_ms)`` to ask for before a step at a time; None where none can be due.

        The range begins after the last delivered rate, so that a payment nobody announced is found with the next.
        """
        if self.is_clear(time_ms) and not self._missing:
            return None
        known_ms = max(self._delivered, default=self._since_ms)
        start_ms = min(known_ms + MINUTE_MS, *self._missing) if self._missing else known_ms + MINUTE_MS
        return start_ms - start_ms % MINUTE_MS, max(start_ms, time_ms) + MINUTE_MS

    def answer(self, rates: Iterable[FundingRate], until_ms: int, told_ms: int) -> None:
        """Take REST's rates of payments up to ``until_ms``, asked for when the exchange's clock showed ``told_ms``."""
        for rate in rates:
            due_ms = rate.due_ms
            if due_ms > self._since_ms and due_ms not in self._delivered:
                self._held.setdefault(due_ms, rate)
                self._missing.discard(due_ms)
        patient_ms = min(told_ms - PATIENCE_MS, until_ms)
        announced = self._announced
        if announced is not None and announced.due and self.clear_ms < announced.until_ms <= patient_ms:
            self._give_up(announced.until_ms)
        self.clear_ms = max(self.clear_ms, patient_ms)
        self._missing = {due_ms for due_ms in self._missing if due_ms > told_ms - FORGOTTEN_AFTER_MS}
        self._move_on()

    def due_by(self, time_ms: int) -> tuple[FundingRate, ...]:
        """Return the rates to deliver with a step at a time, oldest first."""
        return tuple(self._held[due_ms] for due_ms in sorted(self._held) if due_ms <= time_ms)

    def delivered(self, rates: Iterable[FundingRate], time_ms: int) -> None:
        """Take what a step at a time was given; no payment is delivered twice."""
        for rate in rates:
            self._held.pop(rate.due_ms, None)
            self._missing.discard(rate.due_ms)
            self._delivered.add(rate.due_ms)
        # What is older than anything that is asked for need not be remembered one by one.
        self._since_ms = max(self._since_ms, max(self._delivered, default=0) - FORGOTTEN_AFTER_MS)
        self._delivered = {due_ms for due_ms in self._delivered if due_ms > self._since_ms}
        self.clear_ms = max(self.clear_ms, time_ms)

    def gone_without(self, due_ms: int) -> None:
        """Take that a step went on without a rate, as the journal says: it is asked for on."""
        self._missing.add(due_ms)

    def newly_missing(self, time_ms: int) -> list[int]:
        """Return the payments that a step at a time goes on without for the first time."""
        fresh = [due_ms for due_ms in self._to_note if due_ms <= time_ms]
        self._to_note = [due_ms for due_ms in self._to_note if due_ms > time_ms]
        return fresh

    @property
    def waits(self) -> bool:
        """Whether a rate is asked for that a step went on without."""
        return bool(self._missing)

    def _give_up(self, due_ms: int) -> None:
        if due_ms not in self._held and due_ms not in self._delivered and due_ms not in self._missing:
            self._missing.add(due_ms)
            self._to_note.append(due_ms)

    def _move_on(self) -> None:
        """Let the announcement clear what lies before its payment, and the payment itself once its rate is here.

        Before the moment at which it was made, a payment of which nothing is known may have fallen on a whole hour.
        """
        announced = self._announced
        if announced is None:
            return
        first = self.clear_ms - self.clear_ms % PAYMENT_GRID_MS + PAYMENT_GRID_MS
        hours = range(first, announced.asked_ms + 1, PAYMENT_GRID_MS)
        if all(hour in self._held or hour in self._delivered for hour in hours):
            self.clear_ms = max(self.clear_ms, announced.until_ms - 1)
            if announced.until_ms in self._held or announced.until_ms in self._delivered or not announced.due:
                self.clear_ms = max(self.clear_ms, announced.until_ms)
