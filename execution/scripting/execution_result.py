"""The answer to a submitted order."""

import datetime as dt
from typing import Any

import msgspec

from execution.orders.order_status import OrderStatus
from execution.scripting.order_fill import OrderFill


class ExecutionResult(msgspec.Struct, frozen=True):
    """What became of a submitted order: accepted and waiting (NEW), filled, or rejected with ``error``."""

    success: bool
    status: OrderStatus
    order_id: str | None = None
    fill: OrderFill | None = None
    error: str | None = None
    timestamp: dt.datetime | None = None
    metadata: dict[str, Any] = {}

    @classmethod
    def success_result(
        cls,
        order_id: str,
        fill: OrderFill | None = None,
        status: OrderStatus | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> "ExecutionResult":
        """Return the answer to an order that was filled, or accepted when there is no fill yet."""
        return cls(
            True,
            status or (OrderStatus.FILLED if fill else OrderStatus.NEW),
            order_id,
            fill,
            timestamp=fill.fill_time if fill else None,
            metadata=metadata or {},
        )

    @classmethod
    def failure_result(
        cls,
        error: str,
        order_id: str | None = None,
        status: OrderStatus = OrderStatus.REJECTED,
        metadata: dict[str, Any] | None = None,
    ) -> "ExecutionResult":
        """Return the answer to an order that was refused, with the reason in words."""
        return cls(False, status, order_id, error=error, metadata=metadata or {})

    @classmethod
    def refused(cls, reason: str, words: str, price: float, order_id: str | None = None) -> "ExecutionResult":
        """Return the answer to an order that a gate refused, for a reason in one word, at a price."""
        return cls.failure_result(words, order_id, metadata={"reason": reason, "price": price})

    @property
    def reason(self) -> str | None:
        """Why the order was refused, in one word; None where it was not."""
        return None if self.success else self.metadata.get("reason")

    @property
    def filled_quantity(self) -> float:
        """Base units filled; 0.0 without a fill."""
        return self.fill.quantity if self.fill else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {
            "success": self.success,
            "status": self.status.value,
            "order_id": self.order_id,
            "fill": self.fill.to_dict() if self.fill else None,
            "error": self.error,
            "timestamp": self.timestamp,
            "filled_quantity": self.filled_quantity,
            "reason": self.reason,
            "metadata": self.metadata,
        }
