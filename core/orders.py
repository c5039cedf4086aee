"""Orders as components exchange them: side, type and request."""

import datetime as dt
import enum
import math
import operator
from typing import Any, Literal

import msgspec

from core.instants import format_ms, to_ms

_OPTIONAL_NUMBERS = (
    "price",
    "stop_loss",
    "take_profit",
    "signal_confidence",
    "stop_distance",
    "target_distance",
    "stop_price",
    "trailing_fraction",
    "trailing_distance",
    "stop_level",
)

_optional_numbers = operator.attrgetter(*_OPTIONAL_NUMBERS)


class OrderSide(enum.Enum):
    """Direction of a position; BUY and SELL are other names of LONG and SHORT.

    ``sign`` is +1 for LONG, -1 for SHORT.
    """

    sign: int

    LONG = "LONG"
    SHORT = "SHORT"
    BUY = "LONG"  # noqa: PIE796 - another name of LONG on purpose
    SELL = "SHORT"  # noqa: PIE796

    def __init__(self, text: object) -> None:
        self.sign = 1 if text == "LONG" else -1

    @classmethod
    def _missing_(cls, value: object) -> "OrderSide | None":
        return cls.__members__.get(value.strip().upper()) if isinstance(value, str) else None

    @classmethod
    def from_signal(cls, signal: str) -> "OrderSide":
        """Return the side of a LONG/SHORT (or BUY/SELL) signal text; ValueError for any other text, FLAT included."""
        return _SIDES.get(signal) or cls(signal)

    @property
    def opposite(self) -> "OrderSide":
        """The other side."""
        return OrderSide.SHORT if self is OrderSide.LONG else OrderSide.LONG


_SIDES = {side.value: side for side in OrderSide}


_ACTS: dict[str, Literal["market", "limit", "stop"]] = {
    "MARKET": "market",
    "LIMIT": "limit",
    "TAKE_PROFIT": "limit",
    "STOP_MARKET": "stop",
    "STOP_LIMIT": "stop",
    "TRAILING_STOP": "stop",
}


class OrderType(enum.Enum):
    """Order types that the paper venue executes.

    A STOP_MARKET becomes a market order when the price touches its stop price, a STOP_LIMIT a limit order. A
    TAKE_PROFIT is a limit order that only reduces. A TRAILING_STOP is a stop-market order whose stop price follows the
    close of each candle. ``acts`` is how an order of the type meets a candle before anything has triggered it.
    """

    acts: Literal["market", "limit", "stop"]

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP_MARKET = "STOP_MARKET"
    STOP_LIMIT = "STOP_LIMIT"
    TAKE_PROFIT = "TAKE_PROFIT"
    TRAILING_STOP = "TRAILING_STOP"

    def __init__(self, text: object) -> None:
        self.acts = _ACTS[str(text)]

    @classmethod
    def _missing_(cls, value: object) -> "OrderType | None":
        return cls.__members__.get(value.strip().upper()) if isinstance(value, str) else None


class TimeInForce(enum.Enum):
    """How long an order lives: until cancelled, until an expiry, or at its first chance to fill only."""

    GTC = "GTC"
    GTD = "GTD"
    IOC = "IOC"

    @classmethod
    def _missing_(cls, value: object) -> "TimeInForce | None":
        return cls.__members__.get(value.strip().upper()) if isinstance(value, str) else None


class ExitTarget(msgspec.Struct, frozen=True, gc=False):
    """One target of a position: the share of it that it closes, and its ``value``.

    ``measure`` says what the value is: a price distance from the fill, distances of the stop (``r``), or a price.
    """

    fraction: float
    measure: Literal["distance", "r", "price"]
    value: float


class OrderRequest(msgspec.Struct, frozen=True):
    """An order as it is asked for.

    ``quantity`` is a positive float of base units; ``stop_loss`` and ``take_profit`` are price levels,
    ``stop_distance`` and ``target_distance`` price distances that are kept from the fill and win over the levels.
    ``timestamp`` is an aware UTC datetime; a naive one given is taken as UTC.

    ``price`` is the limit price of LIMIT, STOP_LIMIT and TAKE_PROFIT, ``stop_price`` what triggers a STOP_MARKET or
    STOP_LIMIT. A TRAILING_STOP follows at ``trailing_fraction`` of the close or at ``trailing_distance`` in price.
    ``expires_ms`` ends a GTD order. A ``post_only`` limit order that would take at once is rejected, a ``reduce_only``
    order never opens. Orders of one ``oco_group`` cancel each other: the first fill of one ends the rest.

    ``stop_level`` is a stop that stands at its price wherever the order fills; it wins over ``stop_distance``, which
    then is what the order is judged by. ``targets`` win over every other target. ``tag`` names the trade that it opens.

    Raises
    ------
    ValueError
        For a quantity that is not a positive finite number, another number that is not finite, an unknown side, type
        or time in force.
    """

    symbol: str
    side: OrderSide
    order_type: OrderType
    quantity: float
    price: float | None = None
    stop_loss: float | None = None
    take_profit: float | None = None
    strategy_name: str | None = None
    signal_confidence: float | None = None
    timestamp: dt.datetime | None = None
    metadata: dict[str, Any] = {}
    order_id: str | None = None
    stop_distance: float | None = None
    target_distance: float | None = None
    stop_price: float | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    expires_ms: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    oco_group: str | None = None
    trailing_fraction: float | None = None
    trailing_distance: float | None = None
    stop_level: float | None = None
    targets: tuple[ExitTarget, ...] = ()
    tag: str = ""

    def __post_init__(self) -> None:
        if type(self.side) is not OrderSide:
            msgspec.structs.force_setattr(self, "side", OrderSide(self.side))
        if type(self.order_type) is not OrderType:
            msgspec.structs.force_setattr(self, "order_type", OrderType(self.order_type))
        if type(self.time_in_force) is not TimeInForce:
            msgspec.structs.force_setattr(self, "time_in_force", TimeInForce(self.time_in_force))
        quantity = float(self.quantity)
        if not math.isfinite(quantity) or quantity <= 0:
            raise ValueError(f"order for {self.symbol}: quantity must be a positive number, got {self.quantity!r}")
        msgspec.structs.force_setattr(self, "quantity", quantity)
        for name, value in zip(_OPTIONAL_NUMBERS, _optional_numbers(self), strict=True):
            if value is not None:
                msgspec.structs.force_setattr(self, name, self._finite(name, value))
        if self.timestamp is not None:
            moment = self.timestamp
            aware = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
            msgspec.structs.force_setattr(self, "timestamp", aware)

    def _finite(self, name: str, value: float) -> float:
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(f"order for {self.symbol}: {name} must be a finite number, got {value!r}")
        return number

    def to_dict(self) -> dict[str, Any]:
        """Return the request as plain values: enumerations by their text, the time as ISO text."""
        return {
            **msgspec.structs.asdict(self),
            "side": self.side.value,
            "order_type": self.order_type.value,
            "time_in_force": self.time_in_force.value,
            "timestamp": None if self.timestamp is None else format_ms(to_ms(self.timestamp)),
        }
