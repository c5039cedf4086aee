"""Runs a strategy that only has the frame form, one candle at a time, on a bounded window."""

from collections import deque
from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.candle import Candle
from core.errors import StrategyError
from core.instants import to_datetime
from core.trading_signal import FLAT, Signal
from strategies.mapping_words import further_words, number_or_none, require_silence
from strategies.plain_metadata import plain_metadata
from strategies.strategy import Strategy

_DIRECTIONS = ("LONG", "SHORT", "EXIT", "ADJUST", "FLAT")


class FrameStream:
    """Calls ``add_indicators`` and ``generate_signal`` on the last ``warmup_candles`` candles, at least two.

    The window is the same however the candles arrive, so the decisions are too.
    """

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._length = max(strategy.warmup_candles, 2)
        self._window: deque[Candle] = deque(maxlen=self._length)

    def update(self, candle: Candle) -> Signal:
        """Take the next candle; FLAT until the window is full."""
        window = self._window
        window.append(candle)
        if len(window) < self._length:
            return FLAT
        frame = pd.DataFrame(
            {
                "timestamp": [to_datetime(one.open_time_ms) for one in window],
                "open": [one.open for one in window],
                "high": [one.high for one in window],
                "low": [one.low for one in window],
                "close": [one.close for one in window],
                "volume": [one.volume for one in window],
            }
        )
        return signal_from_mapping(self._strategy.generate_signal(self._strategy.add_indicators(frame)))


def signal_from_mapping(answer: Mapping[str, Any]) -> Signal:
    """Return the typed signal of a frame strategy's answer; distances count only where it is not FLAT.

    Raises
    ------
    StrategyError
        If the answer is no signal: not a mapping, an unknown direction, or a distance that is no finite number.
    """
    if not isinstance(answer, Mapping) or answer.get("signal") not in _DIRECTIONS:
        raise StrategyError(
            f"generate_signal returned {answer!r}; expected a mapping whose 'signal' is one of {_DIRECTIONS}"
        )
    metadata = answer.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise StrategyError(f"generate_signal returned metadata {metadata!r}; expected a mapping")
    reason = str(metadata.get("reason", ""))
    if answer["signal"] == "FLAT":
        # While its indicators are undefined a strategy may well report nan beside FLAT.
        require_silence(metadata)
        return Signal("FLAT", reason=reason)
    # Beside an exit what its indicators are is no order.
    distances = ("sl_distance", "tp_distance", "atr") if answer["signal"] in ("LONG", "SHORT") else ()
    said: dict[str, Any] = {key: number_or_none(metadata, key) for key in distances}
    said |= further_words(metadata)
    return Signal(answer["signal"], **said, reason=reason, metadata=plain_metadata(metadata))
