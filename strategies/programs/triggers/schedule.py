"""When a program is woken by the clock: every so long, or at the instants that five cron fields name; all in UTC."""

import datetime as dt
import functools
import re
from itertools import pairwise
from typing import Self

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem, shown
from core.timeframe import DAY_MS, MINUTE_MS, floor_to_grid, timeframe_ms, timeframe_name

_ALLOWED = "allowed: a length such as 1h, 4h or 1d, or five cron fields in UTC such as 30 8 * * 1-5"
_INTERVAL = re.compile(r"[0-9]+[a-zA-Z]")
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
_NAMES: tuple[tuple[str, ...], ...] = (
    *((), (), ()),
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
)
_MONTH, _WEEKDAY = 3, 4
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART = re.compile(r"(\*|[0-9a-z]+(?:-[0-9a-z]+)?)(?:/([0-9]{1,2}))?")
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
_DAYS_OF_FOUR_YEARS = 1_461
_MINUTES_OF_A_DAY = 1_440


class Cron(msgspec.Struct, frozen=True):
    """The instants that five cron fields name.

    ``minutes`` are those of a day, in order. ``either`` is whether a day counts where the month's or the week's day
    fits, as cron has it where both are written; else both have to. 0 in ``weekdays`` is Sunday.
    """

    minutes: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def has_day(self, day: int) -> bool:
        """Return whether it names the day, counted from 1970."""
        date = dt.date.fromordinal(_EPOCH_DAY + day)
        by_month, by_week = date.day in self.days, date.isoweekday() % 7 in self.weekdays
        return date.month in self.months and (by_month or by_week if self.either else by_month and by_week)

    def last_between(self, after_ms: int, until_ms: int) -> int | None:
        """Return the last instant after one and not after the other; None where there is none."""
        for day in range(until_ms // DAY_MS, after_ms // DAY_MS - 1, -1):
            if not _named(self, day):
                continue
            for minute in reversed(self.minutes):
                instant = day * DAY_MS + minute * MINUTE_MS
                if instant <= until_ms:
                    if instant > after_ms:
                        return instant
                    break
        return None

    def closest_ms(self) -> int:
        """Return the least time between two of its instants."""
        within = [later - earlier for earlier, later in pairwise(self.minutes)]
        days = [day for day in range(_DAYS_OF_FOUR_YEARS) if self.has_day(day)]
        between = min((later - earlier for earlier, later in pairwise(days)), default=_DAYS_OF_FOUR_YEARS)
        over_days = between * _MINUTES_OF_A_DAY + self.minutes[0] - self.minutes[-1]
        return min([*within, over_days]) * MINUTE_MS


class Schedule(msgspec.Struct, frozen=True):
    """Instants at which a program is woken; ``every_ms`` of a length, on the grid of such candles, else ``cron``."""

    text: str
    every_ms: int = 0
    cron: Cron | None = None

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the schedule that a text names.

        Parameters
        ----------
        text
            A length (``1h``, ``4h``, ``1d``, ``1w``), or minute, hour, day of the month, month and day of the week:
            numbers, names of months and days, ``*``, lists, ranges and steps.

        Raises
        ------
        ConfigurationError
            If it cannot be understood, or no day has it.

        Examples
        --------
        >>> Schedule.of("4h").due_between(0, 14_400_000)
        14400000
        >>> Schedule.of("30 8 * * 1-5").due_between(0, 86_400_000)  # 1970-01-01 is a Thursday.
        30600000
        """
        written = " ".join(text.split()) if isinstance(text, str) else ""
        if _INTERVAL.fullmatch(written):
            try:
                return cls(written, timeframe_ms(written))
            except ConfigurationError:
                raise _refused(f"{shown(written)} is no length that a day or week is divided into") from None
        return cls(written, cron=_cron(written, text))

    def due_between(self, after_ms: int, until_ms: int) -> int | None:
        """Return the last of its instants after one and not after the other; None where there is none."""
        if self.cron is not None:
            return self.cron.last_between(after_ms, until_ms)
        instant = floor_to_grid(until_ms, self.every_ms)
        return instant if instant > after_ms else None

    def require_coarser(self, own_ms: int) -> None:
        """Refuse a schedule that is finer than the session's candles.

        Raises
        ------
        ConfigurationError
            If two of its instants may lie in one candle.
        """
        closest = self.every_ms or (self.cron.closest_ms() if self.cron is not None else own_ms)
        if closest < own_ms:
            raise ConfigurationError.of(
                SettingsProblem(
                    "schedule",
                    f"{shown(self.text)} wakes every {timeframe_name(closest)}, and candles are "
                    f"{timeframe_name(own_ms)} long",
                    f"allowed: {timeframe_name(own_ms)} or longer, or shorter candles (interval)",
                )
            )


@functools.lru_cache(maxsize=1024)
def _named(cron: Cron, day: int) -> bool:
    return cron.has_day(day)


def _cron(written: str, text: object) -> Cron:
    fields = written.casefold().split()
    if len(fields) != len(_FIELDS):
        raise _refused(f"{shown(text)} cannot be understood")
    minutes, hours, days, months, weekdays = (_field(place, field) for place, field in enumerate(fields))
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    cron = Cron(
        tuple(sorted(hour * 60 + minute for hour in hours for minute in minutes)),
        *(days, months, frozenset(day % 7 for day in weekdays), either),
    )
    if not either and not any(day <= _DAYS[month - 1] for month in months for day in days):
        raise _refused(f"{shown(text)} names a day that no month has")
    return cron


def _field(place: int, field: str) -> frozenset[int]:
    """Return the numbers that a field names."""
    name, least, most = _FIELDS[place]
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise _refused(f"{name} {shown(field)} cannot be understood")
        first, _, last = match[1].partition("-")
        begin, end = (least, most - (place == _WEEKDAY)) if first == "*" else (_number(place, first),) * 2
        if last:
            end = _number(place, last)
        elif match[2] and first != "*":
            end = most
        step = int(match[2] or 1)
        if begin > end or not step:
            raise _refused(f"{name} {shown(field)} {'runs backwards' if step else 'has a step of 0'}")
        found.update(range(begin, end + 1, step))
    return frozenset(found)


def _number(place: int, text: str) -> int:
    name, least, most = _FIELDS[place]
    names = _NAMES[place]
    if text in names:
        return names.index(text) + (place == _MONTH)
    if not text.isdecimal() or not least <= int(text) <= most:
        several = f" or {names[0]} to {names[-1]}" if names else ""
        raise _refused(f"{name} is {shown(text)}", f"allowed: {least} to {most}{several}")
    return int(text)


def _refused(wrong: str, allowed: str = _ALLOWED) -> ConfigurationError:
    return ConfigurationError.of(SettingsProblem("schedule", wrong, allowed))
