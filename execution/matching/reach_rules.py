"""When a price meets an order: stops by a touch, limits by the venue's rule."""

import hashlib
from decimal import Decimal

from execution.matching.venue_rules import VenueRules
from execution.orders.order import Order


class ReachRules:
    """Judges whether prices meet orders.

    A stop is met by a price at or beyond it. A limit is met by a price beyond it; by a price that equals it as
    ``limit_fill`` says: never (``through``), always (``touch``), or with a probability, drawn once for each order and
    candle from the seed, so that the same candles always give the same fills.
    """

    def __init__(self, rules: VenueRules) -> None:
        self._rule = rules.limit_fill
        self._probability = rules.limit_fill_probability
        self._seed = rules.limit_fill_seed

    def meets(self, order: Order, price: Decimal, candle_open_ms: int) -> bool:
        """Return whether a price, reached in the candle that opened at a time, meets a stop or a limit."""
        level = order.level
        if level is None:
            return False
        if price == level:
            return order.acts == "stop" or self._touch_fills(order, candle_open_ms)
        return (price < level) == order.acts_below

    def _touch_fills(self, order: Order, candle_open_ms: int) -> bool:
        if self._rule != "probability":
            return self._rule == "touch"
        drawn = f"{self._seed}|{order.symbol}|{order.client_order_id}|{candle_open_ms}"
        share = int.from_bytes(hashlib.sha256(drawn.encode()).digest()[:8], "big")
        return share < self._probability * 2.0**64
