"""Paper execution: orders, the paper venue, its exact ledger and the safety monitor."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

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
    "core.orders": "OrderRequest OrderSide OrderType TimeInForce",
    "execution.matching.venue_rules": "VenueRules",
    "execution.orders.order": "Order",
    "execution.orders.order_book": "OrderBook",
    "execution.orders.order_status": "OrderStatus",
    "execution.safety.safety_limits": "SafetyLimits",
    "execution.safety.safety_monitor": "SafetyMonitor SafetyViolation",
    "execution.scripting.execution_engine": "ExecutionEngine OrderRefused",
    "execution.scripting.execution_result": "ExecutionResult",
    "execution.scripting.order_fill": "OrderFill",
    "execution.scripting.paper_trader": "PaperTrader",
    "execution.scripting.position": "Position",
}

__getattr__ = lazy_names(__name__, _HOMES)
