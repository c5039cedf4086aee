"""Shows a strategy its candles as a session does, without an account, and hears what it says of each."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from backtests.timeline import MarketWindow, steps_of
from core.candle import Candle
from engine.kernel_rules import KernelRules
from engine.segments import Segments
from engine.step_candles import matched_candles, strategy_candles
from engine.symbol_state import SymbolState
from engine.watched import Watched
from execution.orders.symbol_orders import SymbolOrders
from strategies.features.feature_session import FeatureSession
from strategies.strategy import SignalStream


class Hearing:
    """Opens a strategy's streams and shows them candles, step by step.

    Parameters
    ----------
    rules, symbols
        Of the session; symbols in configured order.
    opened
        Opens the stream of a symbol.
    watched
        The series that are shown and not traded.
    features
        Of a strategy that declares them.
    """

    def __init__(
        self,
        rules: KernelRules,
        symbols: Sequence[str],
        opened: Callable[[str], SignalStream],
        watched: Watched,
        features: FeatureSession | None,
    ) -> None:
        self.rules = rules
        self.watched = watched
        self._features = features
        self._states = [SymbolState(symbol, opened, SymbolOrders()) for symbol in symbols]
        self._places = {symbol: place for place, symbol in enumerate(symbols)}

    def warm_up(self, symbol_index: int, candles: Iterable[Candle]) -> None:
        """Show a symbol's stored candles from before the first step."""
        for candle in candles:
            self._states[symbol_index].warm(candle, self.rules.longest_open_distance_ms)

    def watch(self, place: int, candle: Candle) -> None:
        """Show a stored candle of a watched series."""
        self.watched.take(place, candle)

    def opinions(self, window: MarketWindow) -> Iterator[tuple[int, Candle, object]]:
        """Yield, candle by candle, the symbol's number, the candle and what the strategy says of it."""
        states, features, segments = self._states, self._features, Segments(self.rules)
        finer = self.rules.detail_ms is not None
        for step in steps_of(window):
            present = strategy_candles(states, step, marks=False)
            segments.follow(matched_candles(states, step, marks=False) if finer else present)
            for place, candles in enumerate(step.watched):
                for candle in candles:
                    self.watched.take(place, candle, step.time_ms)
            if features is not None:
                features.begin(step.time_ms, [(state.symbol, candle) for state, candle, _ in present])
            for state, candle, _ in present:
                yield self._places[state.symbol], candle, state.opine(candle)
