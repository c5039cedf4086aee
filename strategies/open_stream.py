"""A strategy's stream for a symbol, whichever of the two forms the strategy has."""

from strategies.known_candles import KnownCandles
from strategies.strategy import SignalStream, Strategy, StreamingStrategy


def open_stream(strategy: Strategy | StreamingStrategy, symbol: str, known: KnownCandles | None = None) -> SignalStream:
    """Return a stream of the strategy for a symbol: its own, or a window over its frame form.

    ``known`` are the candles that it will be shown, where they lie ready.
    """
    if isinstance(strategy, StreamingStrategy):
        return strategy.stream(symbol)
    from strategies.frame_stream import FrameStream  # Only here is pandas needed.

    return FrameStream(strategy)
