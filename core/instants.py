"""Instants at the edge of the program: text, dates and datetimes to UTC milliseconds and back."""

import datetime as dt
import functools
import re

from core.errors import ConfigurationError
from core.timeframe import DAY_MS, MINUTE_MS

Instant = str | dt.date | dt.datetime
"""What a user may give for a point in time; anything without a zone is UTC."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)
_CLOCK = tuple(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in range(1_440))
_ALLOWED = "YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS], UTC unless an offset is given"
_LOOKS_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")


def to_ms(moment: dt.datetime) -> int:
    """Return UTC milliseconds of a datetime; a naive one is UTC. Parts of a millisecond are cut off."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
    return (aware - _EPOCH) // _MILLISECOND


def to_datetime(time_ms: int) -> dt.datetime:
    """Return the aware UTC datetime of UTC milliseconds."""
    return _EPOCH + dt.timedelta(milliseconds=time_ms)


def parse_instant(value: Instant, *, name: str = "date") -> int:
    """Return UTC milliseconds of a date, a datetime or ISO text.

    Parameters
    ----------
    value
        ``datetime`` (naive means UTC), ``date`` (its midnight) or text.
    name
        What the value is called in an error message.

    Raises
    ------
    ConfigurationError
        If the value is none of these.

    Examples
    --------
    >>> parse_instant("1970-01-02")
    86400000
    """
    if isinstance(value, dt.datetime):
        return to_ms(value)
    if isinstance(value, dt.date):
        return to_ms(dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC))
    if isinstance(value, str) and _LOOKS_ISO.fullmatch(value.strip()):
        try:
            return to_ms(dt.datetime.fromisoformat(value.strip()))
        except ValueError as error:
            raise ConfigurationError(f"{name} {value!r}: {error}; allowed: {_ALLOWED}") from None
    raise ConfigurationError(f"{name} {value!r} is not a date; allowed: {_ALLOWED}")


@functools.lru_cache(maxsize=64)
def format_ms(time_ms: int) -> str:
    """Return ``YYYY-MM-DDTHH:MM:SS.mmmZ``, the form of every time the program writes."""
    day, rest = divmod(time_ms, DAY_MS)
    minutes, rest = divmod(rest, MINUTE_MS)
    return f"{_date(day)}T{_CLOCK[minutes]}:{rest // 1_000:02}.{rest % 1_000:03}Z"


@functools.lru_cache(maxsize=4_096)
def _date(day: int) -> str:
    """Return the date of a number of days since 1970: sessions write many times of few days, and many lines of one."""
    return (_EPOCH + dt.timedelta(days=day)).date().isoformat()
