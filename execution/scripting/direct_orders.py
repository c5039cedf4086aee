"""Orders of scripts that act at once, at a price the script gives."""

import math
from decimal import Decimal

from core.candle import Candle
from core.exact import floor_to, received
from core.orders import OrderRequest, OrderSide, OrderType
from execution.matching.immediate_fills import ImmediateFills
from execution.matching.matching_engine import MatchingEngine
from execution.orders.order_book import OrderBook
from execution.orders.order_status import OrderStatus
from execution.scripting.execution_result import ExecutionResult
from execution.scripting.fill_results import result_of

_IN_WORDS = {"insufficient_balance": "Insufficient balance", "insufficient_margin": "Insufficient margin"}


class DirectOrders:
    """Fills market orders at a given price; other orders go to the book.

    An order against the open position closes it, up to its quantity; one in its direction is rejected.
    """

    def __init__(self, book: OrderBook, matching: MatchingEngine, immediate: ImmediateFills) -> None:
        self._book = book
        self._matching = matching
        self._immediate = immediate
        self._account = book.account

    def submit(self, order: OrderRequest, reference: Decimal, time_ms: int) -> ExecutionResult:
        """Return what became of an order at a reference price."""
        symbol = order.symbol
        if order.order_type is not OrderType.MARKET:
            working = self._book.submit(order, time_ms, last_price=float(reference))
            if working.status is OrderStatus.REJECTED:
                return ExecutionResult.failure_result(f"{symbol}: {working.reason}", order.order_id)
            return ExecutionResult.success_result(working.order_id or "")
        holding = self._account.holdings.get(symbol)
        if holding is not None and holding.position.side is order.side:
            return ExecutionResult.failure_result(f"{symbol}: a {order.side.value} position is open already")
        quantity = floor_to(received(order.quantity), self._account.pricing.rules(symbol).lot_size)
        if not quantity:
            return ExecutionResult.failure_result(f"{symbol}: quantity {order.quantity!r} is below one lot")
        if holding is not None:
            part = min(quantity, holding.entry.quantity)
            row = self._immediate.close(
                symbol, reference, time_ms, "opposite_signal", order_id=order.order_id, quantity=part
            )
            return result_of(row)
        if order.reduce_only:
            return ExecutionResult.failure_result(f"{symbol}: reduce_only", order.order_id)
        if order.side is OrderSide.SHORT and not self._book.allow_shorting:
            return ExecutionResult.failure_result(f"{symbol}: shorting is not allowed")
        entry = self._immediate.enter(order, quantity, reference, time_ms)
        if entry.status is OrderStatus.REJECTED:
            return ExecutionResult.failure_result(_IN_WORDS.get(entry.reason, entry.reason), order.order_id)
        return result_of(self._account.rows[-1])

    def close(self, symbol: str, reference: Decimal, time_ms: int, reason: str) -> ExecutionResult:
        """Close a position at a reference price."""
        return result_of(self._immediate.close(symbol, reference, time_ms, reason))

    def exits_at(self, symbol: str, price: float, time_ms: int) -> list[ExecutionResult]:
        """Let a quoted price meet the exits of a symbol's position; return the fills."""
        before = len(self._account.rows)
        if symbol in self._account.holdings:
            # A quote has no volume that a cap could share out.
            quote = Candle(time_ms, price, price, price, price, math.inf)
            self._matching.exits_at_open(symbol, quote, quote)
        return [result_of(row) for row in self._account.rows[before:]]
