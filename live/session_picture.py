"""A session at one moment, as plain values that can be drawn anywhere and at leisure."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from live.session_events import SessionEvent

ConnectionState = Literal["connecting", "connected", "stale", "disconnected"]


class FeedHealth(NamedTuple):
    """How the connection fares; times are seconds, None where nothing has happened yet. Counts are of this process."""

    state: ConnectionState
    since_seconds: float | None
    message_age_seconds: float | None
    reconnects: int
    unreadable: int
    late: int
    revised: int
    duplicate: int
    refused: int
    trouble: str


class StepHealth(NamedTuple):
    """The last step and how long steps take; delays are seconds."""

    last_ms: int | None
    delay_seconds: float | None
    delay_p99_seconds: float | None
    steps: int
    candles: int
    open_boundaries: int


class AccountFigures(NamedTuple):
    """Money in quote currency, fractions for losses; ``live_equity`` is at forming prices, None without any."""

    balance: float
    equity: float
    live_equity: float | None
    realized_pnl: float
    daily_pnl: float
    daily_loss: float
    max_daily_loss: float
    drawdown: float
    max_drawdown: float
    trades: int
    won: int


class PositionLine(NamedTuple):
    """One open position; ``forming`` says that ``mark`` and ``pnl`` are of a candle that has not closed.

    ``touched`` names what the forming candle has reached so far; nothing acts on it before the close.
    """

    symbol: str
    side: str
    quantity: float
    entry: float
    mark: float
    pnl: float
    forming: bool
    stop: float | None
    target: float | None
    trailed: bool
    touched: str


class WaitingLine(NamedTuple):
    """One order that waits for its symbol's next open; ``open`` is that of the forming candle, where it has one."""

    symbol: str
    order_id: str
    what: str
    quantity: float | None
    open: float | None
    deadline_ms: int | None


class SessionPicture(NamedTuple):
    """Everything a view shows. ``curve`` is equity over the whole session, thinned out."""

    session: str
    strategy: str
    mode: str
    exchange: str
    timeframe: str
    exchange_ms: int | None
    uptime_seconds: float
    feed: FeedHealth
    steps: StepHealth
    account: AccountFigures
    positions: Sequence[PositionLine]
    waiting: Sequence[WaitingLine]
    events: Sequence[SessionEvent]
    refusals: Sequence[tuple[str, int]]
    curve: Sequence[float]
    halts: Sequence[str]
    kill_switch: bool
    kill_switch_by: str
