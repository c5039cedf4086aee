"""Runs a strategy that only has the frame form, one candle at a time, on a bounded window."""

import math
from collections import deque
from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.candle import Candle
from core.errors import StrategyError
from core.instants import to_datetime
from core.trading_signal import FLAT, At, Signal
from strategies.plain_metadata import plain_metadata
from strategies.strategy import Strategy

_DIRECTIONS = ("LONG", "SHORT", "EXIT", "ADJUST", "FLAT")
_NUMBERS = (
    "stop_price",
    "target_price",
    "target_r",
    "size",
    "fraction",
    "move_stop",
    "move_target",
)


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
        for word in ("move_stop", "move_target", "cancel_entry"):
            if metadata.get(word) not in (None, False) and metadata[word] == metadata[word]:
                raise StrategyError(f"metadata {word!r} means nothing beside FLAT; 'ADJUST' is what moves and cancels")
        return Signal("FLAT", reason=reason)
    said: dict[str, Any] = {key: _number_or_none(metadata, key) for key in ("sl_distance", "tp_distance", "atr")}
    if answer["signal"] in ("EXIT", "ADJUST"):
        said = {}  # what its indicators are is no order
    return Signal(
        answer["signal"], **said, **_further_words(metadata), reason=reason, metadata=plain_metadata(metadata)
    )


def _further_words(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return what else of metadata are a signal's own words, as it has them; the kernel judges what they say.

    ``entry_price`` is one where the entry is a limit or stop order; else it only repeats the close. A target that is a
    price is written ``{"price": 104.5}``.
    """
    said: dict[str, Any] = {key: _number_or_none(metadata, key) for key in _NUMBERS}
    said |= {key: metadata.get(key) for key in ("entry", "entry_expiry", "cancel_entry", "tag")}
    if said["entry"] in ("limit", "stop"):
        said["entry_price"] = _number_or_none(metadata, "entry_price")
    targets = metadata.get("targets")
    if targets is not None:
        said["targets"] = tuple(map(_target, targets)) if isinstance(targets, list | tuple) else targets
    return {key: value for key, value in said.items() if value is not None}


def _target(told: Any) -> Any:
    """Return a target with its level as a signal has it; anything else as it is, for the kernel to refuse."""
    if isinstance(told, list | tuple) and len(told) == 2:
        fraction, level = told
        if isinstance(level, Mapping) and set(level) == {"price"}:
            level = At(level["price"])
        return fraction, level
    return told


def _number_or_none(metadata: Mapping[str, Any], key: str) -> float | None:
    value = metadata.get(key)
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise StrategyError(f"signal metadata {key!r} is {value!r}; expected a finite number")
    return number
