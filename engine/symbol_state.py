"""What a session keeps about one symbol besides its position and orders."""

from collections.abc import Callable

from core.candle import Candle
from core.errors import StrategyError
from core.instrument import Instrument
from strategies.strategy import SignalStream


class SymbolState:
    """A symbol's strategy stream and how many candles of the current unbroken segment it has seen.

    ``segment_ends_ms`` is the latest open that still belongs to the segment of the last candle.
    """

    __slots__ = ("_new_stream", "candles_seen", "instrument", "last_open_ms", "segment_ends_ms", "stream", "symbol")

    def __init__(self, symbol: str, instrument: Instrument, new_stream: Callable[[str], SignalStream]) -> None:
        self.symbol = symbol
        self.instrument = instrument
        self._new_stream = new_stream
        self.last_open_ms: int | None = None
        self.segment_ends_ms: float = float("inf")
        self.restart()

    def restart(self) -> None:
        """Let the strategy start empty, as at the start and after a gap."""
        try:
            self.stream = self._new_stream(self.symbol)
        except Exception as error:
            what = " ".join(f"{type(error).__name__}: {error}".split())
            raise StrategyError(f"the strategy's stream for {self.symbol} cannot be made: {what}") from error
        self.candles_seen = 0

    def warm(self, candle: Candle, longest_open_distance_ms: int) -> None:
        """Take a stored candle from before the session's window; its opinion is not asked for."""
        if candle.open_time_ms > self.segment_ends_ms:
            self.restart()
        self.last_open_ms = candle.open_time_ms
        self.segment_ends_ms = candle.open_time_ms + longest_open_distance_ms
        self.stream.update(candle)
        self.candles_seen += 1


PresentCandles = list[tuple[SymbolState, Candle]]
"""The candles of one step beside their symbols' states, in configured order."""
