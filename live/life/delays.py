"""How long after its last candle a step's outputs are written."""

from collections import deque

REMEMBERED_STEPS = 10_000


class Delays:
    """Processing delays of the latest steps, in seconds of monotonic time."""

    def __init__(self) -> None:
        self._received_at: float | None = None
        self._delays: deque[float] = deque(maxlen=REMEMBERED_STEPS)

    def received(self, at: float) -> None:
        """Note when a final candle came in."""
        self._received_at = at

    def step_written(self, at: float) -> float:
        """Note that a step's outputs are written; return its delay."""
        delay = 0.0 if self._received_at is None else at - self._received_at
        self._delays.append(delay)
        return delay

    def percentile(self, share: float) -> float | None:
        """Return the delay that ``share`` of the latest steps did not exceed; None before the first."""
        if not self._delays:
            return None
        ordered = sorted(self._delays)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
