"""Accepted orders that wait for their symbol's next open."""

import msgspec

from core.orders import OrderRequest


class WaitingEntry(msgspec.Struct, frozen=True):
    """An accepted entry; it may fill at an open up to ``deadline_ms``. ``decision_price`` is what it counts at."""

    order: OrderRequest
    decision_price: float
    deadline_ms: int

    def exposure(self) -> float:
        """Return quantity × decision price in float64."""
        return self.order.quantity * self.decision_price


class WaitingClose(msgspec.Struct, frozen=True):
    """An accepted market close of the whole position; it never expires."""

    order_id: str
    reason: str


class WaitingOrders:
    """Waiting entries and closes, at most one of each per symbol."""

    def __init__(self) -> None:
        self.entries: dict[str, WaitingEntry] = {}
        self.closes: dict[str, WaitingClose] = {}

    def clear_symbol(self, symbol: str) -> None:
        """Drop whatever waits for a symbol."""
        self.entries.pop(symbol, None)
        self.closes.pop(symbol, None)
