"""Orders of scripts that act at once, at a price the script gives."""

import math
from decimal import Decimal

from core.candle import Candle
from core.errors import InvariantError
from core.events import TradeRow
from core.exact import floor_to, received
from core.instants import to_datetime
from core.orders import OrderRequest, OrderSide, OrderType
from core.reasons import ExitReason
from execution.matching.paper_venue import PaperVenue
from execution.orders.order_status import OrderStatus
from execution.scripting.execution_result import ExecutionResult
from execution.scripting.order_fill import OrderFill

_IN_WORDS = {"insufficient_balance": "Insufficient balance", "insufficient_margin": "Insufficient margin"}


class DirectOrders:
    """Fills market orders at a given price; other orders go to the book.

    An order against the open position closes it, up to its quantity; one in its direction is rejected.
    """

    def __init__(self, venue: PaperVenue) -> None:
        self._book = venue.book
        self._matching = venue.matching
        self._immediate = venue.immediate
        self._account = venue.account

    def submit(self, order: OrderRequest, reference: Decimal, time_ms: int) -> ExecutionResult:
        """Return what became of an order at a reference price."""
        symbol = order.symbol
        if order.order_type is not OrderType.MARKET:
            working = self._book.submit(order, time_ms, last_price=float(reference))
            if working.status is OrderStatus.REJECTED:
                price = order.price if order.price is not None else order.stop_price
                return _refused(
                    order, working.reason, f"{symbol}: {working.reason}", reference if price is None else price
                )
            return ExecutionResult.success_result(working.order_id or "")
        holding = self._account.holdings.get(symbol)
        if holding is not None and holding.position.side is order.side:
            return _refused(
                order, "position_open", f"{symbol}: a {order.side.value} position is open already", reference
            )
        quantity = floor_to(received(order.quantity), self._account.pricing.rules(symbol).lot_size)
        if not quantity:
            words = f"{symbol}: quantity {order.quantity!r} is below one lot"
            return _refused(order, "below_lot_size", words, reference)
        if holding is not None:
            part = min(quantity, holding.entry.quantity)
            row = self._immediate.close(
                symbol, reference, time_ms, "opposite_signal", order_id=order.order_id, quantity=part
            )
            return _answer(row)
        if order.reduce_only:
            return _refused(order, "reduce_only", f"{symbol}: reduce_only", reference)
        if order.side is OrderSide.SHORT and not self._book.allow_shorting:
            return _refused(order, "shorting_disabled", f"{symbol}: shorting is not allowed", reference)
        entry = self._immediate.enter(order, quantity, reference, time_ms)
        if entry.status is OrderStatus.REJECTED:
            return _refused(order, entry.reason, _IN_WORDS.get(entry.reason, entry.reason), entry.reference)
        filled = self._account.last_row
        if filled is None:
            raise InvariantError(f"{symbol}: an entry that is not rejected has no fill")
        return _answer(filled)

    def close(self, symbol: str, reference: Decimal, time_ms: int, reason: ExitReason) -> ExecutionResult:
        """Close a position at a reference price."""
        return _answer(self._immediate.close(symbol, reference, time_ms, reason))

    def exits_at(self, symbol: str, price: float, time_ms: int) -> list[ExecutionResult]:
        """Let a quoted price meet the exits of a symbol's position; return the fills."""
        before = len(self._account.rows)
        if symbol in self._account.holdings:
            quote = _quote(price, time_ms)
            self._matching.exits_at_open(symbol, quote, quote)
        return [_answer(row) for row in self._account.rows[before:]]

    def reached(self, symbol: str, price: float, time_ms: int) -> bool:
        """Return whether a quoted price reaches an exit of a symbol's position."""
        return symbol in self._account.holdings and self._matching.reaches_exit(symbol, _quote(price, time_ms))


def _quote(price: float, time_ms: int) -> Candle:
    """Return a price as a candle without length; it has no volume that a cap could share out."""
    return Candle(time_ms, price, price, price, price, math.inf)


def _refused(order: OrderRequest, reason: str, words: str, price: Decimal | float) -> ExecutionResult:
    return ExecutionResult.refused(reason, words, float(price), order.order_id)


def _answer(row: TradeRow) -> ExecutionResult:
    """Return the answer to an order that was filled."""
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
