"""The typical price of a candle: what stands for its volume-weighted average where no trades are known."""

from decimal import Decimal

from core.candle import Candle
from core.exact import add, computed, received


def typical_price(candle: Candle) -> Decimal:
    """Return the mean of high, low and close, of twelve significant digits, and never outside the candle's range."""
    high, low = received(candle.high), received(candle.low)
    mean = computed(float(add(add(high, low), received(candle.close))) / 3.0)
    return min(max(mean, low), high)
