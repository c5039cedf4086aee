"""Which open interest of one symbol is due, known, gone without, and delivered to the kernel."""

import math
from collections import deque
from collections.abc import Iterable, Sequence

from core.candle import OPEN_INTEREST_KNOWN_AFTER_MS, OpenInterest
from core.candle_columns import Interval
from core.timeframe import floor_to_grid, timeframe_ms, timeframe_name
from engine.open_interest import fed_period_ms, first_stamp_ms
from live.intake.funding_calendar import PATIENCE_MS


def open_interest_calendars(
    symbols: Iterable[str], periods: Sequence[str], start_ms: int
) -> "dict[str, OpenInterestCalendar]":
    """Return the calendars of a session that begins at a boundary and is fed some periods; empty without any."""
    if not periods:
        return {}
    first_ms, period = first_stamp_ms(start_ms, periods), timeframe_name(fed_period_ms(periods))
    return {symbol: OpenInterestCalendar(first_ms, period) for symbol in symbols}


class OpenInterestCalendar:
    """The stamps of one symbol on the grid of a period, from a first one on.

    Each is due when it counts as known. It is then either here or, a minute of the exchange's time later and denied
    twice, gone without: it comes no more, whatever is published afterwards.

    Parameters
    ----------
    first_ms
        The first stamp, on the period's grid.
    period
        How far apart the stamps lie.

    Attributes
    ----------
    why_missing
        Why what the last answer lacked is missing.
    """

    def __init__(self, first_ms: int, period: str) -> None:
        self.period = period
        self.why_missing = ""
        self._length_ms = timeframe_ms(period)
        self._next_ms = first_ms
        """The first stamp that is neither here nor gone without."""
        self._held: dict[int, OpenInterest] = {}
        self._gone: set[int] = set()
        self._denied: set[int] = set()
        """Stamps that an answer did not have."""
        self._to_note: deque[int] = deque()

    def is_clear(self, time_ms: int) -> bool:
        """Return whether a step at a time can go on."""
        return self._next_ms > self._last_due_ms(time_ms)

    def question(self, time_ms: int) -> tuple[int, int] | None:
        """Return the stamps ``[start_ms, end_ms)`` to ask for before a step at a time; None where it lacks none."""
        if self.is_clear(time_ms):
            return None
        return self._next_ms, self._last_due_ms(time_ms) + self._length_ms

    def answer(self, rows: Iterable[OpenInterest], until_ms: int, told_ms: int, *, refused: bool = False) -> None:
        """Take REST's rows of stamps before ``until_ms``, asked for when the exchange's clock showed ``told_ms``.

        What is off the grid, and what is no amount, is no row. One answer alone makes no row gone: exchanges give an
        empty one now and then, and all that was known before a start is asked for at once. ``refused`` says that there
        was none but a refusal that asking again does not change.
        """
        self.why_missing = "refused by the exchange" if refused else "not published in time"
        for row in rows:
            if self._awaited(row, until_ms):
                self._held.setdefault(row.time_ms, row)
        patient_ms = told_ms - PATIENCE_MS - OPEN_INTEREST_KNOWN_AFTER_MS
        for stamp_ms in range(self._next_ms, until_ms, self._length_ms):
            if stamp_ms in self._held or stamp_ms in self._gone:
                continue
            if stamp_ms <= patient_ms and stamp_ms in self._denied:
                self._gone.add(stamp_ms)
                self._to_note.append(stamp_ms)
            self._denied.add(stamp_ms)
        self._move_on()

    def due_by(self, time_ms: int) -> tuple[OpenInterest, ...]:
        """Return the rows to deliver with a step at a time, oldest first."""
        return tuple(
            self._held[stamp_ms] for stamp_ms in sorted(self._held) if self._held[stamp_ms].known_ms <= time_ms
        )

    def delivered(self, time_ms: int) -> None:
        """Take that a step at a time was given what was due by then: none of it is delivered twice, or afterwards."""
        self._next_ms = max(self._next_ms, self._last_due_ms(time_ms) + self._length_ms)
        self._held = {stamp_ms: row for stamp_ms, row in self._held.items() if row.known_ms > time_ms}
        self._move_on()

    def gone_without(self, first_ms: int, last_ms: int) -> None:
        """Take that rows were noted as missing, as the journal says: they stay so and are not noted again."""
        self._gone.update(range(first_ms, last_ms + 1, self._length_ms))
        self._move_on()

    def newly_missing(self, time_ms: int) -> list[Interval]:
        """Return what a step at a time goes on without for the first time: first and last stamp of rows in a row.

        Where an exchange has few rows there are hundreds of them, which are one fact.
        """
        last_ms = self._last_due_ms(time_ms)
        runs: list[Interval] = []
        while self._to_note and self._to_note[0] <= last_ms:
            stamp_ms = self._to_note.popleft()
            if runs and stamp_ms == runs[-1][1] + self._length_ms:
                runs[-1] = (runs[-1][0], stamp_ms)
            else:
                runs.append((stamp_ms, stamp_ms))
        return runs

    def _last_due_ms(self, time_ms: int) -> int:
        """Return the last stamp that counts as known at a time."""
        return floor_to_grid(time_ms - OPEN_INTEREST_KNOWN_AFTER_MS, self._length_ms)

    def _awaited(self, row: OpenInterest, until_ms: int) -> bool:
        on_grid = floor_to_grid(row.time_ms, self._length_ms) == row.time_ms
        sound = row.amount >= 0.0 and math.isfinite(row.amount) and math.isfinite(row.value or 0.0)
        return on_grid and sound and self._next_ms <= row.time_ms < until_ms and row.time_ms not in self._gone

    def _move_on(self) -> None:
        while self._next_ms in self._held or self._next_ms in self._gone:
            self._gone.discard(self._next_ms)
            self._next_ms += self._length_ms
        self._gone = {stamp_ms for stamp_ms in self._gone if stamp_ms > self._next_ms}
        self._denied = {stamp_ms for stamp_ms in self._denied if stamp_ms >= self._next_ms}
