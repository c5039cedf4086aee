"""The protective orders of a position: its stop, its target or the rungs of its ladder."""

from decimal import Decimal
from typing import Literal

from core.events import Fill
from core.exact import EXACT, ZERO, absolute, add, computed, floor_to, multiply, received, subtract
from core.orders import OrderRequest, OrderType
from core.reasons import LevelRefusal
from execution.money.holding import Holding
from execution.orders.order import Order
from execution.orders.order_book import OrderBook
from execution.orders.target_ladder import (
    closes_all,
    own_rungs,
    rungs_of_rules,
    stop_on_tick,
    target_on_tick,
)
from execution.orders.trailing import trail_of


class ProtectiveOrders:
    """Places, resizes and moves the protective orders of positions.

    They are attached to their position: they act from its fill on, cancel each other when it is closed, and never open.
    ``trailing_fraction`` is that of positions to come; None lets their stops stand.
    Levels are kept from the first fill: a long's stop is rounded down and a short's up, targets away from the entry.
    """

    def __init__(self, book: OrderBook) -> None:
        self._book = book
        self._pricing = book.account.pricing
        self._rules = book.rules
        self.trailing_fraction = book.rules.trailing_fraction

    def trail_at(self, fraction: Decimal | None) -> None:
        """Let the stops of positions to come follow at a fraction of the close; None lets them stand."""
        self.trailing_fraction = fraction

    def place(self, holding: Holding, entry: Order, fill: Fill) -> None:
        """Place the protective orders of a position that a fill of its entry has just opened."""
        request = entry.request
        if request is None:
            return
        sign, tick = holding.sign, self._tick(fill.symbol)
        stop = None if request.stop_loss is None else received(request.stop_loss)
        distance = None if request.stop_distance is None else computed(request.stop_distance)
        if distance is not None:
            stop = subtract(fill.price, multiply(sign, distance))
        if request.stop_level is not None:
            stop = computed(request.stop_level)
        if stop is not None:
            distance = absolute(subtract(fill.price, stop))
        holding.stop_distance = distance
        holding.first_fill = fill.price
        trail = trail_of(request, self.trailing_fraction, long=holding.long)
        if stop is not None or trail is not None:
            kind = OrderType.STOP_MARKET if stop is not None else OrderType.TRAILING_STOP
            holding.stop = self._placed(holding, kind, "stop", fill.time_ms)
            holding.stop.trail = trail
            holding.moves_stop = trail is not None
            holding.stop.stop_price = None if stop is None else stop_on_tick(stop, tick, long=holding.long)
        target = self._targeted(holding, request)
        if target is not None:
            self._place_target(holding, target, fill.time_ms)
        if holding.ladder:
            self._resize(holding, fill.time_ms, adding=True, placing=True)
        placed = holding.targets if holding.stop is None else [holding.stop, *holding.targets]
        for order in placed:
            self._book.tell(order, "NEW", fill.time_ms)
        holding.show_levels()

    def _targeted(self, holding: Holding, request: OrderRequest) -> Decimal | None:
        """Give a position the ladder that it is opened with, or return the one target that it has; None: no target."""
        fill, sign, distance = holding.first_fill, holding.sign, holding.stop_distance
        if request.targets:
            rungs = own_rungs(request.targets, fill, sign, distance)
            if len(rungs) == 1 and closes_all(rungs):
                return rungs[0].level
            holding.ladder = rungs
            return None
        if self._rules.ladder:
            if distance is not None:
                holding.ladder = rungs_of_rules(self._rules.ladder, fill, sign, distance)
            return None
        if request.target_distance is not None:
            return add(fill, multiply(sign, computed(request.target_distance)))
        return None if request.take_profit is None else received(request.take_profit)

    def _place_target(self, holding: Holding, level: Decimal, time_ms: int) -> Order:
        order = self._placed(holding, OrderType.TAKE_PROFIT, "target", time_ms)
        order.price = target_on_tick(level, self._tick(holding.entry.symbol), long=holding.long)
        holding.targets.append(order)
        return order

    def move_stop(self, holding: Holding, price: float, time_ms: int) -> LevelRefusal | None:
        """Move a position's stop to a price that a strategy names, on the tick, for the symbol's next candle.

        Return why it stays: it only ever comes nearer, and never to where the last price is already.
        """
        stop, long = holding.stop, holding.long
        level = stop_on_tick(computed(price), self._tick(holding.entry.symbol), long=long)
        if stop is None or not stop.status.working or stop.acts != "stop":
            return "no_stop"
        now, last = stop.stop_price, received(holding.mark)
        if now is not None and not (level > now if long else level < now):
            return "stop_not_tighter"
        if level >= last if long else level <= last:
            return "stop_passed"
        stop.stop_price, stop.exit_reason = level, "stop"
        self._tell_move(holding, stop, time_ms)
        return None

    def move_target(self, holding: Holding, price: float, time_ms: int) -> LevelRefusal | None:
        """Move a position's one target to a price that a strategy names, or place it; return why it is not done."""
        long, last = holding.long, received(holding.mark)
        level = target_on_tick(computed(price), self._tick(holding.entry.symbol), long=long)
        if holding.ladder:
            return "targets_are_a_ladder"
        if level <= last if long else level >= last:
            return "target_passed"
        if holding.targets:
            holding.targets[0].price = level
            self._tell_move(holding, holding.targets[0], time_ms)
        else:
            self._book.tell(self._place_target(holding, level, time_ms), "NEW", time_ms)
            self._book.bound(holding.entry.symbol)
            holding.show_levels()
        return None

    def _tell_move(self, holding: Holding, order: Order, time_ms: int) -> None:
        order.reason = "signal"
        self._book.tell(order, "REPLACED", time_ms)
        self._book.bound(order.symbol)
        holding.show_levels()

    def resize(self, holding: Holding, time_ms: int, *, adding: bool) -> None:
        """Let the orders stand for the position as it is now, after a fill that added to it or reduced it."""
        self._resize(holding, time_ms, adding=adding, placing=False)

    def _resize(self, holding: Holding, time_ms: int, *, adding: bool, placing: bool) -> None:
        wanted: list[tuple[Order, Decimal]] = []
        held = holding.entry.quantity
        if holding.stop is not None and holding.stop.status.working:
            wanted.append((holding.stop, held))
        if not holding.ladder:
            wanted += [(order, held) for order in holding.targets if order.status.working]
        elif adding:
            wanted += self._rungs(holding, time_ms, placing=placing)
        for order, rest in wanted:
            quantity = add(order.filled, rest)
            if quantity != order.quantity:
                order.quantity = quantity
                if not placing:
                    order.reason = "position"
                    self._book.tell(order, "REPLACED", time_ms)

    def _rungs(self, holding: Holding, time_ms: int, *, placing: bool) -> list[tuple[Order, Decimal]]:
        """Return every working rung and the quantity it still closes, placing those that are not there yet."""
        ladder, symbol = holding.ladder, holding.entry.symbol
        whole = closes_all(ladder)
        lot, tick = self._pricing.rules(symbol).lot_size, self._tick(symbol)
        by_number = {order.rung: order for order in holding.targets}
        wanted, waiting = [], ZERO
        for number, rung in enumerate(ladder, 1):
            order = by_number.get(number)
            share = floor_to(multiply(rung.fraction, holding.entered), lot)
            if number == len(ladder) and whole:
                rest = subtract(holding.entry.quantity, waiting)
            else:
                rest = subtract(share, ZERO if order is None else order.filled)
            if rest <= 0 or (order is not None and not order.status.working):
                continue
            waiting = add(waiting, rest)
            if order is None:
                order = self._placed(holding, OrderType.TAKE_PROFIT, f"tp{number}", time_ms)
                price = target_on_tick(rung.level, tick, long=holding.long)
                order.price, order.quantity, order.rung = price, rest, number
                holding.targets.append(order)
                holding.targets.sort(key=lambda one: one.rung)
                if not placing:
                    self._book.tell(order, "NEW", time_ms)
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

    def follow(self, holding: Holding, close: float, time_ms: int) -> None:
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
            grid = multiply(entry.quantity, tick) if tick else entry.quantity
            steps, rest = EXACT.divmod(entry.cost, grid) if tick else (entry.average_price(), ZERO)
            if rest and not holding.long:
                steps = add(steps, 1)
            level = multiply(steps, tick) if tick else steps
            moved = self._tighten(holding, level, "break_even", time_ms) or moved
        if moved:
            self._book.bound(holding.entry.symbol)

    def _tick(self, symbol: str) -> Decimal:
        return self._pricing.rules(symbol).tick_size

    def _tighten(
        self, holding: Holding, level: Decimal, reason: Literal["trailing_stop", "break_even"], time_ms: int
    ) -> bool:
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

    def _placed(self, holding: Holding, kind: OrderType, name: str, time_ms: int) -> Order:
        """Place an order for the whole position, named beside it; it is a target if it is a limit order."""
        role: Literal["stop", "target"] = "target" if kind is OrderType.TAKE_PROFIT else "stop"
        order = Order(
            holding.entry.symbol,
            -holding.sign,
            kind,
            holding.entry.quantity,
            role,
            client_order_id=f"{holding.client_order_id}-{name}",
            accepted_ms=time_ms,
            reduce_only=True,
            exit_reason=role,
            rested=True,
        )
        self._book.place(order)
        return order
