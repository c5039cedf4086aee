"""A strategy's stream for a symbol, whichever of the two forms the strategy has."""

from strategies.strategy import SignalStream, Strategy, StreamingStrategy


def open_stream(strategy: Strategy | StreamingStrategy, symbol: str) -> SignalStream:
    """Return a stream of the strategy for a symbol: its own, or a window over its frame form."""
    if isinstance(strategy, StreamingStrategy):
        return strategy.stream(symbol)
    from strategies.frame_stream import FrameStream  # Only here is pandas needed.

    return FrameStream(strategy)
