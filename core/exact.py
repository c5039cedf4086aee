"""Exact decimal arithmetic for orders and money.

Received numbers (prices, settings) and computed floats (sizes, distances) enter through one function each; rounding
to ticks and lots is exact integer division. ``EXACT`` has room for every sum and product of such values and traps the
rest, so that money is either exact or the run stops.
"""

import decimal
import functools
from decimal import Decimal

import msgspec

EXACT = decimal.Context(
    prec=2_000,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    traps=[decimal.Inexact, decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
"""Context of every operation on money; ``Inexact`` is trapped."""

ZERO = Decimal(0)
ONE = Decimal(1)
COMMISSION_STEP = Decimal("0.00000001")
"""Commissions are rounded half-even to this step."""

add, subtract, multiply = EXACT.add, EXACT.subtract, EXACT.multiply
negated, absolute = EXACT.minus, EXACT.abs
"""Sums, differences, products, negatives and absolute values, exact or trapped. Looked up once: that costs as much as
the operation."""

_divmod = EXACT.divmod
_encoded = msgspec.json.Encoder().encode
_SHOWN = decimal.Context(prec=12, rounding=decimal.ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999)
_ROUNDING = decimal.Context(prec=2_000, rounding=decimal.ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999)


def float_text(value: float) -> str:
    """Return what ``repr`` does of a float, by the faster way where the two write alike: without an exponent.

    Examples
    --------
    >>> float_text(30123.25), float_text(1e-5), float_text(-0.1)
    ('30123.25', '1e-05', '-0.1')
    """
    return _encoded(value).decode() if 1e-4 <= value < 1e16 else repr(value)


def received(value: float) -> Decimal:
    """Return a received price or a number from settings as the decimal that its shortest text names."""
    # To what remembers numbers zero and minus zero are one, and a funding rate may be either.
    return _remembered(value) if value else Decimal(float_text(float(value)))


# The same prices and distances come again and again: at the open, as a mark, in every gate.
@functools.lru_cache(maxsize=1_024)
def _remembered(value: float) -> Decimal:
    return Decimal(float_text(float(value)))


@functools.lru_cache(maxsize=1_024)
def computed(value: float) -> Decimal:
    """Return a computed float (a size, a distance) as a decimal of twelve significant digits; a zero has no sign."""
    # Zero and minus zero are remembered as one: whichever came first must not decide what the other becomes.
    return Decimal(format(value + 0.0, ".12g"))


# A conversion costs more than to remember the last ones.
@functools.lru_cache(maxsize=1_024)
def as_float(value: Decimal) -> float:
    """Return the float nearest to a price or a quantity; a zero has no sign, as in :func:`computed`."""
    return float(value) + 0.0


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the largest multiple of ``step`` that is not above ``value``; ``step`` 0 means no grid."""
    if not step:
        return value
    quotient, remainder = _divmod(value, step)
    multiple = multiply(quotient, step)
    return subtract(multiple, step) if remainder < 0 else multiple


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the smallest multiple of ``step`` that is not below ``value``; ``step`` 0 means no grid."""
    if not step:
        return value
    quotient, remainder = _divmod(value, step)
    multiple = multiply(quotient, step)
    return add(multiple, step) if remainder > 0 else multiple


def round_commission(value: Decimal) -> Decimal:
    """Return a commission rounded half-even to 1e-8."""
    return _ROUNDING.quantize(value, COMMISSION_STEP)


def share_of(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Return the share of an amount of money that falls on ``part`` of ``whole``, rounded half-even to 1e-8."""
    return round_commission(_ROUNDING.divide(multiply(amount, part), whole))


def average(total: Decimal, count: Decimal) -> Decimal:
    """Return total ÷ count to twelve significant digits: for showing, never for money."""
    return _SHOWN.divide(total, count)


def plain(value: Decimal) -> str:
    """Return the one text of a decimal: no exponent, no trailing zeros, no negative zero.

    Examples
    --------
    >>> plain(Decimal("-0.00")), plain(Decimal("1E+4")), plain(Decimal("2.50"))
    ('0', '10000', '2.5')
    """
    text = str(value)
    if text[-1] != "0" and "E" not in text:
        return text
    if not value:
        return "0"
    if "E" in text:
        return format(value.normalize(EXACT), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
