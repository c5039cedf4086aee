"""A range of time, as people write it: a month, from one day to another, the last ninety days."""

import calendar
import datetime as dt
import re
from typing import Self

import msgspec

from core.errors import ConfigurationError
from core.instants import Instant, format_ms, parse_instant, to_datetime, to_ms
from core.timeframe import DAY_MS, UNIT_MS

WINDOW_FORMS = "90d, 12h, 4w, 6M, 1y (up to now), 2024, 2024-03, 2024-03-15, 2024-01..2024-06 or 2024-01-15..now"

_BACK = re.compile(r"(?:last\s+)?([1-9][0-9]{0,5})\s*([smhdwMy])")
_PERIOD = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_MONTHS = {"M": 1, "y": 12}
_NOW = "now"


class TimeRange(msgspec.Struct, frozen=True):
    """A range in UTC milliseconds; the end is exclusive.

    Nothing here reads a clock: what ends at the present is told when that is.

    Raises
    ------
    ConfigurationError
        If the start is not before the end, or lies before 1970.
    """

    start_ms: int
    end_ms: int

    def __post_init__(self) -> None:
        if self.start_ms >= self.end_ms:
            raise ConfigurationError(
                f"start {format_ms(self.start_ms)} is not before end {format_ms(self.end_ms)}; the end is exclusive"
            )
        if self.start_ms < 0:
            raise ConfigurationError(f"start {format_ms(self.start_ms)} lies before 1970, where no candle can be")

    @classmethod
    def last_24h(cls, now_ms: int) -> Self:
        """Return the 24 hours before the present."""
        return cls(now_ms - DAY_MS, now_ms)

    @classmethod
    def from_dates(cls, start: Instant, end: Instant) -> Self:
        """Return the range from one instant to another, which is exclusive.

        Examples
        --------
        >>> TimeRange.from_dates("1970-01-02", "1970-01-03").to_tuple_ms()
        (86400000, 172800000)
        """
        return cls(parse_instant(start, name="start"), parse_instant(end, name="end"))

    @classmethod
    def from_window_string(cls, text: str, now_ms: int) -> Self:
        """Return the range that a window names.

        A number and s, m, h, d, w, M (calendar months) or y goes back from the present; a year, month or day is the
        whole of it. ``A..B`` goes from the start of A to the end of B, which may be ``now``; where B has a time of
        day, to that instant.

        Parameters
        ----------
        text
            The window, such as ``6M`` or ``2024-01..2024-06``; ``last 90d`` is ``90d``.
        now_ms
            The present in UTC milliseconds.

        Raises
        ------
        ConfigurationError
            If the text is none of these.

        Examples
        --------
        >>> print(TimeRange.from_window_string("2024-01..2024-06", 0))
        2024-01-01T00:00:00.000Z to 2024-07-01T00:00:00.000Z
        """
        written = text.strip() if isinstance(text, str) else ""
        try:
            if (back := _BACK.fullmatch(written)) is not None:
                return cls(_back(now_ms, int(back[1]), back[2]), now_ms)
            if (period := _PERIOD.fullmatch(written)) is not None:
                return cls(*_period(period))
            first, dots, last = (part.strip() for part in written.partition(".."))
            if dots and first and last:
                return cls(_side(first, now_ms)[0], _side(last, now_ms)[1])
        except ConfigurationError as error:
            raise ConfigurationError(f"window {text!r}: {error}") from None
        except (ValueError, OverflowError):
            raise ConfigurationError(f"window {text!r} names a day that no calendar has") from None
        raise ConfigurationError(f"window {text!r} is not understood; allowed: {WINDOW_FORMS}")

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return self.end_ms - self.start_ms

    def to_tuple_ms(self) -> tuple[int, int]:
        """Return start and end, exclusive, in UTC milliseconds."""
        return self.start_ms, self.end_ms

    def known_by(self, now_ms: int) -> Self:
        """Return the part of the range that lies before an instant.

        Raises
        ------
        ConfigurationError
            If nothing of it does.
        """
        if self.start_ms >= now_ms:
            raise ConfigurationError(f"{self} has not begun; it is {format_ms(now_ms)}")
        return type(self)(self.start_ms, min(self.end_ms, now_ms))

    def __str__(self) -> str:
        return f"{format_ms(self.start_ms)} to {format_ms(self.end_ms)}"


def _back(now_ms: int, number: int, unit: str) -> int:
    """Return the instant some units before the present; months keep the day of the month, or take their last."""
    if unit not in _MONTHS:
        return now_ms - number * UNIT_MS[unit]
    now = to_datetime(now_ms)
    year, month = divmod(now.year * 12 + now.month - 1 - number * _MONTHS[unit], 12)
    last = calendar.monthrange(year, month + 1)[1]
    return to_ms(now.replace(year=year, month=month + 1, day=min(now.day, last)))


def _period(found: "re.Match[str]") -> tuple[int, int]:
    """Return start and end of a year, a month or a day."""
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    start = dt.datetime(year, month, day, tzinfo=dt.UTC)
    if found[3] is not None:
        return to_ms(start), to_ms(start) + DAY_MS
    months = 1 if found[2] is not None else 12
    return to_ms(start), to_ms(
        dt.datetime(year + (month + months > 12), (month + months - 1) % 12 + 1, 1, tzinfo=dt.UTC)
    )


def _side(text: str, now_ms: int) -> tuple[int, int]:
    """Return start and end of one side of a range; of an instant, twice that."""
    if text == _NOW:
        return now_ms, now_ms
    period = _PERIOD.fullmatch(text)
    if period is not None:
        return _period(period)
    instant = parse_instant(text, name="side")
    return instant, instant
