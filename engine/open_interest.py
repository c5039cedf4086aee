"""The open interest that a session is fed: of which periods, and from when on."""

import math
from collections.abc import Iterable, Sequence

from core.candle import OPEN_INTEREST_KNOWN_AFTER_MS, OPEN_INTEREST_PERIODS
from core.timeframe import floor_to_grid, timeframe_ms, timeframe_name
from strategies.features.program_port import ReadsOpenInterest
from validation.composed_settings import Settings


def open_interest_asked(settings: Settings, strategies: Iterable[object]) -> tuple[str, ...]:
    """Return the periods of open interest that strategies read, the shortest first; none without contracts."""
    return () if settings.live.execution.perpetual is None else open_interest_read(strategies)


def open_interest_read(strategies: Iterable[object]) -> tuple[str, ...]:
    """Return the periods of open interest that strategies read, the shortest first; a program alone can be told it."""
    read = {period for one in strategies if isinstance(one, ReadsOpenInterest) for period in one.open_interest_periods}
    return tuple(period for period in OPEN_INTEREST_PERIODS if period in read)


def fed_period_ms(periods: Sequence[str]) -> int:
    """Return how far apart the stamps lie that serve all of some periods: the longest that divides each of them.

    Examples
    --------
    >>> fed_period_ms(["4h", "6h"])
    7200000
    """
    return math.gcd(*map(timeframe_ms, periods))


def first_stamp_ms(start_ms: int, periods: Sequence[str]) -> int:
    """Return the first stamp that a session is fed, so that each period is known at its start with the one before.

    That of the last period may be missing: two of the longest period lie before the one known at ``start_ms``.
    """
    longest_ms = max(map(timeframe_ms, periods))
    return floor_to_grid(start_ms - OPEN_INTEREST_KNOWN_AFTER_MS, longest_ms) - 2 * longest_ms


def fed_of(start_ms: int, end_ms: int, periods: Sequence[str]) -> tuple[str, int, int]:
    """Return what serves some periods from a start to an end: the one period, and the stamps from ... to, exclusive."""
    end = end_ms - OPEN_INTEREST_KNOWN_AFTER_MS + 1
    return timeframe_name(fed_period_ms(periods)), first_stamp_ms(start_ms, periods), end
