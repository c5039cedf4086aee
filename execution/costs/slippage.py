"""Slippage models: how much worse than its reference price a market fill is."""

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from core.exact import add, computed
from execution.costs.market_conditions import MarketConditions

if TYPE_CHECKING:
    from execution.venue_settings import SlippageSettings


class SlippageModel(Protocol):
    """A fraction of the price, against the trader."""

    @property
    def constant(self) -> Decimal | None:
        """The fraction where it is always the same; None where it depends on the order or the market."""
        ...

    def fraction(self, quantity: Decimal, conditions: MarketConditions | None) -> Decimal:
        """Return the fraction for ``quantity`` base units; ``conditions`` is None where nothing is measured."""
        ...


class FractionSlippage:
    """A fixed fraction of the price."""

    def __init__(self, fraction: Decimal) -> None:
        self.constant = fraction

    def fraction(self, quantity: Decimal, conditions: MarketConditions | None) -> Decimal:
        """Return the fixed fraction."""
        return self.constant


class VolatilitySlippage:
    """base + coefficient × v, with v the mean of (high − low) / close; ``base`` alone until v is known."""

    constant: Decimal | None = None

    def __init__(self, base: Decimal, coefficient: float) -> None:
        self._base = base
        self._coefficient = coefficient

    def fraction(self, quantity: Decimal, conditions: MarketConditions | None) -> Decimal:
        """Return the base and the scaled volatility, the latter to twelve significant digits."""
        volatility = None if conditions is None else conditions.volatility
        if volatility is None:
            return self._base
        return add(self._base, computed(self._coefficient * volatility))


class SquareRootImpact:
    """base + coefficient × v × √(quantity / mean volume); ``base`` alone until both means are known.

    The square-root law of market impact, as in J. Gatheral (2010), "No-dynamic-arbitrage and market impact",
    Quantitative Finance 10(7), 749-759. Where the mean volume is 0 the root counts as 1.
    """

    constant: Decimal | None = None

    def __init__(self, base: Decimal, coefficient: float) -> None:
        self._base = base
        self._coefficient = coefficient

    def fraction(self, quantity: Decimal, conditions: MarketConditions | None) -> Decimal:
        """Return the base and the impact, the latter to twelve significant digits."""
        volatility = None if conditions is None else conditions.volatility
        volume = None if conditions is None else conditions.mean_volume
        if volatility is None or volume is None:
            return self._base
        impact = self._coefficient * volatility
        if volume > 0.0:
            impact *= math.sqrt(float(quantity) / volume)
        return add(self._base, computed(impact))


def build_slippage(fraction: Decimal, settings: "SlippageSettings") -> SlippageModel:
    """Return the model that the settings name; ``fraction`` is the fixed part of all of them."""
    if settings.model == "fixed":
        return FractionSlippage(fraction)
    if settings.model == "volatility":
        return VolatilitySlippage(fraction, settings.coefficient)
    return SquareRootImpact(fraction, settings.coefficient)
