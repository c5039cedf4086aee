"""How long is waited before the next attempt."""

import hashlib
from typing import NamedTuple

_MOST_DOUBLINGS = 30


class Backoff(NamedTuple):
    """Waits that double from the first to the longest, each made shorter by up to half.

    What is taken off is a function of the message and the attempt: many who fail at once do not come back at once, and
    the waits of a message are the same whenever they are asked for.
    """

    first_seconds: float
    most_seconds: float

    def seconds(self, message: str, attempt: int) -> float:
        """Return the wait after the given attempt, counted from 1, of a message by its id."""
        whole = min(self.most_seconds, self.first_seconds * 2.0 ** min(attempt - 1, _MOST_DOUBLINGS))
        digest = hashlib.blake2b(f"{message}:{attempt}".encode(), digest_size=8).digest()
        return whole * (1.0 - 0.5 * int.from_bytes(digest, "big") / 2.0**64)
