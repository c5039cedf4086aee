"""When the next request may go out: the shared rate limit, and how long failing requests are tried again."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import tenacity

from core.errors import FeedError
from market_data.adapters.failures import TransientError

T = TypeVar("T")

_BACKOFF = tenacity.wait_random_exponential(multiplier=0.5, max=8.0)


class RateLimiter:
    """Spaces the requests of all threads of one adapter.

    Requests are counted at ``interval_s`` seconds a unit of cost. ccxt's own limiter keeps its last request time
    without a lock, and lets threads through together.
    """

    def __init__(self, interval_s: float, stopped: threading.Event, *, least_cost: float = 0.0) -> None:
        self._interval_s = interval_s
        self._least_cost = least_cost
        self._stopped = stopped
        self._lock = threading.Lock()
        self._free_at_s = 0.0
        self._blocked_until_s = 0.0

    def wait(self, cost: float | None = None) -> None:
        """Wait for a turn of a cost (None is 1, none is below ``least_cost``); FeedError once the adapter is closed."""
        with self._lock:
            turn_s = max(time.monotonic(), self._free_at_s)
            self._free_at_s = turn_s + self._interval_s * max(self._least_cost, 1.0 if cost is None else cost)
        while (wait_s := max(turn_s, self._blocked_until_s) - time.monotonic()) > 0:
            if self._stopped.wait(wait_s):
                raise FeedError("the adapter was closed while a request waited for its turn")

    def block(self, seconds: float) -> None:
        """Let no request of any thread out for the next ``seconds``."""
        with self._lock:
            self._blocked_until_s = max(self._blocked_until_s, time.monotonic() + seconds)


class RetryPolicy:
    """Tries failing requests again with exponential backoff and jitter, for a bounded wall time.

    The bound counts from the start of a call's first failing attempt, and from that of the first one since anything
    succeeded on this adapter, so that many symbols on a dead exchange give up together and not one after the other.
    """

    def __init__(self, give_up_s: float, stopped: threading.Event) -> None:
        self._give_up_s = give_up_s
        self._stopped = stopped
        self._lock = threading.Lock()
        self._failing_since_s: float | None = None
        self._last_failure_s = 0.0

    def call(self, request: Callable[[float], T]) -> T:
        """Return ``request(remaining_s)``, tried again while it raises TransientError.

        ``remaining_s`` is the failing time that is left, at least 1, for the request's own time-out.

        Raises
        ------
        TransientError
            The last failure, when the bound is reached or the exchange asks for a longer pause than is left.
        FeedError
            Whatever else the request raises, at once; also when the adapter is closed meanwhile.
        """
        with self._lock:
            if time.monotonic() - self._last_failure_s > self._give_up_s:
                self._failing_since_s = None
        first_s: float | None = None

        def attempt() -> T:
            nonlocal first_s
            if self._stopped.is_set():
                raise FeedError("the adapter is closed")
            started_s = time.monotonic()
            try:
                answer = request(max(1.0, self._give_up_s - self._failing_for(first_s)))
            except TransientError:
                first_s = started_s if first_s is None else first_s
                self._note_failure(first_s)
                raise
            self._note_success()
            return answer

        def give_up(state: tenacity.RetryCallState) -> bool:
            return self._failing_for(first_s) + state.upcoming_sleep > self._give_up_s

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=_pause,
            stop=give_up,
            sleep=tenacity.sleep_using_event(self._stopped),
            reraise=True,
        )
        return retrying(attempt)

    def _failing_for(self, first_s: float | None) -> float:
        with self._lock:
            since_s = [moment for moment in (first_s, self._failing_since_s) if moment is not None]
        return time.monotonic() - min(since_s) if since_s else 0.0

    def _note_failure(self, first_s: float) -> None:
        with self._lock:
            self._last_failure_s = time.monotonic()
            if self._failing_since_s is None:
                self._failing_since_s = first_s

    def _note_success(self) -> None:
        with self._lock:
            self._failing_since_s = None


def _pause(state: tenacity.RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome is not None else None
    asked_s = failure.retry_after_s if isinstance(failure, TransientError) else None
    return max(_BACKOFF(state), asked_s or 0.0)
