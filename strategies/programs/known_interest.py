"""What is known of open interest at a moment: the last of each period, and the one before it."""

from collections.abc import Sequence

from core.candle import OPEN_INTEREST_KNOWN_AFTER_MS, OPEN_INTEREST_PERIODS, OpenInterest
from core.errors import ConfigurationError
from core.timeframe import floor_to_grid, timeframe_ms, timeframe_name

INTEREST_FLOWS = ("open_interest", "open_interest_change")
"""The flows that are read out of open interest."""
NO_INTEREST = (
    "no open interest of the last two periods is known: a session has that of the contracts that it trades, where it "
    "is stored or its exchange serves it"
)
NO_INTEREST_BEFORE = "the open interest one period before the last is not known"
NO_INTEREST_WATCHED = "a session has open interest of the symbols that it trades, and of none that it watches"
"""All reasons rest on what was shown alone, so that a session that is run again gives them again."""


def interest_period(period: str, own_ms: int) -> str:
    """Return the period of open interest that a text means.

    ``""`` is the shortest that is not shorter than a session's candles; beside candles longer than all, the longest.

    Raises
    ------
    ConfigurationError
        If there is none of that length.

    Examples
    --------
    >>> interest_period("", 60_000), interest_period("", 3_600_000), interest_period("60m", 60_000)
    ('5m', '1h', '1h')
    """
    if not period:
        return next((one for one in OPEN_INTEREST_PERIODS if timeframe_ms(one) >= own_ms), OPEN_INTEREST_PERIODS[-1])
    try:
        name = timeframe_name(timeframe_ms(period))
    except ConfigurationError:
        name = ""
    if name not in OPEN_INTEREST_PERIODS:
        allowed = f"allowed: {', '.join(OPEN_INTEREST_PERIODS)}, or '' for what fits the session's candles"
        raise ConfigurationError(f"period {period!r} is none of open interest — {allowed}")
    return name


class KnownInterest:
    """Keeps what of open interest was shown, and answers by it.

    Of a period it answers with the last that lies on its grid and is known, where at most that of one period is missing
    after it: so it answers the same wherever a run begins.

    Parameters
    ----------
    periods
        Those that may be asked for.
    """

    def __init__(self, periods: Sequence[str]) -> None:
        self._lengths = {period: timeframe_ms(period) for period in periods}
        self._last: dict[tuple[str, str], tuple[OpenInterest | None, OpenInterest]] = {}

    def take(self, symbol: str, rows: Sequence[OpenInterest]) -> None:
        """Take a symbol's open interest that became known, oldest first."""
        for row in rows:
            for period, length in self._lengths.items():
                if row.time_ms % length == 0:
                    _, before = self._last.get((symbol, period), (None, None))
                    self._last[symbol, period] = before, row

    def amount(self, symbol: str, period: str, time_ms: int) -> dict[str, object]:
        """Return a symbol's open interest as it is known at a moment, or None with the reason why it is not."""
        _, last = self._known(symbol, period, time_ms)
        if last is None:
            return {"value": None, "reason": NO_INTEREST}
        return {"value": last.amount, "quote": last.value, "time": last.time_ms, "reason": None}

    def change(self, symbol: str, period: str, time_ms: int) -> dict[str, object]:
        """Return by how much it changed within a period, ``ratio`` as a fraction; or None with the reason."""
        before, last = self._known(symbol, period, time_ms)
        if last is None:
            return {"value": None, "reason": NO_INTEREST}
        if before is None or before.time_ms != last.time_ms - self._lengths[period]:
            return {"value": None, "reason": NO_INTEREST_BEFORE}
        ratio = last.amount / before.amount - 1 if before.amount else None
        return {"value": last.amount - before.amount, "ratio": ratio, "time": last.time_ms, "reason": None}

    def _known(self, symbol: str, period: str, time_ms: int) -> tuple[OpenInterest | None, OpenInterest | None]:
        """Return the last that is not too old, and the one shown before it."""
        length = self._lengths[period]
        before, last = self._last.get((symbol, period), (None, None))
        due_ms = floor_to_grid(time_ms - OPEN_INTEREST_KNOWN_AFTER_MS, length)
        return (None, None) if last is None or last.time_ms < due_ms - length else (before, last)
