"""The typical price of a candle: what stands for its volume-weighted average where no trades are known."""

from decimal import Decimal

from core.candle import Candle
from core.exact import add, computed, received


def typical_price(candle: Candle) -> Decimal:
    """Return the mean of high, low and close, of twelve significant digits."""
    return computed(float(add(add(received(candle.high), received(candle.low)), received(candle.close))) / 3.0)
