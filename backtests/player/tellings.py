"""Who is told how a playback stands, and how often."""

import math
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

_RUNS_SHARE = 10.0
"""How much longer the run has than a telling has taken before the next."""


Told = TypeVar("Told")


class _Listener(Generic[Told]):
    def __init__(self, tell: Callable[[Told], object], made: Callable[[int], tuple[Told, int]], every: float) -> None:
        self._tell = tell
        self._made = made
        self._points = 0
        self.every = every
        self.due = 0.0

    def tell(self) -> None:
        told, self._points = self._made(self._points)
        self._tell(told)


class Tellings:
    """Tells listeners, each of them what is new to it of the equity curve."""

    def __init__(self) -> None:
        self._listeners: list[_Listener[Any]] = []
        self.due = math.inf
        """When the next of them is due, in seconds of ``time.monotonic``."""

    def add(self, tell: Callable[[Told], object], made: Callable[[int], tuple[Told, int]], every: float) -> None:
        """Take a listener that is told once in so many seconds at most.

        ``made`` makes what it is told, with the points of the curve from a number on; and says the number after them.
        """
        self._listeners.append(_Listener(tell, made, every))
        self.due = 0.0

    def tell(self) -> None:
        """Tell everybody."""
        for one in self._listeners:
            one.tell()
            one.due = time.monotonic() + one.every
        self._find_due()

    def tell_those_due(self, *, at_leisure: bool) -> None:
        """Tell those who are due; unless it is ``at_leisure``, it takes a tenth of the time at most."""
        for one in self._listeners:
            begun = time.monotonic()
            if begun >= one.due:
                one.tell()
                ended = time.monotonic()
                # What was late does not delay those after it; turns that were missed are not made up for.
                one.due = max(one.due + one.every, begun)
                if not at_leisure:
                    one.due = max(one.due, ended + _RUNS_SHARE * (ended - begun))
        self._find_due()

    def _find_due(self) -> None:
        self.due = min((one.due for one in self._listeners), default=math.inf)
