"""Longest runs of wins and of losses in a row."""

from collections.abc import Iterable
from typing import NamedTuple, SupportsFloat


class Streaks(NamedTuple):
    """Number of trades in the longest run of wins and in the longest run of losses; 0 where there is none."""

    wins: int
    losses: int


_NONE = Streaks(0, 0)


class LongestStreaks:
    """Longest runs so far; a win is a result above 0, a loss one below 0, and a result of 0 ends a run of either."""

    __slots__ = ("_losses", "_losses_now", "_wins", "_wins_now")

    def __init__(self, longest: Streaks = _NONE) -> None:
        self._wins, self._losses = longest
        self._wins_now = self._losses_now = 0

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
