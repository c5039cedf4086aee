"""Floats as Python's repr writes them: the shortest decimal number that reads as the same float64.

R. Giulietti (2020), "The Schubfach way to render doubles"; digits are found in whole numbers of 128 bits.
"""

import math

import numpy as np
import numpy.typing as npt

from compiled.compiler import Whole, Word, routine
from compiled.compiling.instructions import bits_of, copy_bytes, wide_product, zeros_before
from compiled.integers import POWERS
from compiled.text.digits import MINUS, POINT, TEN, ZERO, put_digits, put_padded
from compiled.text.words import Bytes

_LEAST, _MOST = -292, 324
SHORT_DECIMALS, SHORT_POWER, LARGEST_SHORT, SHORT_ERROR = 4, 1e4, 1e14, 0.02
"""Of numbers with few decimals and at most 15 digits these are the shortest: no other such number is the same float."""
_E, _PLUS = ord("e"), ord("+")
_SIXTEEN_DIGITS = 10**16
_IMPLIED, _FRACTION = 1 << 52, (1 << 52) - 1
"""Of the bits of a float: the one that is not written, and those behind it."""


def _power_words() -> npt.NDArray[np.uint64]:
    """Return the powers of ten from 1e-292 on as 128 bits each, rounded up, their first bit set: high and low word."""
    rows = []
    for power in range(_LEAST, _MOST + 1):
        if power >= 0:
            number = 10**power
            shift = number.bit_length() - 128
            words = -(-number >> shift) if shift > 0 else number << -shift
        else:
            number = 10**-power
            words = -(-(1 << (127 + number.bit_length())) // number)
            if words >> 128:
                words = -(-(1 << (126 + number.bit_length())) // number)
        rows.append((words >> 64, words & (2**64 - 1)))
    return np.array(rows, np.uint64)


_POWER_WORDS = _power_words()


@routine
def _rounded_to_odd(high: int, low: int, factor: int) -> int:
    carried, _ = wide_product(low, factor)
    upper, lower = wide_product(high, factor)
    total = lower + carried
    if total < lower:
        upper += Word(1)
    return upper | Word(1 if total > Word(1) else 0)


@routine
def shortest(value: float) -> tuple[int, int]:
    """Return digits and exponent of the shortest decimal number of a positive finite float: digits × 10 ** exponent."""
    bits = Whole(bits_of(value))
    significand, q = bits & _FRACTION, (bits >> 52) - 1075
    if q < -1074:
        q = -1074
    else:
        significand |= _IMPLIED
    if 0 <= -q < 53 and significand & ((1 << -q) - 1) == 0:
        return significand >> -q, 0
    even = significand & 1 == 0
    closer = significand == _IMPLIED and q > -1074
    centre = 4 * significand
    k = (q * 1262611 - (524031 if closer else 0)) >> 22
    h = Word(q + ((-k * 1741647) >> 19) + 1)
    high, low = _POWER_WORDS[-k - _LEAST, 0], _POWER_WORDS[-k - _LEAST, 1]
    lower = Whole(_rounded_to_odd(high, low, Word(centre - 2 + (1 if closer else 0)) << h))
    middle = Whole(_rounded_to_odd(high, low, Word(centre) << h))
    upper = Whole(_rounded_to_odd(high, low, Word(centre + 2) << h))
    if not even:
        lower += 1
        upper -= 1
    found = middle >> 2
    if found >= 10:
        shorter = Whole(Word(found) // TEN)
        below, above = lower <= 40 * shorter, 40 * shorter + 40 <= upper
        if below != above:
            return shorter + (1 if above else 0), k + 1
    below, above = lower <= 4 * found, 4 * found + 4 <= upper
    if below != above:
        return found + (1 if above else 0), k
    half = 4 * found + 2
    up = middle > half or (middle == half and found % 2 == 1)
    return found + (1 if up else 0), k


@routine
def put_float(out: Bytes, at: int, value: float) -> int:
    """Put a finite float."""
    if value < 0.0 or (value == 0.0 and math.copysign(1.0, value) < 0.0):
        out[at] = MINUS
        at += 1
        value = -value
    if value == 0.0:
        out[at], out[at + 1], out[at + 2] = ZERO, POINT, ZERO
        return at + 3
    scaled = value * SHORT_POWER
    whole = Whole(scaled + 0.5) if scaled < LARGEST_SHORT else Whole(0)
    if abs(scaled - whole) < SHORT_ERROR and whole / SHORT_POWER == value:
        digits, exponent = whole, -SHORT_DECIMALS
    else:
        digits, exponent = shortest(value)
    length = (64 - zeros_before(Word(digits))) * 1233 >> 12
    length += 1 if digits >= POWERS[length] else 0
    point = length + exponent
    if -4 < point <= 0:
        for place in range(at, at + 2 - point):
            out[place] = ZERO
        out[at + 1] = POINT
        at += 2 - point
        return at + _put_digits(out, at, digits, length)
    count = _put_digits(out, at, digits, length)
    if point > 16 or point <= -4:
        return _put_scientific(out, at, count, point - 1)
    if point < count:
        copy_bytes(out, at + point + 1, out, at + point, at + count)
        out[at + point] = POINT
        return at + count + 1
    out[at + point], out[at + point + 1] = POINT, ZERO
    return at + point + 2


@routine
def _put_digits(out: Bytes, at: int, digits: int, length: int) -> int:
    """Put up to seventeen digits, and zeros up to the sixteenth; return how many there are without zeros at the end."""
    if length <= 16:
        return put_digits(out, at, Word(digits * POWERS[16 - length]))
    out[at] = ZERO + digits // _SIXTEEN_DIGITS
    return 1 + put_digits(out, at + 1, Word(digits % _SIXTEEN_DIGITS))


@routine
def _put_scientific(out: Bytes, at: int, count: int, exponent: int) -> int:
    """Put the point behind the first of so many digits that stand there, and the exponent behind the last."""
    if count > 1:
        copy_bytes(out, at + 2, out, at + 1, at + count)
        out[at + 1] = POINT
        count += 1
    at += count
    out[at] = _E
    out[at + 1] = MINUS if exponent < 0 else _PLUS
    exponent = abs(exponent)
    return put_padded(out, at + 2, exponent, 3 if exponent >= 100 else 2)
