"""How long positions were held."""

from collections.abc import Iterable
from typing import NamedTuple


class HoldingTimeRange(NamedTuple):
    """Shortest, average and longest time from entry to exit, in milliseconds."""

    shortest_ms: int
    average_ms: float
    longest_ms: int


class HoldingTime:
    """Range of holding times so far; ``value`` is None before the first trade."""

    __slots__ = ("_count", "_longest_ms", "_shortest_ms", "_total_ms")

    def __init__(self, count: int = 0, shortest_ms: int = 0, longest_ms: int = 0, total_ms: int = 0) -> None:
        self._count = count
        self._shortest_ms = shortest_ms
        self._longest_ms = longest_ms
        self._total_ms = total_ms

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
        self.add(held_ms)
        return self.value

    def add(self, held_ms: int) -> None:
        """Take the time from one trade's entry to its exit; ValueError if it is negative."""
        if held_ms < 0:
            raise ValueError(f"a position cannot be held for {held_ms} ms")
        if held_ms < self._shortest_ms or not self._count:
            self._shortest_ms = held_ms
        if held_ms > self._longest_ms:
            self._longest_ms = held_ms
        self._total_ms += held_ms
        self._count += 1


def holding_time(held_ms: Iterable[int]) -> HoldingTimeRange | None:
    """Return the range of trades' holding times in milliseconds; None without a trade."""
    times = HoldingTime()
    for one in held_ms:
        times.update(one)
    return times.value
