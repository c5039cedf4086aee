"""Whole numbers, decimal numbers and times as text."""

import numpy as np

from compiled.compiler import Whole, Word, routine
from compiled.integers import POWERS
from compiled.text.words import Bytes
from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS

TEN, HUNDRED = Word(10), Word(100)
PAIRS = np.frombuffer("".join(f"{number:02}" for number in range(100)).encode(), np.uint8)
"""The numbers below a hundred, two digits each: half as many divisions."""
ZERO, MINUS, POINT, COMMA, LINE_END, COLON, TIME, ZULU = (ord(one) for one in "0-.,\n:TZ")


@routine
def put_whole(out: Bytes, at: int, value: int) -> int:
    """Put a whole number."""
    if value < 0:
        out[at] = MINUS
        at += 1
        value = -value
    length = 1
    while length < 19 and value >= POWERS[length]:
        length += 1
    return put_padded(out, at, value, length)


@routine
def put_padded(out: Bytes, at: int, value: int, length: int) -> int:
    """Put the last digits of a number that is not below 0, with leading zeros."""
    rest, place = Word(value), at + length
    while place - at > 1:
        place -= 2
        pair = Whole(rest % HUNDRED) * 2
        rest //= HUNDRED
        out[place], out[place + 1] = PAIRS[pair], PAIRS[pair + 1]
    if place > at:
        out[at] = ZERO + Whole(rest % TEN)
    return at + length


@routine
def put_plain(out: Bytes, at: int, value: int, decimals: int) -> int:
    """Put a number of 10 ** -decimals: no exponent, no trailing zeros, no negative zero."""
    if value < 0:
        out[at] = MINUS
        at += 1
        value = -value
    power = POWERS[decimals]
    at = put_whole(out, at, value // power)
    rest = value % power
    if rest == 0:
        return at
    while rest % 10 == 0:
        rest //= 10
        decimals -= 1
    out[at] = POINT
    return put_padded(out, at + 1, rest, decimals)


@routine
def put_time(out: Bytes, at: int, time_ms: int) -> int:
    """Put UTC milliseconds as ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""
    days, rest = time_ms // DAY_MS, time_ms % DAY_MS
    # The civil date of a day number (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    shifted = days + 719468
    era = shifted // 146097
    day_of_era = shifted - era * 146097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    at = put_padded(out, at, year, 4)
    out[at] = MINUS
    at = put_padded(out, at + 1, month, 2)
    out[at] = MINUS
    at = put_padded(out, at + 1, day, 2)
    out[at] = TIME
    at = put_padded(out, at + 1, rest // HOUR_MS, 2)
    out[at] = COLON
    at = put_padded(out, at + 1, rest // MINUTE_MS % 60, 2)
    out[at] = COLON
    at = put_padded(out, at + 1, rest // 1000 % 60, 2)
    out[at] = POINT
    at = put_padded(out, at + 1, rest % 1000, 3)
    out[at] = ZULU
    return at + 1


@routine
def put_comma(out: Bytes, at: int) -> int:
    """Put the end of a field."""
    out[at] = COMMA
    return at + 1
