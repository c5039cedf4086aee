"""The words of a signal in the metadata of a frame strategy's answer."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.errors import StrategyError
from core.trading_signal import At

_WORDS = ("entry", "entry_expiry", "cancel_entry", "tag")
_NUMBERS = ("stop_price", "target_price", "target_r", "size", "fraction", "move_stop", "move_target")


def further_words(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return what else of metadata are a signal's own words, as it has them; the kernel judges what they say.

    ``entry_price`` is one where the entry is a limit or stop order; else it only repeats the close. A target that is a
    price is written ``{"price": 104.5}``.
    """
    said: dict[str, Any] = {key: number_or_none(metadata, key) for key in _NUMBERS}
    said |= {key: _own(metadata.get(key)) for key in _WORDS}
    if said["entry"] in ("limit", "stop"):
        said["entry_price"] = number_or_none(metadata, "entry_price")
    targets = metadata.get("targets")
    if targets is not None:
        said["targets"] = tuple(map(_target, targets)) if isinstance(targets, list | tuple) else targets
    return {key: value for key, value in said.items() if value is not None}


def require_metadata(answer: Mapping[str, Any]) -> None:
    """Refuse words of a signal that stand beside ``signal``, where nobody reads them, and not inside ``metadata``."""
    for word in ("sl_distance", "tp_distance", "atr", "entry_price", "targets", *_NUMBERS, *_WORDS):
        if not _is_empty(answer.get(word)):
            raise StrategyError(
                f"{word!r} stands beside 'signal', where it means nothing; it belongs inside 'metadata'"
            )


def without_empty_cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of a frame of answers without the words that it leaves empty: a column has to hold something."""
    further = {*_NUMBERS, *_WORDS, "targets"}
    return {key: value for key, value in row.items() if key not in further or not _is_empty(value)}


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _own(value: Any) -> Any:
    """Return a value of numpy's as Python's own; whole numbers stay so where an empty cell made floats of a column."""
    if isinstance(value, np.generic):
        value = value.item()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _target(told: Any) -> Any:
    """Return a target with its level as a signal has it; anything else as it is, for the kernel to refuse."""
    if isinstance(told, list | tuple) and len(told) == 2:
        fraction, level = told
        if isinstance(level, Mapping) and set(level) == {"price"}:
            level = At(level["price"])
        return fraction, level
    return told


def require_silence(metadata: Mapping[str, Any]) -> None:
    """Refuse metadata beside FLAT that would move or cancel something; what is nothing, or nan, says nothing."""
    for word in ("move_stop", "move_target", "cancel_entry"):
        value = _own(metadata.get(word))
        if value is not False and not _is_empty(value):
            raise StrategyError(f"metadata {word!r} means nothing beside FLAT; 'ADJUST' is what moves and cancels")


def number_or_none(metadata: Mapping[str, Any], key: str) -> float | None:
    """Return what metadata has under a key as a number; StrategyError where it is no finite one."""
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
