"""A strategy that notes, candle by candle, what the pools of a test would wake a program for."""

from typing import Any, ClassVar

from core.trading_signal import Signal
from strategies.features.feature_strategy import Declared, FeatureStrategy
from strategies.features.moment import Now
from strategies.programs.triggers.signal_pool import SignalPool
from strategies.programs.triggers.trigger_event import TriggerEvent
from strategies.programs.triggers.trigger_watch import TriggerWatch


class WokenStrategy(FeatureStrategy):
    """Each symbol has a watch of its own, so that nothing rests on the order in which symbols are asked."""

    pools: ClassVar[tuple[SignalPool, ...]] = ()
    symbols: ClassVar[tuple[str, ...]] = ()
    length_ms: ClassVar[int] = 0
    events: ClassVar[list[TriggerEvent]] = []

    def __init__(self, params: Any = None) -> None:
        super().__init__(params)
        self._watches = {
            symbol: TriggerWatch(self.pools, None, self.symbols, self.length_ms) for symbol in self.symbols
        }

    def features(self, params: Any) -> Declared:
        return TriggerWatch(self.pools, None, self.symbols, self.length_ms).features()

    def decide(self, now: Now) -> Signal | None:
        watch = self._watches[now.symbol]
        if now.before.time is None:
            watch.restart(now.symbol)
        close = now.time.close.timestamp() * 1000
        type(self).events += watch.at(round(close), [now.symbol], lambda symbol, name: getattr(now, name))
        return None
