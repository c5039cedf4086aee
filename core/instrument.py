"""The instrument: an exchange's trading rules for one symbol."""

from decimal import Decimal

import msgspec

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
