"""How fast a playback goes on."""

import math

import msgspec
import numpy as np

from core.candle_columns import Int64Array
from core.errors import ConfigurationError
from core.settings_problem import shown


class Speed(msgspec.Struct, frozen=True):
    """Candles a second (of several symbols together: steps), or so many times real time; one of the two.

    Raises
    ------
    ConfigurationError
        If it is neither or both, or no number above 0.
    """

    candles_per_second: float | None = None
    times_real: float | None = None

    def __post_init__(self) -> None:
        given = [one for one in (self.candles_per_second, self.times_real) if one is not None]
        if len(given) != 1 or not isinstance(given[0], int | float) or not 0.0 < given[0] < math.inf:
            both = f"candles_per_second {shown(self.candles_per_second)}, times_real {shown(self.times_real)}"
            raise ConfigurationError(f"speed: {both} — allowed: a number above 0 for one of the two")


class Pace:
    """Says how far a playback may have come at a time.

    Parameters
    ----------
    speed
        How fast it goes.
    times_ms
        Of its steps.
    position, now
        How many steps are done, and the seconds of a clock, where it begins.
    """

    def __init__(self, speed: Speed, times_ms: Int64Array, position: int, now: float) -> None:
        self.speed = speed
        self._times_ms = times_ms
        self._from, self._begun = position, now
        self._from_ms = int(times_ms[max(0, min(position, len(times_ms)) - 1)]) if len(times_ms) else 0

    def due(self, now: float) -> int:
        """Return how many steps may be done by now."""
        passed = now - self._begun
        if self.speed.candles_per_second is not None:
            return self._from + int(passed * self.speed.candles_per_second)
        reached_ms = self._from_ms + 1_000.0 * passed * (self.speed.times_real or 0.0)
        return int(np.searchsorted(self._times_ms, reached_ms, side="right"))

    def seconds_to(self, position: int, now: float) -> float:
        """Return how long it is until so many steps may be done."""
        if self.speed.candles_per_second is not None:
            passed = (position - self._from) / self.speed.candles_per_second
        else:
            passed = (int(self._times_ms[position - 1]) - self._from_ms) / 1_000.0 / (self.speed.times_real or 1.0)
        return max(0.0, self._begun + passed - now)
