"""The protective levels of one position: stop, target and trailing stop."""

import math
from decimal import Decimal

from core.candle import Candle
from core.exact import EXACT, ONE, ceil_to, floor_to, received


class LevelHit:
    """A protective level that the market reached: where the fill starts from, why, and how.

    ``reference`` is the price the fill is measured from; a stop slips from it, a target (a limit order) does not.
    ``instead`` is the target that the same candle also reached, where only the pessimistic rule chose the stop.
    """

    __slots__ = ("instead", "reason", "reference", "slips")

    def __init__(self, reference: Decimal, reason: str, *, slips: bool, instead: Decimal | None = None) -> None:
        self.reference = reference
        self.reason = reason
        self.slips = slips
        self.instead = instead


class ProtectiveLevels:
    """Stop and target of one position, kept from the rounded fill.

    A stop's trigger is rounded down for a long and up for a short, a target away from the entry. No level can be
    reached strictly between the two float bounds, which spares most exact comparisons; every decision is made on
    decimals.
    """

    __slots__ = (
        "_is_long",
        "_lower",
        "_tick",
        "_trail",
        "_trailing_from",
        "_upper",
        "stop",
        "target",
        "trailed",
    )

    def __init__(
        self,
        *,
        is_long: bool,
        stop: Decimal | None,
        target: Decimal | None,
        tick: Decimal,
        trailing_fraction: Decimal | None = None,
    ) -> None:
        self._is_long = is_long
        self._tick = tick
        self.trailed = False
        self._trail = None
        if trailing_fraction is not None:
            self._trail = EXACT.subtract(ONE, trailing_fraction) if is_long else EXACT.add(ONE, trailing_fraction)
        self._trailing_from = -math.inf if is_long else math.inf
        self._lower, self._upper = -math.inf, math.inf
        self._set_stop(None if stop is None else self._stop_on_tick(stop))
        self.target = None if target is None else (ceil_to(target, tick) if is_long else floor_to(target, tick))
        if self.target is not None and is_long:
            self._upper = math.nextafter(float(self.target), -math.inf)
        elif self.target is not None:
            self._lower = math.nextafter(float(self.target), math.inf)

    def _stop_on_tick(self, level: Decimal) -> Decimal:
        return floor_to(level, self._tick) if self._is_long else ceil_to(level, self._tick)

    def _set_stop(self, stop: Decimal | None) -> None:
        self.stop = stop
        if stop is not None and self._is_long:
            self._lower = math.nextafter(float(stop), math.inf)
        elif stop is not None:
            self._upper = math.nextafter(float(stop), -math.inf)

    def ratchet(self, close: float) -> bool:
        """Recompute the trailing stop from a close, never loosening the stop; return whether it moved."""
        if self._trail is None or not (close > self._trailing_from if self._is_long else close < self._trailing_from):
            return False
        self._trailing_from = close
        level = self._stop_on_tick(EXACT.multiply(received(close), self._trail))
        if self.stop is None or (level > self.stop if self._is_long else level < self.stop):
            self._set_stop(level)
            self.trailed = True
            return True
        return False

    def passed_by(self, price: float) -> LevelHit | None:
        """Return the level that a first price (an open, a quote) has passed, filled at that price.

        A stop is passed when the price is at or beyond it; a target, being a limit order, only when it is beyond.
        """
        if self._lower < price < self._upper:
            return None
        exact = received(price)
        if self.stop is not None and (exact <= self.stop if self._is_long else exact >= self.stop):
            return LevelHit(exact, self._stop_reason(), slips=True)
        if self.target is not None and (exact > self.target if self._is_long else exact < self.target):
            return LevelHit(exact, "target", slips=False)
        return None

    def reached_in(self, candle: Candle) -> LevelHit | None:
        """Return the level that the candle reached after its open, adverse before favourable.

        A stop needs a touch, a target a trade through it. Where the candle holds both, the stop is taken, the
        pessimistic reading, and the hit names the target it might have been. A stop that lies beyond the open (possible
        only in the candle of the entry itself) fills at the open, never better; then the open alone decided.
        """
        low, high = candle.low, candle.high
        if self._lower < low and high < self._upper:
            return None
        stop, target = self.stop, self.target
        if self._is_long:
            stopped = stop is not None and received(low) <= stop
            through = target is not None and received(high) > target
        else:
            stopped = stop is not None and received(high) >= stop
            through = target is not None and received(low) < target
        if stopped and stop is not None:
            first = received(candle.open)
            opened_beyond = first <= stop if self._is_long else first >= stop
            reference = first if opened_beyond else stop
            instead = target if through and not opened_beyond else None
            return LevelHit(reference, self._stop_reason(), slips=True, instead=instead)
        if through and target is not None:
            return LevelHit(target, "target", slips=False)
        return None

    def _stop_reason(self) -> str:
        return "trailing_stop" if self.trailed else "stop"
