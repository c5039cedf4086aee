"""What happens in a session, as values that never change: deciding and matching make them, everybody else reads them.

An event is told once, in order, to everybody who listens (:class:`Recorder`): what counts, what writes the outputs,
what shows a session. The outputs are text of these values alone (``core/event_lines.py``).
"""

import json
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any, Literal

import msgspec

from core.exact import ZERO, absolute, add, multiply, plain, subtract
from core.instants import to_datetime
from core.orders import OrderType, TimeInForce
from core.programs.program_call import ProgramCall
from core.reasons import CommandRefusal, FillReason, HaltReason, OrderReason
from core.trading_signal import Signal
from core.verdicts import Verdict

Side = Literal["LONG", "SHORT"]
Action = Literal["OPEN", "CLOSE"]

Role = Literal["entry", "close", "exit", "stop", "target", "order"]
"""What an order is for: an entry, a market close of a position or (exit) of a part, a position's own, or a script's."""

TransitionKind = Literal["NEW", "REPLACED", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED", "REJECTED"]


class Fill(msgspec.Struct, frozen=True, gc=False):
    """An executed order, or a part of one: the facts that are known once a fill is priced.

    ``sign`` is +1 where it buys, −1 where it sells; ``reference`` is the price it was measured from, before spread and
    slippage; ``commission`` is in quote currency, below 0 for a rebate.
    """

    symbol: str
    sign: int
    quantity: Decimal
    price: Decimal
    reference: Decimal
    commission: Decimal
    time_ms: int

    @property
    def notional(self) -> Decimal:
        """Price × quantity."""
        return multiply(self.price, self.quantity)

    @property
    def slippage(self) -> Decimal:
        """What spread, slippage and rounding have cost: |price − reference| × quantity."""
        return multiply(absolute(subtract(self.price, self.reference)), self.quantity)


class Levels(msgspec.Struct, frozen=True, gc=False):
    """Where a position is left: its liquidation price, its stop, its target or the rungs of its ladder."""

    liquidation: Decimal | None = None
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    ladder: bool = False


class TradeRow(msgspec.Struct, frozen=True, gc=False):
    """A fill as the account has booked it, and the account after it: a row of the trade log.

    An OPEN row has the ``levels`` of its position. A CLOSE row has its result net of all costs, the ``funding`` in it,
    the ``rung`` of the ladder that it filled (0: none), and whether it rested on the assumed path (``ambiguous``).
    ``tag`` is what the strategy calls the trade.
    """

    fill: Fill
    action: Action
    order_id: str
    strategy: str
    reason: FillReason
    balance: Decimal
    unrealized_pnl: Decimal
    realized_pnl: Decimal = ZERO
    levels: Levels | None = None
    funding: Decimal = ZERO
    rung: int = 0
    ambiguous: bool = False
    tag: str = ""

    @property
    def time_ms(self) -> int:
        """When it was filled."""
        return self.fill.time_ms

    @property
    def symbol(self) -> str:
        """The symbol as it is configured."""
        return self.fill.symbol

    @property
    def side(self) -> Side:
        """The side of the position."""
        return "LONG" if (self.fill.sign > 0) == (self.action == "OPEN") else "SHORT"

    @property
    def price(self) -> Decimal:
        """The fill's price."""
        return self.fill.price

    @property
    def quantity(self) -> Decimal:
        """The fill's quantity."""
        return self.fill.quantity

    @property
    def commission(self) -> Decimal:
        """The fill's commission."""
        return self.fill.commission

    @property
    def slippage(self) -> Decimal:
        """The fill's slippage in quote currency."""
        return self.fill.slippage

    @property
    def equity(self) -> Decimal:
        """Balance plus unrealised profit."""
        return add(self.balance, self.unrealized_pnl)

    @property
    def metadata(self) -> str:
        """What else the row tells, as JSON with sorted keys."""
        told = ['"ambiguous":true'] if self.ambiguous else []
        levels, tag = self.levels, self.tag
        if self.funding:
            told.append(f'"funding":"{plain(self.funding)}"')
        if levels is not None and levels.liquidation is not None:
            told.append(f'"liquidation":"{plain(levels.liquidation)}"')
        if self.rung:
            told.append(f'"rung":{self.rung}')
        if levels is not None and levels.stop is not None:
            told.append(f'"stop":"{plain(levels.stop)}"')
        if tag:
            told.append(f'"tag":{json.dumps(tag)}')
        if levels is not None and levels.targets:
            prices = [f'"{plain(price)}"' for price in levels.targets]
            told.append(f'"targets":[{",".join(prices)}]' if levels.ladder else f'"target":{prices[0]}')
        return f"{{{','.join(told)}}}"

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values by column: numbers as floats, the time an aware UTC datetime."""
        numbers = ("price", "quantity", "commission", "slippage", "balance", "equity", "realized_pnl", "unrealized_pnl")
        return {
            "timestamp": to_datetime(self.time_ms),
            "order_id": self.order_id,
            "symbol": self.symbol,
            "action": self.action,
            "side": self.side,
            **{name: float(getattr(self, name)) for name in numbers},
            "strategy": self.strategy,
            "reason": self.reason,
            "metadata": self.metadata,
        }


class OrderTransition(msgspec.Struct, frozen=True, gc=False):
    """A change of an order's state, and the order after it.

    ``order_id`` is None where the venue never accepted it. ``reference`` is the price that its last fill was measured
    from, or the one that was refused; ``last_quantity`` and ``last_price`` are those of the fill, if the change is one.
    """

    time_ms: int
    event: TransitionKind
    symbol: str
    order_id: str | None
    client_order_id: str
    role: Role
    sign: int
    order_type: OrderType
    time_in_force: TimeInForce
    status: str
    quantity: Decimal
    filled: Decimal
    price: Decimal | None
    stop_price: Decimal | None
    reason: OrderReason
    reference: Decimal
    last_quantity: Decimal | None = None
    last_price: Decimal | None = None


class Posting(msgspec.Struct, frozen=True, gc=False):
    """One side of a double entry: a debit where positive, and the balance of its account after it."""

    account: str
    amount: Decimal
    balance: Decimal


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """The postings of one cause; their amounts add up to 0. ``number`` counts the transactions from 1."""

    time_ms: int
    number: int
    event: Literal["start", "open", "close", "liquidation", "funding", "transfer_in", "transfer_out"]
    order_id: str
    symbol: str
    postings: tuple[Posting, ...]


class FundingPayment(msgspec.Struct, frozen=True):
    """A funding payment that fell on a position: ``amount`` is what it received, below 0 where it paid."""

    time_ms: int
    symbol: str
    rate: float
    mark: float
    amount: Decimal


class Gap(msgspec.Struct, frozen=True):
    """More candles are missing than a strategy can bridge: it starts empty, and its position was closed."""

    time_ms: int
    symbol: str
    missing_candles: int


class RulesChange(msgspec.Struct, frozen=True):
    """Trading rules of a later date came into force."""

    time_ms: int
    symbol: str
    as_of_ms: int | None
    source: str


class Halt(msgspec.Struct, frozen=True):
    """A safety limit is broken: entries are refused from now on."""

    time_ms: int
    reason: HaltReason
    equity: float
    peak_equity: float
    day_start_equity: float


class HaltLifted(msgspec.Struct, frozen=True):
    """A halt ended with its day."""

    time_ms: int
    reason: HaltReason


class CandleMove(msgspec.Struct, frozen=True):
    """A candle of a symbol with an open position moved by more than ``max_candle_move``: its entries are halted.

    ``open_time_ms`` is when the candle opened, ``before`` the close before it, ``factor`` what it moved by.
    """

    time_ms: int
    symbol: str
    open_time_ms: int
    before: float
    high: float
    low: float
    factor: float


class CommandTaken(msgspec.Struct, frozen=True):
    """What an operator asked for between two steps, and what came of it.

    ``order_id`` is the order that closes a symbol's position, or that was cancelled; ``reason`` why there is none.
    """

    time_ms: int
    command: str
    symbol: str | None = None
    order_id: str | None = None
    reason: CommandRefusal | None = None


class KillSwitchChange(msgspec.Struct, frozen=True):
    """The kill switch was engaged or released between steps."""

    time_ms: int
    engaged: bool


class EquityPoint(msgspec.Struct, frozen=True, gc=False):
    """The account at the end of a step that is worth a row of ``equity.csv``, exactly."""

    time_ms: int
    balance: Decimal
    unrealized_pnl: Decimal
    open_positions: int

    @property
    def equity(self) -> Decimal:
        """Balance plus unrealised profit at the marks."""
        return add(self.balance, self.unrealized_pnl)


class Decision(msgspec.Struct, frozen=True, gc=False):
    """A strategy's opinion, every gate's verdict on it in order, and the orders it became.

    ``inputs`` are the signal's metadata as plain values.
    """

    time_ms: int
    symbol: str
    signal: Signal
    inputs: dict[str, Any]
    verdicts: tuple[Verdict, ...]
    entry_order_id: str | None = None
    close_order_id: str | None = None

    @property
    def refusal(self) -> Verdict | None:
        """The first verdict that refused something; None where nothing was. Of an entry nothing follows a refusal."""
        for verdict in self.verdicts:
            if verdict.reason is not None:
                return verdict
        return None

    @property
    def reason(self) -> str | None:
        """Why something that was asked for was refused; None where nothing was."""
        refusal = self.refusal
        return None if refusal is None else refusal.reason


Event = (
    TradeRow
    | OrderTransition
    | Transaction
    | FundingPayment
    | Gap
    | RulesChange
    | Halt
    | HaltLifted
    | CandleMove
    | CommandTaken
    | KillSwitchChange
    | EquityPoint
    | Decision
    | ProgramCall
)

Listener = Callable[[Event], object]
"""Is told every event when it happens. It must neither raise nor change what it is told about."""


class Recorder:
    """Tells every event to all who listen to its kind, in the order in which they subscribed."""

    def __init__(self, *listeners: Listener) -> None:
        self._subscribed: list[tuple[Listener, Collection[type] | None]] = [(one, None) for one in listeners]
        self._of_kind: dict[type, list[Listener]] = {}

    def __call__(self, event: Event) -> None:
        kind = type(event)
        listeners = self._of_kind.get(kind)
        if listeners is None:
            listeners = [one for one, kinds in self._subscribed if kinds is None or kind in kinds]
            self._of_kind[kind] = listeners
        for listener in listeners:
            listener(event)

    def subscribe(self, listener: Listener, kinds: Collection[type] | None = None) -> None:
        """Let a listener be told every event from now on, or those of some kinds."""
        self._subscribed.append((listener, kinds))
        self._of_kind.clear()
