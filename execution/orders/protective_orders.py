"""The protective orders of a position: its stop, its target or the rungs of its ladder."""

from decimal import Decimal

from core.exact import EXACT, ZERO, ceil_to, computed, floor_to, received
from core.orders import OrderType
from execution.money.holding import Holding
from execution.orders.order import Order, Role
from execution.orders.order_book import OrderBook
from execution.orders.symbol_orders import SymbolOrders
from execution.orders.trailing import Trail, trail_of


class ProtectiveOrders:
    """Places, resizes and moves the protective orders of positions.

    They are attached to their position: they act from its fill on, cancel each other when it is closed, and never open.
    Levels are kept from the first fill: a long's stop is rounded down and a short's up, targets away from the entry.
    """

    def __init__(self, book: OrderBook) -> None:
        self._book = book
        self._rules = book.rules

    def place(
        self,
        holding: Holding,
        living: SymbolOrders,
        entry: Order,
        fill: Decimal,
        tick: Decimal,
        lot: Decimal,
        trailing_fraction: Decimal | None,
        time_ms: int,
    ) -> None:
        """Place the protective orders of a position that was just opened at a fill price."""
        request = entry.request
        if request is None:
            return
        sign = holding.sign
        stop = None if request.stop_loss is None else received(request.stop_loss)
        distance = None if request.stop_distance is None else computed(request.stop_distance)
        if distance is not None:
            stop = EXACT.subtract(fill, EXACT.multiply(sign, distance))
        elif stop is not None:
            distance = EXACT.abs(EXACT.subtract(fill, stop))
        holding.stop_distance = distance
        holding.first_fill = fill
        trail = trail_of(request, trailing_fraction, long=holding.long)
        if stop is not None or trail is not None:
            kind = OrderType.STOP_MARKET if stop is not None else OrderType.TRAILING_STOP
            holding.stop = self._placed(holding, living, entry, kind, "stop", "stop", time_ms, trail=trail)
            holding.moves_stop = trail is not None
            holding.stop.stop_price = None if stop is None else stop_on_tick(stop, tick, long=holding.long)
        if not self._rules.ladder:
            target = None if request.take_profit is None else received(request.take_profit)
            if request.target_distance is not None:
                target = EXACT.add(fill, EXACT.multiply(sign, computed(request.target_distance)))
            if target is not None:
                order = self._placed(
                    holding, living, entry, OrderType.TAKE_PROFIT, "target", "target", time_ms, reason="target"
                )
                order.price = _target_on_tick(target, tick, long=holding.long)
                holding.targets.append(order)
        self.resize(holding, living, entry, tick, lot, time_ms, placed=True)
        placed = holding.targets if holding.stop is None else [holding.stop, *holding.targets]
        for order in placed:
            self._book.tell(order, "NEW", time_ms)
        holding.show_levels()

    def resize(
        self,
        holding: Holding,
        living: SymbolOrders,
        entry: Order | None,
        tick: Decimal,
        lot: Decimal,
        time_ms: int,
        *,
        placed: bool = False,
    ) -> None:
        """Let the orders stand for the position as it is now; ``entry`` is the order that added to it, if one did."""
        wanted: list[tuple[Order, Decimal]] = []
        held = holding.entry.quantity
        if holding.stop is not None and holding.stop.status.working:
            wanted.append((holding.stop, held))
        if not self._rules.ladder:
            wanted += [(order, held) for order in holding.targets if order.status.working]
        elif entry is not None and holding.stop_distance is not None:
            wanted += self._rungs(holding, living, entry, tick, lot, time_ms, placed=placed)
        for order, rest in wanted:
            quantity = EXACT.add(order.filled, rest)
            if quantity != order.quantity:
                order.quantity = quantity
                if not placed:
                    order.reason = "position"
                    self._book.tell(order, "REPLACED", time_ms)

    def _rungs(
        self,
        holding: Holding,
        living: SymbolOrders,
        entry: Order,
        tick: Decimal,
        lot: Decimal,
        time_ms: int,
        *,
        placed: bool,
    ) -> list[tuple[Order, Decimal]]:
        """Return every working rung and the quantity it still closes, placing those that are not there yet."""
        by_number = {order.rung: order for order in holding.targets}
        wanted, waiting = [], ZERO
        for number, rung in enumerate(self._rules.ladder, 1):
            order = by_number.get(number)
            share = floor_to(EXACT.multiply(rung.fraction, holding.entered), lot)
            if number == len(self._rules.ladder) and self._rules.ladder_closes_all:
                rest = EXACT.subtract(holding.entry.quantity, waiting)
            else:
                rest = EXACT.subtract(share, ZERO if order is None else order.filled)
            if rest <= 0 or (order is not None and not order.status.working):
                continue
            waiting = EXACT.add(waiting, rest)
            if order is None and holding.stop_distance is not None:
                order = self._placed(
                    holding,
                    living,
                    entry,
                    OrderType.TAKE_PROFIT,
                    "target",
                    f"tp{number}",
                    time_ms,
                    reason="target",
                    rung=number,
                )
                away = EXACT.multiply(rung.distance, holding.stop_distance)
                level = EXACT.add(holding.first_fill, EXACT.multiply(holding.sign, away))
                order.price = _target_on_tick(level, tick, long=holding.long)
                order.quantity = rest
                holding.targets.append(order)
                holding.targets.sort(key=lambda one: one.rung)
                if not placed:
                    self._book.tell(order, "NEW", time_ms)
            if order is not None:
                wanted.append((order, rest))
        return wanted

    def trail(self, order: Order, close: float, time_ms: int) -> None:
        """Let a script's trailing stop follow a close; it is never loosened."""
        level = None if order.trail is None or order.acts != "stop" else order.trail.level_after(close)
        if level is not None:
            level = stop_on_tick(level, self._tick(order.symbol), long=order.sign < 0)
            now = order.stop_price
            if now is None or (level > now if order.sign < 0 else level < now):
                order.stop_price, order.reason = level, "trailing_stop"
                self._book.tell(order, "REPLACED", time_ms)
                self._book.bound(order.symbol)

    def follow(self, holding: Holding, living: SymbolOrders, close: float, time_ms: int) -> None:
        """Let a position's stop follow a close and a filled rung, for the symbol's next candle.

        It is never loosened; of the trailing and the break-even level the tighter one stands.
        """
        moved, tick = False, self._tick(holding.entry.symbol)
        stop = holding.stop
        if stop is not None and stop.trail is not None:
            level = stop.trail.level_after(close)
            if level is not None:
                moved = self._tighten(holding, stop_on_tick(level, tick, long=holding.long), "trailing_stop", time_ms)
        if holding.break_even_due:
            holding.break_even_due = False
            holding.moves_stop = stop is not None and stop.trail is not None
            entry = holding.entry
            grid = EXACT.multiply(entry.quantity, tick) if tick else entry.quantity
            steps, rest = EXACT.divmod(entry.cost, grid) if tick else (entry.average_price(), ZERO)
            if rest and not holding.long:
                steps = EXACT.add(steps, 1)
            level = EXACT.multiply(steps, tick) if tick else steps
            moved = self._tighten(holding, level, "break_even", time_ms) or moved
        if moved:
            living.bound(holding)

    def _tick(self, symbol: str) -> Decimal:
        return self._book.account.pricing.rules(symbol).tick_size

    def _tighten(self, holding: Holding, level: Decimal, reason: str, time_ms: int) -> bool:
        stop = holding.stop
        if stop is None or not stop.status.working or stop.acts != "stop":
            return False
        now = stop.stop_price
        if now is not None and not (level > now if holding.long else level < now):
            return False
        stop.stop_price = level
        stop.exit_reason = stop.reason = reason
        self._book.tell(stop, "REPLACED", time_ms)
        holding.show_levels()
        return True

    def _placed(
        self,
        holding: Holding,
        living: SymbolOrders,
        entry: Order,
        kind: OrderType,
        role: Role,
        name: str,
        time_ms: int,
        *,
        reason: str = "stop",
        trail: Trail | None = None,
        rung: int = 0,
    ) -> Order:
        order = Order(
            entry.symbol,
            -holding.sign,
            kind,
            holding.entry.quantity,
            role,
            client_order_id=f"{holding.client_order_id}-{name}",
            accepted_ms=time_ms,
            reduce_only=True,
            exit_reason=reason,
            trail=trail,
            rung=rung,
        )
        order.rested = True
        self._book.rank(order)
        living.orders.append(order)
        return order


def stop_on_tick(level: Decimal, tick: Decimal, *, long: bool) -> Decimal:
    """Return the stop price of a position's stop on the tick: a long's rounded down, a short's up."""
    return floor_to(level, tick) if long else ceil_to(level, tick)


def _target_on_tick(level: Decimal, tick: Decimal, *, long: bool) -> Decimal:
    return ceil_to(level, tick) if long else floor_to(level, tick)
