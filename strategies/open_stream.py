"""A strategy's stream for a symbol, whichever of the forms the strategy has."""

from strategies.known_candles import KnownCandles
from strategies.strategy import SignalStream, Strategy, StreamingStrategy


def open_stream(
    strategy: Strategy | StreamingStrategy, symbol: str, known: KnownCandles | None = None, *, timeframe_ms: int
) -> SignalStream:
    """Return a stream of the strategy for a symbol: its own, or one over its frame form.

    ``known`` are the candles that it will be shown, where they lie ready; ``timeframe_ms`` is their length.
    """
    if isinstance(strategy, StreamingStrategy):
        return strategy.stream(symbol)
    # Only here is pandas needed.
    if known is not None:
        from strategies.known_frame_stream import KnownFrameStream

        return KnownFrameStream(strategy, symbol, known)
    from strategies.frame_stream import FrameStream

    return FrameStream(strategy, timeframe_ms)
