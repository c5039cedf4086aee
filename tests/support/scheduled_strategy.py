"""A strategy that a configuration can name: it says what its parameters schedule, by number of candle."""

from collections.abc import Mapping

from core.candle import Candle
from core.trading_signal import FLAT, Signal


class ScheduledStrategy:
    """Says ``signals[n]`` at the close of a symbol's n-th candle, counted from 1 and warm-up included, FLAT otherwise.

    ``stop`` and ``target`` are the price distances of every signal.
    """

    name = "scheduled"

    def __init__(self, params: Mapping[str, object]) -> None:
        self.warmup_candles = params.get("warmup_candles", 0)
        self._signals = {int(number): direction for number, direction in params["signals"].items()}
        self._distances = {"sl_distance": params.get("stop"), "tp_distance": params.get("target")}

    def stream(self, symbol: str) -> "ScheduledStream":
        return ScheduledStream(self._signals, self._distances)


class ScheduledStream:
    def __init__(self, signals: Mapping[int, str], distances: Mapping[str, float]) -> None:
        self._signals = signals
        self._distances = distances
        self._number = 0

    def update(self, candle: Candle) -> Signal:
        self._number += 1
        direction = self._signals.get(self._number)
        return FLAT if direction is None else Signal(direction, **self._distances)
