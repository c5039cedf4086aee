"""When the next request may go out: the shared rate limit, and how long failing requests are tried again."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from core.errors import FeedError
from market_data.exchanges.backoff import Backoff, counter_uniform
from market_data.exchanges.request_failures import NoSuchHostError, TransientError

T = TypeVar("T")

LOOKUPS = 2
"""How often a host's name is looked up, in vain, before anything was answered."""

_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 8.0


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
    """Tries failing requests again after waits that double, for a bounded wall time.

    The bound counts from the start of a call's first failing attempt, and from that of the first one since anything
    succeeded on this adapter, so that many symbols on a dead exchange give up together and not one after the other.
    Where nothing was ever answered, a host that cannot be looked up is tried twice: there is no network, or no such
    host.
    """

    def __init__(self, give_up_s: float, stopped: threading.Event) -> None:
        self._give_up_s = give_up_s
        self._stopped = stopped
        self._lock = threading.Lock()
        self._uniform = counter_uniform(time.monotonic_ns())
        self._failing_since_s: float | None = None
        self._last_failure_s = 0.0
        self._answered = False

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
        backoff = Backoff(self._uniform, first_s=_FIRST_WAIT_S, limit_s=_LONGEST_WAIT_S)
        first_s: float | None = None
        lookups = 0
        while not self._stopped.is_set():
            started_s = time.monotonic()
            try:
                answer = request(max(1.0, self._give_up_s - self._failing_for(first_s)))
            except TransientError as failure:
                first_s = started_s if first_s is None else first_s
                self._note_failure(first_s)
                wait_s = backoff.after(failure)
                lookups += isinstance(failure, NoSuchHostError)
                if self._failing_for(first_s) + wait_s > self._give_up_s or self._hopeless(lookups):
                    raise
                self._stopped.wait(wait_s)
            else:
                with self._lock:
                    self._failing_since_s, self._answered = None, True
                return answer
        raise FeedError("the adapter is closed")

    def _hopeless(self, lookups: int) -> bool:
        with self._lock:
            return lookups >= LOOKUPS and not self._answered

    def _failing_for(self, first_s: float | None) -> float:
        with self._lock:
            since_s = [moment for moment in (first_s, self._failing_since_s) if moment is not None]
        return time.monotonic() - min(since_s) if since_s else 0.0

    def _note_failure(self, first_s: float) -> None:
        with self._lock:
            self._last_failure_s = time.monotonic()
            if self._failing_since_s is None:
                self._failing_since_s = first_s
