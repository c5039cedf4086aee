"""A strategy's opinion at one candle of one symbol."""

from typing import NamedTuple

from core.candle import Candle
from core.orders import OrderSide
from core.trading_signal import Signal


class Opinion(NamedTuple):
    """A signal that is not FLAT, and the candle at which it was given; ``time_ms`` is the step's."""

    symbol: str
    candle: Candle
    signal: Signal
    side: OrderSide
    time_ms: int
