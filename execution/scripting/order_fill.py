"""The fill: what an order got."""

import datetime as dt
from typing import Any

import msgspec

from core.orders import OrderSide


class OrderFill(msgspec.Struct, frozen=True):
    """An executed order. ``side`` is the direction traded, ``slippage`` and ``commission`` are in quote currency.

    Text is accepted for ``side``.
    """

    order_id: str
    symbol: str
    side: OrderSide
    quantity: float
    fill_price: float
    fill_time: dt.datetime | None = None
    commission: float = 0.0
    slippage: float = 0.0
    fill_type: str = "FULL"
    execution_venue: str = "PAPER"
    metadata: dict[str, Any] = {}

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "side", OrderSide(self.side))

    @property
    def fill_value(self) -> float:
        """Quantity times price, in quote currency."""
        return self.quantity * self.fill_price

    @property
    def total_cost(self) -> float:
        """Value plus commission; slippage is inside the price already."""
        return self.fill_value + self.commission

    def to_dict(self) -> dict[str, Any]:
        """Return the fill as plain values, with ``fill_value`` and ``total_cost``."""
        return {
            **msgspec.structs.asdict(self),
            "side": self.side.value,
            "fill_value": self.fill_value,
            "total_cost": self.total_cost,
        }
