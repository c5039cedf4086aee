"""A strategy that a configuration can name, whose every decision rests on watched candles."""

from collections.abc import Mapping

from core.candle import Candle
from core.trading_signal import FLAT, Signal
from core.watched_series import WatchedSeries


class WatchingStrategy:
    """Follows the first watched series: every ``every``-th candle LONG where it rose last, SHORT where it did not.

    What else was watched stands in each decision's metadata: how many candles of each series came, the close and open
    of its last, and the sum of all closes, so that one candle more, less, later or other changes the bytes.
    ``series`` names further ones as ``[symbol, timeframe, warmup_candles]``; ``blind`` goes by the own candles alone.
    """

    name = "watching"

    def __init__(self, params: Mapping[str, object]) -> None:
        self.warmup_candles = params.get("warmup_candles", 3)
        self.watched_series = tuple(WatchedSeries(*one) for one in params.get("series", ()))
        self.every = params.get("every", 3)
        self.blind = params.get("blind", False)
        self.fails_at = params.get("fails_at")
        self.seen: dict[str, tuple[int, int, float, float]] = {}
        self.rose = False
        self.told: list[tuple[str, int]] = []

    def watch(self, symbol: str, timeframe: str, candle: Candle) -> None:
        name = f"{symbol} {timeframe}"
        if candle.open_time_ms == self.fails_at:
            raise RuntimeError("as told")
        count, _, _, total = self.seen.get(name, (0, 0, 0.0, 0.0))
        self.seen[name] = (count + 1, candle.open_time_ms, candle.close, total + candle.close)
        self.told.append((name, candle.open_time_ms))
        if name == next(iter(self.seen)):
            self.rose = candle.close > candle.open

    def stream(self, symbol: str) -> "WatchingStream":
        return WatchingStream(self)


class WatchingStream:
    def __init__(self, strategy: WatchingStrategy) -> None:
        self._strategy = strategy

    def update(self, candle: Candle) -> Signal:
        strategy = self._strategy
        strategy.told.append(("own", candle.open_time_ms))
        if candle.open_time_ms // 60_000 % strategy.every:
            return FLAT
        rose = candle.close > candle.open if strategy.blind else strategy.rose
        metadata = {} if strategy.blind else {name: list(seen) for name, seen in strategy.seen.items()}
        distance = candle.close * 0.002
        return Signal("LONG" if rose else "SHORT", sl_distance=distance, tp_distance=distance, metadata=metadata)
