"""The instrument: an exchange's trading rules for one symbol."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Literal, NamedTuple

import msgspec

from core.exact import add, ceil_to, multiply
from core.tolerance import EXACT_TOLERANCE

DEFAULT_STEP = Decimal("0.00000001")
DEFAULT_SOURCE = "default"
"""``source`` of rules of which nothing is known."""


class MarginTier(msgspec.Struct, frozen=True):
    """One tier of a perpetual's margin table: it holds for positions of up to ``notional_cap`` in quote currency.

    ``maintenance_rate`` is the maintenance margin as a fraction of the notional, ``maintenance_amount`` what is
    subtracted from it so that the margin is continuous between tiers, ``max_leverage`` the highest leverage.
    """

    notional_cap: Decimal
    maintenance_rate: Decimal
    maintenance_amount: Decimal
    max_leverage: Decimal


class TierFault(NamedTuple):
    """What is wrong with a tier: its position, the field, and the least or the most that the field may be."""

    position: int
    field: Literal["maintenance_rate", "max_leverage", "maintenance_amount"]
    least: Decimal | None = None
    most: Decimal | None = None


def tier_faults(tiers: Iterable[MarginTier]) -> Iterator[TierFault]:
    """Yield what makes a margin table impossible, its caps apart.

    A larger position never needs a lower rate and never gets more leverage; the maintenance margin of no position is
    below 0, nor above its notional × rate.
    """
    floor, rate, leverage = Decimal(0), Decimal(0), Decimal("inf")
    for position, tier in enumerate(tiers):
        if tier.maintenance_rate < rate:
            yield TierFault(position, "maintenance_rate", least=rate)
        if tier.max_leverage > leverage:
            yield TierFault(position, "max_leverage", most=leverage)
        largest = floor * tier.maintenance_rate
        if not 0 <= tier.maintenance_amount <= largest * EXACT_TOLERANCE:
            yield TierFault(position, "maintenance_amount", most=largest)
        floor, rate, leverage = tier.notional_cap, tier.maintenance_rate, tier.max_leverage


class Instrument(msgspec.Struct, frozen=True):
    """Trading rules of one symbol on one venue.

    ``tick_size`` and ``lot_size`` are the steps of price and quantity (0 means no grid), ``min_notional`` the least
    order value in quote currency, ``min_quantity`` and ``max_quantity`` the least and largest quantity in base units
    (0: no bound). A limit price must lie between ``band_down`` and ``band_up`` times the last price (0: no band).
    ``margin_tiers`` are those of a perpetual, by rising cap; empty where the venue's are not known. ``as_of_ms`` says
    when the rules were read, ``source`` from where (``market list``, ``inferred from imported prices``, ``default``);
    ``tiers_as_of_ms`` and ``tiers_source`` say the same of the margin tiers.
    """

    symbol: str
    tick_size: Decimal = DEFAULT_STEP
    lot_size: Decimal = DEFAULT_STEP
    min_notional: Decimal = Decimal(0)
    min_quantity: Decimal = Decimal(0)
    as_of_ms: int | None = None
    source: str = DEFAULT_SOURCE
    max_quantity: Decimal = Decimal(0)
    band_down: Decimal = Decimal(0)
    band_up: Decimal = Decimal(0)
    margin_tiers: tuple[MarginTier, ...] = ()
    tiers_as_of_ms: int | None = None
    tiers_source: str = ""

    def __post_init__(self) -> None:
        for field in ("tick_size", "lot_size", "min_notional", "min_quantity", "max_quantity", "band_down", "band_up"):
            value = getattr(self, field)
            if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
                raise ValueError(
                    f"instrument {self.symbol}: {field} must be a finite Decimal not below 0, got {value!r}"
                )

    def worst_stop_distance(self, distance: Decimal) -> Decimal:
        """Return the most that rounding can make of the loss to a stop, for each base unit.

        The distance up to the tick, and a tick each for the fills of the entry and of the exit.
        """
        return add(ceil_to(distance, self.tick_size), multiply(2, self.tick_size))
