"""Paper execution: orders, the paper venue, its exact ledger and the safety monitor."""

from core.orders import OrderRequest, OrderSide, OrderType
from execution.execution_engine import ExecutionEngine, OrderRefused
from execution.execution_result import ExecutionResult
from execution.order_fill import OrderFill
from execution.order_status import OrderStatus
from execution.paper_trader import PaperTrader
from execution.position import Position
from execution.safety_limits import SafetyLimits
from execution.safety_monitor import SafetyMonitor, SafetyViolation

__all__ = [
    "ExecutionEngine",
    "ExecutionResult",
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
]
