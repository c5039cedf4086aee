"""What happens when an order is met: its price, the account's change, and what follows for other orders."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from core.events import Fill, TradeRow
from core.exact import ZERO, add
from core.orders import OrderType
from core.reasons import CancelReason
from execution.matching.entry_checks import entry_refusal, passed_level
from execution.matching.liquidation import liquidation_fill, liquidation_order, ruins
from execution.money.holding import Holding
from execution.orders.order import Order
from execution.orders.order_book import OrderBook
from execution.orders.order_status import OrderStatus
from execution.orders.protective_orders import ProtectiveOrders

AtBest = Callable[[Fill], Decimal]
"""Says what an ambiguous exit would have brought more than its fill does, had the targets come first."""

"""Says which equity of an account entries are held against."""


class Touch(msgspec.Struct, frozen=True):
    """The price that meets an order, and when.

    ``maker`` says that the order had rested, ``limit`` is what a triggered stop-limit allows, ``mark`` the price at
    which a position that it opens is marked (None: its own fill). ``at_best`` is given where the exit is ambiguous.
    """

    reference: Decimal
    time_ms: int
    maker: bool = False
    limit: Decimal | None = None
    mark: float | None = None
    at_best: AtBest | None = None


class Settlement:
    """Fills orders at the account and keeps the orders of their symbol true to the position.

    Parameters
    ----------
    book
        The orders, the account and the venue's rules.
    """

    def __init__(self, book: OrderBook) -> None:
        self._book = book
        self._account = book.account
        self._pricing = book.account.pricing
        self._rules = book.rules
        self.protection = ProtectiveOrders(book)

    def execute(self, order: Order, touch: Touch) -> TradeRow | None:
        """Fill an order that a price meets as far as position, volume cap and equity let it; return its row.

        Limits fill at the price; stops and market orders slip from it. Neither a limit, whose tick may have changed
        since, nor a triggered stop-limit fills beyond what it allows.
        """
        holding = self._account.holdings.get(order.symbol)
        reducing = holding is not None and holding.sign != order.sign
        if order.reduce_only and not reducing:
            self._book.end(order, OrderStatus.CANCELED, "nothing_to_reduce", touch.time_ms)
            return None
        if holding is not None and order.role == "close":
            order.quantity = add(order.filled, holding.entry.quantity)
        quantity, orders = order.remaining, self._book.symbol_orders(order.symbol)
        if holding is not None and reducing:
            quantity = min(quantity, holding.entry.quantity)
        if orders.budget is not None:
            quantity = min(quantity, orders.budget)
        if not quantity:
            return None
        order.reference = touch.reference
        fill = self._priced(order, quantity, touch)
        if holding is None or not reducing:
            return self._open(order, fill, touch.mark)
        if self._rules.perpetual is not None and ruins(holding.entry, fill):
            row = self.liquidate(holding, touch.time_ms, touch.at_best)
            if order.status.working and order in orders.working:
                self._book.end(order, OrderStatus.CANCELED, "nothing_to_reduce", touch.time_ms)
            return row
        orders.spend(quantity)
        row = self._close(order, fill, touch.at_best)
        if order.remaining and order.status.working and self._account.holdings.get(order.symbol) is None:
            self._book.end(order, OrderStatus.CANCELED, "nothing_to_reduce", touch.time_ms)
        return row

    def liquidate(self, holding: Holding, time_ms: int, at_best: AtBest | None = None) -> TradeRow:
        """Close a whole position at its bankruptcy price; its fee is what the margin leaves of it."""
        tick = self._pricing.rules(holding.entry.symbol).tick_size
        fill = liquidation_fill(holding.entry, self._rules.perpetual, tick, time_ms)
        return self._close(liquidation_order(holding, time_ms), fill, at_best)

    def _priced(self, order: Order, quantity: Decimal, touch: Touch) -> Fill:
        """Return the fill of an order at a price: on the tick, with what it costs."""
        pricing, symbol, buying, limit = self._pricing, order.symbol, order.sign > 0, touch.limit
        if order.acts == "limit":
            price = pricing.limit_price(symbol, touch.reference, buying=buying)
            limit = order.price
        else:
            price = pricing.market_price(symbol, touch.reference, quantity, buying=buying)
        if limit is not None:
            price = min(price, limit) if buying else max(price, limit)
        commission = pricing.commission(price, quantity, touch.time_ms, maker=touch.maker)
        return Fill(symbol, order.sign, quantity, price, touch.reference, commission, touch.time_ms)

    def _open(self, order: Order, fill: Fill, mark: float | None) -> TradeRow | None:
        """Open or add to a position, or reject the order; it is never resized."""
        account, book, symbol = self._account, self._book, fill.symbol
        first = symbol not in account.holdings
        refusal = entry_refusal(account, self._rules, fill, allow_shorting=book.allow_shorting)
        if refusal is None and first:
            refusal = passed_level(order.request, fill, self._pricing.rules(symbol).tick_size)
        if refusal is not None:
            order.reference = fill.price
            book.end(order, OrderStatus.REJECTED, refusal, fill.time_ms)
            return None
        if order.order_id is None:
            order.order_id = account.next_order_id()
            order.client_order_id = order.client_order_id or order.order_id
        orders = book.symbol_orders(symbol)
        if order not in orders.working:
            book.tell(order, "NEW", fill.time_ms)
        holding = account.enter(fill, order, mark)
        if self._pricing.counts_fills:
            self._pricing.note_fill(fill.time_ms, fill.notional)
        orders.spend(fill.quantity)
        self._note_fill(order, fill)
        if first:
            self.protection.place(holding, order, fill)
        else:
            self.protection.resize(holding, fill.time_ms, adding=True)
        orders.bound(holding)
        return account.tell_entry(fill, order.order_id)

    def _close(self, order: Order, fill: Fill, at_best: AtBest | None) -> TradeRow:
        account, book, symbol = self._account, self._book, fill.symbol
        holding, orders = account.holdings[symbol], book.symbol_orders(symbol)
        order.order_id = order.order_id or account.next_order_id()
        if order not in orders.working:
            # The venue's own order: a liquidation, or a close of the gap, the kill switch, the end.
            book.tell(order, "NEW", fill.time_ms)
        if self._pricing.counts_fills:
            self._pricing.note_fill(fill.time_ms, fill.notional)
        gained = ZERO if at_best is None else at_best(fill)
        row = account.leave(fill, order, ambiguous=at_best is not None, gained_at_best=gained)
        self._note_fill(order, fill)
        if symbol not in account.holdings:
            self._end_reducing(order, fill.time_ms)
            orders.bound(None)
        else:
            self.protection.resize(holding, fill.time_ms, adding=False)
            orders.bound(holding)
        return row

    def _note_fill(self, order: Order, fill: Fill) -> None:
        """Note a fill of an order and what follows from it for the order itself, its rung and its group."""
        order.filled = add(order.filled, fill.quantity) if order.filled else fill.quantity
        order.status = OrderStatus.FILLED if order.filled == order.quantity else OrderStatus.PARTIALLY_FILLED
        order.reason = order.exit_reason
        self._book.tell(order, order.status._value_, fill.time_ms, fill)
        if order.rung and order.status is OrderStatus.FILLED:
            self._account.rung_fills[order.rung] += 1
            holding = self._account.holdings.get(order.symbol)
            if holding is not None and order.rung == self._rules.break_even_after:
                holding.break_even_due = holding.moves_stop = True
        if not order.status.working:
            self._book.take_off(order)
        elif order.acts == "stop":
            # What the volume cap has left of a stop acts at the market.
            order.acts = "market" if order.order_type is not OrderType.STOP_LIMIT else "limit"
        if order.oco_group is not None:
            working = self._book.symbol_orders(order.symbol).working
            for other in [one for one in working if one.oco_group == order.oco_group and one is not order]:
                self._book.end(other, OrderStatus.CANCELED, "oco", fill.time_ms)

    def _end_reducing(self, closed_by: Order, time_ms: int) -> None:
        """Cancel what can only reduce a position that is gone, and the rest of an entry that had opened it."""
        reason: CancelReason = "oco" if closed_by.role in ("stop", "target") else "position_closed"
        working = self._book.symbol_orders(closed_by.symbol).working
        for other in [one for one in working if one.reduce_only and one is not closed_by]:
            own = other.role in ("stop", "target")
            self._book.end(other, OrderStatus.CANCELED, reason if own else "position_closed", time_ms)
        entry = self._book.entries.get(closed_by.symbol)
        if entry is not None and entry.filled and entry.sign != closed_by.sign:
            self._book.end(entry, OrderStatus.CANCELED, "position_closed", time_ms)
