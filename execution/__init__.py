"""Paper execution: orders, the paper venue, its exact ledger and the safety monitor."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.orders import OrderRequest, OrderSide, OrderType, TimeInForce
    from execution.execution_engine import ExecutionEngine, OrderRefused
    from execution.execution_result import ExecutionResult
    from execution.order import Order
    from execution.order_book import OrderBook
    from execution.order_fill import OrderFill
    from execution.order_status import OrderStatus
    from execution.paper_trader import PaperTrader
    from execution.position import Position
    from execution.safety_limits import SafetyLimits
    from execution.safety_monitor import SafetyMonitor, SafetyViolation
    from execution.venue_rules import VenueRules

__all__ = [
    "ExecutionEngine",
    "ExecutionResult",
    "Order",
    "OrderBook",
    "OrderFill",
    "OrderRefused",
    "OrderRequest",
    "OrderSide",
    "OrderStatus",
    "OrderType",
    "PaperTrader",
    "Position",
    "SafetyLimits",
    "SafetyMonitor",
    "SafetyViolation",
    "TimeInForce",
    "VenueRules",
]

_HOMES = {
    "ExecutionEngine": "execution.execution_engine",
    "ExecutionResult": "execution.execution_result",
    "Order": "execution.order",
    "OrderBook": "execution.order_book",
    "OrderFill": "execution.order_fill",
    "OrderRefused": "execution.execution_engine",
    "OrderRequest": "core.orders",
    "OrderSide": "core.orders",
    "OrderStatus": "execution.order_status",
    "OrderType": "core.orders",
    "PaperTrader": "execution.paper_trader",
    "Position": "execution.position",
    "SafetyLimits": "execution.safety_limits",
    "SafetyMonitor": "execution.safety_monitor",
    "SafetyViolation": "execution.safety_monitor",
    "TimeInForce": "core.orders",
    "VenueRules": "execution.venue_rules",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
