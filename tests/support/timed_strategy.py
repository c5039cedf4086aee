"""A strategy that a configuration can name: it says what its parameters schedule, by symbol and time."""

from collections.abc import Mapping

from core.candle import Candle
from core.trading_signal import FLAT, Signal


class TimedStrategy:
    """Says ``signals[symbol][open time in ms]`` at the close of that candle, FLAT otherwise.

    Stop and target lie ``stop`` and ``target`` (fractions of the close) away. A candle that closes below
    ``quiet_below`` has no signal.
    """

    name = "timed"

    def __init__(self, params: Mapping[str, object]) -> None:
        self.warmup_candles = params.get("warmup_candles", 0)
        self._params = params

    def stream(self, symbol: str) -> "TimedStream":
        return TimedStream(self._params, self._params["signals"].get(symbol, {}))


class TimedStream:
    def __init__(self, params: Mapping[str, object], signals: Mapping[str, str]) -> None:
        self._signals = {int(time_ms): direction for time_ms, direction in signals.items()}
        self._stop, self._target = params["stop"], params["target"]
        self._quiet_below = params.get("quiet_below", 0.0)

    def update(self, candle: Candle) -> Signal:
        direction = self._signals.get(candle.open_time_ms)
        if direction is None or candle.close < self._quiet_below:
            return FLAT
        if direction == "FAIL":
            raise RuntimeError("as scheduled")
        return Signal(direction, sl_distance=candle.close * self._stop, tp_distance=candle.close * self._target)
