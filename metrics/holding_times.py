"""How long positions were held."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class HoldingTimeRange(NamedTuple):
    """Shortest, average and longest time from entry to exit, in milliseconds."""

    shortest_ms: int
    average_ms: float
    longest_ms: int


class HoldingTime:
    """Range of holding times so far; ``value`` is None before the first trade."""

    __slots__ = ("_count", "_longest_ms", "_shortest_ms", "_total_ms")

    def __init__(self) -> None:
        self._count = 0
        self._total_ms = 0
        self._shortest_ms = 0
        self._longest_ms = 0

    @property
    def value(self) -> HoldingTimeRange | None:
        """Range of the trades so far; None without one."""
        if not self._count:
            return None
        return HoldingTimeRange(self._shortest_ms, self._total_ms / self._count, self._longest_ms)

    def update(self, held_ms: int) -> HoldingTimeRange | None:
        """Take the time from one trade's entry to its exit and return the range.

        Raises
        ------
        ValueError
            If the time is negative.
        """
        self.extend((held_ms,))
        return self.value

    def extend(self, held_ms: Sequence[int]) -> None:
        """Take the times of many trades; ValueError if one is negative."""
        if not held_ms:
            return
        shortest = min(held_ms)
        if shortest < 0:
            raise ValueError(f"a position cannot be held for {shortest} ms")
        self._shortest_ms = min(self._shortest_ms, shortest) if self._count else shortest
        self._longest_ms = max(self._longest_ms, *held_ms)
        self._total_ms += sum(held_ms)
        self._count += len(held_ms)


def holding_time(held_ms: Iterable[int]) -> HoldingTimeRange | None:
    """Return the range of trades' holding times in milliseconds; None without a trade."""
    times = HoldingTime()
    times.extend(list(held_ms))
    return times.value
