"""What a candle feed tells whoever reads it."""

import msgspec

from core.candle import Candle
from market_data.exchanges.parsers.exchange_candle import Unreadable as Unreadable


class CandleUpdate(msgspec.Struct, frozen=True):
    """A candle as an exchange gave it, forming or final.

    ``symbol`` is the unified symbol, ``final`` says that the candle is closed (by the exchange's flag, or by its clock
    where it came from REST), ``source`` is ``websocket`` or ``rest``, and ``exchange_time_ms`` is the time the exchange
    stamped on the message, None where it stamps none. ``timeframe`` is that of the feed. Prices are as received;
    whether they make a candle is judged by who takes them in.
    """

    symbol: str
    candle: Candle
    final: bool
    source: str
    exchange_time_ms: int | None
    timeframe: str


class Connected(msgspec.Struct, frozen=True):
    """A connection stands and its symbols are subscribed; ``detail`` says which."""

    detail: str


class Disconnected(msgspec.Struct, frozen=True):
    """A connection was lost or could not be made; the feed makes another one by itself."""

    reason: str


class Stale(msgspec.Struct, frozen=True):
    """A symbol has been silent for longer than it should, in seconds of monotonic time; its connection is renewed."""

    symbol: str
    silent_seconds: float


FeedEvent = CandleUpdate | Connected | Disconnected | Stale | Unreadable
