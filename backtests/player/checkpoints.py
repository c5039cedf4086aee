"""Folds that stand parked along a playback, so that going back need not begin at the start.

A checkpoint is a session of its own, folded from the same steps and left standing: nothing of a session is copied.
"""

from collections.abc import Callable

from backtests.player.played_fold import PlayedFold
from backtests.replay import Interrupt

LEAST_STRETCH = 1_000
"""Fewer steps than these are folded anew at once."""


class Checkpoints:
    """Parks folds at even distances.

    Parameters
    ----------
    begin
        Returns a fold that has done nothing.
    total
        How many steps the playback has.
    count
        How many folds stand parked at most.
    """

    def __init__(self, begin: Callable[[], PlayedFold], total: int, count: int) -> None:
        self._begin = begin
        self._count = count
        self.stretch = max(LEAST_STRETCH, -(-total // (count + 1)))
        self._parked: list[PlayedFold] = []
        self._coming: PlayedFold | None = None

    @property
    def positions(self) -> tuple[int, ...]:
        """Where folds stand parked, in order."""
        return tuple(one.position for one in self._parked)

    def take(self, position: int) -> PlayedFold:
        """Return the fold that is nearest before a position, or at it; it is parked no longer."""
        before = [one for one in self._parked if one.position <= position]
        coming = self._coming
        if coming is not None and coming.position <= position:
            before.append(coming)
        found = max(before, key=lambda one: one.position, default=None)
        if found is None:
            return self._begin()
        if found is coming:
            self._coming = None
        else:
            self._parked.remove(found)
        return found

    def park(self, fold: PlayedFold) -> None:
        """Let a fold stand where it is, in place of another where there are enough; one that has ended is let go."""
        if fold.ended or not fold.position or not self._count:
            return
        self._parked = sorted([*self._parked, fold], key=lambda one: one.position)
        if len(self._parked) > self._count:
            before = [0, *self.positions[:-1]]
            gaps = [there - last for there, last in zip(self.positions, before, strict=True)]
            del self._parked[gaps.index(min(gaps))]

    def tend(self, reached: int, brake: Interrupt, steps: int) -> bool:
        """Fold on, up to so many steps, towards the first checkpoint that is missing; return whether one still is.

        Parameters
        ----------
        reached
            How far the playback has come at most; nothing is folded beyond.
        brake
            Ends it between two steps.
        steps
            How many steps to take.
        """
        goal = self._missing(reached)
        if goal is None:
            self._coming = None
            return False
        if self._coming is None or self._coming.position > goal:
            self._coming = self._begin()
        fold = self._coming
        fold.run(min(goal, fold.position + steps), brake)
        if fold.position == goal:
            self._coming = None
            self.park(fold)
            return self._missing(reached) is not None
        return True

    def _missing(self, reached: int) -> int | None:
        """Return the last place along what was reached that has no fold in the stretch up to it."""
        places = range(self.stretch, reached + 1, self.stretch)[: self._count]
        positions = self.positions
        return next(
            (at for at in reversed(places) if not any(at - self.stretch < one <= at for one in positions)), None
        )
