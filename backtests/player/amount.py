"""Money and prices as states show them: floats that still know the exact number they are of."""

from decimal import Decimal
from typing import Any

from core.exact import plain


class Amount(float):
    """A float whose ``exact`` is the decimal that it was made of.

    Scripts calculate with it as with any float; what is sent elsewhere is the exact text.

    Parameters
    ----------
    exact
        The exact number.

    Examples
    --------
    >>> price = Amount(Decimal("9999.10"))
    >>> price + 1.0, str(price.exact)
    (10000.1, '9999.10')
    """

    __slots__ = ("exact",)

    exact: Decimal

    def __new__(cls, exact: Decimal) -> "Amount":
        made = float.__new__(cls, exact)
        made.exact = exact
        return made

    def __getnewargs__(self) -> Any:
        return (self.exact,)

    def __repr__(self) -> str:
        return float.__repr__(self)


def optional_amount(exact: Decimal | None) -> Amount | None:
    """Return an exact number as an amount; None stays None."""
    return None if exact is None else Amount(exact)


def exact_text(value: object) -> str:
    """Return an amount's exact text, without an exponent; TypeError for anything else."""
    if isinstance(value, Amount):
        return plain(value.exact)
    raise TypeError(f"{type(value).__name__} is not part of a state")
