"""Fills outside the candle's own phases: at a last mark, at the close that decided, at a script's price."""

from decimal import Decimal

from core.candle import Candle
from core.events import TradeRow
from core.exact import received
from core.orders import OrderRequest, OrderType
from core.reasons import ExitReason
from execution.matching.settlement import Settlement, Touch
from execution.orders.order import Order
from execution.orders.order_book import OrderBook


class ImmediateFills:
    """Fills orders now, at a price the caller gives, with slippage.

    Parameters
    ----------
    book, settlement
        The orders, and what fills them.
    """

    def __init__(self, book: OrderBook, settlement: Settlement) -> None:
        self._book = book
        self._settlement = settlement
        self._account = book.account

    def close(
        self,
        symbol: str,
        reference: Decimal,
        time_ms: int,
        reason: ExitReason,
        *,
        order_id: str | None = None,
        quantity: Decimal | None = None,
    ) -> TradeRow:
        """Close a position, or a part of it, at the market, whatever the volume cap leaves."""
        holding = self._account.holdings[symbol]
        order = Order(
            symbol,
            -holding.sign,
            OrderType.MARKET,
            holding.entry.quantity if quantity is None else quantity,
            "close" if quantity is None else "order",
            client_order_id=order_id or f"{holding.client_order_id}-{reason}",
            order_id=order_id,
            accepted_ms=time_ms,
            reduce_only=True,
            exit_reason=reason,
        )
        self._book.symbol_orders(symbol).forget_budget()
        row = self._settlement.execute(order, Touch(reference, time_ms))
        if row is None:
            raise ValueError(f"{symbol}: there is nothing to close")
        return row

    def enter_at_close(self, entry: Order, close: float, matched: Candle, time_ms: int) -> TradeRow | None:
        """Fill a waiting entry at the close of the candle that decided it; None when it is rejected.

        The close is the position's mark; what the cap has left of the volume of the candle that was matched last, a
        finer one where there are some, bounds the fill.
        """
        cap = self._book.rules.volume_cap
        if cap is not None:
            lot = self._account.pricing.rules(entry.symbol).lot_size
            self._book.symbol_orders(entry.symbol).open_budget(matched, cap, lot)
        row = self._settlement.execute(entry, Touch(received(close), time_ms, mark=close))
        self._book.bound(entry.symbol)
        return row

    def enter(self, request: OrderRequest, quantity: Decimal, reference: Decimal, time_ms: int) -> Order:
        """Fill a market order that was never in the book; its ``status`` says whether it was rejected."""
        order = Order(
            request.symbol,
            request.side.sign,
            OrderType.MARKET,
            quantity,
            "order",
            client_order_id=request.order_id or "",
            order_id=request.order_id,
            accepted_ms=time_ms,
            request=request,
        )
        self._book.symbol_orders(order.symbol).forget_budget()
        self._settlement.execute(order, Touch(reference, time_ms))
        self._book.bound(order.symbol)
        return order
