"""What happens when an order is met: its price, the account's change, and what follows for other orders."""

from collections.abc import Callable
from decimal import Decimal

from core.exact import EXACT, ZERO
from core.orders import OrderType
from execution.matching.entry_checks import entry_refusal
from execution.matching.liquidation import liquidation_fill, liquidation_order, ruins
from execution.money.holding import Holding
from execution.money.trade_log import TradeRow
from execution.orders.order import Order
from execution.orders.order_book import OrderBook
from execution.orders.order_status import OrderStatus
from execution.orders.protective_orders import ProtectiveOrders
from execution.orders.symbol_orders import SymbolOrders

AtBest = Callable[[Decimal, Decimal], Decimal]
"""Says what an ambiguous exit of a quantity at a price would have brought more, had the targets come first."""


class OrderFills:
    """Fills orders at the account and keeps the orders of their symbol true to the position.

    Parameters
    ----------
    book
        The orders, the account and the venue's rules.
    spendable
        Returns the equity that entries are held against.
    """

    def __init__(self, book: OrderBook, spendable: Callable[[], Decimal]) -> None:
        self._book = book
        self._account = book.account
        self._pricing = book.account.pricing
        self._rules = book.rules
        self.spendable = spendable
        self.protection = ProtectiveOrders(book)

    def execute(
        self,
        order: Order,
        living: SymbolOrders,
        reference: Decimal,
        time_ms: int,
        *,
        maker: bool = False,
        mark: float | None = None,
        ambiguous: bool = False,
        at_best: AtBest | None = None,
        limit: Decimal | None = None,
    ) -> TradeRow | None:
        """Fill an order from a reference price as far as position, volume cap and equity let it; return its row.

        Limits fill at the reference; stops and market orders slip from it. Neither a limit, whose tick may have changed
        since, nor a triggered stop-limit with its ``limit`` fills beyond what it allows.
        """
        holding = self._account.holdings.get(order.symbol)
        reducing = holding is not None and holding.sign != order.sign
        if order.reduce_only and not reducing:
            self._book.end(order, OrderStatus.CANCELED, "nothing_to_reduce", time_ms)
            return None
        if holding is not None and order.role == "close":
            order.quantity = EXACT.add(order.filled, holding.entry.quantity)
        quantity = order.remaining
        if holding is not None and reducing:
            quantity = min(quantity, holding.entry.quantity)
        if living.budget is not None:
            quantity = min(quantity, living.budget)
        if not quantity:
            return None
        buying = order.sign > 0
        order.reference = reference
        if order.acts == "limit":
            price = self._pricing.limit_price(order.symbol, reference, buying=buying)
            limit = order.price
        else:
            price = self._pricing.market_price(order.symbol, reference, quantity, buying=buying)
        if limit is not None:
            price = min(price, limit) if buying else max(price, limit)
        commission = self._pricing.commission(price, quantity, time_ms, maker=maker)
        if holding is None or not reducing:
            return self._open(order, living, quantity, price, reference, commission, time_ms, mark)
        if self._rules.perpetual is not None and ruins(holding.entry, quantity, price, commission):
            row = self.liquidate(holding, living, time_ms, ambiguous=ambiguous, at_best=at_best)
            if order.status.working and order in living.orders:
                self._book.end(order, OrderStatus.CANCELED, "nothing_to_reduce", time_ms)
            return row
        living.spend(quantity)
        row = self._close(
            holding,
            living,
            quantity,
            price,
            reference,
            commission,
            time_ms,
            order,
            ambiguous=ambiguous,
            at_best=at_best,
        )
        if order.remaining and order.status.working and self._account.holdings.get(order.symbol) is None:
            self._book.end(order, OrderStatus.CANCELED, "nothing_to_reduce", time_ms)
        return row

    def liquidate(
        self,
        holding: Holding,
        living: SymbolOrders,
        time_ms: int,
        *,
        ambiguous: bool = False,
        at_best: AtBest | None = None,
    ) -> TradeRow:
        """Close a whole position at its bankruptcy price; its fee is what the margin leaves of it."""
        entry = holding.entry
        tick = self._pricing.rules(entry.symbol).tick_size
        price, fee = liquidation_fill(entry, self._rules.perpetual, tick)
        order = liquidation_order(holding, time_ms)
        return self._close(
            holding, living, entry.quantity, price, price, fee, time_ms, order, ambiguous=ambiguous, at_best=at_best
        )

    def filled(self, order: Order, quantity: Decimal, price: Decimal, time_ms: int) -> None:
        """Note a fill of an order."""
        order.filled = EXACT.add(order.filled, quantity)
        order.status = OrderStatus.FILLED if order.filled == order.quantity else OrderStatus.PARTIALLY_FILLED
        order.reason = order.exit_reason
        self._book.tell(order, order.status.value, time_ms, quantity, price)

    def _open(
        self,
        order: Order,
        living: SymbolOrders,
        quantity: Decimal,
        price: Decimal,
        reference: Decimal,
        commission: Decimal,
        time_ms: int,
        mark: float | None,
    ) -> TradeRow | None:
        """Open or add to a position, or reject the order; it is never resized."""
        account, symbol = self._account, order.symbol
        allow_shorting = self._book.allow_shorting
        refusal = entry_refusal(
            account, self._rules, order, quantity, price, commission, self.spendable(), allow_shorting=allow_shorting
        )
        if refusal is not None:
            self._book.end(order, OrderStatus.REJECTED, refusal, time_ms)
            return None
        if order.order_id is None:
            order.order_id = account.next_order_id()
            order.client_order_id = order.client_order_id or order.order_id
        if order not in living.orders:
            self._book.tell(order, "NEW", time_ms)
        first = symbol not in account.holdings
        holding = account.enter(order, quantity, price, commission, time_ms, mark)
        self._pricing.note_fill(time_ms, EXACT.multiply(price, quantity))
        living.spend(quantity)
        self.filled(order, quantity, price, time_ms)
        self._settle(order, living, time_ms)
        rules = self._pricing.rules(symbol)
        if first:
            trailing = account.trailing_fraction
            self.protection.place(holding, living, order, price, rules.tick_size, rules.lot_size, trailing, time_ms)
        else:
            self.protection.resize(holding, living, order, rules.tick_size, rules.lot_size, time_ms)
        living.bound(holding)
        return account.record(
            holding,
            "OPEN",
            order.order_id or "",
            time_ms,
            price,
            reference,
            quantity,
            commission,
            ZERO,
            "signal",
            holding.levels_json(),
        )

    def _close(
        self,
        holding: Holding,
        living: SymbolOrders,
        quantity: Decimal,
        price: Decimal,
        reference: Decimal,
        commission: Decimal,
        time_ms: int,
        order: Order,
        *,
        ambiguous: bool = False,
        at_best: AtBest | None = None,
    ) -> TradeRow:
        account, symbol = self._account, order.symbol
        order.order_id = order.order_id or account.next_order_id()
        if order not in living.orders:
            # The venue's own order: a liquidation, or a close of the gap, the kill switch, the end.
            self._book.tell(order, "NEW", time_ms)
        self._pricing.note_fill(time_ms, EXACT.multiply(price, quantity))
        row = account.leave(
            holding,
            quantity,
            price,
            commission,
            time_ms,
            order.exit_reason,
            order.order_id,
            reference=reference,
            rung=order.rung,
            ambiguous=ambiguous,
            gained_at_best=at_best(quantity, price) if ambiguous and at_best is not None else ZERO,
        )
        self.filled(order, quantity, price, time_ms)
        if order.rung and order.status is OrderStatus.FILLED:
            account.rung_fills[order.rung] += 1
            if order.rung == self._rules.break_even_after:
                holding.break_even_due = holding.moves_stop = True
        self._settle(order, living, time_ms)
        if symbol not in account.holdings:
            self._end_reducing(living, order, time_ms)
            living.bound(None)
        else:
            rules = self._pricing.rules(symbol)
            self.protection.resize(holding, living, None, rules.tick_size, rules.lot_size, time_ms)
            living.bound(holding)
        return row

    def _settle(self, order: Order, living: SymbolOrders, time_ms: int) -> None:
        """Take a filled order off the list and cancel the others of its group; a stop's rest acts at the market."""
        if not order.status.working:
            self._book.take_off(order)
        elif order.acts == "stop":
            order.acts = "market" if order.order_type is not OrderType.STOP_LIMIT else "limit"
        if order.oco_group is not None:
            for other in [one for one in living.orders if one.oco_group == order.oco_group and one is not order]:
                self._book.end(other, OrderStatus.CANCELED, "oco", time_ms)

    def _end_reducing(self, living: SymbolOrders, closed_by: Order, time_ms: int) -> None:
        """Cancel what can only reduce a position that is gone, and the rest of an entry that had opened it."""
        reason = "oco" if closed_by.role in ("stop", "target") else "position_closed"
        for other in [one for one in living.orders if one.reduce_only and one is not closed_by]:
            own = other.role in ("stop", "target")
            self._book.end(other, OrderStatus.CANCELED, reason if own else "position_closed", time_ms)
        entry = self._book.entries.get(closed_by.symbol)
        if entry is not None and entry.filled and entry.sign != closed_by.sign:
            self._book.end(entry, OrderStatus.CANCELED, "position_closed", time_ms)
