"""How many requests one client may make: a bucket of tokens each, filled by the monotonic clock."""

import time
from collections import OrderedDict
from collections.abc import Callable

A_SECOND = 100.0
AT_ONCE = 400.0
CLIENTS = 1_024


class Rates:
    """Counts the requests of each client.

    Parameters
    ----------
    a_second, at_once
        How many requests a client may make in the long run, and in a burst.
    now
        Monotonic seconds.
    """

    def __init__(
        self, a_second: float = A_SECOND, at_once: float = AT_ONCE, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._a_second, self._at_once, self._now = a_second, at_once, now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_seconds(self, client: str) -> float:
        """Count a request; return 0, or after how many seconds the client may make it."""
        now = self._now()
        left, seen = self._left.pop(client, (self._at_once, now))
        left = min(self._at_once, left + (now - seen) * self._a_second)
        allowed = left >= 1.0
        self._left[client] = (left - 1.0 if allowed else left, now)
        if len(self._left) > CLIENTS:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1.0 - left) / self._a_second
