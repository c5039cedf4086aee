"""The answer to an order that was filled, from the row of its fill."""

from core.instants import to_datetime
from core.orders import OrderSide
from execution.money.trade_log import TradeRow
from execution.scripting.execution_result import ExecutionResult
from execution.scripting.order_fill import OrderFill


def result_of(row: TradeRow) -> ExecutionResult:
    """Return the answer to an order that the row of the trade log filled."""
    side = OrderSide(row.side)
    fill = OrderFill(
        row.order_id,
        row.symbol,
        side if row.action == "OPEN" else side.opposite,
        float(row.quantity),
        float(row.price),
        to_datetime(row.time_ms),
        float(row.commission),
        float(row.slippage),
        metadata={"reason": row.reason},
    )
    return ExecutionResult.success_result(row.order_id, fill)
