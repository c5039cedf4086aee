"""A strategy that says what a script tells it, candle by candle."""

from collections.abc import Mapping

from core.candle import Candle
from core.trading_signal import FLAT, Signal

Script = Mapping[str, Mapping[int, Signal]]
"""Symbol -> open time of the decision candle -> opinion."""


class ScriptedStrategy:
    """Says the scripted signal at the close of the candle opened at each scripted time, FLAT otherwise."""

    name = "scripted"

    def __init__(self, script: Script, warmup_candles: int = 0) -> None:
        self._script = script
        self.warmup_candles = warmup_candles

    def stream(self, symbol: str) -> "ScriptedStream":
        return ScriptedStream(self._script.get(symbol, {}))


class ScriptedStream:
    def __init__(self, opinions: Mapping[int, Signal]) -> None:
        self._opinions = opinions

    def update(self, candle: Candle) -> Signal:
        return self._opinions.get(candle.open_time_ms, FLAT)
