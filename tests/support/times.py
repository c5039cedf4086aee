"""Instants and lengths that tests speak of, in milliseconds."""

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

JANUARY_MS = 1_704_067_200_000
"""2024-01-01T00:00Z, a Monday; where the practice exchange begins unless it is told otherwise."""


def at(minute: int) -> int:
    """Return the instant of a minute, counted from the beginning of 2024."""
    return JANUARY_MS + minute * MINUTE_MS


def stamp(minute: int) -> str:
    """Return the text of a minute of the first days of 1970, as outputs write it."""
    day, rest = divmod(minute, 24 * 60)
    return f"1970-01-{1 + day:02}T{rest // 60:02}:{rest % 60:02}:00.000Z"
