"""Funding of perpetual contracts."""

from decimal import Decimal

from core.exact import multiply, round_commission


def funding_amount(sign: int, quantity: Decimal, mark: Decimal, rate: Decimal) -> Decimal:
    """Return what a position receives at a funding time; negative where it pays.

    Parameters
    ----------
    sign
        +1 for a long, −1 for a short.
    quantity
        Base units held.
    mark
        Mark price at the funding time.
    rate
        The fraction that longs pay to shorts; negative where shorts pay.

    Returns
    -------
    Decimal
        −sign × quantity × mark × rate, in quote currency, rounded half-even to 1e-8.

    Notes
    -----
    The published rule: the funding amount is the position's nominal value (mark price × size) times the funding rate;
    at a positive rate longs pay shorts. "Introduction to Binance Futures Funding Rates",
    https://www.binance.com/en/support/faq/360033525031
    """
    return round_commission(multiply(multiply(multiply(-sign, quantity), mark), rate))
