"""The instrument: an exchange's trading rules for one symbol."""

from decimal import Decimal

import msgspec

DEFAULT_STEP = Decimal("0.00000001")


class Instrument(msgspec.Struct, frozen=True):
    """Trading rules of one symbol on one venue.

    ``tick_size`` and ``lot_size`` are the steps of price and quantity (0 means no grid), ``min_notional`` the least
    order value in quote currency, ``min_quantity`` the least quantity in base units. ``as_of_ms`` says when the rules
    were read and ``source`` from where (``market list``, ``inferred from imported prices``, ``default``).
    """

    symbol: str
    tick_size: Decimal = DEFAULT_STEP
    lot_size: Decimal = DEFAULT_STEP
    min_notional: Decimal = Decimal(0)
    min_quantity: Decimal = Decimal(0)
    as_of_ms: int | None = None
    source: str = "default"

    def __post_init__(self) -> None:
        for field in ("tick_size", "lot_size", "min_notional", "min_quantity"):
            value = getattr(self, field)
            if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
                raise ValueError(
                    f"instrument {self.symbol}: {field} must be a finite Decimal not below 0, got {value!r}"
                )
