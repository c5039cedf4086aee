"""Candle timeframes: fixed lengths on a grid that starts at the epoch."""

import re
from collections.abc import Iterable

from core.errors import ConfigurationError

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
WEEK_ORIGIN_MS = 4 * DAY_MS
"""Monday 1970-01-05, the origin of weekly candles."""

UNIT_MS = {"s": 1_000, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": WEEK_MS}
_PATTERN = re.compile(r"([1-9][0-9]{0,5})([smhdw])")
_ALLOWED = "a number and s, m, h up to one day, 1d, or 1w (for example 1m, 15m, 4h, 1d)"


def timeframe_ms(timeframe: str) -> int:
    """Return the length of a timeframe in milliseconds.

    Raises
    ------
    ConfigurationError
        If the text is no timeframe, or one without a fixed grid (``1M``), or longer than 1d and not 1w.

    Examples
    --------
    >>> timeframe_ms("15m")
    900000
    """
    match = _PATTERN.fullmatch(timeframe) if isinstance(timeframe, str) else None
    if match is None:
        raise ConfigurationError(f"timeframe {timeframe!r} is not understood; allowed: {_ALLOWED}")
    length = int(match[1]) * UNIT_MS[match[2]]
    if length > DAY_MS and timeframe != "1w":
        raise ConfigurationError(f"timeframe {timeframe!r} is longer than a day; allowed: {_ALLOWED}")
    return length


def timeframe_name(length_ms: int) -> str:
    """Return what a length in whole seconds is called, in its longest unit.

    Examples
    --------
    >>> timeframe_name(900_000), timeframe_name(5_400_000), timeframe_name(604_800_000)
    ('15m', '90m', '1w')
    """
    unit, ms = next((name, ms) for name, ms in reversed(UNIT_MS.items()) if length_ms % ms == 0)
    return f"{length_ms // ms}{unit}"


def longest_dividing(period: str, served: Iterable[str]) -> str | None:
    """Return the longest of some periods that divides one, itself where it is among them; None where none does.

    Every stamp of a period is one of any period that divides it.

    Examples
    --------
    >>> longest_dividing("2h", ("5m", "15m", "1h", "4h"))
    '1h'
    """
    dividing = [one for one in served if timeframe_ms(period) % timeframe_ms(one) == 0]
    return max(dividing, key=timeframe_ms, default=None)


def grid_origin_ms(length_ms: int) -> int:
    """Return the instant from which a timeframe's boundaries are counted: the epoch, or a Monday for 1w."""
    return WEEK_ORIGIN_MS if length_ms == WEEK_MS else 0


def floor_to_grid(time_ms: int, length_ms: int) -> int:
    """Return the latest boundary of the timeframe's grid at or before ``time_ms``."""
    origin = grid_origin_ms(length_ms)
    return time_ms - (time_ms - origin) % length_ms


def ceil_to_grid(time_ms: int, length_ms: int) -> int:
    """Return the earliest boundary of the timeframe's grid at or after ``time_ms``."""
    origin = grid_origin_ms(length_ms)
    return time_ms + (origin - time_ms) % length_ms


def trading_day(step_time_ms: int) -> int:
    """Return the UTC day number of a step: the step at 00:00 closes the old day."""
    return (step_time_ms - 1) // DAY_MS
