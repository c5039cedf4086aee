"""A held position: its exact entry, its protective orders and the public view that scripts read."""

from decimal import Decimal

from core.events import Fill, Levels
from core.exact import ZERO, add, as_float, average, multiply, received, share_of, subtract
from core.orders import OrderSide
from core.reasons import FillReason
from execution.money.closed_trade import ClosedTrade
from execution.money.ledger import ClosedPart, Entry
from execution.orders.order import Order
from execution.orders.target_ladder import HeldRung
from execution.scripting.position import Position


class Holding:
    """Everything the venue knows about one open position.

    ``mark`` is the float price at which the position counts for equity and exposure. ``marked`` says that it is a close
    taken after the entry; until then the trade log values the position at its own fill price. ``fresh_quantity`` and
    ``fresh_cost`` are what was added since the last equity and is not part of it. ``stop`` and ``targets`` are its
    protective orders, ``ladder`` the rungs that it was opened with, ``entries`` how many entry orders built it,
    ``entered`` their quantity. ``stop_distance`` is that of its first stop, ``first_fill`` what it was measured from.
    ``entered_inside`` says that a candle's range opened it,
    at an unknown time of that candle. ``moves_stop`` says that the next close may move the stop. ``client_order_id`` is
    that of the order that opened it. ``liquidation`` is the mark price at which its margin is used up; None without
    margin, or where there is none.
    """

    __slots__ = (
        "_closed_cost",
        "_closed_gross",
        "_closed_quantity",
        "_parts",
        "_proceeds",
        "ambiguous",
        "best_case",
        "break_even_due",
        "client_order_id",
        "entered",
        "entered_inside",
        "entries",
        "entry",
        "entry_price",
        "first_fill",
        "fresh_cost",
        "fresh_quantity",
        "ladder",
        "liquidation",
        "mark",
        "marked",
        "moves_stop",
        "opened_ms",
        "position",
        "quantity",
        "result",
        "sign",
        "stop",
        "stop_distance",
        "tag",
        "targets",
        "timed_out",
    )

    def __init__(
        self, entry: Entry, position: Position, opened_ms: int, mark: float, client_order_id: str = ""
    ) -> None:
        self.position = position
        self.client_order_id = client_order_id
        self.opened_ms = opened_ms
        self.mark = mark
        self.marked = False
        self.fresh_quantity = self.fresh_cost = ZERO
        self.sign = entry.sign
        self.entries = 1
        self.entered = entry.quantity
        self.stop: Order | None = None
        self.targets: list[Order] = []
        self.ladder: tuple[HeldRung, ...] = ()
        self.tag = ""
        self.stop_distance: Decimal | None = None
        self.first_fill = ZERO
        self.break_even_due = False
        self.moves_stop = False
        self.entered_inside = False
        self.timed_out = False
        self.liquidation: Decimal | None = None
        self.ambiguous = False
        self.result = self.best_case = ZERO
        self._parts = 0
        self._closed_quantity = self._closed_cost = self._closed_gross = self._proceeds = ZERO
        self.resize(entry)
        self.fresh_quantity, self.fresh_cost = entry.quantity, entry.cost

    @property
    def long(self) -> bool:
        """Whether the position is long."""
        return self.sign > 0

    @property
    def entered_ms(self) -> int:
        """The latest time at which it can have been entered: what fills inside a candle does so before its end."""
        return self.opened_ms - 1 if self.entered_inside else self.opened_ms

    def resize(self, entry: Entry) -> None:
        """Take the entry as it stands in the ledger, after a part was added or closed."""
        if self.fresh_quantity:
            self._resize_fresh(entry)
        self.entry = entry
        self.quantity = as_float(entry.quantity)
        self.entry_price = as_float(entry.average_price())
        self.position.quantity = self.quantity
        self.position.entry_price = self.entry_price

    def add(self, entry: Entry, fill: Fill) -> None:
        """Take the entry with a fill added to it."""
        self.entered = add(self.entered, fill.quantity)
        fresh = add(self.fresh_quantity, fill.quantity), add(self.fresh_cost, fill.notional)
        self.fresh_quantity = ZERO
        self.resize(entry)
        self.fresh_quantity, self.fresh_cost = fresh

    def count(self) -> None:
        """Note that all of the position is part of an equity."""
        if self.fresh_quantity:
            self.fresh_quantity = self.fresh_cost = ZERO

    def counted_unrealized(self) -> Decimal:
        """Return the gross profit at the mark, exactly, without what was added since the last equity."""
        entry, fresh = self.entry, self.fresh_quantity
        if not fresh:
            return self.exact_unrealized()
        if fresh == entry.quantity and self.fresh_cost == entry.cost:
            return ZERO
        counted = multiply(received(self.mark), subtract(entry.quantity, fresh))
        return multiply(self.sign, subtract(counted, subtract(entry.cost, self.fresh_cost)))

    def _resize_fresh(self, entry: Entry) -> None:
        """Let a closed part take its share of what was added since the last equity."""
        before = self.entry
        if self.fresh_quantity == before.quantity:
            self.fresh_quantity, self.fresh_cost = entry.quantity, entry.cost
        else:
            self.fresh_quantity = share_of(self.fresh_quantity, entry.quantity, before.quantity)
            self.fresh_cost = share_of(self.fresh_cost, entry.quantity, before.quantity)

    def unrealized(self) -> float:
        """Return side × (mark − entry) × quantity in float64, in this order."""
        return self.sign * (self.mark - self.entry_price) * self.quantity

    def exact_unrealized(self) -> Decimal:
        """Return the gross profit at the mark, exactly."""
        return self.entry.gross(received(self.mark), self.entry.quantity)

    def exposure(self) -> float:
        """Return quantity × mark in float64."""
        return self.quantity * self.mark

    def set_mark(self, price: float) -> None:
        """Take a close as the mark."""
        self.mark = price
        self.marked = True
        self.position.update_price(price)

    def drop(self, order: Order) -> None:
        """Forget a protective order that was cancelled by itself."""
        if order is self.stop:
            self.stop, self.moves_stop = None, False
        self.targets = [target for target in self.targets if target is not order]
        self.show_levels()

    def show_levels(self) -> None:
        """Let the public view have the levels as they stand."""
        stop = None if self.stop is None else self.stop.stop_price
        target = self.targets[0].price if self.targets else None
        self.position.stop_loss = None if stop is None else as_float(stop)
        self.position.take_profit = None if target is None else as_float(target)

    def levels(self) -> Levels:
        """Return the levels as they stand."""
        return Levels(
            self.liquidation,
            None if self.stop is None else self.stop.stop_price,
            tuple([order.price for order in self.targets if order.price is not None]),
            ladder=bool(self.targets) and self.targets[0].rung > 0,
        )

    def take_part(self, part: ClosedPart, fill: Fill, best_case: Decimal) -> None:
        """Add a closed part to what the trade has come to."""
        self._parts += 1
        if self._parts == 1:
            self._closed_quantity, self._closed_cost, self._closed_gross = fill.quantity, part.cost, part.gross
            self._proceeds, self.result, self.best_case = fill.notional, part.result, best_case
            return
        self._closed_quantity = add(self._closed_quantity, fill.quantity)
        self._closed_cost = add(self._closed_cost, part.cost)
        self._closed_gross = add(self._closed_gross, part.gross)
        self._proceeds = add(self._proceeds, fill.notional)
        self.result = add(self.result, part.result)
        self.best_case = add(self.best_case, best_case)

    def trade(self, fill: Fill, reason: FillReason) -> ClosedTrade:
        """Return the round trip that ends with a last fill."""
        entry_price = self.entry.price
        if entry_price is None or self._closed_cost != multiply(entry_price, self._closed_quantity):
            entry_price = average(self._closed_cost, self._closed_quantity)
        position = self.position
        return ClosedTrade(
            symbol=position.symbol,
            side=position.side,
            quantity=self._closed_quantity,
            entry_time_ms=self.opened_ms,
            exit_time_ms=fill.time_ms,
            entry_price=entry_price,
            exit_price=fill.price if self._parts == 1 else average(self._proceeds, self._closed_quantity),
            gross_pnl=self._closed_gross,
            realized_pnl=self.result,
            reason=reason,
            best_case_pnl=self.best_case,
            ambiguous=self.ambiguous,
            strategy_name=position.strategy_name,
            parts=self._parts,
            tag=self.tag,
        )


def side_of(sign: int) -> OrderSide:
    """Return the side of a position's or an order's sign."""
    return OrderSide.LONG if sign > 0 else OrderSide.SHORT
