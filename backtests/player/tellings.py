"""Who is told how a playback stands, and how often."""

import math
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

_RUNS_SHARE = 10.0
"""How much longer than tellings take the run has for itself."""
_SAVED_SECONDS = 1.0
"""Of so long a time is what tellings took less than their share: it makes up for single ones that take longer."""


Told = TypeVar("Told")


class _Listener(Generic[Told]):
    """One that is told; up to the time ``earned`` the run has had its share of what that has cost."""

    def __init__(
        self, tell: Callable[[Told], object], made: Callable[[int], tuple[Told, int]], every: float, earned: float
    ) -> None:
        self._tell = tell
        self._made = made
        self._points = 0
        self.every, self.earned = every, earned
        self.due = 0.0

    def tell(self) -> None:
        told, self._points = self._made(self._points)
        self._tell(told)


class Tellings:
    """Tells listeners, each of them what is new to it of the equity curve.

    Parameters
    ----------
    clock
        Says the time, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._listeners: list[_Listener[Any]] = []
        self._due = math.inf

    def add(self, tell: Callable[[Told], object], made: Callable[[int], tuple[Told, int]], every: float) -> None:
        """Take a listener that is told once in so many seconds at most.

        ``made`` makes what it is told, with the points of the curve from a number on; and says the number after them.
        """
        self._listeners.append(_Listener(tell, made, every, self._clock()))
        self._due = 0.0

    def are_due(self) -> bool:
        """Return whether it is time to tell one of them."""
        return self._clock() >= self._due

    def tell(self) -> None:
        """Tell everybody."""
        for one in self._listeners:
            one.tell()
            one.due = self._clock() + one.every
        self._find_due()

    def tell_those_due(self, *, at_leisure: bool) -> None:
        """Tell those who are due; unless it is ``at_leisure``, it takes a tenth of the run's time at most."""
        clock = self._clock
        for one in self._listeners:
            begun = clock()
            if begun >= one.due:
                one.tell()
                # What was late does not delay those after it; turns that were missed are not made up for.
                one.due = max(one.due + one.every, begun)
                if not at_leisure:
                    taken = clock() - begun
                    one.earned = max(one.earned, begun - _SAVED_SECONDS) + (1.0 + _RUNS_SHARE) * taken
                    one.due = max(one.due, one.earned)
        self._find_due()

    def _find_due(self) -> None:
        self._due = min((one.due for one in self._listeners), default=math.inf)
