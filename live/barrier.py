"""The barrier: final candles become steps, in order, whatever order they arrive in.

The boundary after the last closed step is *open* from the first final candle received for it or a later one. It closes
when every symbol's candle is in, or when the grace has passed and the exchange has denied each missing one by REST. A
boundary without any candle makes no step. The first final received for a time counts; what comes afterwards is noted.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from core.candle import Candle, Step
from core.timeframe import floor_to_grid

REMEMBERED_CANDLES = 1_440
"""How many closed candles of a symbol are kept to tell a repetition from a revision."""

NoteKind = Literal["late", "revised", "duplicate", "refused"]


class ReceivedCandle(NamedTuple):
    """A final candle and where it came from."""

    candle: Candle
    source: str


class Note(NamedTuple):
    """A candle that did not become part of a step."""

    kind: NoteKind
    symbol: str
    received: ReceivedCandle
    detail: str


class ClosedStep(NamedTuple):
    """A step and the source of each of its candles."""

    step: Step
    sources: tuple[str | None, ...]


class Barrier:
    """Collects final candles of several symbols and closes steps in order.

    Parameters
    ----------
    symbols
        In configured order.
    timeframe_ms
        Length of the candles.
    last_closed_ms
        Boundary up to which everything is known already; the first step is later.
    grace_seconds
        How long a boundary waits for its missing candles before REST is asked.
    off_grid
        ``snap`` floors the open of a candle that is off the timeframe's grid, ``refuse`` refuses the candle.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        timeframe_ms: int,
        last_closed_ms: int,
        grace_seconds: float = 5.0,
        off_grid: Literal["snap", "refuse"] = "snap",
    ) -> None:
        self._off_grid = off_grid
        self._symbols = tuple(symbols)
        self._length_ms = timeframe_ms
        self._grace_seconds = grace_seconds
        self.last_closed_ms = last_closed_ms
        self._latest_ms = last_closed_ms
        self._waiting: dict[int, dict[str, ReceivedCandle]] = {}
        self._first_seen: dict[int, float] = {}
        self._denied_until_ms = dict.fromkeys(self._symbols, last_closed_ms)
        self._past: dict[str, dict[int, Candle]] = {symbol: {} for symbol in self._symbols}

    def take(self, symbol: str, received: ReceivedCandle, now: float) -> Note | None:
        """Take a final candle; return a note if it cannot become part of a step.

        ``now`` is monotonic seconds.
        """
        reason = unsound(received.candle)
        if reason is not None:
            return Note("refused", symbol, received, reason)
        candle = received.candle
        grid_ms = floor_to_grid(candle.open_time_ms, self._length_ms)
        if grid_ms != candle.open_time_ms:
            if self._off_grid == "refuse":
                return Note("refused", symbol, received, "opens off the timeframe's grid")
            candle = msgspec.structs.replace(candle, open_time_ms=grid_ms)
            received = received._replace(candle=candle)
        close_ms = candle.open_time_ms + self._length_ms
        if close_ms <= self.last_closed_ms:
            return self._after_the_fact(symbol, received, close_ms)
        here = self._waiting.setdefault(close_ms, {})
        if symbol in here:
            same = here[symbol].candle == candle
            return Note("duplicate" if same else "revised", symbol, received, "before its step was closed")
        here[symbol] = received
        self._latest_ms = max(self._latest_ms, close_ms)
        self._first_seen.setdefault(close_ms, now)
        return None

    def close_ready(self) -> list[ClosedStep]:
        """Close every step that can be closed now, oldest first."""
        closed = []
        while self.last_closed_ms < self._latest_ms:
            boundary = self.last_closed_ms + self._length_ms
            here = self._waiting.get(boundary, {})
            if any(symbol not in here and self._denied_until_ms[symbol] < boundary for symbol in self._symbols):
                break
            self._waiting.pop(boundary, None)
            self._first_seen.pop(boundary, None)
            self.last_closed_ms = boundary
            for symbol, received in here.items():
                self._remember(symbol, received.candle)
            if here:
                found = [here.get(symbol) for symbol in self._symbols]
                step = Step(boundary, tuple(None if one is None else one.candle for one in found))
                closed.append(ClosedStep(step, tuple(None if one is None else one.source for one in found)))
        return closed

    def to_ask(self, now: float) -> dict[str, tuple[int, int]]:
        """Return the opens ``[from, to)`` that REST must answer for, by symbol, once a boundary's grace is over.

        The range reaches to the latest boundary that has waited as long, so that a long silence costs one question.
        """
        overdue = [time_ms for time_ms, seen in self._first_seen.items() if now - seen >= self._grace_seconds]
        if not overdue:
            return {}
        until_ms = max(overdue)
        asked = {}
        for symbol in self._symbols:
            first_ms = max(self.last_closed_ms, self._denied_until_ms[symbol])
            missing = [
                boundary
                for boundary in range(first_ms + self._length_ms, until_ms + 1, self._length_ms)
                if symbol not in self._waiting.get(boundary, {})
            ]
            if missing:
                asked[symbol] = (missing[0] - self._length_ms, missing[-1])
        return asked

    def answer(self, symbol: str, until_ms: int, candles: Sequence[Candle], now: float) -> list[Note]:
        """Take REST's answer for a symbol: a candle that closed by ``until_ms`` and is not in it does not exist."""
        notes = []
        for candle in candles:
            close_ms = candle.open_time_ms + self._length_ms
            if symbol in self._waiting.get(close_ms, {}) or close_ms <= self.last_closed_ms:
                continue
            note = self.take(symbol, ReceivedCandle(candle, "rest"), now)
            if note is not None:
                notes.append(note)
        boundary = floor_to_grid(until_ms, self._length_ms)
        self._denied_until_ms[symbol] = max(self._denied_until_ms[symbol], boundary)
        return notes

    def remember(self, symbol: str, candles: Sequence[Candle]) -> None:
        """Take candles that were known before the first step, so that their repetition is told from a late candle."""
        for candle in candles[-REMEMBERED_CANDLES:]:
            self._remember(symbol, candle)

    @property
    def open_boundaries(self) -> int:
        """Number of boundaries that have a candle and are not closed."""
        return len(self._waiting)

    def _after_the_fact(self, symbol: str, received: ReceivedCandle, close_ms: int) -> Note:
        """Judge a candle of a boundary that is closed: the past never changes."""
        known = self._past[symbol].get(close_ms)
        if known is None:
            return Note("late", symbol, received, "after its step was closed without it")
        if known == received.candle:
            return Note("duplicate", symbol, received, "after its step was closed")
        return Note("revised", symbol, received, "after its step was closed")

    def _remember(self, symbol: str, candle: Candle) -> None:
        """Keep the candles of the last day's boundaries, to tell a duplicate from a revision."""
        past = self._past[symbol]
        past[candle.open_time_ms + self._length_ms] = candle
        if len(past) > REMEMBERED_CANDLES:
            del past[next(iter(past))]


def unsound(candle: Candle) -> str | None:
    """Return why a candle is refused, None when it is sound."""
    prices = (candle.open, candle.high, candle.low, candle.close)
    if not all(0.0 < price < float("inf") for price in prices):
        return "a price that is not finite or not positive"
    if not 0.0 <= candle.volume < float("inf"):
        return "a volume that is negative or not finite"
    if candle.high < max(candle.open, candle.close):
        return "high below open or close"
    if candle.low > min(candle.open, candle.close):
        return "low above open or close"
    return None
