"""What members were worth at the end of each day, as if no cash had moved between them."""

import itertools
from collections import deque
from collections.abc import Sequence

from core.timeframe import DAY_MS, trading_day


class DailyUnits:
    """Keeps the worth of every member at the end of the last days.

    Parameters
    ----------
    days
        How many daily returns are kept.
    """

    def __init__(self, days: int) -> None:
        self._closes: deque[tuple[float, ...]] = deque(maxlen=days + 2)
        self._day: int | None = None

    def note(self, time_ms: int, units: Sequence[float]) -> None:
        """Take what each is worth after a step; a day without a step ends as the one before."""
        day, closes = trading_day(time_ms), self._closes
        if self._day is not None:
            for _ in range(min(day - self._day - 1, closes.maxlen or 0)):
                closes.append(closes[-1])
            if day == self._day:
                closes.pop()
        closes.append(tuple(units))
        self._day = day

    def returns(self, time_ms: int) -> list[list[float]]:
        """Return the daily returns of each member over the whole days that have ended by a step, oldest first.

        The first day counts from its end on: it may have begun late. A member that was worth nothing has returned
        nothing since.
        """
        closes = list(self._closes)
        if time_ms % DAY_MS:
            del closes[-1:]
        days = (self._closes.maxlen or 0) - 2
        pairs = list(itertools.pairwise(closes))[-days:]
        members = range(len(closes[0])) if closes else range(0)
        return [
            [after[place] / before[place] - 1.0 if before[place] > 0.0 else 0.0 for before, after in pairs]
            for place in members
        ]
