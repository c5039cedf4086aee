"""Whatever a runner answers, as values that JSON has: nothing of it is lost to a number that JSON does not know."""

import datetime as dt
import math
from collections.abc import Mapping, Set
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import msgspec

from core.instants import format_ms, to_ms

_DEEPEST = 30


def plain_value(value: object, depth: int = 0) -> Any:
    """Return a value as texts, finite numbers, lists and mappings; NaN and infinity are None, the unknown is a text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {str(key): plain_value(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple | Set):
        return [plain_value(one, depth + 1) for one in value]
    return _other(value, depth)


def plain_mapping(values: Mapping[str, object]) -> dict[str, Any]:
    """Return a mapping as :func:`plain_value` does."""
    return {str(key): plain_value(one) for key, one in values.items()}


def _other(value: object, depth: int) -> Any:
    if isinstance(value, msgspec.Struct):
        return plain_value(msgspec.to_builtins(value), depth + 1)
    if isinstance(value, dt.datetime):
        return format_ms(to_ms(value)) if value == value else None
    if isinstance(value, dt.date | Decimal | PurePath):
        return str(value)
    for method in ("to_dict", "tolist"):  # A result, a frame; a number or an array of numpy.
        if callable(convert := getattr(value, method, None)):
            return plain_value(convert(), depth + 1)
    return getattr(value, "__name__", None) or repr(value)
