"""The walk through one candle: which orders its prices meet, in which order.

A candle tells four prices and not their order. ``intrabar`` says which order is assumed; docs/venue.md draws each. A
market entry that waits for the typical price is met where the walk first comes to that price.
"""

from collections import deque
from decimal import Decimal
from typing import NamedTuple, Protocol

from core.candle import Candle
from core.exact import ZERO, absolute, received, subtract
from execution.matching.reach_rules import ReachRules
from execution.matching.typical_price import typical_price
from execution.matching.venue_rules import VenueRules
from execution.money.holding import Holding
from execution.orders.order import Order
from execution.orders.symbol_orders import SymbolOrders


class Meeting(NamedTuple):
    """Where the walk meets an order, or the liquidation of the position (``order`` is None)."""

    order: Order | None
    price: Decimal


Turn = tuple[Decimal, int, Decimal, int, int]
"""Distance from the point, kind, distance of what lies beyond the candle, liquidation before orders, acceptance."""


class WalkingEngine(Protocol):
    """What the walk asks of the matching engine."""

    rules: VenueRules
    reach: ReachRules

    def holding_of(self, symbol: str) -> Holding | None:
        """Return the symbol's position."""
        ...

    def execute_inside(self, meeting: Meeting, walk: "CandleWalk") -> bool:
        """Fill what was met; return whether it opened or added to a position."""
        ...


class CandleWalk:
    """One walk of one symbol's candle.

    Parameters
    ----------
    engine, orders
        What fills the orders that are met, and the symbol's orders.
    candle, mark
        The candle, and the one on which liquidation is judged.
    time_ms
        Event time of what fills inside the candle.
    """

    def __init__(
        self, engine: WalkingEngine, symbol: str, orders: SymbolOrders, candle: Candle, mark: Candle, time_ms: int
    ) -> None:
        self._engine = engine
        self.symbol = symbol
        self.orders = orders
        self.candle = candle
        self.mark = mark
        self.time_ms = time_ms
        self._intrabar = engine.rules.intrabar
        perpetual = engine.rules.perpetual
        # Where the mark is not known the candle stands for it, and its own prices trigger.
        self._marks_trigger = perpetual is not None and perpetual.mark_triggers_stops and mark is not candle
        self.opened, self.high = received(candle.open), received(candle.high)
        self.low = received(candle.low)
        self._typical = typical_price(candle) if engine.rules.enters_at_typical else None
        self._entered_at: Decimal | None = None
        self._targets_held = False
        self._walked: Holding | None = None
        self.ambiguous = False
        self._point = self.opened
        self._legs: deque[Decimal] = deque()

    def run(self) -> None:
        """Walk the legs to the end of the candle."""
        holding = self._engine.holding_of(self.symbol)
        self._legs.extend(self._path(holding))
        if holding is not None:
            self._walked, self.ambiguous = holding, self._rests_on_the_path(holding)
        while self._legs:
            if not self.orders.working and (holding is None or holding.liquidation is None):
                return
            meeting = self._nearest(self._legs[0])
            if meeting is None:
                self._point = self._legs.popleft()
                continue
            self._point = meeting.price
            at_typical = meeting.order is not None and self._waits_for_typical(meeting.order)
            if self._engine.execute_inside(meeting, self):
                self._after_entry(at_typical=at_typical)
            holding = self._engine.holding_of(self.symbol)

    def reached_targets(self, holding: Holding) -> list[Order]:
        """Return the position's targets that the candle's range meets, the nearest first."""
        extreme = self.high if holding.long else self.low
        return [one for one in holding.targets if one.status.working and self._meets(one, extreme)]

    def _path(self, holding: Holding | None) -> tuple[Decimal, ...]:
        if self._intrabar == "ohlc":
            return self.high, self.low, received(self.candle.close)
        if self._intrabar == "olhc":
            return self.low, self.high, received(self.candle.close)
        if holding is None:
            return (self.low, self.high) if self._nearest_lies_below() else (self.high, self.low)
        adverse, favourable = (self.low, self.high) if holding.long else (self.high, self.low)
        return (adverse, favourable) if self._intrabar == "pessimistic" else (favourable, adverse)

    def _nearest_lies_below(self) -> bool:
        """Return whether, without a position, the nearest order within the range lies below the open."""
        below, above = self._nearest(self.low), self._nearest(self.high)
        if below is None or above is None:
            return above is None
        return self._distance(below.price) <= self._distance(above.price)

    def _after_entry(self, *, at_typical: bool) -> None:
        """Go on after an entry inside the candle; where the path is a guess, its stop or its targets come first."""
        holding = self._engine.holding_of(self.symbol)
        if holding is None:
            return
        if self._intrabar in ("pessimistic", "optimistic"):
            self._legs = deque(self._path(holding))
            self._targets_held = self._intrabar == "pessimistic"
        if holding is not self._walked:
            self._walked, self.ambiguous = holding, False
            self._entered_at = self._point if at_typical else None
        self.ambiguous = self.ambiguous or self._rests_on_the_path(holding)

    def _rests_on_the_path(self, holding: Holding) -> bool:
        """Return whether a target and the stop, or liquidation, are both reached: only the assumed path decides.

        Not where the open alone has decided, or the price at which the position was entered inside the candle.
        """
        judged = self.mark if self._marks_trigger else self.candle
        stop, level = holding.stop, holding.liquidation
        adverse = False
        if stop is not None and stop.acts == "stop" and stop.status.working:
            if self._meets(stop, received(judged.open) if self._entered_at is None else self._entered_at):
                return False
            adverse = self._meets(stop, received(judged.low if holding.long else judged.high))
        if level is not None and not adverse:
            opened = received(self.mark.open) if self._entered_at is None else self._entered_at
            extreme = received(self.mark.low if holding.long else self.mark.high)
            adverse = (extreme <= level < opened) if holding.long else (opened < level <= extreme)
        return adverse and bool(self.reached_targets(holding))

    def _nearest(self, end: Decimal) -> Meeting | None:
        """Return what the leg from the present point to ``end`` meets first; adverse before favourable at one price."""
        holding = self._engine.holding_of(self.symbol)
        spent = self.orders.budget is not None and not self.orders.budget
        best: Turn | None = None
        found: Meeting | None = None
        if holding is not None and holding.liquidation is not None:
            level = holding.liquidation
            at_once = self._liquidates_at_once(holding, level)
            price = self._point if at_once else self._marked_on(end, level, below=holding.long)
            if price is not None:
                late = not at_once and price != level
                best = (self._distance(price), 3 if late else 0, self._far(level) if late else ZERO, 0, 0)
                found = Meeting(None, price)
        for order in self.orders.working:
            # A stop is triggered even where no volume is left to fill it.
            if spent and order.acts != "stop":
                continue
            price = self._price_on(end, order, holding)
            if price is None:
                continue
            key = self._turn(order, price, holding)
            if best is None or key < best:
                best, found = key, Meeting(order, price)
        return found

    def _turn(self, order: Order, price: Decimal, holding: Holding | None) -> Turn:
        """Return when an order has its turn that is met at a price.

        What the mark price alone triggers, met at the adverse extreme, comes after the stops of the candle's own range;
        of several the one to which the mark price had the shortest way.
        """
        level = order.level
        if order.acts != "stop" or level is None:
            return self._distance(price), 2, ZERO, 1, order.sequence
        reduces = holding is not None and holding.sign != order.sign
        if reduces and self._marks_trigger and price != level:
            return self._distance(price), 3, self._far(level), 1, order.sequence
        return self._distance(price), 1, ZERO, 1, order.sequence

    def _far(self, level: Decimal) -> Decimal:
        return absolute(subtract(level, received(self.mark.open)))

    def _price_on(self, end: Decimal, order: Order, holding: Holding | None) -> Decimal | None:
        """Return the price at which the leg to ``end`` meets an order; None where it does not."""
        level = order.level
        if level is None and self._waits_for_typical(order):
            level = self._typical
        if level is None or order.active_ms > self.candle.open_time_ms or not order.status.working:
            return None
        if order.expires_ms is not None and self.candle.open_time_ms >= order.expires_ms:
            return None
        reduces = holding is not None and holding.sign != order.sign
        if reduces and order.role == "entry":
            return None
        if not reduces and order.reduce_only:
            return None
        if order.acts == "market":
            late = order.last_open_ms is not None and self.candle.open_time_ms > order.last_open_ms
            return level if not late and min(self._point, end) <= level <= max(self._point, end) else None
        if reduces and order.acts == "limit" and self._targets_held:
            return None
        if reduces and order.acts == "stop" and self._marks_trigger:
            return self._marked_on(end, level, below=order.acts_below)
        if self._meets(order, self._point):
            return self._point
        return level if self._meets(order, end) else None

    def _waits_for_typical(self, order: Order) -> bool:
        """Return whether an order is a market entry that waits for a candle's typical price."""
        return self._typical is not None and order.acts == "market" and order.role == "entry"

    def _liquidates_at_once(self, holding: Holding, level: Decimal) -> bool:
        """Return whether the mark price has been beyond the liquidation price since its open, as the walk is now."""
        opened = self._point if self.mark is self.candle else received(self.mark.open)
        return max(self._point, opened) <= level if holding.long else min(self._point, opened) >= level

    def _marked_on(self, end: Decimal, level: Decimal, *, below: bool) -> Decimal | None:
        """Return where a leg meets a level that the mark price triggers; None where the mark price stayed away.

        The level stands in the walk at its price where a leg goes through it. Else, whether the candle's prices stayed
        away from it or lay beyond it from the start, nobody knows the price at which the mark came there: it is met at
        the end of the leg that ends at the adverse extreme.
        """
        extreme = received(self.mark.low if below else self.mark.high)
        if not (extreme <= level if below else extreme >= level):
            return None
        if end <= level < self._point if below else self._point < level <= end:
            return level
        return end if end == (self.low if below else self.high) else None

    def _meets(self, order: Order, price: Decimal) -> bool:
        return self._engine.reach.meets(order, price, self.candle.open_time_ms)

    def _distance(self, price: Decimal) -> Decimal:
        return absolute(subtract(price, self._point))
