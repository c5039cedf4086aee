"""Lengths of folds as users write them: time (``90d``, ``12h``) or candles (``2000c``)."""

import re

from core.errors import ConfigurationError
from core.settings_problem import shown
from core.timeframe import UNIT_MS, timeframe_name

NOTHING = "0c"
"""The length of what is left out where nothing is said."""
_LENGTH = re.compile(r"([0-9]{1,9})\s*([smhdwc])")
_ALLOWED = "allowed: 90d, 12h, 4w, 30m, or 2000c for candles"


def length_ms(name: str, written: object, candle_ms: int, *, least: int = 1) -> int:
    """Return a length in milliseconds.

    Parameters
    ----------
    name
        What messages call it.
    written
        A number and s, m, h, d or w, or c for candles.
    candle_ms
        Length of a candle, of which it is a multiple.
    least
        How many candles it has at least.

    Raises
    ------
    ConfigurationError
        If it cannot be understood, is no whole number of candles, or too short.

    Examples
    --------
    >>> length_ms("train", "2d", 900_000) == length_ms("train", "192c", 900_000)
    True
    """
    found = _LENGTH.fullmatch(written.strip()) if isinstance(written, str) else None
    if found is None:
        raise ConfigurationError(f"{name}: {shown(written)} is no length — {_ALLOWED}")
    count, unit = int(found[1]), found[2]
    length = count * (candle_ms if unit == "c" else UNIT_MS[unit])
    if length % candle_ms:
        raise ConfigurationError(
            f"{name}: {shown(written)} is no whole number of candles of {timeframe_name(candle_ms)} — allowed: "
            f"multiples of that, or candles such as {max(1, round(length / candle_ms))}c"
        )
    if length < least * candle_ms:
        raise ConfigurationError(f"{name}: {shown(written)} — allowed: at least {least}c")
    return length
