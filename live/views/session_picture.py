"""A session at one moment, as plain values that can be drawn anywhere and at leisure."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from alerts.lane import ChannelHealth
from live.views.session_events import SessionEvent

ConnectionState = Literal["connecting", "connected", "stale", "disconnected"]


class FeedHealth(NamedTuple):
    """How the connection fares; times are seconds, None where nothing has happened yet. Counts are of this process.

    ``missing`` counts marks (the first of several in a row), funding rates and open interest (several rows in a row as
    one) that steps went on without.
    """

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
    missing: int = 0


class StepHealth(NamedTuple):
    """The last step and how long steps take; delays are seconds.

    ``waits_for`` says what the next step has lacked for a while; empty where it lacks nothing.
    """

    last_ms: int | None
    delay_seconds: float | None
    delay_p99_seconds: float | None
    steps: int
    candles: int
    open_boundaries: int
    waits_for: str = ""


class AccountFigures(NamedTuple):
    """Money in quote currency, fractions for losses; ``live_equity`` is at forming prices, None without any.

    ``margin`` is what open positions have set aside and ``funding`` what was received so far (paid, where negative);
    both are None without perpetual contracts. ``even`` counts trades whose result is exactly 0: neither won nor lost.
    """

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
    even: int = 0
    margin: float | None = None
    funding: float | None = None


class PositionLine(NamedTuple):
    """One open position; ``forming`` says that ``mark`` and ``pnl`` are of a candle that has not closed.

    ``trailed`` says that the stop has moved since the entry. ``touched`` names what the forming candle has reached so
    far; nothing acts on it before the close. ``liquidation`` is a mark price, ``margin`` what is set aside; both are
    None without margin. ``funding`` was received since the entry (paid, where negative).
    """

    symbol: str
    side: str
    quantity: float
    entry: float
    mark: float
    pnl: float
    forming: bool
    stop: float | None
    targets: Sequence[float]
    trailed: bool
    touched: str
    liquidation: float | None = None
    margin: float | None = None
    funding: float = 0.0


class OrderLine(NamedTuple):
    """One order that waits for its symbol's next open, or rests at a price until the market comes to it.

    ``open`` is that of the forming candle at which a market order will fill, where there is one. ``deadline_ms`` is the
    latest open at which a market entry may fill, or the end of an order that is good till a date.
    """

    symbol: str
    order_id: str
    what: str
    order_type: str
    quantity: float | None
    price: float | None
    stop_price: float | None
    open: float | None
    deadline_ms: int | None


class WatchedLine(NamedTuple):
    """The last closed candle of a watched series: its close, and when that was; both None before one."""

    name: str
    price: float | None
    closed_ms: int | None


class PriceLine(NamedTuple):
    """A symbol's last price, ``forming`` where its candle has not closed; None where none was seen yet."""

    symbol: str
    price: float | None
    forming: bool


class SessionPicture(NamedTuple):
    """Everything a view shows. ``curve`` is equity over the whole session, thinned out.

    ``next_close_ms`` is when the strategy's candles close next, None before the exchange's time is known; ``alerts``
    say how the channels fare through which people are told.
    """

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
    waiting: Sequence[OrderLine]
    events: Sequence[SessionEvent]
    refusals: Sequence[tuple[str, int]]
    curve: Sequence[float]
    halts: Sequence[str]
    kill_switch: bool
    kill_switch_by: str
    paused: bool = False
    watched: Sequence[WatchedLine] = ()
    prices: Sequence[PriceLine] = ()
    next_close_ms: int | None = None
    alerts: Sequence[ChannelHealth] = ()
