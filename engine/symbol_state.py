"""What a session keeps about one symbol besides its position and orders."""

from collections.abc import Callable

from core.candle import Candle
from core.errors import StrategyError
from core.trading_signal import Signal
from execution.orders.symbol_orders import SymbolOrders
from strategies.features.feature_stream import FeatureStream
from strategies.own_code import failure_in_one_line
from strategies.strategy import SignalStream, WarmedStream


class SymbolState:
    """A symbol's strategy stream and how many candles of the current unbroken segment it has seen.

    ``opine`` asks the stream for its opinion at a candle; ``take`` shows it one of which no opinion is wanted.

    ``last_open_ms`` is the open of the last strategy candle that was reached, by itself or by a finer one inside it;
    ``segment_ends_ms`` the latest open that still belongs to its segment. ``last_matched_ms`` and ``last_close`` are of
    the last candle that orders were matched with, ``last_detail_ms`` is the open of the last finer one, ``last_fine``.
    ``orders`` are the symbol's working orders at the venue.
    """

    __slots__ = (
        "_new_stream",
        "candles_seen",
        "last_close",
        "last_detail_ms",
        "last_fine",
        "last_matched_ms",
        "last_open_ms",
        "opine",
        "orders",
        "segment_ends_ms",
        "symbol",
        "take",
    )

    def __init__(self, symbol: str, new_stream: Callable[[str], SignalStream], orders: SymbolOrders) -> None:
        self.symbol = symbol
        self.orders = orders
        self._new_stream = new_stream
        self.last_open_ms: int | None = None
        self.segment_ends_ms: float = float("inf")
        self.last_matched_ms: float = float("-inf")
        self.last_detail_ms: float = float("-inf")
        self.last_fine: Candle | None = None
        self.last_close: float | None = None
        self.restart()

    def restart(self) -> None:
        """Let the strategy start empty, as at the start and after a gap."""
        try:
            stream = self._new_stream(self.symbol)
            self.opine: Callable[[Candle], Signal] = stream.update
            self.take: Callable[[Candle], object] = stream.update
        except (Exception, SystemExit) as error:
            what = failure_in_one_line(error)
            raise StrategyError(f"the strategy cannot begin on {self.symbol}: {what}", symbol=self.symbol) from error
        if isinstance(stream, FeatureStream):
            self.opine = stream.decide
        if isinstance(stream, WarmedStream):
            self.take = stream.warm
        self.candles_seen = 0

    def warm(self, candle: Candle, longest_open_distance_ms: int) -> None:
        """Take a stored candle from before the session's window; its opinion is not asked for."""
        if candle.open_time_ms > self.segment_ends_ms:
            self.restart()
        self.last_open_ms = candle.open_time_ms
        self.segment_ends_ms = candle.open_time_ms + longest_open_distance_ms
        self.last_matched_ms = candle.open_time_ms
        self.last_close = candle.close
        self.take(candle)
        self.candles_seen += 1


Present = tuple[SymbolState, Candle, Candle]
"""A symbol's state, its candle of a step, and the candle on which liquidation is judged; a bare tuple, for speed."""

PresentCandles = list[Present]
"""The candles of one step, in configured order."""
