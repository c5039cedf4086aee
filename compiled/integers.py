"""Exact arithmetic on scaled whole numbers, and the two ways from and to float64 that the kernel has.

A quotient of a product of two 64-bit numbers is estimated in float64 and set right by its remainder, which fits 64 bits
wherever the quotient stays below 2 ** 50; products of two words are in :mod:`compiled.two_words`.
"""

import math

import numpy as np

from compiled.codes import NONE
from compiled.compiler import Whole, Word, kernel, routine
from compiled.compiling.instructions import wide_product

LARGEST = 4 * 10**18
"""No whole number of a run may be larger."""
LARGEST_QUOTIENT = float(1 << 50)
LARGEST_DIVISOR = float(1 << 59)
EXACT_FLOATS = 1 << 53
DIGITS = 10**15
"""Below it every decimal number is the shortest text of its float64."""

POWERS = np.array([10**power for power in range(19)], np.int64)
FLOAT_POWERS = np.array([float(10**power) for power in range(23)], np.float64)
FIVES = np.array([5**power for power in range(23)], np.int64)


@kernel
def divided_product(left: int, right: int, divisor: int) -> tuple[int, int]:
    """Return quotient and remainder of left × right ÷ divisor; none is below 0."""
    quotient = Whole(float(left) * float(right) / float(divisor))
    rest = left * right - quotient * divisor
    while rest < 0:
        quotient -= 1
        rest += divisor
    while rest >= divisor:
        quotient += 1
        rest -= divisor
    return quotient, rest


@kernel
def directed_quotient(left: int, right: int, divisor: int, up: bool) -> int:
    """Return left × right ÷ divisor as :func:`divided_product`, rounded up or down."""
    quotient, rest = divided_product(left, right, divisor)
    return quotient + 1 if up and rest > 0 else quotient


@routine
def long_quotient(left: int, right: int, divisor: int) -> tuple[int, int]:
    """Return quotient and remainder of left × right ÷ divisor as :func:`divided_product`, for quotients of 62 bits.

    The product may have 112 bits: what the estimate misses the quotient by, times the divisor, fits 64.
    """
    quotient = Whole(float(left) * float(right) / float(divisor))
    rest = left * right - quotient * divisor
    missed = rest // divisor
    return quotient + missed, rest - missed * divisor


@routine
def share_of(amount: int, part: int, whole: int, step: int) -> int:
    """Return the share of an amount that falls on a part of a whole, rounded half-even to a step."""
    quotient, rest = long_quotient(abs(amount), part, whole * step)
    share = half_even(quotient, rest, whole * step) * step
    return share if amount >= 0 else -share


@routine
def average(total: int, count: int, decimals: int) -> float:
    """Return total ÷ count ÷ 10 ** decimals, to twelve significant digits, as a float; nan beyond 64 bits."""
    if float(count) > 8e17:
        return math.nan
    digits, rest = total // count, total % count
    dropped = 0
    while digits >= 10**12 * POWERS[dropped]:
        dropped += 1
    if dropped:
        power = POWERS[dropped]
        # What is left of the quotient stands before what is left of the division.
        rest, digits = digits % power * 2 + (1 if rest else 0), digits // power
        if rest > power or (rest == power and digits % 2 == 1):
            digits += 1
        decimals -= dropped
    else:
        while digits < 10**11 and rest:
            rest *= 10
            digits = digits * 10 + rest // count
            rest %= count
            decimals += 1
        digits = half_even(digits, rest, count)
    if decimals > 22:
        return math.nan
    return float(digits) / FLOAT_POWERS[decimals] if decimals >= 0 else float(digits) * FLOAT_POWERS[-decimals]


@kernel
def half_even(quotient: int, rest: int, divisor: int) -> int:
    """Return a quotient rounded by its remainder."""
    if 2 * rest > divisor or (2 * rest == divisor and quotient % 2 == 1):
        return quotient + 1
    return quotient


@kernel
def floor_to(value: int, step: int) -> int:
    """Return the largest multiple of a step that is not above a value."""
    return value // step * step


@kernel
def ceil_to(value: int, step: int) -> int:
    """Return the smallest multiple of a step that is not below a value."""
    return -(-value // step) * step


@kernel
def float_of(value: int, unit: float) -> float:
    """Return value ÷ unit as the float64 nearest to it; the unit is a power of ten of at most 15 digits."""
    first = float(value)
    found = first / unit
    if -EXACT_FLOATS < value < EXACT_FLOATS:
        return found
    # found × unit as a sum of two floats (T. J. Dekker 1971), and what it misses the value by.
    split = 134217729.0
    bent = split * found
    upper = bent - (bent - found)
    lower = found - upper
    bent = split * unit
    unit_upper = bent - (bent - unit)
    unit_lower = unit - unit_upper
    product = found * unit
    error = ((upper * unit_upper - product) + upper * unit_lower + lower * unit_upper) + lower * unit_lower
    missed = (first - product) + (float(value - Whole(first)) - error)
    return found + missed / unit


@kernel
def twelve_digits(value: float) -> tuple[int, int]:
    """Return a positive float rounded to twelve significant digits: a whole number, and how many decimals it has.

    The number is NONE where the value is beyond [1e-11, 1e12).
    """
    if not 1e-11 <= value < 1e12:
        return NONE, 0
    decimals = 11 - math.floor(math.log10(value))
    if decimals > 22:
        decimals = 22
    if decimals < 0:
        decimals = 0
    scaled = value * FLOAT_POWERS[decimals]
    if scaled < 1e11 and decimals < 22:
        decimals += 1
        scaled = value * FLOAT_POWERS[decimals]
    elif scaled >= 1e12 and decimals > 0:
        decimals -= 1
        scaled = value * FLOAT_POWERS[decimals]
    whole = math.floor(scaled)
    part = scaled - whole
    digits = Whole(whole)
    if abs(part - 0.5) > 0.01:
        return (digits + 1 if part > 0.5 else digits), decimals
    beside = beside_half(value, decimals)
    if beside > 0 or (beside == 0 and digits % 2 == 1):
        digits += 1
    return digits, decimals


@kernel
def beside_half(value: float, decimals: int) -> int:
    """Return the sign of the fraction of value × 10 ** decimals less one half, exactly."""
    mantissa, exponent = math.frexp(value)
    number = Word(math.ldexp(mantissa, 53))
    shift = -(exponent - 53 + decimals)
    if shift <= 0:
        return -1
    factor = Word(FIVES[decimals])
    high, low = wide_product(number, factor)
    one = Word(1)
    if shift <= 64:
        rest = low if shift == 64 else low & ((one << Word(shift)) - one)
        half = one << Word(shift - 1)
        return 0 if rest == half else (1 if rest > half else -1)
    rest_high = high & ((one << Word(shift - 64)) - one)
    half_high = one << Word(shift - 65)
    if rest_high != half_high:
        return 1 if rest_high > half_high else -1
    return 1 if low > Word(0) else 0


@kernel
def in_steps(digits: int, decimals: int, unit_decimals: int, step: int, up: bool) -> int:
    """Return how many steps of a unit a decimal number is, rounded up or down; NONE beyond 64 bits."""
    if unit_decimals >= decimals:
        if unit_decimals - decimals > 6:
            return NONE
        value = digits * POWERS[unit_decimals - decimals]
        return -(-value // step) if up else value // step
    finer = decimals - unit_decimals
    if finer > 18 or float(step) * float(POWERS[finer]) > LARGEST:
        return Whole(1 if up and digits > 0 else 0)
    step = step * POWERS[finer]
    return -(-digits // step) if up else digits // step
