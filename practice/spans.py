"""Lengths of time as a user writes them: ``90s``, ``1.5h``, ``-1h``, or a number of milliseconds."""

import re

from core.errors import ConfigurationError
from core.timeframe import UNIT_MS

Span = str | int
"""Text with a unit (ms, s, m, h, d), or whole milliseconds."""

_UNIT_MS = {"ms": 1, **UNIT_MS}
_PATTERN = re.compile(r"(-?[0-9]{1,12}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)")


def span_ms(value: Span, name: str, *, negative: bool = False) -> int:
    """Return a length of time in milliseconds.

    Raises
    ------
    ConfigurationError
        If the value is no length of time, or is below 0 where that means nothing.

    Examples
    --------
    >>> span_ms("1.5m", "duration")
    90000
    """
    length: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        length = value
    elif isinstance(value, str) and (match := _PATTERN.fullmatch(value.strip())):
        length = round(float(match[1]) * _UNIT_MS[match[2]])
    if length is None or (length < 0 and not negative):
        raise ConfigurationError(
            f"{name} {value!r} is no length of time; allowed: 500ms, 30s, 10m, 2h, 1d, or whole ms"
        )
    return length
