"""Exact decimal arithmetic for orders and money.

Received numbers (prices, settings) and computed floats (sizes, distances) enter through one function each; rounding
to ticks and lots is exact integer division. ``EXACT`` has room for every sum and product of such values and traps the
rest, so that money is either exact or the run stops.
"""

import decimal
from decimal import Decimal

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

_SHOWN = decimal.Context(prec=12, rounding=decimal.ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999)
_ROUNDING = decimal.Context(prec=2_000, rounding=decimal.ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999)


def received(value: float) -> Decimal:
    """Return a received price or a number from settings as the decimal that its shortest text names."""
    return Decimal(repr(float(value)))


def computed(value: float) -> Decimal:
    """Return a computed float (a size, a distance) as a decimal of twelve significant digits."""
    return Decimal(format(value, ".12g"))


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the largest multiple of ``step`` that is not above ``value``; ``step`` 0 means no grid."""
    if not step:
        return value
    quotient, remainder = EXACT.divmod(value, step)
    multiple = EXACT.multiply(quotient, step)
    return EXACT.subtract(multiple, step) if remainder < 0 else multiple


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the smallest multiple of ``step`` that is not below ``value``; ``step`` 0 means no grid."""
    if not step:
        return value
    quotient, remainder = EXACT.divmod(value, step)
    multiple = EXACT.multiply(quotient, step)
    return EXACT.add(multiple, step) if remainder > 0 else multiple


def round_commission(value: Decimal) -> Decimal:
    """Return a commission rounded half-even to 1e-8."""
    return _ROUNDING.quantize(value, COMMISSION_STEP)


def share_of(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Return the share of an amount of money that falls on ``part`` of ``whole``, rounded half-even to 1e-8."""
    return round_commission(_ROUNDING.divide(EXACT.multiply(amount, part), whole))


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
    if not value:
        return "0"
    text = str(value)
    if "E" in text:
        return format(value.normalize(EXACT), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
