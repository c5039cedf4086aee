"""What a feature strategy may know of its session besides candles: position, account, fills and trades."""

import datetime as dt
from typing import Literal, Protocol

import msgspec

Side = Literal["LONG", "SHORT"]


class PositionNow(msgspec.Struct, frozen=True):
    """The open position of a symbol, at the close that is decided on.

    ``entry_price`` is the average entry. ``candles_held`` counts the strategy's candles by the clock, the entry's own
    included. ``unrealized_pnl`` is in quote currency, before the costs of closing; ``unrealized_r`` is the same in
    multiples of what the first stop risked, nan without one. ``stop`` is None without one; ``targets`` are the prices
    of its take-profits, nearest first.
    """

    side: Side
    quantity: float
    entry_price: float
    opened_at: dt.datetime
    candles_held: int
    unrealized_pnl: float
    unrealized_r: float
    stop: float | None
    targets: tuple[float, ...]


class AccountNow(msgspec.Struct, frozen=True):
    """The account at the marks of this instant, in quote currency.

    ``equity`` is balance plus unrealised profit, ``exposure`` the value of all open positions, ``today_pnl`` equity
    less the UTC day's first; ``halted`` says that a safety limit refuses entries.
    """

    balance: float
    equity: float
    open_positions: int
    exposure: float
    today_pnl: float
    halted: bool


class FillNow(msgspec.Struct, frozen=True):
    """A fill of a symbol's order: a row of the trade log.

    ``action`` is OPEN or CLOSE, ``side`` the position's. ``realized_pnl`` is 0 for OPEN, else net of all costs.
    ``order_id`` and ``reason`` are those of the trade log.
    """

    symbol: str
    action: Literal["OPEN", "CLOSE"]
    side: Side
    quantity: float
    price: float
    commission: float
    realized_pnl: float
    reason: str
    order_id: str
    time: dt.datetime


class TradeNow(msgspec.Struct, frozen=True):
    """A closed round trip; ``pnl`` is net of all costs, ``reason`` that of its last exit."""

    symbol: str
    side: Side
    quantity: float
    entry_price: float
    exit_price: float
    opened_at: dt.datetime
    closed_at: dt.datetime
    pnl: float
    reason: str


class OrderNow(msgspec.Struct, frozen=True):
    """An order that waits for a later candle; those that protect a position are told with it.

    ``side`` says whether it buys. ``role`` is entry, close or exit (of a part). ``price`` and ``stop_price`` are None
    where it has none.
    """

    symbol: str
    side: Literal["BUY", "SELL"]
    role: str
    order_type: str
    quantity: float
    price: float | None
    stop_price: float | None


class SessionFacts(Protocol):
    """Shows the session that a strategy decides in."""

    def position(self, symbol: str, time_ms: int) -> PositionNow | None:
        """Return the symbol's position at an instant."""
        ...

    def account(self) -> AccountNow:
        """Return the account as it stands."""
        ...

    def orders(self) -> tuple[OrderNow, ...]:
        """Return the entries and closes that wait, in order of acceptance."""
        ...

    def leverage(self, symbol: str) -> float:
        """Return the leverage that a symbol is traded with; 1 without contracts."""
        ...
