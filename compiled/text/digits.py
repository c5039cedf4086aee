"""Whole numbers, decimal numbers and times as text.

Eight digits are written at once: a byte each of a word, found without a division for each. So what is written may be
followed by up to eight bytes more, which the next text overwrites.
"""

from compiled.compiler import Whole, Word, routine
from compiled.compiling.instructions import copy_bytes, put_word, zeros_before, zeros_behind
from compiled.integers import POWERS
from compiled.text.words import Bytes
from core.timeframe import DAY_MS

TEN, HUNDRED, SIXTY, THOUSAND, TEN_THOUSAND, EIGHT_DIGITS = map(Word, (10, 100, 60, 1000, 10**4, 10**8))
ZERO, MINUS, POINT, COMMA, LINE_END = (ord(one) for one in "0-.,\n")


def _word_of(text: str) -> int:
    """Return a text of eight letters as a word; a digit stands for whichever is put there."""
    return Word(int.from_bytes(text.encode(), "little"))


DIGITS, _DATE, _DAY, _CLOCK, _PART = map(_word_of, ("00000000", "0000-00-", "00T00000", "00:00:00", ".000Z000"))
_OF_TWO, _OF_ONE = Word(0x0000007F0000007F), Word(0x000F000F000F000F)
_LAST = Word(1 << 56)
_BY_HUNDRED, _BY_TEN, _20, _10, _32, _16, _8 = map(Word, (10486, 103, 20, 10, 32, 16, 8))
"""10486 ÷ 2 ** 20 and 103 ÷ 2 ** 10: a hundredth of every number of four digits, and a tenth of every one of two."""

TIME_LENGTH, DATE_LENGTH = len("YYYY-MM-DDTHH:MM:SS.mmmZ"), len("YYYY-MM-DDT")


@routine
def eight_digits(number: int) -> int:
    """Return the digits of a number below 10 ** 8 as the bytes of a word, the first of them the lowest."""
    upper = number // TEN_THOUSAND
    fours = upper | (number - upper * TEN_THOUSAND) << _32
    upper = fours * _BY_HUNDRED >> _20 & _OF_TWO
    twos = upper | (fours - upper * HUNDRED) << _16
    upper = twos * _BY_TEN >> _10 & _OF_ONE
    return upper | (twos - upper * TEN) << _8


@routine
def put_whole(out: Bytes, at: int, value: int) -> int:
    """Put a whole number."""
    if value < 0:
        out[at] = MINUS
        at += 1
        value = -value
    rest = Word(value)
    if rest < EIGHT_DIGITS:
        return _put_first(out, at, rest)
    upper = rest // EIGHT_DIGITS
    lower = rest - upper * EIGHT_DIGITS
    if upper < EIGHT_DIGITS:
        at = _put_first(out, at, upper)
    else:
        rest = upper // EIGHT_DIGITS
        at = _put_first(out, at, rest)
        put_word(out, at, eight_digits(upper - rest * EIGHT_DIGITS) | DIGITS)
        at += 8
    put_word(out, at, eight_digits(lower) | DIGITS)
    return at + 8


@routine
def _put_first(out: Bytes, at: int, number: int) -> int:
    """Put a number below 10 ** 8 without leading zeros."""
    digits = eight_digits(number)
    missing = zeros_behind(digits | _LAST) >> 3
    put_word(out, at, (digits | DIGITS) >> Word(8 * missing))
    return at + 8 - missing


@routine
def put_padded(out: Bytes, at: int, value: int, length: int) -> int:
    """Put the last digits of a number that is not below 0, with leading zeros."""
    rest = Word(value)
    for place in range(at + length - 1, at - 1, -1):
        out[place] = ZERO + Whole(rest % TEN)
        rest //= TEN
    return at + length


@routine
def put_digits(out: Bytes, at: int, number: int) -> int:
    """Put sixteen digits; return how many there are without the zeros at the end."""
    upper = number // EIGHT_DIGITS
    lower = number - upper * EIGHT_DIGITS
    first, last = eight_digits(upper), eight_digits(lower)
    put_word(out, at, first | DIGITS)
    put_word(out, at + 8, last | DIGITS)
    return 16 - (zeros_before(last) >> 3) if lower else 8 - (zeros_before(first) >> 3)


@routine
def put_plain(out: Bytes, at: int, value: int, decimals: int) -> int:
    """Put a number of 10 ** -decimals: no exponent, no trailing zeros, no negative zero."""
    if value < 0:
        out[at] = MINUS
        at += 1
        value = -value
    number, unit = Word(value), Word(POWERS[decimals])
    whole = number // unit
    at = put_whole(out, at, Whole(whole))
    rest = number - whole * unit
    if not rest:
        return at
    out[at] = POINT
    at += 1
    if decimals <= 8:
        digits = eight_digits(rest * Word(POWERS[8 - decimals]))
        put_word(out, at, digits | DIGITS)
        return at + 8 - (zeros_before(digits) >> 3)
    if decimals <= 16:
        return at + put_digits(out, at, rest * Word(POWERS[16 - decimals]))
    at = put_padded(out, at, Whole(rest), decimals)
    while out[at - 1] == ZERO:
        at -= 1
    return at


@routine
def put_time(out: Bytes, at: int, time_ms: int) -> int:
    """Put UTC milliseconds as ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""
    days = time_ms // DAY_MS
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
    put_word(out, at, eight_digits(Word(year * 10_000 + month * 10)) | _DATE)
    put_word(out, at + 8, eight_digits(Word(day * 1_000_000)) | _DAY)
    return _put_clock(out, at + DATE_LENGTH, Word(time_ms - days * DAY_MS))


@routine
def _put_clock(out: Bytes, at: int, rest: int) -> int:
    """Put the milliseconds of a day."""
    seconds = rest // THOUSAND
    minutes = seconds // SIXTY
    hours = minutes // SIXTY
    shown = (hours * THOUSAND + (minutes - hours * SIXTY)) * THOUSAND + (seconds - minutes * SIXTY)
    put_word(out, at, eight_digits(shown) | _CLOCK)
    put_word(out, at + 8, eight_digits((rest - seconds * THOUSAND) * TEN_THOUSAND) | _PART)
    return at + TIME_LENGTH - DATE_LENGTH


@routine
def put_next_time(out: Bytes, at: int, time_ms: int, before: int, before_ms: int) -> int:
    """Put a time as :func:`put_time`, of which another stands before it; lines often have one time or one day."""
    if time_ms == before_ms:
        return copy_bytes(out, at, out, before, before + TIME_LENGTH)
    first_ms = before_ms - before_ms % DAY_MS
    if first_ms <= time_ms < first_ms + DAY_MS:
        return _put_clock(out, copy_bytes(out, at, out, before, before + DATE_LENGTH), Word(time_ms - first_ms))
    return put_time(out, at, time_ms)


@routine
def put_comma(out: Bytes, at: int) -> int:
    """Put the end of a field."""
    out[at] = COMMA
    return at + 1
