"""The matching engine: lets one candle after another meet the orders of the book.

A candle of a symbol passes through ``exits_at_open``, ``entries_at_open``, ``inside`` and ``after_close``, in this
order. docs/venue.md states the rules with drawn candles.
"""

from decimal import Decimal

from core.candle import Candle
from core.events import Fill, TradeRow
from core.exact import ZERO, received
from core.orders import TimeInForce
from execution.matching.best_case import gained_at_targets
from execution.matching.candle_walk import CandleWalk, Meeting
from execution.matching.funding_dues import FundingDues
from execution.matching.reach_rules import ReachRules
from execution.matching.settlement import Settlement, Touch
from execution.money.holding import Holding
from execution.orders.order import Order
from execution.orders.order_book import OrderBook
from execution.orders.order_status import OrderStatus
from execution.orders.symbol_orders import SymbolOrders

_CLOSING = {"close": 0, "exit": 1}


class MatchingEngine:
    """Matches candles with the orders of a book.

    Parameters
    ----------
    book
        The orders, the account and the venue's rules.
    funding
        What falls on a position that the walk through a candle opens.
    """

    def __init__(self, book: OrderBook, funding: FundingDues) -> None:
        self.book = book
        self.rules = book.rules
        self.reach = ReachRules(book.rules)
        self.settlement = Settlement(book)
        self._funding = funding
        self._account = book.account
        self._marks_trigger = book.rules.perpetual is not None and book.rules.perpetual.mark_triggers_stops

    def holding_of(self, symbol: str) -> Holding | None:
        """Return the symbol's position."""
        return self._account.holdings.get(symbol)

    def exits_at_open(self, symbol: str, candle: Candle, mark: Candle) -> None:
        """Phase A1: market closes, liquidation, and the exits that the open has passed, filled at the open."""
        holding, orders = self.holding_of(symbol), self.book.symbol_orders(symbol)
        if orders.quiet_at(candle.open, mark.open) or holding is None:
            return
        self._open_budget(orders, symbol, candle)
        # Waiting closes, the whole one first, come before what is left of a stop that was triggered earlier.
        market = [one for one in orders.working if one.acts == "market"]
        for order in sorted(market, key=lambda one: _CLOSING.get(one.role, len(_CLOSING))):
            if self._reduces(order, candle):
                self._meet_open(order, candle, mark)
        holding = self.holding_of(symbol)
        if holding is not None and holding.liquidation is not None:
            first = received(mark.open)
            if first <= holding.liquidation if holding.long else first >= holding.liquidation:
                self.settlement.liquidate(holding, candle.open_time_ms)
        for acts in ("stop", "limit"):
            for order in [one for one in orders.working if one.acts == acts]:
                if self._reduces(order, candle):
                    self._meet_open(order, candle, mark)

    def reaches_exit(self, symbol: str, quote: Candle) -> bool:
        """Return whether a quoted price meets an exit of a symbol's position; nothing changes."""
        holding, price = self.holding_of(symbol), received(quote.open)
        ruined = None if holding is None else holding.liquidation
        if holding is not None and ruined is not None and (price <= ruined if holding.long else price >= ruined):
            return True
        return any(
            order.acts == "market" or self.reach.meets(order, price, quote.open_time_ms)
            for order in self.book.symbol_orders(symbol).working
            if self._reduces(order, quote)
        )

    def entries_at_open(self, symbol: str, candle: Candle, mark: Candle) -> None:
        """Phase A2: market entries, then resting entries that the open satisfies, filled at the open."""
        orders = self.book.symbol_orders(symbol)
        if orders.quiet_at(candle.open, candle.open):
            return
        self._open_budget(orders, symbol, candle)
        for market in (True, False):
            for order in [one for one in orders.working if (one.acts == "market") is market]:
                if market and self._enters_inside(order):
                    continue
                # A script's order may reduce what another has opened just now.
                if self._opens(order, candle) or (order.role == "order" and self._reduces(order, candle)):
                    self._meet_open(order, candle, mark)
                elif self._held_back(order, candle):
                    self._passed_by(order, candle.open_time_ms)

    def inside(self, symbol: str, candle: Candle, mark: Candle, time_ms: int) -> None:
        """Phase A3: what the prices inside the candle meet."""
        orders = self.book.symbol_orders(symbol)
        if not orders.quiet_inside(candle, mark):
            self._open_budget(orders, symbol, candle)
            CandleWalk(self, symbol, orders, candle, mark, time_ms).run()

    def after_close(self, symbol: str, close: float, time_ms: int) -> None:
        """Phase B: let trailing stops and a filled rung's break-even move stops, for the symbol's next candle."""
        holding = self.holding_of(symbol)
        if holding is not None:
            self.settlement.protection.follow(holding, close, time_ms)
        for order in self.book.symbol_orders(symbol).working:
            if order.trail is not None and order.role == "order":
                self.settlement.protection.trail(order, close, time_ms)

    def execute_inside(self, meeting: Meeting, walk: CandleWalk) -> bool:
        """Fill what the walk has met; return whether it opened or added to a position."""
        order, holding = meeting.order, self.holding_of(walk.symbol)

        def gained(fill: Fill) -> Decimal:
            if holding is None or (order is not None and order is not holding.stop):
                return ZERO
            return gained_at_targets(self._account.pricing, walk.reached_targets(holding), fill)

        if order is None:
            if holding is not None:
                self.settlement.liquidate(holding, walk.time_ms, gained if walk.ambiguous else None)
            return False
        own = holding is not None and (order is holding.stop or order in holding.targets)
        at_best = gained if own and walk.ambiguous else None
        if order.acts == "limit":
            row = self.settlement.execute(order, Touch(meeting.price, walk.time_ms, maker=True, at_best=at_best))
        else:
            row = self._trigger(
                order, walk.candle, Touch(meeting.price, walk.time_ms, limit=order.price, at_best=at_best)
            )
        opened = self.holding_of(walk.symbol)
        walk.orders.bound(opened)
        if holding is None and opened is not None:
            opened.entered_inside = True
            self._funding.entered(opened)
        return row is not None and row.action == "OPEN"

    def _enters_inside(self, order: Order) -> bool:
        """Return whether an order is a market entry that waits for a candle's typical price."""
        return self.rules.enters_at_typical and order.role == "entry" and order.acts == "market"

    def _meet_open(self, order: Order, candle: Candle, mark: Candle) -> None:
        """Fill an order that the open satisfies; of one that acts for the first time judge its conditions."""
        at_open, open_ms = received(candle.open), candle.open_time_ms
        if order.acts == "market":
            self.settlement.execute(order, Touch(at_open, open_ms))
        elif order.acts == "stop":
            by_mark = self._marks_trigger and self._reduces(order, candle)
            triggering = received(mark.open) if by_mark else at_open
            if self.reach.meets(order, triggering, open_ms):
                self._trigger(order, candle, Touch(at_open, open_ms, limit=order.price))
        elif self.reach.meets(order, at_open, open_ms):
            order.reference = at_open
            if order.post_only and not order.rested:
                self.book.end(order, OrderStatus.REJECTED, "would_take", open_ms)
            else:
                self.settlement.execute(order, Touch(at_open, open_ms, maker=order.rested))
        self._passed_by(order, open_ms)

    def _trigger(self, order: Order, candle: Candle, touch: Touch) -> TradeRow | None:
        """Fill a triggered stop; a stop-limit whose limit the price is beyond rests from the next candle on."""
        limit, reference = touch.limit, touch.reference
        if limit is not None and (reference > limit if order.sign > 0 else reference < limit):
            self._rest_triggered(order, candle, touch.time_ms)
            return None
        row = self.settlement.execute(order, touch)
        if row is None and order.status.working and order.acts == "stop":
            self._rest_triggered(order, candle, touch.time_ms)
        return row

    def _rest_triggered(self, order: Order, candle: Candle, time_ms: int) -> None:
        """Let a triggered stop that nothing has filled act from the next candle on, as what it has become."""
        order.acts = "market" if order.price is None else "limit"
        order.rested, order.reason = True, "triggered"
        order.active_ms = candle.open_time_ms + 1
        self.book.tell(order, "REPLACED", time_ms)

    def _passed_by(self, order: Order, open_ms: int) -> None:
        """Note that an order has had its first open; one that lives no longer ends with it."""
        if order.status.working:
            if order.time_in_force is TimeInForce.IOC:
                self.book.end(order, OrderStatus.EXPIRED, "ioc", open_ms)
            order.rested = True
        self.book.bound(order.symbol)

    def _open_budget(self, orders: SymbolOrders, symbol: str, candle: Candle) -> None:
        """Let the symbol's orders share the volume that the cap leaves for a candle."""
        if self.rules.volume_cap is not None:
            orders.open_budget(candle, self.rules.volume_cap, self._account.pricing.rules(symbol).lot_size)

    def _reduces(self, order: Order, candle: Candle) -> bool:
        holding = self.holding_of(order.symbol)
        return (
            holding is not None
            and holding.sign != order.sign
            and order.role != "entry"
            and order.status.working
            and order.active_ms <= candle.open_time_ms
        )

    def _held_back(self, order: Order, candle: Candle) -> bool:
        """Return whether a resting entry could act but for a position against it that is not closed yet."""
        holding = self.holding_of(order.symbol)
        against = holding is not None and holding.sign != order.sign
        waits = order.role == "entry" and order.acts != "market" and order.status.working
        return against and waits and order.active_ms <= candle.open_time_ms

    def _opens(self, order: Order, candle: Candle) -> bool:
        if not order.status.working or order.active_ms > candle.open_time_ms or order.reduce_only:
            return False
        if order.last_open_ms is not None and candle.open_time_ms > order.last_open_ms:
            return False
        if order.expires_ms is not None and candle.open_time_ms >= order.expires_ms:
            return False
        holding = self.holding_of(order.symbol)
        return holding is None or holding.sign == order.sign
