"""How long a call of a program takes, by which alone it may be ended as one that never does."""

import time


class Stopwatch:
    """Counts seconds from when it is made."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()

    def seconds(self) -> float:
        """Return how many seconds have passed."""
        return time.perf_counter() - self._begun
