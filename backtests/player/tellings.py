"""Who is told how a playback stands, and how often."""

import math
import time
from collections.abc import Callable

from backtests.player.player_state import PlayerState


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

    def tell(self, *, all_of_them: bool = True) -> None:
        """Tell everybody, or those who are due."""
        now = time.monotonic()
        for one in self._listeners:
            if all_of_them or now >= one.due:
                one.due = now + one.every
                state = self._state(one.points)
                metrics = state.now.metrics
                one.points = metrics.equity_curve_from + len(metrics.equity_curve)
                one.tell(state)
        self.due = min((one.due for one in self._listeners), default=math.inf)
