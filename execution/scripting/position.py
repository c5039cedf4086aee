"""The position as scripts see it: net open exposure in one symbol."""

import datetime as dt
from typing import Any

import msgspec

from core.orders import OrderSide


class Position(msgspec.Struct):
    """An open position; prices and quantity are floats, the ledger has the exact values.

    ``highest_price`` is the best price seen since the entry: the highest for a long, the lowest for a short. Text is
    accepted for ``side``.
    """

    symbol: str
    side: OrderSide
    quantity: float
    entry_price: float
    entry_time: dt.datetime | None = None
    stop_loss: float | None = None
    take_profit: float | None = None
    current_price: float | None = None
    highest_price: float | None = None
    strategy_name: str | None = None
    metadata: dict[str, Any] = {}

    def __post_init__(self) -> None:
        if type(self.side) is not OrderSide:
            self.side = OrderSide(self.side)
        if self.current_price is None:
            self.current_price = self.entry_price
        if self.highest_price is None:
            self.highest_price = self.entry_price

    def update_price(self, price: float) -> None:
        """Set the mark price."""
        self.current_price = price
        best = self.highest_price
        if best is None or (price > best if self.side is OrderSide.LONG else price < best):
            self.highest_price = price

    @property
    def unrealized_pnl(self) -> float:
        """Gross profit at the mark price, in quote currency."""
        mark = self.entry_price if self.current_price is None else self.current_price
        return self.side.sign * (mark - self.entry_price) * self.quantity

    @property
    def unrealized_pnl_pct(self) -> float:
        """Gross profit at the mark price in per cent of the entry value; 0.0 without one."""
        value = self.entry_price * self.quantity
        return 100.0 * self.unrealized_pnl / value if value else 0.0

    @property
    def position_value(self) -> float:
        """Quantity times mark price."""
        return self.quantity * (self.entry_price if self.current_price is None else self.current_price)

    def to_dict(self) -> dict[str, Any]:
        """Return the position as plain values."""
        return {
            **msgspec.structs.asdict(self),
            "side": self.side.value,
            "unrealized_pnl": self.unrealized_pnl,
            "unrealized_pnl_pct": self.unrealized_pnl_pct,
            "position_value": self.position_value,
        }
