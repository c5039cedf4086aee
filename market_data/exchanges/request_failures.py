"""How a request to an exchange can fail, told apart by what helps: asking again, asking later, or neither."""

import datetime
import email.utils
import re
import socket
import time
from collections.abc import Mapping

from core.errors import FeedError
from core.instants import format_ms

_PASSING_4XX = (408, 418, 425, 429)
_MOST_DIGITS = 8
_YEAR_10000_MS = 253_402_300_800_000
_SECOND_DIGITS = 10
_LONGEST_BAN_S = 3 * 86_400.0
"""The longest ban that exchanges pronounce; a later end is a mistake, or a unit that was misread."""
_UNTIL_WORDS = re.compile(
    r"(?:banned|blocked|limited|restricted|forbidden|retry|try again)\W+(?:until|after|at)\W{0,4}"
    r"(\d{10}(?:\d{3}){0,2})(?!\d)",
    re.I,
)
_RETRY_WORDS = re.compile(
    r"(?:re)?try[\s_-]*(?:again[\s_-]*)?(?:after|in)(?:[\s_-]*s(?:econds)?)?\W{0,4}(\d{1,6})(?![\d.])", re.I
)


class TransientError(FeedError):
    """A request failed in a way that may pass: network, time-out, rate limit, server error, an unreadable answer.

    ``retry_after_s`` is how long the exchange asks to be left alone, None where it says nothing.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NoSuchHostError(TransientError):
    """The host's name cannot be looked up: there is no network, or no such host."""


def names_no_host(error: BaseException) -> bool:
    """Return whether a failed lookup of a host's name stands behind an error."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, socket.gaierror):
            return True
        inner = inner.__cause__ or inner.__context__
    return False


class RangeNotServedError(FeedError):
    """The exchange answered, but not for the range that was asked; asking again does not help."""


class SymbolRefusedError(FeedError):
    """The exchange does not have the symbol, or has it no more."""


def range_text(start_ms: int, end_ms: int) -> str:
    """Return a range of times as text; what is no time of the calendar as its number."""
    return " .. ".join(
        format_ms(time_ms) if 0 <= time_ms < _YEAR_10000_MS else f"{time_ms} ms" for time_ms in (start_ms, end_ms)
    )


def asked_pause_of(failure: FeedError) -> float:
    """Return how many seconds a failed request asks to be left alone, 0 where it does not."""
    return (failure.retry_after_s or 0.0) if isinstance(failure, TransientError) else 0.0


def refusal(
    message: str, status: int | None, headers: Mapping[str, str], *, body: str = "", may_pass: bool = False
) -> FeedError:
    """Return the error of an answer that was refused, or of a request without an answer (``status`` None).

    Server errors, time-outs and rate limits pass by themselves, and so does a refusal that says when to ask again. Any
    other status of 400 or above is final. Below that the status says nothing, and ``may_pass`` counts; a rate limit
    that is told elsewhere than by the status passes too. How long a ban lasts may stand in the body.
    """
    pause_s = asked_pause_s(headers, body)
    if status is not None and status >= 400:
        may_pass = may_pass or status >= 500 or status in _PASSING_4XX or pause_s is not None
    if not may_pass:
        return FeedError(message)
    return TransientError(
        message if pause_s is None else f"{message} (it asks for a pause of {pause_s:.0f} s)", pause_s
    )


def asked_pause_s(headers: Mapping[str, str], body: str = "") -> float | None:
    """Return how many seconds a refusal asks to be left alone, in its headers or in its words; the longer counts.

    Words are "banned until" (or "blocked", "limited", "restricted") with an epoch time in seconds, milliseconds or
    microseconds, counted from the answer's ``Date`` or, without one, from this machine's clock; and a retry time in
    seconds (``retryAfter``, "retry after 30").

    Examples
    --------
    >>> date = {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}
    >>> asked_pause_s(date, '{"code":-1003,"msg":"Way too much; IP banned until 1767225720000."}')
    120.0
    >>> asked_pause_s({}, '{"retry_after": 30}')
    30.0
    """
    told = [retry_after_s(headers)]
    if (after := _RETRY_WORDS.search(body)) is not None:
        told.append(float(after[1]))
    if (until := _UNTIL_WORDS.search(body)) is not None:
        until_s = _epoch_s(until[1])
        now_ms = date_ms({name.lower(): value for name, value in headers.items()}.get("date"))
        now_s = time.time() if now_ms is None else now_ms / 1000.0  # noqa: TID251 - a ban's end is told in wall time
        told.append(min(max(0.0, until_s - now_s), _LONGEST_BAN_S))
    return max((one for one in told if one is not None), default=None)


def _epoch_s(digits: str) -> float:
    """Return seconds of an epoch time of 10 digits (seconds), 13 (milliseconds) or 16 (microseconds)."""
    return int(digits) / 10.0 ** (len(digits) - _SECOND_DIGITS)


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
