"""Who is told how a playback stands, and how often."""

import math
import time
from collections.abc import Callable

from backtests.player.player_state import PlayerState

_RUNS_SHARE = 10.0
"""How much longer the run has than a telling has taken before the next."""


class _Listener:
    def __init__(self, tell: Callable[[PlayerState], object], every: float) -> None:
        self.tell = tell
        self.every = every
        self.due = 0.0
        self.points = 0


class Tellings:
    """Tells listeners, each of them what is new to it of the equity curve.

    Parameters
    ----------
    state
        Makes the state with the curve from a point on.
    """

    def __init__(self, state: Callable[[int], PlayerState]) -> None:
        self._state = state
        self._listeners: list[_Listener] = []
        self.due = math.inf
        """When the next of them is due, in seconds of ``time.monotonic``."""

    def add(self, tell: Callable[[PlayerState], object], every: float) -> None:
        """Take a listener that is told once in so many seconds at most."""
        self._listeners.append(_Listener(tell, every))
        self.due = 0.0

    def tell(self) -> None:
        """Tell everybody."""
        for one in self._listeners:
            self._tell(one)
        self._find_due()

    def tell_those_due(self, *, at_leisure: bool) -> None:
        """Tell those who are due; unless it is ``at_leisure``, it takes a tenth of the time at most."""
        for one in self._listeners:
            begun = time.monotonic()
            if begun >= one.due:
                self._tell(one)
                ended = time.monotonic()
                one.due = max(begun + one.every, 0.0 if at_leisure else ended + _RUNS_SHARE * (ended - begun))
        self._find_due()

    def _tell(self, one: _Listener) -> None:
        state = self._state(one.points)
        metrics = state.now.metrics
        one.points = metrics.equity_curve_from + len(metrics.equity_curve)
        one.due = time.monotonic() + one.every
        one.tell(state)

    def _find_due(self) -> None:
        self.due = min((one.due for one in self._listeners), default=math.inf)
