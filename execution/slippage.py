"""Slippage models: one method, exact."""

from decimal import Decimal
from typing import Protocol

from core.exact import EXACT, ONE


class SlippageModel(Protocol):
    """How much worse than its reference price a market fill is."""

    def slipped(self, reference: Decimal, *, buying: bool) -> Decimal:
        """Return the price before rounding to the tick: at or above the reference for a buy, below for a sell."""
        ...


class FractionSlippage:
    """A fixed fraction of the price against the trader."""

    def __init__(self, fraction: Decimal) -> None:
        self._up = EXACT.add(ONE, fraction)
        self._down = EXACT.subtract(ONE, fraction)

    def slipped(self, reference: Decimal, *, buying: bool) -> Decimal:
        """Return reference × (1 + fraction) for a buy, × (1 − fraction) for a sell."""
        return EXACT.multiply(reference, self._up if buying else self._down)
