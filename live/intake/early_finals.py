"""Finals that come before their close is due: never believed early, and not at all where they are contradicted."""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from core.timeframe import WEEK_MS
from live.intake.candle_lane import Note, ReceivedCandle, Series
from market_data.feeds.feed_event import CandleUpdate

MOST_HELD = 10_000
"""Most finals that are held, days of a clock that was set back; beyond, an exchange makes them up: refused."""

_REMEMBERED_MS = 2 * WEEK_MS
"""How long a disputed candle is remembered after its open: two of the longest timeframe."""


class Arrival(NamedTuple):
    """A final candle of a feed, when it came in monotonic seconds, and of which series."""

    update: CandleUpdate
    received_at: float
    series: Series
    length_ms: int

    @property
    def close_ms(self) -> int:
        """Return when the candle is due."""
        return self.update.candle.open_time_ms + self.length_ms


class Verdict(NamedTuple):
    """What became of an arrival: believed, or only noted."""

    arrival: Arrival
    note: Note | None = None


class EarlyFinals:
    """Judges the finals of streams by the exchange's clock, in the order in which they came.

    A clock carried on by monotonic time lags behind an exchange whose time runs faster (a rehearsal), so a final
    that seems early waits until the exchange was asked for its time. One that is early then is held until the clock is
    past its close by the tolerance, which is the time the true final has to come. Another final with the same values
    confirms it once that is due; one with other values leaves the candle to REST. Finals of REST are judged by the
    exchange's clock already.

    Parameters
    ----------
    tolerance_ms
        How far ahead of the clock the close of a final may lie.
    """

    def __init__(self, tolerance_ms: int) -> None:
        self._tolerance_ms = tolerance_ms
        self._unjudged: deque[Arrival] = deque()
        self._held: dict[tuple[Series, str, int], Arrival] = {}
        self._disputed: set[tuple[Series, str, int]] = set()

    def take(self, arrival: Arrival) -> None:
        """Take a final; ``judged`` says what becomes of it."""
        self._unjudged.append(arrival)

    def judged(self, now_ms: int | None, older: int = 0) -> Iterator[Verdict]:
        """Yield what can be said now, oldest first; the first ``older`` came before the exchange was asked its time.

        Without a clock nothing can be early.
        """
        while self._unjudged and (older > 0 or not self._seems_early(self._unjudged[0], now_ms)):
            older -= 1
            yield from self._judge(self._unjudged.popleft(), now_ms)
        if now_ms is None:
            return
        for key in [key for key, one in self._held.items() if one.close_ms + self._tolerance_ms <= now_ms]:
            yield Verdict(self._held.pop(key))
        self._disputed = {key for key in self._disputed if key[2] + _REMEMBERED_MS > now_ms}

    @property
    def unjudged(self) -> int:
        """How many wait for the exchange to be asked for its time."""
        return len(self._unjudged)

    @property
    def due_ms(self) -> int | None:
        """When the next held final is due, None without one."""
        return min((one.close_ms + self._tolerance_ms for one in self._held.values()), default=None)

    def _seems_early(self, arrival: Arrival, now_ms: int | None) -> bool:
        if arrival.update.source != "websocket" or now_ms is None:
            return False
        return arrival.close_ms - now_ms > self._tolerance_ms

    def _judge(self, arrival: Arrival, now_ms: int | None) -> Iterator[Verdict]:
        candle = arrival.update.candle
        key = (arrival.series, arrival.update.symbol, candle.open_time_ms)
        early = self._seems_early(arrival, now_ms)
        first = self._held.get(key)
        if arrival.update.source == "rest":
            self._held.pop(key, None)
            self._disputed.discard(key)
            yield Verdict(arrival)
        elif key in self._disputed:
            yield Verdict(arrival, _note(arrival, "after a final before its close; REST decides"))
        elif first is not None and first.update.candle != candle:
            del self._held[key]
            self._disputed.add(key)
            yield Verdict(first, _note(first, "before its close, and another final differs; REST decides"))
            yield Verdict(arrival, _note(arrival, "after a final before its close; REST decides"))
        elif early and now_ms is not None and len(self._held) >= MOST_HELD and first is None:
            yield Verdict(arrival, _note(arrival, _ahead(arrival, now_ms) + ", like too many others", refused=True))
        elif early:
            self._held.setdefault(key, arrival)
        else:
            self._held.pop(key, None)
            yield Verdict(arrival)


def _ahead(arrival: Arrival, now_ms: int) -> str:
    return f"closes {(arrival.close_ms - now_ms) / 1000:.0f} s ahead of the exchange's clock"


def _note(arrival: Arrival, detail: str, *, refused: bool = False) -> Note:
    update = arrival.update
    received = ReceivedCandle(update.candle, update.source)
    return Note("refused" if refused else "revised", update.symbol, received, detail, arrival.series)
