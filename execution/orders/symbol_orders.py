"""The working orders of one symbol, and the prices between which none of them can act."""

import math
from decimal import Decimal

from core.candle import Candle
from core.exact import ZERO, as_float, floor_to, multiply, received, subtract
from execution.money.holding import Holding
from execution.orders.order import Order


class SymbolOrders:
    """The ``working`` orders of one symbol in order of acceptance.

    Nothing happens to the symbol while prices stay strictly between ``lower`` and ``upper``, and mark prices between
    ``liquidated_below`` and ``liquidated_above``, once :meth:`quiet_at` or :meth:`quiet_inside` has found them. That
    spares most exact comparisons; every decision is made on decimals. ``budget`` is what the volume cap leaves for the
    candle that opened at ``budget_open_ms``.

    Parameters
    ----------
    restless
        Whether a position's orders may be met by other prices than the candle's own, so that every candle counts.
    """

    __slots__ = (
        "_holding",
        "_restless",
        "_stale",
        "budget",
        "budget_open_ms",
        "liquidated_above",
        "liquidated_below",
        "lower",
        "upper",
        "working",
    )

    def __init__(self, *, restless: bool = False) -> None:
        self.working: list[Order] = []
        self.budget: Decimal | None = None
        self.budget_open_ms: int | None = None
        self._restless = restless
        self.reset()

    def reset(self) -> None:
        """Forget every order."""
        self.working.clear()
        self.forget_budget()
        self.bound(None)
        self._find()

    def bound(self, holding: Holding | None) -> None:
        """Let the bounds be found anew; to be called whenever an order or the position has changed."""
        self._holding, self._stale = holding, True
        # Until they are, nothing is quiet.
        self.lower = self.liquidated_below = math.inf

    def _find(self) -> None:
        holding, self._stale = self._holding, False
        lower, upper = -math.inf, math.inf
        self.liquidated_below, self.liquidated_above = -math.inf, math.inf
        if holding is not None and holding.liquidation is not None:
            if holding.long:
                lower = self.liquidated_below = math.nextafter(float(holding.liquidation), math.inf)
            else:
                upper = self.liquidated_above = math.nextafter(float(holding.liquidation), -math.inf)
        for order in self.working:
            if order.acts == "market" or not order.rested:
                lower = math.inf
                break
            level = order.level
            if level is None:
                continue
            if order.acts_below:
                lower = max(lower, math.nextafter(as_float(level), math.inf))
            else:
                upper = min(upper, math.nextafter(as_float(level), -math.inf))
        self.lower = math.inf if self._restless and holding is not None else lower
        self.upper = upper

    def unharmed_at(self, mark: float) -> bool:
        """Return whether a mark price liquidates nothing."""
        return self.liquidated_below < mark < self.liquidated_above

    def quiet_at(self, price: float, mark: float) -> bool:
        """Return whether nothing can happen at an open."""
        if self._stale:
            self._find()
        return self.lower < price < self.upper and self.unharmed_at(mark)

    def quiet_inside(self, candle: Candle, mark: Candle) -> bool:
        """Return whether nothing can happen inside a candle."""
        if self._stale:
            self._find()
        if not (self.lower < candle.low and candle.high < self.upper):
            return False
        return mark is candle or (self.unharmed_at(mark.low) and self.unharmed_at(mark.high))

    def open_budget(self, candle: Candle, cap: Decimal, lot: Decimal) -> None:
        """Take a candle's volume as what its fills share, once for each candle; an infinite one caps nothing."""
        if self.budget_open_ms != candle.open_time_ms:
            self.budget_open_ms = candle.open_time_ms
            self.budget = None
            if math.isfinite(candle.volume):
                self.budget = max(floor_to(multiply(received(candle.volume), cap), lot), ZERO)

    def forget_budget(self) -> None:
        """Let the next fills be as large as they are: they are not matched with a candle."""
        self.budget = self.budget_open_ms = None

    def spend(self, quantity: Decimal) -> None:
        """Take a fill out of the candle's budget."""
        if self.budget is not None:
            self.budget = max(subtract(self.budget, quantity), ZERO)
