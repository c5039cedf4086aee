"""The order book of one account: accepts orders, changes them, and ends them."""

import functools
from collections.abc import Callable, Mapping
from decimal import Decimal

from core.events import Fill, Listener, Role, TransitionKind
from core.exact import received
from core.orders import OrderRequest, OrderType
from core.reasons import CancelReason, ExitReason, OrderReason
from execution.matching.venue_rules import VenueRules
from execution.money.account import Account
from execution.orders.order import Order
from execution.orders.order_acceptance import outside_band, refusal_of, rounded_price, rounded_stop, whole
from execution.orders.order_status import OrderStatus
from execution.orders.symbol_orders import SymbolOrders
from execution.orders.trailing import trail_of

ALWAYS_REDUCING = (OrderType.TAKE_PROFIT, OrderType.TRAILING_STOP)


class _BySymbol(dict[str, SymbolOrders]):
    """Working orders by symbol; of one that is asked for the first time there are none."""

    def __init__(self, *, restless: bool) -> None:
        super().__init__()
        self._restless = restless

    def __missing__(self, symbol: str) -> SymbolOrders:
        orders = self[symbol] = SymbolOrders(restless=self._restless)
        return orders


class OrderBook:
    """The working orders of every symbol; the matching engine lets candles meet them.

    ``entries`` and ``closes`` are the waiting entry and market close of each symbol that a session decided on, at most
    one of each, ``exits`` what closes a part of a position. ``scripted`` says that a script has sent orders too.
    ``last_closes`` are what amended prices are judged against.

    Parameters
    ----------
    account, rules
        Positions and money; the venue's rules.
    recorder
        Is told every transition of every order.
    allow_shorting
        Whether orders may open shorts.
    """

    def __init__(self, account: Account, rules: VenueRules, recorder: Listener, *, allow_shorting: bool) -> None:
        self.account = account
        self.rules = rules
        self.allow_shorting = allow_shorting
        self.entries: dict[str, Order] = {}
        self.closes: dict[str, Order] = {}
        self.exits: dict[str, Order] = {}
        self.scripted = False
        self.last_closes: dict[str, float] = {}
        self._recorder = recorder
        self._symbols = _BySymbol(restless=rules.perpetual is not None and rules.perpetual.mark_triggers_stops)
        # A method of the mapping would stay that of this book in a copy of it.
        self.symbol_orders: Callable[[str], SymbolOrders] = functools.partial(_BySymbol.__getitem__, self._symbols)
        """Returns the working orders of a symbol; the same object for as long as the book lasts."""
        self._waiting: Mapping[Role, dict[str, Order]] = {
            "entry": self.entries,
            "close": self.closes,
            "exit": self.exits,
        }
        self._sequence = 0

    def reset(self) -> None:
        """Forget every order, without a word; who holds the book, or a symbol's orders, keeps them."""
        for emptied in (self.entries, self.closes, self.exits, self.last_closes):
            emptied.clear()
        for orders in self._symbols.values():
            orders.reset()
        self.scripted = False
        self._sequence = 0

    def orders_of(self, symbol: str) -> list[Order]:
        """Return the symbol's working orders, protective ones included, in order of acceptance."""
        return list(self.symbol_orders(symbol).working)

    def submit(
        self,
        request: OrderRequest,
        time_ms: int,
        *,
        last_price: float,
        role: Role = "order",
        last_open_ms: int | None = None,
    ) -> Order:
        """Accept an order, or reject it; look at its ``status`` and ``reason``.

        Parameters
        ----------
        time_ms
            When it was decided; it acts from the first open at or after this and the latency.
        last_price
            The last close.
        last_open_ms
            Latest open at which a market entry may fill.
        """
        rules = self.account.pricing.rules(request.symbol)
        price = rounded_price(request.price, request, rules.tick_size)
        stop_price = rounded_stop(request.stop_price, request, rules.tick_size)
        quantity, kind = whole(request.quantity, rules), request.order_type
        order = Order(
            request.symbol,
            request.side.sign,
            kind,
            quantity,
            role,
            client_order_id=request.order_id or "",
            accepted_ms=time_ms,
            active_ms=time_ms + self.rules.latency_ms,
            price=price,
            stop_price=stop_price,
            reduce_only=request.reduce_only or kind in ALWAYS_REDUCING,
            exit_reason="signal" if role == "entry" else "order",
            trail=trail_of(request, long=request.side.sign < 0) if kind is OrderType.TRAILING_STOP else None,
            request=request,
            decision_price=last_price,
            last_open_ms=last_open_ms,
        )
        refusal = None
        if role != "entry" or kind is not OrderType.MARKET:
            holding, last = self.account.holdings.get(request.symbol), received(last_price)
            refusal = refusal_of(
                request, quantity, price, stop_price, rules, last, holding, allow_shorting=self.allow_shorting
            )
        if refusal is not None:
            order.status, order.reason = OrderStatus.REJECTED, refusal
            self.tell(order, "REJECTED", time_ms)
            return order
        self._accept(order, time_ms)
        return order

    def submit_close(self, symbol: str, time_ms: int, reason: ExitReason, quantity: Decimal | None = None) -> Order:
        """Accept a market close of the whole position, or of a quantity of it; it never expires."""
        holding = self.account.holdings[symbol]
        order = Order(
            symbol,
            -holding.sign,
            OrderType.MARKET,
            holding.entry.quantity if quantity is None else quantity,
            "close" if quantity is None else "exit",
            accepted_ms=time_ms,
            active_ms=time_ms + self.rules.latency_ms,
            reduce_only=True,
            exit_reason=reason,
        )
        self._accept(order, time_ms)
        return order

    def cancel(self, order: Order, time_ms: int, reason: CancelReason = "request") -> bool:
        """Cancel a working order; return whether it was working."""
        if not order.status.working:
            return False
        self.end(order, OrderStatus.CANCELED, reason, time_ms)
        holding = self.account.holdings.get(order.symbol)
        if holding is not None:
            holding.drop(order)
        return True

    def cancel_entry(self, symbol: str, time_ms: int, reason: CancelReason) -> None:
        """Cancel a symbol's waiting entry, if there is one."""
        if symbol in self.entries:
            self.cancel(self.entries[symbol], time_ms, reason)

    def cancel_close(self, symbol: str, time_ms: int, reason: CancelReason) -> None:
        """Cancel a symbol's waiting close, whole or of a part, if there is one."""
        for waiting in (self.closes, self.exits):
            if symbol in waiting:
                self.cancel(waiting[symbol], time_ms, reason)

    def amend(
        self,
        order: Order,
        time_ms: int,
        *,
        quantity: float | None = None,
        price: float | None = None,
        stop_price: float | None = None,
    ) -> bool:
        """Change a working order; it acts so from the next candle on. Return whether the change was accepted.

        Refused are a quantity that is filled already, a level that the order does not have or that is not above 0, and
        a limit price outside the venue's band.
        """
        request = order.request
        if not order.status.working or request is None:
            return False
        rules = self.account.pricing.rules(order.symbol)
        amount = order.quantity if quantity is None else whole(quantity, rules)
        limit = order.price if price is None else rounded_price(price, request, rules.tick_size)
        stop = order.stop_price if stop_price is None else rounded_stop(stop_price, request, rules.tick_size)
        if amount <= order.filled or (price is not None and (limit is None or limit <= 0)):
            return False
        if stop_price is not None and (stop is None or stop <= 0 or order.acts != "stop"):
            return False
        if (
            price is not None
            and limit is not None
            and outside_band(limit, received(self.last_closes.get(order.symbol, order.decision_price)), rules)
        ):
            return False
        order.quantity, order.price, order.stop_price = amount, limit, stop
        order.active_ms = max(order.active_ms, time_ms + self.rules.latency_ms)
        order.rested, order.reason = False, "request"
        self.tell(order, "REPLACED", time_ms)
        self.bound(order.symbol)
        return True

    def rewrite_levels(self, order: Order, request: OrderRequest, time_ms: int) -> None:
        """Let a waiting entry have the levels of another request, which is the same but for them."""
        order.request, order.reason = request, "signal"
        self.tell(order, "REPLACED", time_ms)

    def expire(self, symbol: str, candle_open_ms: int | None, time_ms: int) -> None:
        """Expire the orders whose time is over before this step and that no candle of it can fill any more."""
        for order in self.orders_of(symbol):
            lapse = order.lapse(candle_open_ms, time_ms)
            if lapse is not None:
                self.end(order, OrderStatus.EXPIRED, *lapse)

    def end(self, order: Order, status: OrderStatus, reason: OrderReason, time_ms: int) -> None:
        """End an order that does not go on: CANCELED, EXPIRED or REJECTED (CANCELED where a part has filled)."""
        if status is OrderStatus.REJECTED and order.filled:
            status = OrderStatus.CANCELED
        order.status, order.reason = status, reason
        self.tell(order, status._value_, time_ms)
        self.take_off(order)

    def take_off(self, order: Order) -> None:
        """Remove an order that has ended from its symbol's working orders."""
        working = self.symbol_orders(order.symbol).working
        if order in working:
            working.remove(order)
        waiting = self._waiting.get(order.role)
        if waiting is not None and waiting.get(order.symbol) is order:
            del waiting[order.symbol]
        self.bound(order.symbol)

    def tell(self, order: Order, event: TransitionKind, time_ms: int, fill: Fill | None = None) -> None:
        """Tell a transition of an order, with its fill if it is one."""
        self._recorder(order.transition(event, time_ms, fill))

    def bound(self, symbol: str) -> None:
        """Find anew the prices between which nothing can happen to a symbol."""
        self.symbol_orders(symbol).bound(self.account.holdings.get(symbol))

    def place(self, order: Order) -> None:
        """Put an order among its symbol's working ones, ranked behind all that were accepted or placed before it."""
        self._sequence += 1
        order.sequence = self._sequence
        self.symbol_orders(order.symbol).working.append(order)

    def _accept(self, order: Order, time_ms: int) -> None:
        self.place(order)
        order.order_id = self.account.next_order_id()
        order.client_order_id = order.client_order_id or order.order_id
        waiting = self._waiting.get(order.role)
        if waiting is None:
            self.scripted = True
        else:
            waiting[order.symbol] = order
        self.tell(order, "NEW", time_ms)
        self.bound(order.symbol)
