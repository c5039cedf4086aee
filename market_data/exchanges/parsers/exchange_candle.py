"""What a parser makes of an exchange's message, and the checks all parsers share."""

import datetime
import functools
import math
import re
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import msgspec

from core.candle import Candle, OpenInterest
from market_data.quality.sound_candle import LEAST_PRICE, MOST_PRICE, sound_amount, sound_price

LAST_TIME_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""

T = TypeVar("T")

TimeMs = Annotated[int, msgspec.Meta(ge=0, le=LAST_TIME_MS)]

_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_SHOWN = 160
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MILLISECOND = datetime.timedelta(milliseconds=1)

# What reading foreign text can raise, the depth of its nesting included.
MISREADINGS = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError, OverflowError)


class Unreadable(msgspec.Struct, frozen=True):
    """A message that is none the parser knows; it is counted and never fatal."""

    reason: str


class ExchangeCandle(msgspec.Struct, frozen=True):
    """A candle in the exchange's own terms.

    ``market_id`` and ``interval`` are the exchange's words, empty where the message does not say. ``closed`` is its
    flag, None where it sends none. ``event_time_ms`` is the time stamped on the message, None where there is none.
    """

    market_id: str
    interval: str
    candle: Candle
    closed: bool | None
    event_time_ms: int | None


Reading = list[ExchangeCandle] | Unreadable
"""An empty list is a message the parser knows that carries no candle, such as the answer to a subscription."""

FrameParser = Callable[[bytes | str], Reading]

RowsReading = list[ExchangeCandle | Unreadable] | Unreadable
"""A REST answer row by row: one row with impossible numbers does not take the others with it."""


def number(value: str | float) -> float:
    """Return a number that an exchange sent as text or as JSON number; ValueError unless it is a plain finite one."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise ValueError(f"{value[:40]!r} is no number")
    result = float(value)
    if not math.isfinite(result):
        raise ValueError(f"{value!r} is not finite")
    return result


def candle(
    open_time_ms: int,
    opened: str | float,
    high: str | float,
    low: str | float,
    closed: str | float,
    volume: str | float,
) -> Candle:
    """Return a candle of an exchange's numbers.

    Raises
    ------
    ValueError
        If the time is none, a price is none that anything is traded at, the volume is negative, or a number is not
        finite.
    """
    if not 0 <= open_time_ms <= LAST_TIME_MS:
        raise ValueError(f"{open_time_ms} is no time")
    prices = number(opened), number(high), number(low), number(closed)
    unsound = [price for price in prices if not sound_price(price)]
    if unsound:
        raise ValueError(f"price {unsound[0]!r} is not between {LEAST_PRICE:g} and {MOST_PRICE:g}")
    amount = number(volume)
    if not sound_amount(amount):
        raise ValueError(f"volume {amount!r} is negative")
    return Candle(open_time_ms, *prices, amount)


def open_interest(time_ms: int, amount: str | float, value: str | float | None) -> OpenInterest:
    """Return the open interest of an exchange's numbers; ValueError for a time or an amount that is none.

    A value that is missing, empty or no amount of money is not known: None, as in the store.
    """
    if not 0 <= time_ms <= LAST_TIME_MS:
        raise ValueError(f"{time_ms} is no time")
    held = number(amount)
    if not sound_amount(held):
        raise ValueError(f"open interest {held!r} is negative")
    worth = 0.0 if value is None or value == "" else float(value)
    return OpenInterest(time_ms, held, worth if sound_price(worth) else None)


def utc_ms(moment: datetime.datetime) -> int:
    """Return an aware time in UTC milliseconds; ValueError for one without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (moment - _EPOCH) // _MILLISECOND


def frame_parser(read: Callable[[bytes], list[ExchangeCandle]]) -> FrameParser:
    """Make what reads a frame one that never raises: Unreadable, with the cause, is what it does not expect."""

    @functools.wraps(read)
    def parse(frame: bytes | str) -> Reading:
        try:
            return read(frame.encode() if isinstance(frame, str) else frame)
        except MISREADINGS as error:
            return unreadable(error, frame)

    return parse


def rows_reading(
    body: bytes | str, decode: Callable[[bytes], Sequence[T]], read_row: Callable[[T], ExchangeCandle]
) -> RowsReading:
    """Return what ``read_row`` makes of each row; Unreadable as a whole where ``decode`` does not find rows."""
    try:
        rows = decode(body.encode() if isinstance(body, str) else body)
    except MISREADINGS as error:
        return unreadable(error, body)
    found: list[ExchangeCandle | Unreadable] = []
    for row in rows:
        try:
            found.append(read_row(row))
        except MISREADINGS as error:
            found.append(unreadable(error, str(row)))
    return found


def unreadable(error: BaseException, frame: bytes | str) -> Unreadable:
    """Return what is told of a message that could not be read: the cause, and how it begins."""
    return Unreadable(f"{' '.join(str(error).split())[:_SHOWN]}: {excerpt(frame)}")


def excerpt(frame: bytes | str) -> str:
    """Return the beginning of a frame, printable."""
    return repr(frame[:80])
