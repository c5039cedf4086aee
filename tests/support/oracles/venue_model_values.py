"""What the venue model knows: rules, orders, positions, fills, and the account as plain facts in fractions.

``READING`` in these modules marks a place where the rules leave room and says how it was read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from core.instrument import Instrument
from core.orders import OrderRequest

LIVING = ("NEW", "PARTIALLY_FILLED")


@dataclass(frozen=True)
class ModelRules:
    """The settings of one venue; fractions of price and notional are exact numbers."""

    intrabar: str = "pessimistic"
    limit_fill: str = "through"
    limit_fill_probability: float = 0.5
    limit_fill_seed: int = 0
    volume_cap: Fraction | None = None
    latency_ms: int = 0
    slippage: Fraction = Fraction(0)
    half_spread: Fraction = Fraction(0)
    maker: Fraction = Fraction(0)
    taker: Fraction = Fraction(0)
    ladder: tuple[tuple[Fraction, Fraction], ...] = ()
    break_even_after: int | None = None
    leverage: Fraction | None = None
    tiers: tuple["ModelTier", ...] = ()
    liquidation_fee: Fraction = Fraction(0)


@dataclass(frozen=True)
class ModelTier:
    """One tier of a margin table; the last one has no cap."""

    cap: Fraction | None
    rate: Fraction
    amount: Fraction
    max_leverage: Fraction


@dataclass
class ModelOrder:
    """An order; ``number`` counts acceptances, ``acts`` says how it meets the next candle: market, stop or limit.

    ``role`` is order, stop or target; the last two protect a position. ``inside`` says that it is a market entry that
    waits for a candle's typical price. ``rested`` says that an open at which it could act has passed, ``effective_ms``
    is the earliest open at which it acts.
    """

    number: int
    request: OrderRequest
    symbol: str
    sign: int
    kind: str
    quantity: Fraction
    price: Fraction | None
    stop: Fraction | None
    accepted_ms: int
    effective_ms: int
    acts: str
    role: str = "order"
    client_id: str = ""
    order_id: int | None = None
    rung: int = 0
    tif: str = "GTC"
    expires_ms: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    inside: bool = False
    group: str | None = None
    rested: bool = False
    filled: Fraction = Fraction(0)
    status: str = "NEW"
    reason: str = ""
    exit_reason: str = ""

    @property
    def living(self) -> bool:
        """Whether the order may still fill."""
        return self.status in LIVING

    @property
    def remaining(self) -> Fraction:
        """What is ordered and not filled."""
        return self.quantity - self.filled


@dataclass
class ModelPosition:
    """The net position of one symbol.

    ``cost`` is the sum of price times quantity of what is still open, ``entered`` the quantity of all entries,
    ``fresh_quantity`` and ``fresh_cost`` are what of it was added since the last B, ``accrued`` the entry commission
    that no close has carried yet, ``margin`` what is set aside (perpetuals).
    """

    symbol: str
    sign: int
    opened_ms: int
    quantity: Fraction = Fraction(0)
    entered: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)
    prices: set[Fraction] = field(default_factory=set)
    accrued: Fraction = Fraction(0)
    funding: Fraction = Fraction(0)
    margin: Fraction = Fraction(0)
    stop_distance: Fraction | None = None
    fresh_quantity: Fraction = Fraction(0)
    fresh_cost: Fraction = Fraction(0)
    rungs_filled: set[int] = field(default_factory=set)
    rungs_placed: set[int] = field(default_factory=set)
    first: tuple[ModelOrder, Fraction] | None = None


@dataclass(frozen=True)
class ModelFill:
    """One fill as the trade log shows it; ``reference`` is the price before slippage."""

    time_ms: int
    symbol: str
    action: str
    side: int
    price: Fraction
    quantity: Fraction
    commission: Fraction
    reference: Fraction
    balance: Fraction
    realized: Fraction
    maker: bool
    client_id: str
    order_id: int
    reason: str


@dataclass
class Venue:
    """The facts of one account at the venue."""

    rules: ModelRules
    instruments: Mapping[str, Instrument]
    balance: Fraction
    orders: list[ModelOrder] = field(default_factory=list)
    positions: dict[str, ModelPosition] = field(default_factory=dict)
    fills: list[ModelFill] = field(default_factory=list)
    marks: dict[str, Fraction] = field(default_factory=dict)
    last_prices: dict[str, Fraction] = field(default_factory=dict)
    events: list[tuple[int, int, str, str]] = field(default_factory=list)
    last_order_id: int = 0
    ambiguous: int = 0

    def next_order_id(self) -> int:
        """Count one order: accepted orders in order of acceptance, protective exits at their first fill."""
        self.last_order_id += 1
        return self.last_order_id

    def tick(self, symbol: str) -> Fraction:
        """Return the symbol's price step."""
        return Fraction(self.instruments[symbol].tick_size)

    def lot(self, symbol: str) -> Fraction:
        """Return the symbol's quantity step."""
        return Fraction(self.instruments[symbol].lot_size)

    def living(self, symbol: str) -> list[ModelOrder]:
        """Return the symbol's living orders in order of acceptance."""
        found = [order for order in self.orders if order.symbol == symbol and order.living]
        return sorted(found, key=lambda order: order.number)

    def reduces(self, order: ModelOrder) -> bool:
        """Whether the symbol has a position against the order."""
        position = self.positions.get(order.symbol)
        return position is not None and position.sign == -order.sign

    def end_the_rest_of_entries(self, symbol: str, sign: int, time_ms: int) -> None:
        """What is left of an entry inside the candle is cancelled with the position that it had opened or added to."""
        for order in self.living(symbol):
            if order.inside and order.filled and order.sign == sign:
                self.move(order, time_ms, "CANCELED", "position_closed")

    def move(self, order: ModelOrder, time_ms: int, status: str, reason: str = "") -> None:
        """Take an order to a state, for a reason, and keep the event."""
        # READING: an order that has filled in part is not rejected any more; what is left of it is cancelled.
        if status == "REJECTED" and order.filled:
            status = "CANCELED"
        order.status, order.reason = status, reason
        self.events.append((time_ms, order.number, status, reason))
