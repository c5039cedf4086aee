"""What makes a candle's numbers sound: one rule, for one candle and for whole columns of them."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from core.candle import Candle

FIRST_TRADE_MS = 1_230_940_800_000
"""2009-01-03: before the first block of the first chain there was nothing to trade."""

LEAST_PRICE = 1e-12
MOST_PRICE = 1e12
"""Nothing is traded at a price outside of these: such a number is a fault of its source, like one that is no number."""


def sound_price(price: Any) -> Any:
    """Whether a price, or each price of a column, is between ``LEAST_PRICE`` and ``MOST_PRICE``; nan is not."""
    return (price >= LEAST_PRICE) & (price <= MOST_PRICE)


def sound_amount(amount: Any) -> Any:
    """Whether a volume or another amount, or each of a column, is finite and not negative."""
    return (amount >= 0.0) & (amount < math.inf)


SOUND: Mapping[str, Callable[[Any, Any, Any, Any, Any], Any]] = {
    "bad_price": lambda first, high, low, last, volume: (
        sound_price(first) & sound_price(high) & sound_price(low) & sound_price(last)
    ),
    "bad_volume": lambda first, high, low, last, volume: sound_amount(volume),
    "high_below_body": lambda first, high, low, last, volume: (high >= first) & (high >= last),
    "low_above_body": lambda first, high, low, last, volume: (low <= first) & (low <= last),
}
"""The reason for which a row is refused, and what of its open, high, low, close and volume must hold against it.

In the order of judgement: a row that breaks several rules is refused for the first.
"""

UNSOUND = {
    "bad_price": "a price that is not between 1e-12 and 1e12",
    "bad_volume": "a volume that is negative or not finite",
    "high_below_body": "high below open or close",
    "low_above_body": "low above open or close",
}
"""The reasons in words."""


def unsound(candle: Candle) -> str | None:
    """Return in words why a candle is refused, None when it is sound."""
    numbers = candle.open, candle.high, candle.low, candle.close, candle.volume
    return next((UNSOUND[reason] for reason, holds in SOUND.items() if not holds(*numbers)), None)
