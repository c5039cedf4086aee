"""Commission models: one method, exact."""

from decimal import Decimal
from typing import Protocol

from core.exact import EXACT, round_commission


class CommissionModel(Protocol):
    """What the venue takes for a fill."""

    def commission(self, price: Decimal, quantity: Decimal) -> Decimal:
        """Return the commission of one fill in quote currency, rounded half-even to 1e-8."""
        ...


class FractionCommission:
    """A fraction of the filled value, the same for every fill."""

    def __init__(self, rate: Decimal) -> None:
        self._rate = rate

    def commission(self, price: Decimal, quantity: Decimal) -> Decimal:
        """Return price × quantity × rate, rounded half-even to 1e-8."""
        return round_commission(EXACT.multiply(EXACT.multiply(price, quantity), self._rate))
