"""A symbol's stream that takes candles as they come."""

from typing import Protocol

from core.candle import Candle
from core.trading_signal import Signal
from strategies.features.feature_plan import FeaturePlan
from strategies.features.feature_sources import FeatureSource
from strategies.features.feature_stream import FeatureStream
from strategies.features.moment import Now, Reader
from strategies.features.session_facts import FillNow, TradeNow


class Desk(Protocol):
    """What a stream asks of its session."""

    plan: FeaturePlan
    news: dict[str, list[FillNow | TradeNow]]

    def begin(self, time_ms: int, present: list[tuple[str, Candle]]) -> None: ...

    def now(self, symbol: str, reader: Reader) -> Now: ...

    def inform(self, now: Now) -> None: ...

    def answer(self, now: Now) -> Signal: ...


class RunningStream(FeatureStream):
    """Decides about one symbol; in a session its candle was taken with those of the others before."""

    def __init__(self, desk: Desk, source: FeatureSource, symbol: str) -> None:
        self._desk = desk
        self._source = source
        self._symbol = symbol
        self._news = desk.news[symbol]

    def warm(self, candle: Candle) -> None:
        """Take a candle from before the session's first instant."""
        self._source.warm(self._symbol, candle)

    def decide(self, candle: Candle) -> Signal:
        """Return the opinion at the close of a candle that was taken."""
        desk = self._desk
        now = desk.now(self._symbol, self._source.reader(self._symbol, 0))
        if self._news:
            desk.inform(now)
        return desk.answer(now)

    def update(self, candle: Candle) -> Signal:
        """Take the next candle, outside a session, and return the opinion at its close."""
        self._desk.begin(candle.open_time_ms + self._desk.plan.timeframe_ms, [(self._symbol, candle)])
        return self.decide(candle)

    def values(self) -> dict[str, float]:
        """Return the features' current values by name, those that have one; nan where not defined yet."""
        rows = self._source.reader(self._symbol, 0).rows(0)
        slots = self._desk.plan.layouts[self._symbol].slots
        return {name: rows[slot.series][slot.place] for name, slot in slots.items() if slot.outputs is None}
