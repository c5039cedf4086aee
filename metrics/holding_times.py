"""How long positions were held."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


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

    def add_all(self, held_ms: npt.NDArray[np.int64]) -> None:
        """Take many times, as if one after the other; ValueError if one is negative."""
        if not len(held_ms):
            return
        shortest = int(held_ms.min())
        self.update(shortest)
        self._longest_ms = max(self._longest_ms, int(held_ms.max()))
        self._total_ms += int(held_ms.sum()) - shortest
        self._count += len(held_ms) - 1


def holding_time(held_ms: Iterable[int]) -> HoldingTimeRange | None:
    """Return the range of trades' holding times in milliseconds; None without a trade."""
    times = HoldingTime()
    for one in held_ms:
        times.update(one)
    return times.value
