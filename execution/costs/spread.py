"""Spread models: the half of the bid-ask spread that a market fill crosses."""

from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from core.exact import ZERO, computed, multiply, received
from execution.costs.market_conditions import MarketConditions

if TYPE_CHECKING:
    from execution.venue_settings import SpreadSettings

_HALF = Decimal("0.5")


class SpreadModel(Protocol):
    """How far the better side of the book is from the price that candles show."""

    @property
    def constant(self) -> Decimal | None:
        """The half spread where it is always the same; None where it depends on the market."""
        ...

    def half_spread(self, conditions: MarketConditions | None) -> Decimal:
        """Return half the spread as a fraction of the price; ``conditions`` is None where nothing is measured."""
        ...


class NoSpread:
    """Fills happen at the price that candles show."""

    constant = ZERO

    def half_spread(self, conditions: MarketConditions | None) -> Decimal:
        """Return 0."""
        return ZERO


class FixedSpread:
    """The same spread at all times; ``fraction`` is the whole of it, as a fraction of the price."""

    def __init__(self, fraction: Decimal) -> None:
        self.constant = multiply(fraction, _HALF)

    def half_spread(self, conditions: MarketConditions | None) -> Decimal:
        """Return half the fixed spread."""
        return self.constant


class CorwinSchultzSpread:
    """The spread estimated from highs and lows; ``fallback`` is the whole spread until there is an estimate."""

    constant: Decimal | None = None

    def __init__(self, fallback: Decimal) -> None:
        self._fallback = multiply(fallback, _HALF)

    def half_spread(self, conditions: MarketConditions | None) -> Decimal:
        """Return half the estimate, to twelve significant digits of the whole."""
        estimate = None if conditions is None else conditions.spread
        return self._fallback if estimate is None else multiply(computed(estimate), _HALF)


def build_spread(settings: "SpreadSettings") -> SpreadModel:
    """Return the model that the settings name."""
    if settings.model == "none":
        return NoSpread()
    if settings.model == "fixed":
        return FixedSpread(received(settings.fraction))
    return CorwinSchultzSpread(received(settings.fraction))
