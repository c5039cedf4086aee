"""How a request to an exchange can fail, told apart by what helps: asking again, asking later, or neither."""

import datetime
import email.utils
from collections.abc import Mapping

from core.errors import FeedError
from core.instants import format_ms

_PASSING_4XX = (408, 418, 425, 429)
_MOST_DIGITS = 8
_YEAR_10000_MS = 253_402_300_800_000


class TransientError(FeedError):
    """A request failed in a way that may pass: network, time-out, rate limit, server error, an unreadable answer.

    ``retry_after_s`` is how long the exchange asks to be left alone, None where it says nothing.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RangeNotServedError(FeedError):
    """The exchange answered, but not for the range that was asked; asking again does not help."""


class SymbolRefusedError(FeedError):
    """The exchange does not have the symbol, or has it no more."""


def range_text(start_ms: int, end_ms: int) -> str:
    """Return a range of times as text; what is no time of the calendar as its number."""
    return " .. ".join(
        format_ms(time_ms) if 0 <= time_ms < _YEAR_10000_MS else f"{time_ms} ms" for time_ms in (start_ms, end_ms)
    )


def refusal(message: str, status: int | None, headers: Mapping[str, str], *, may_pass: bool = False) -> FeedError:
    """Return the error of an answer that was refused, or of a request without an answer (``status`` None).

    Server errors, time-outs and rate limits pass by themselves, and so does a refusal that says when to ask again. Any
    other status of 400 or above is final. Below that the status says nothing, and ``may_pass`` counts; a rate limit
    that is told elsewhere than by the status passes too.
    """
    pause_s = retry_after_s(headers)
    if status is not None and status >= 400:
        may_pass = may_pass or status >= 500 or status in _PASSING_4XX or pause_s is not None
    if not may_pass:
        return FeedError(message)
    return TransientError(
        message if pause_s is None else f"{message} (it asks for a pause of {pause_s:.0f} s)", pause_s
    )


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds an answer asks to be left alone, None where it does not say so.

    Source: RFC 9110, ``Retry-After``: seconds, or a date, which is counted from the answer's own ``Date``.

    Examples
    --------
    >>> retry_after_s({"Retry-After": "Thu, 01 Jan 1970 00:01:00 GMT", "Date": "Thu, 01 Jan 1970 00:00:30 GMT"})
    30.0
    """
    told = {name.lower(): value for name, value in headers.items()}
    text = told.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return float(text)
    until_ms, now_ms = date_ms(text), date_ms(told.get("date"))
    return None if until_ms is None or now_ms is None else max(0.0, (until_ms - now_ms) / 1000.0)


def date_ms(date: str | None) -> int | None:
    """Return UTC milliseconds of an HTTP date, None where there is none that can be read."""
    try:
        moment = email.utils.parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
    if moment is None:
        return None
    # A zone of -0000 makes no aware time; the date is UTC all the same.
    return int((moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp() * 1000)
