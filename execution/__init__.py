"""Paper execution: orders, the paper venue, its exact ledger and the safety monitor."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.orders import OrderRequest, OrderSide, OrderType, TimeInForce
    from execution.matching.venue_rules import VenueRules
    from execution.orders.order import Order
    from execution.orders.order_book import OrderBook
    from execution.orders.order_status import OrderStatus
    from execution.safety.safety_limits import SafetyLimits
    from execution.safety.safety_monitor import SafetyMonitor, SafetyViolation
    from execution.scripting.execution_engine import ExecutionEngine, OrderRefused
    from execution.scripting.execution_result import ExecutionResult
    from execution.scripting.order_fill import OrderFill
    from execution.scripting.paper_trader import PaperTrader
    from execution.scripting.position import Position

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
    "ExecutionEngine": "execution.scripting.execution_engine",
    "ExecutionResult": "execution.scripting.execution_result",
    "Order": "execution.orders.order",
    "OrderBook": "execution.orders.order_book",
    "OrderFill": "execution.scripting.order_fill",
    "OrderRefused": "execution.scripting.execution_engine",
    "OrderRequest": "core.orders",
    "OrderSide": "core.orders",
    "OrderStatus": "execution.orders.order_status",
    "OrderType": "core.orders",
    "PaperTrader": "execution.scripting.paper_trader",
    "Position": "execution.scripting.position",
    "SafetyLimits": "execution.safety.safety_limits",
    "SafetyMonitor": "execution.safety.safety_monitor",
    "SafetyViolation": "execution.safety.safety_monitor",
    "TimeInForce": "core.orders",
    "VenueRules": "execution.matching.venue_rules",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
