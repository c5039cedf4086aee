"""What both oracles count with: exact numbers, the rounding of prices and money, and the text of what they come to.

Everything here is done with `fractions.Fraction`, so that no result rests on a decimal context or on `core.exact`.
"""

import datetime as dt
from fractions import Fraction

DAY_MS = 86_400_000
TOLERANCE = 1e-9
EXACT_TOLERANCE = Fraction(1, 10**9)


def exact(value: float) -> Fraction:
    """Return a received price or a setting as the decimal number that its shortest text names."""
    return Fraction(repr(float(value)))


def twelve_digits(value: float) -> Fraction:
    """Return a computed float (a size, a distance) as the number of its twelve significant digits."""
    return Fraction(format(value, ".12g"))


def typical(high: float, low: float, close: float) -> Fraction:
    """Return the mean of a candle's high, low and close in twelve significant digits, kept within its range."""
    mean = twelve_digits(float((exact(high) + exact(low) + exact(close)) / 3))
    return min(max(mean, exact(low)), exact(high))


def rounded_down(value: Fraction, step: Fraction) -> Fraction:
    """Return the largest multiple of ``step`` that is not above ``value``; step 0 is no grid."""
    return value if step == 0 else (value // step) * step


def rounded_up(value: Fraction, step: Fraction) -> Fraction:
    """Return the smallest multiple of ``step`` that is not below ``value``; step 0 is no grid."""
    return -rounded_down(-value, step)


def to_1e8(value: Fraction) -> Fraction:
    """Round half-even to eight decimals, as commissions are (`round` of a Fraction is half-even)."""
    return Fraction(round(value * 10**8), 10**8)


def against_trader(price: Fraction, sign: int, tick: Fraction) -> Fraction:
    """Round what happens to a buy (+1) up and to a sell (-1) down: fills, and the triggers of stops."""
    return rounded_up(price, tick) if sign > 0 else rounded_down(price, tick)


def for_trader(price: Fraction, sign: int, tick: Fraction) -> Fraction:
    """Round what a buy (+1) asks for down and a sell (-1) up: limits, targets among them."""
    return rounded_down(price, tick) if sign > 0 else rounded_up(price, tick)


def slipped(reference: Fraction, sign: int, fraction: Fraction, tick: Fraction) -> Fraction:
    """Return the price of a buy or a sell that is a fraction worse than its reference."""
    return against_trader(reference * (1 + sign * fraction), sign, tick)


def beyond(value: Fraction, limit: Fraction) -> bool:
    """Whether a value is above a limit, and not only by the tolerance; one that reaches it is not."""
    return value > limit * (1 + EXACT_TOLERANCE)


def plain_text(value: Fraction) -> str:
    """Return the decimal text of a number: no exponent, no trailing zeros, "0" for zero."""
    places = 0
    scaled = value
    while scaled.denominator != 1:
        scaled *= 10
        places += 1
        if places > 2_000:
            raise ValueError(f"{value} has no finite decimal text")
    digits = str(abs(scaled.numerator)).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :]
    return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"


def clock_text(time_ms: int) -> str:
    """Return ``YYYY-MM-DDTHH:MM:SS.mmmZ`` of UTC milliseconds."""
    moment = dt.datetime(1970, 1, 1) + dt.timedelta(milliseconds=time_ms)  # noqa: DTZ001
    return moment.isoformat(timespec="milliseconds") + "Z"


def day_of(time_ms: int) -> int:
    """Return the UTC day of a step: floor((T - 1 ms) / 86,400,000), so the step at 00:00 closes the old day."""
    return (time_ms - 1) // DAY_MS
