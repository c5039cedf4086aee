"""Values as people read them: rounded, grouped, on one line, and "n/a" for what is not defined."""

import math
from decimal import Decimal

from core.plain_text import escaped

UNDEFINED = "n/a"


def amount(value: object, decimals: int = 2, unit: str = "") -> str:
    """Return a number with grouped thousands and a unit behind it; "n/a" for None, nan and the infinities.

    A number that rounds to zero has no sign.

    Examples
    --------
    >>> amount(-12345.678, unit="USDT")
    '-12,345.68 USDT'
    >>> amount(-0.001)
    '0.00'
    """
    if not _is_finite(value):
        return UNDEFINED
    text = f"{value:,.{decimals}f}"
    if text.startswith("-") and not text.strip("-0.,"):
        text = text[1:]
    return f"{text} {unit}" if unit else text


def per_cent(value: object) -> str:
    """Return per cent with two decimals; "n/a" for what is not defined."""
    return amount(value, unit="%")


def count(value: object) -> str:
    """Return a whole number with grouped thousands; "n/a" for what is not defined."""
    return amount(value, decimals=0)


def one_line(value: object) -> str:
    """Return text on one line: white space becomes single spaces, other unprintable characters are written out.

    Examples
    --------
    >>> one_line("first\\n  second")
    'first second'
    """
    return escaped(" ".join(str(value).split()))


def is_negative(value: object) -> bool:
    """Return whether a value is a number below 0."""
    return _is_number(value) and value < 0  # type: ignore[operator]


def is_positive(value: object) -> bool:
    """Return whether a value is a number above 0."""
    return _is_number(value) and value > 0  # type: ignore[operator]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _is_finite(value: object) -> bool:
    return _is_number(value) and math.isfinite(value)  # type: ignore[arg-type]
