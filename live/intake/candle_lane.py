"""One series of final candles on its way into steps: those that wait, those of closed steps, those that REST denies."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from core.candle import Candle
from core.timeframe import floor_to_grid
from market_data.quality.sound_candle import unsound

REMEMBERED_CANDLES = 1_440
"""How many closed candles of a symbol are kept to tell a repetition from a revision."""

Series = str
"""Which candles: ``strategy``, ``detail``, ``mark``, or ``watched`` and a timeframe."""

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
    series: Series = "strategy"


class Question(NamedTuple):
    """Opens ``[start_ms, end_ms)`` of a symbol that REST must answer for."""

    series: Series
    symbol: str
    start_ms: int
    end_ms: int


class CandleLane:
    """The candles of one timeframe of several symbols, by the boundary at which they close.

    Parameters
    ----------
    series
        What the candles are.
    symbols
        In configured order.
    length_ms
        Length of the candles.
    known_ms
        Boundary up to which everything is known already.
    off_grid
        ``snap`` floors the open of a candle that is off the timeframe's grid, ``refuse`` refuses the candle.
    """

    def __init__(
        self,
        series: Series,
        symbols: Sequence[str],
        length_ms: int,
        known_ms: int,
        off_grid: Literal["snap", "refuse"] = "snap",
    ) -> None:
        self.series: Series = series
        self.length_ms = length_ms
        self._symbols = tuple(symbols)
        self._off_grid = off_grid
        self._waiting: dict[int, dict[str, ReceivedCandle]] = {}
        self._denied_until_ms = dict.fromkeys(self._symbols, floor_to_grid(known_ms, length_ms))
        self._past: dict[str, dict[int, Candle]] = {symbol: {} for symbol in self._symbols}

    def take(self, symbol: str, received: ReceivedCandle, closed_ms: int) -> Note | int:
        """Take a candle; return the boundary it waits for, or a note if it cannot become part of a step.

        ``closed_ms`` is the boundary up to which steps are closed.
        """
        reason = unsound(received.candle)
        if reason is not None:
            return self._note("refused", symbol, received, reason)
        candle = received.candle
        grid_ms = floor_to_grid(candle.open_time_ms, self.length_ms)
        if grid_ms != candle.open_time_ms:
            if self._off_grid == "refuse":
                return self._note("refused", symbol, received, "opens off the timeframe's grid")
            candle = msgspec.structs.replace(candle, open_time_ms=grid_ms)
            received = received._replace(candle=candle)
        boundary = candle.open_time_ms + self.length_ms
        if boundary <= closed_ms:
            return self._after_the_fact(symbol, received, boundary)
        here = self._waiting.setdefault(boundary, {})
        if symbol in here:
            same = here[symbol].candle == candle
            return self._note("duplicate" if same else "revised", symbol, received, "before its step was closed")
        here[symbol] = received
        return boundary

    def closes_at(self, boundary: int) -> bool:
        """Return whether a candle of this length closes at a boundary."""
        return floor_to_grid(boundary, self.length_ms) == boundary

    def has(self, symbol: str, boundary: int) -> bool:
        """Return whether a symbol's candle of a boundary waits."""
        return symbol in self._waiting.get(boundary, {})

    def is_whole(self, boundary: int) -> bool:
        """Return whether every symbol's candle of a boundary is in, or denied."""
        here = self._waiting.get(boundary, {})
        return all(symbol in here or self._denied_until_ms[symbol] >= boundary for symbol in self._symbols)

    def pop(self, boundary: int) -> list[ReceivedCandle | None]:
        """Take out the candles of a boundary whose step closes; one entry for each symbol."""
        here = self._waiting.pop(boundary, {})
        for symbol, received in here.items():
            self._keep(symbol, received.candle)
        return [here.get(symbol) for symbol in self._symbols]

    def drop_before(self, boundary: int) -> None:
        """Drop the candles of boundaries before one, at which no step was made."""
        for earlier in [one for one in self._waiting if one < boundary]:
            del self._waiting[earlier]

    def questions(self, closed_ms: int, until_ms: int) -> list[Question]:
        """Return what REST must answer so that every step up to ``until_ms`` can close; one range for each symbol."""
        asked = []
        for symbol in self._symbols:
            first_ms = max(floor_to_grid(closed_ms, self.length_ms), self._denied_until_ms[symbol])
            boundaries = range(first_ms + self.length_ms, until_ms + 1, self.length_ms)
            missing = [boundary for boundary in boundaries if not self.has(symbol, boundary)]
            if missing:
                asked.append(Question(self.series, symbol, missing[0] - self.length_ms, missing[-1]))
        return asked

    def deny(self, symbol: str, until_ms: int) -> None:
        """Take REST's word that a symbol has no further candles that closed by a time."""
        boundary = floor_to_grid(until_ms, self.length_ms)
        self._denied_until_ms[symbol] = max(self._denied_until_ms[symbol], boundary)

    def remember(self, symbol: str, candles: Sequence[Candle]) -> None:
        """Take candles of steps that are closed, so that their repetition is told from a late candle."""
        for candle in candles[-REMEMBERED_CANDLES:]:
            self._keep(symbol, candle)

    @property
    def boundaries(self) -> Iterable[int]:
        """The boundaries that have a candle."""
        return self._waiting.keys()

    def _after_the_fact(self, symbol: str, received: ReceivedCandle, boundary: int) -> Note:
        """Judge a candle of a boundary that is closed: the past never changes."""
        known = self._past[symbol].get(boundary)
        if known is None:
            return self._note("late", symbol, received, "after its step was closed without it")
        same = known == received.candle
        return self._note("duplicate" if same else "revised", symbol, received, "after its step was closed")

    def _keep(self, symbol: str, candle: Candle) -> None:
        """Keep the last candles, to tell a duplicate from a revision."""
        past = self._past[symbol]
        past[candle.open_time_ms + self.length_ms] = candle
        if len(past) > REMEMBERED_CANDLES:
            del past[next(iter(past))]

    def _note(self, kind: NoteKind, symbol: str, received: ReceivedCandle, detail: str) -> Note:
        return Note(kind, symbol, received, detail, self.series)
