"""An accepted order while it works at the venue."""

from decimal import Decimal
from typing import Literal

from core.exact import EXACT, ZERO
from core.orders import OrderRequest, OrderType, TimeInForce
from execution.orders.order_status import OrderStatus
from execution.orders.trailing import Trail

Role = Literal["entry", "close", "stop", "target", "order"]
"""What an order is for: a signal's entry, a market close of a whole position, a position's own, or a script's."""

Acts = Literal["market", "stop", "limit"]

_ACTS: dict[OrderType, Acts] = {
    OrderType.MARKET: "market",
    OrderType.LIMIT: "limit",
    OrderType.TAKE_PROFIT: "limit",
    OrderType.STOP_MARKET: "stop",
    OrderType.STOP_LIMIT: "stop",
    OrderType.TRAILING_STOP: "stop",
}


class Order:
    """One order: what was asked for, how far it is filled and how it acts now.

    ``sign`` is +1 for an order that buys. ``acts`` is how the order meets the next candle: a triggered stop-limit acts
    as a limit, a stop that the volume cap filled in part as a market order. ``active_ms`` is the earliest open at which
    it may act, ``last_open_ms`` the latest of a market entry, ``expires_ms`` the end of a GTD order. ``rested`` says
    that an open has passed it by, ``reference`` is the price that its last fill, or refusal, was measured from.
    ``reason`` is that of the last transition, ``exit_reason`` what a closing fill is recorded under. ``rung`` numbers
    the rungs of a ladder from 1; 0 is none.
    """

    __slots__ = (
        "accepted_ms",
        "active_ms",
        "acts",
        "client_order_id",
        "decision_price",
        "exit_reason",
        "expires_ms",
        "filled",
        "last_open_ms",
        "oco_group",
        "order_id",
        "order_type",
        "post_only",
        "price",
        "quantity",
        "reason",
        "reduce_only",
        "reference",
        "request",
        "rested",
        "role",
        "rung",
        "sequence",
        "sign",
        "status",
        "stop_price",
        "symbol",
        "time_in_force",
        "trail",
    )

    def __init__(
        self,
        symbol: str,
        sign: int,
        order_type: OrderType,
        quantity: Decimal,
        role: Role,
        *,
        client_order_id: str,
        order_id: str | None = None,
        accepted_ms: int = 0,
        active_ms: int = 0,
        sequence: int = 0,
        price: Decimal | None = None,
        stop_price: Decimal | None = None,
        reduce_only: bool = False,
        exit_reason: str = "",
        trail: Trail | None = None,
        rung: int = 0,
        request: OrderRequest | None = None,
    ) -> None:
        self.symbol = symbol
        self.sign = sign
        self.order_type = order_type
        self.acts: Acts = _ACTS[order_type]
        self.quantity = quantity
        self.role: Role = role
        self.client_order_id = client_order_id
        self.order_id = order_id
        self.accepted_ms = accepted_ms
        self.active_ms = active_ms
        self.sequence = sequence
        self.price = price
        self.stop_price = stop_price
        self.reduce_only = reduce_only
        self.exit_reason = exit_reason
        self.trail = trail
        self.rung = rung
        self.request = request
        self.time_in_force = TimeInForce.GTC if request is None else request.time_in_force
        expires = request is not None and request.time_in_force is TimeInForce.GTD
        self.expires_ms = request.expires_ms if request is not None and expires else None
        self.post_only = request is not None and request.post_only
        self.oco_group = None if request is None else request.oco_group
        self.decision_price = 0.0
        self.reference = ZERO
        self.last_open_ms: int | None = None
        self.rested = False
        self.filled = ZERO
        self.status = OrderStatus.NEW
        self.reason = ""

    @property
    def remaining(self) -> Decimal:
        """What is not filled yet."""
        return EXACT.subtract(self.quantity, self.filled)

    @property
    def level(self) -> Decimal | None:
        """The price at which a stop or a limit acts; None for a market order and a stop that has no price yet."""
        return self.stop_price if self.acts == "stop" else self.price if self.acts == "limit" else None

    @property
    def acts_below(self) -> bool:
        """Whether a falling price meets it: a stop that sells, a limit that buys."""
        return (self.acts == "stop") == (self.sign < 0)

    def lapse(self, candle_open_ms: int | None, time_ms: int) -> tuple[str, int] | None:
        """Return why and when the order has come to its end before a step; None while it lives.

        It lives on where a candle of the step, opened at ``candle_open_ms``, can still fill it.
        """
        last_ms, end_ms = self.last_open_ms, self.expires_ms
        if last_ms is not None and time_ms > last_ms and (candle_open_ms is None or candle_open_ms > last_ms):
            return "max_order_wait", last_ms
        if end_ms is not None and time_ms > end_ms and (candle_open_ms is None or candle_open_ms >= end_ms):
            return "gtd", end_ms
        return None

    def exposure(self) -> float:
        """Return what is not filled yet × the decision price, in float64."""
        return float(self.remaining) * self.decision_price
