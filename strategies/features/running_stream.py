"""A symbol's stream that takes candles as they come."""

from typing import Protocol

from core.candle import Candle
from core.trading_signal import Signal
from strategies.features.feature_plan import FeaturePlan
from strategies.features.feature_sources import RunningFeatures
from strategies.features.feature_stream import FeatureStream
from strategies.features.moment import Now, Shape, Surroundings
from strategies.features.session_facts import FillNow, TradeNow


class Desk(Surroundings, Protocol):
    """What a stream asks of its session."""

    plan: FeaturePlan
    news: dict[str, list[FillNow | TradeNow]]
    shapes: dict[str, Shape]

    def begin(self, time_ms: int, present: list[tuple[str, Candle]]) -> None: ...

    def inform(self, now: Now) -> None: ...

    def answer(self, now: Now) -> Signal: ...


class RunningStream(FeatureStream):
    """Decides about one symbol; in a session its candle was taken with those of the others before."""

    def __init__(self, desk: Desk, source: RunningFeatures, symbol: str) -> None:
        self._desk = desk
        self._source = source
        self._symbol = symbol
        self._news = desk.news[symbol]
        self._shape = desk.shapes[symbol]
        self._now = self._shape.now
        self._reader = source.notes[symbol].reader

    def warm(self, candle: Candle) -> None:
        """Take a candle from before the session's first instant."""
        self._source.warm(self._symbol, candle)

    def decide(self, candle: Candle) -> Signal:
        """Return the opinion at the close of a candle that was taken."""
        desk = self._desk
        now = self._now(self._shape, self._reader(), self._symbol, desk)
        if self._news:
            desk.inform(now)
        return desk.answer(now)

    def update(self, candle: Candle) -> Signal:
        """Take the next candle, outside a session, and return the opinion at its close."""
        self._desk.begin(candle.open_time_ms + self._desk.plan.timeframe_ms, [(self._symbol, candle)])
        return self.decide(candle)

    def values(self) -> dict[str, float]:
        """Return the features' current values by name, those that have one; nan where not defined yet."""
        rows, slots = self._reader().rows(0), self._shape.slots
        return {name: rows[slot.series][slot.place] for name, slot in slots.items() if slot.outputs is None}
