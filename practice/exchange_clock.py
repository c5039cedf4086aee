"""The practice exchange's clock: it runs N times as fast as the wall's, or moves only when it is told to."""

import time

from core.errors import InvariantError


class RunningClock:
    """A clock that reads ``start + (monotonic - t0) × speed``; it stands at the start until released, and at the end.

    Parameters
    ----------
    start_ms
        Where it begins.
    speed
        Milliseconds of its time in a millisecond of the wall's.
    end_ms
        Where it stops; never by default.
    """

    def __init__(self, start_ms: int, speed: float, end_ms: int | None = None) -> None:
        self._start_ms = start_ms
        self._speed = speed
        self._end_ms = end_ms
        self._released_s: float | None = None

    def release(self) -> None:
        """Let it run from now on; does nothing the second time."""
        if self._released_s is None:
            self._released_s = time.monotonic()

    @property
    def released(self) -> bool:
        """Whether it runs, or has run to its end."""
        return self._released_s is not None

    def now_ms(self) -> int:
        """Return the present."""
        if self._released_s is None:
            return self._start_ms
        now_ms = self._start_ms + int((time.monotonic() - self._released_s) * 1_000 * self._speed)
        return now_ms if self._end_ms is None else min(now_ms, self._end_ms)

    def seconds_until(self, at_ms: int) -> float | None:
        """Return the wall seconds until an instant, 0 when it has passed; None while the clock stands."""
        if self._released_s is None:
            return None
        due_s = self._released_s + (at_ms - self._start_ms) / 1_000 / self._speed
        return max(0.0, due_s - time.monotonic())


class DrivenClock:
    """A clock that stands until it is set."""

    def __init__(self, start_ms: int) -> None:
        self._now_ms = start_ms

    def now_ms(self) -> int:
        """Return the present."""
        return self._now_ms

    def set(self, now_ms: int) -> None:
        """Move to an instant; InvariantError if that is back."""
        if now_ms < self._now_ms:
            raise InvariantError(f"the exchange's clock cannot go back from {self._now_ms} to {now_ms}")
        self._now_ms = now_ms
