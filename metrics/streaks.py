"""Longest runs of wins and of losses in a row."""

from collections.abc import Iterable
from typing import NamedTuple, SupportsFloat

import numpy as np
import numpy.typing as npt


class Streaks(NamedTuple):
    """Number of trades in the longest run of wins and in the longest run of losses; 0 where there is none."""

    wins: int
    losses: int


class LongestStreaks:
    """Longest runs so far; a win is a result above 0, a loss one below 0, and a result of 0 ends a run of either."""

    __slots__ = ("_losses", "_losses_now", "_wins", "_wins_now")

    def __init__(self) -> None:
        self._wins = self._wins_now = 0
        self._losses = self._losses_now = 0

    @property
    def value(self) -> Streaks:
        """Longest runs of the results so far."""
        return Streaks(self._wins, self._losses)

    def add(self, amount: float) -> None:
        """Take the next trade's result, net of costs."""
        self._wins_now = self._wins_now + 1 if amount > 0.0 else 0
        self._losses_now = self._losses_now + 1 if amount < 0.0 else 0
        self._wins = max(self._wins, self._wins_now)
        self._losses = max(self._losses, self._losses_now)

    def update(self, result: SupportsFloat) -> Streaks:
        """Take the next trade's result, net of costs, and return the longest runs."""
        self.add(float(result))
        return self.value

    def add_all(self, results: npt.NDArray[np.float64]) -> None:
        """Take many trades' results, as if one after the other."""
        self._wins, self._wins_now = _longest(results > 0.0, self._wins, self._wins_now)
        self._losses, self._losses_now = _longest(results < 0.0, self._losses, self._losses_now)


def _longest(those: npt.NDArray[np.bool_], longest: int, now: int) -> tuple[int, int]:
    """Return the longest run of what is meant, and how long it is at the end, of which ``now`` came before."""
    ends = np.flatnonzero(~those)
    if not len(ends):
        now += len(those)
        return max(longest, now), now
    inside = np.diff(ends) - 1
    found = max(longest, now + int(ends[0]), int(inside.max(initial=0)))
    last = len(those) - 1 - int(ends[-1])
    return max(found, last), last


def longest_streaks(results: Iterable[SupportsFloat]) -> Streaks:
    """Return the longest runs of wins and of losses, in the order of the trades given.

    Examples
    --------
    >>> longest_streaks([1.0, 2.0, -1.0, 0.0, -3.0, -2.0, 4.0])
    Streaks(wins=2, losses=2)
    """
    streaks = LongestStreaks()
    for result in results:
        streaks.update(result)
    return streaks.value
