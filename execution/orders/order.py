"""An accepted order while it works at the venue."""

from decimal import Decimal
from typing import Literal

import msgspec

from core.events import Fill, OrderTransition, Role, TransitionKind
from core.exact import ZERO, subtract
from core.orders import OrderRequest, OrderType, TimeInForce
from core.reasons import ExpiryReason, FillReason, OrderReason
from execution.orders.order_status import OrderStatus
from execution.orders.trailing import Trail

Acts = Literal["market", "stop", "limit"]


class Order(msgspec.Struct, eq=False):
    """One order: what was asked for, how far it is filled and how it acts now.

    ``sign`` is +1 for an order that buys. ``acts`` is how the order meets the next candle: a triggered stop-limit acts
    as a limit, a stop that the volume cap filled in part as a market order. ``active_ms`` is the earliest open at which
    it may act, ``last_open_ms`` the latest of a market entry, ``expires_ms`` the end of a GTD order. ``rested`` says
    that an open has passed it by, ``reference`` is the price that its last fill, or refusal, was measured from.
    ``reason`` is that of the last transition, ``exit_reason`` what a closing fill is recorded under. ``rung`` numbers
    the rungs of a ladder from 1; 0 is none.
    """

    symbol: str
    sign: int
    order_type: OrderType
    quantity: Decimal
    role: Role
    client_order_id: str = ""
    order_id: str | None = None
    accepted_ms: int = 0
    active_ms: int = 0
    sequence: int = 0
    price: Decimal | None = None
    stop_price: Decimal | None = None
    reduce_only: bool = False
    exit_reason: FillReason = "order"
    trail: Trail | None = None
    rung: int = 0
    request: OrderRequest | None = None
    decision_price: float = 0.0
    last_open_ms: int | None = None
    reference: Decimal = ZERO
    rested: bool = False
    filled: Decimal = ZERO
    status: OrderStatus = OrderStatus.NEW
    reason: OrderReason = ""
    acts: Acts = "market"
    time_in_force: TimeInForce = TimeInForce.GTC
    expires_ms: int | None = None
    post_only: bool = False
    oco_group: str | None = None

    def __post_init__(self) -> None:
        self.acts = self.order_type.acts
        request = self.request
        if request is not None:
            self.time_in_force = request.time_in_force
            self.expires_ms = request.expires_ms if request.time_in_force is TimeInForce.GTD else None
            self.post_only = request.post_only
            self.oco_group = request.oco_group

    @property
    def remaining(self) -> Decimal:
        """What is not filled yet."""
        return subtract(self.quantity, self.filled) if self.filled else self.quantity

    @property
    def level(self) -> Decimal | None:
        """The price at which a stop or a limit acts; None for a market order and a stop that has no price yet."""
        return self.stop_price if self.acts == "stop" else self.price if self.acts == "limit" else None

    @property
    def acts_below(self) -> bool:
        """Whether a falling price meets it: a stop that sells, a limit that buys."""
        return (self.acts == "stop") == (self.sign < 0)

    def may_lapse(self, time_ms: int) -> bool:
        """Return whether its time is over before a step, unless a candle of the step can still fill it."""
        last_ms, end_ms = self.last_open_ms, self.expires_ms
        return (last_ms is not None and time_ms > last_ms) or (end_ms is not None and time_ms > end_ms)

    def lapse(self, candle_open_ms: int | None, time_ms: int) -> tuple[ExpiryReason, int] | None:
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

    def transition(self, event: TransitionKind, time_ms: int, fill: Fill | None = None) -> OrderTransition:
        """Return a change of the order's state, with the order as it is now."""
        return OrderTransition(
            time_ms,
            event,
            self.symbol,
            self.order_id,
            self.client_order_id,
            self.role,
            self.sign,
            self.order_type,
            self.time_in_force,
            self.status._value_,
            self.quantity,
            self.filled,
            self.price,
            self.stop_price,
            self.reason,
            self.reference,
            None if fill is None else fill.quantity,
            None if fill is None else fill.price,
        )
