"""What becomes of entries and closes, counted and told as decisions."""

from engine.components import Components
from engine.funding_phase import settle_entry
from execution.orders.order import Order


class OrderEvents:
    """Listens to the order book of a session."""

    def __init__(self, parts: Components) -> None:
        self._parts = parts
        self._by_symbol = {state.symbol: state for state in parts.states}

    def changed(self, order: Order, event: str, time_ms: int) -> None:
        """Count and record a transition of an order."""
        parts, counts = self._parts, self._parts.statistics
        entry = order.role == "entry"
        if event in ("FILLED", "PARTIALLY_FILLED"):
            if entry:
                settle_entry(parts, self._by_symbol[order.symbol], time_ms)
                counts.partial_fills += event == "PARTIALLY_FILLED"
                counts.entries_filled += event == "FILLED"
            return
        details: dict[str, str | float | None] = {"order_id": order.order_id, "reason": order.reason}
        if entry and order.filled and event in ("REJECTED", "EXPIRED", "CANCELED"):
            counts.entries_filled += 1
        if event == "REJECTED":
            counts.rejected[order.reason] += 1
            details["price"] = float(order.reference)
            details["quantity"] = float(order.quantity)
            parts.outputs.decisions.write(time_ms, order.symbol, "order_rejected", details)
        elif event == "EXPIRED":
            counts.expired[order.reason] += 1
            parts.outputs.decisions.write(time_ms, order.symbol, "order_expired", details)
        elif event == "CANCELED":
            counts.cancelled[order.reason] += 1
            details["order"] = order.role
            parts.outputs.decisions.write(time_ms, order.symbol, "order_cancelled", details)
