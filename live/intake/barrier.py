"""The barrier: final candles become steps, in order, whatever order they arrive in.

The boundary after the last closed step is *open* from the first final candle received for it or a later one. It closes
when every symbol's candles of it are in, or when the grace has passed and the exchange has denied each missing one by
REST. Boundaries are those of the finest candles: where a session has detail candles, a symbol has a detail candle at
each, and beside it a strategy candle where the strategy's timeframe closes too. A boundary without any candle makes no
step. The first final received for a time counts; what comes afterwards is noted.

Candles of watched series are waited for like any others, but make no step: a boundary that has nothing else is passed,
and the next step shows them.

A boundary that the exchange's clock has passed without any final is *expected*: after the grace REST is asked for it,
and again after waits that double. REST's word that there is nothing closes nothing by itself, since a boundary without
any candle makes no step and what is published later must not be lost.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from core.candle import Candle, Step
from core.timeframe import floor_to_grid
from core.watched_series import WatchedSeries, by_kind
from live.intake.candle_lane import CandleLane, Note, Question, ReceivedCandle, Series

Sources = tuple[str | None, ...]

_MOST_WAITS = 8
"""How many times the grace is waited at most between two questions about boundaries that no final was seen for."""


class ClosedStep(NamedTuple):
    """A step and the source of each of its candles; sources of a series without any candle at that time are empty."""

    step: Step
    sources: Sources
    detail_sources: Sources = ()
    watched_sources: tuple[tuple[str, ...], ...] = ()


class Barrier:
    """Collects final candles of several symbols and closes steps in order.

    Parameters
    ----------
    symbols
        In configured order.
    timeframe_ms
        Length of the strategy's candles.
    last_closed_ms
        Boundary up to which everything is known already; the first step is later.
    grace_seconds
        How long a boundary waits for its missing candles before REST is asked.
    off_grid
        ``snap`` floors the open of a candle that is off the timeframe's grid, ``refuse`` refuses the candle.
    detail_ms
        Length of the detail candles; None has none.
    watched
        The series that are not traded, by unified symbols, in the order of each step's part.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        timeframe_ms: int,
        last_closed_ms: int,
        grace_seconds: float = 5.0,
        off_grid: Literal["snap", "refuse"] = "snap",
        *,
        detail_ms: int | None = None,
        watched: Sequence[WatchedSeries] = (),
    ) -> None:
        self._none: tuple[None, ...] = (None,) * len(symbols)
        self.grace_seconds = grace_seconds
        lengths: dict[Series, int] = {"strategy": timeframe_ms}
        if detail_ms is not None:
            lengths["detail"] = detail_ms
        self._lanes = {
            series: CandleLane(series, symbols, length_ms, last_closed_ms, off_grid)
            for series, length_ms in lengths.items()
        }
        self.watched = tuple(watched)
        self._kinds = by_kind(self.watched)
        for kind, of_kind in self._kinds.items():
            names = [one.symbol for one in of_kind]
            self._lanes[kind] = CandleLane(kind, names, of_kind[0].length_ms, last_closed_ms, off_grid)
        self._not_shown: dict[WatchedSeries, list[ReceivedCandle]] = {one: [] for one in self.watched}
        self.step_ms = min(lengths.values())
        self.last_closed_ms = last_closed_ms
        self._latest_ms = last_closed_ms
        self._first_seen: dict[int, float] = {}
        self._expected_ms = last_closed_ms
        self._expected_since = 0.0
        self._expected_waits = 1

    def take(self, symbol: str, received: ReceivedCandle, now: float, series: Series = "strategy") -> Note | None:
        """Take a final candle; return a note if it cannot become part of a step.

        ``now`` is monotonic seconds.
        """
        taken = self._lanes[series].take(symbol, received, self.last_closed_ms)
        if isinstance(taken, Note):
            return taken
        self._latest_ms = max(self._latest_ms, taken)
        self._first_seen.setdefault(taken, now)
        self._expected_since, self._expected_waits = now, 1
        return None

    def expect(self, now_ms: int, now: float) -> None:
        """Note that the exchange's clock has come to ``now_ms``, whatever finals were seen."""
        boundary = floor_to_grid(now_ms, self.step_ms)
        if boundary <= max(self._latest_ms, self._expected_ms):
            return
        if self._expected_ms <= self._latest_ms:
            self._expected_since = now
        self._expected_ms = boundary

    def knows(self, until_ms: int) -> bool:
        """Return whether a final was seen that closes then or later."""
        return until_ms <= self._latest_ms

    def close_ready(self) -> list[ClosedStep]:
        """Close every step that can be closed now, oldest first."""
        closed = []
        while self.last_closed_ms < self._latest_ms:
            boundary = self.last_closed_ms + self.step_ms
            if not all(lane.is_whole(boundary) for lane in self._lanes.values() if lane.closes_at(boundary)):
                break
            self._first_seen.pop(boundary, None)
            self.last_closed_ms = boundary
            candles, sources = self._popped("strategy", boundary)
            detail, detail_sources = self._popped("detail", boundary)
            self._keep_watched(boundary)
            if candles or detail:
                watched, watched_sources = self._shown()
                step = Step(boundary, candles or self._none, detail, watched=watched)
                closed.append(ClosedStep(step, sources, detail_sources, watched_sources))
        return closed

    def to_ask(self, now: float) -> list[Question]:
        """Return what REST must answer once a boundary's grace is over.

        The ranges reach to the latest boundary that has waited as long, so that a long silence costs one question.
        """
        overdue = [time_ms for time_ms, seen in self._first_seen.items() if now - seen >= self.grace_seconds]
        expected_s = self.grace_seconds * self._expected_waits
        if self._expected_ms > self._latest_ms and now - self._expected_since >= expected_s:
            overdue.append(self._expected_ms)
            self._expected_since, self._expected_waits = now, min(2 * self._expected_waits, _MOST_WAITS)
        if not overdue:
            return []
        until_ms = max(overdue)
        return [one for lane in self._lanes.values() for one in lane.questions(self.last_closed_ms, until_ms)]

    def answer(self, asked: Question, until_ms: int, candles: Sequence[Candle], now: float) -> list[Note]:
        """Take REST's answer: a candle that closed by ``until_ms`` and is not in it does not exist.

        Beyond the latest final it is not denied; it is asked for again after a longer while.
        """
        lane, notes = self._lanes[asked.series], []
        for candle in candles:
            boundary = candle.open_time_ms + lane.length_ms
            if lane.has(asked.symbol, boundary) or boundary <= self.last_closed_ms:
                continue
            # Whoever lacks a candle then has had the grace already.
            seen = now - self.grace_seconds
            note = self.take(asked.symbol, ReceivedCandle(candle, "rest"), seen, asked.series)
            if note is not None:
                notes.append(note)
        lane.deny(asked.symbol, min(until_ms, self._latest_ms))
        return notes

    def lacking(self) -> list[Question]:
        """Return which candles the oldest step lacks that is due by the finals seen, or by the exchange's clock."""
        boundary = self.last_closed_ms + self.step_ms
        if boundary > max(self._latest_ms, self._expected_ms):
            return []
        return [one for lane in self._lanes.values() for one in lane.questions(self.last_closed_ms, boundary)]

    def remember(self, symbol: str, candles: Sequence[Candle], series: Series = "strategy") -> None:
        """Take candles that were known before the first step, so that their repetition is told from a late candle."""
        self._lanes[series].remember(symbol, candles)

    def length_of(self, series: Series) -> int:
        """Return the length of a series' candles."""
        return self._lanes[series].length_ms

    @property
    def open_boundaries(self) -> int:
        """Number of boundaries that have a candle and are not closed."""
        return len(set().union(*(lane.boundaries for lane in self._lanes.values())))

    def _keep_watched(self, boundary: int) -> None:
        """Keep the watched candles of a boundary for the next step."""
        for kind, series in self._kinds.items():
            lane = self._lanes[kind]
            for one, received in zip(series, lane.pop(boundary), strict=True) if lane.closes_at(boundary) else ():
                if received is not None:
                    self._not_shown[one].append(received)

    def _shown(self) -> tuple[tuple[tuple[Candle, ...], ...], tuple[tuple[str, ...], ...]]:
        """Take out what was kept, and its sources; both are empty where there is nothing."""
        kept, self._not_shown = self._not_shown.values(), {one: [] for one in self.watched}
        if not any(kept):
            return (), ()
        return (
            tuple(tuple(received.candle for received in of_series) for of_series in kept),
            tuple(tuple(received.source for received in of_series) for of_series in kept),
        )

    def _popped(self, series: Series, boundary: int) -> tuple[tuple[Candle | None, ...], Sources]:
        """Take out a boundary's candles and their sources; both are empty where no symbol has one."""
        lane = self._lanes.get(series)
        found = [] if lane is None or not lane.closes_at(boundary) else lane.pop(boundary)
        if not any(found):
            return (), ()
        return (
            tuple(None if one is None else one.candle for one in found),
            tuple(None if one is None else one.source for one in found),
        )
