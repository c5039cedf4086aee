"""Instants and lengths that tests speak of, in milliseconds."""

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

JANUARY_MS = 1_704_067_200_000
"""2024-01-01T00:00Z, a Monday; where the practice exchange begins unless it is told otherwise."""


def at(minute: int) -> int:
    """Return the instant of a minute, counted from the beginning of 2024."""
    return JANUARY_MS + minute * MINUTE_MS
