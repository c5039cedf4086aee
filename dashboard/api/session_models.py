"""What the routes of live sessions take and give."""

from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from core.errors import ConfigurationError
from dashboard.sessions.session_facts import State
from dashboard.sessions.started_by import StartedBy


class Rehearsed(BaseModel):
    """How a session is rehearsed, on the practice exchange that it starts for itself."""

    model_config = ConfigDict(extra="forbid")

    start: str | None = Field(None, max_length=40, description="The exchange's time at the start; default: now.")
    speed: float = Field(1.0, ge=0.01, le=1_000_000, description="Exchange seconds a second.", examples=[20_000])
    duration: str | None = Field(None, max_length=20, description="Exchange time after which it ends.", examples=["2d"])


class SessionRequest(BaseModel):
    """A paper session: of a configuration, a system or a portfolio; live, or rehearsed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "config": "practice.yaml",
                    "rehearsal": {"start": "2024-01-01", "speed": 20000, "duration": "2d"},
                    "name": "first-rehearsal",
                },
                {"system": "binanceus-scalping"},
                {"portfolio": "practice-pair", "duration": "8h"},
            ]
        },
    )

    config: str | None = Field(None, max_length=200, description="A file of the folder of configurations.")
    system: str | None = Field(None, max_length=200, description="The id of a system.")
    portfolio: str | None = Field(None, max_length=200, description="The id of a portfolio.")
    rehearsal: Rehearsed | None = None
    duration: str | None = Field(None, max_length=20, description="Exchange time after which it ends; default: never.")
    name: str | None = Field(None, max_length=100, description="Of its folder; default: exchange, timeframe and time.")


class Timed(Protocol):
    """What says of a session how long it lasts, and how it is rehearsed."""

    rehearsal: Rehearsed | None
    duration: str | None


def wanted_by(asked: Timed, **traded: Any) -> StartedBy:
    """Return how a session is to be started; ConfigurationError where two lengths of it are given.

    ``traded`` says what is traded, by the names of :class:`StartedBy`.
    """
    rehearsal = asked.rehearsal
    if rehearsal is not None and rehearsal.duration is not None and asked.duration is not None:
        raise ConfigurationError("duration: is given twice — allowed: once, of the session or of its rehearsal")
    return StartedBy(
        speed=None if rehearsal is None else rehearsal.speed,
        practice_start=None if rehearsal is None else rehearsal.start,
        duration=asked.duration if rehearsal is None or rehearsal.duration is None else rehearsal.duration,
        **traded,
    )


class Confirmed(BaseModel):
    """An order that may close positions."""

    model_config = ConfigDict(extra="forbid")

    confirm: str | None = Field(
        None, max_length=100, description="The session's id once more; needed where positions are closed."
    )


class KillSwitch(Confirmed):
    """What becomes of the kill switch."""

    engaged: bool


class Paused(BaseModel):
    """Whether new entries are held."""

    model_config = ConfigDict(extra="forbid")

    paused: bool = True


class OfSymbol(BaseModel):
    """Whose waiting entry is meant."""

    model_config = ConfigDict(extra="forbid")

    symbol: str = Field(max_length=100, examples=["BTC/USDT"])


class ClosedSymbol(Confirmed):
    """Whose position is closed."""

    symbol: str = Field(max_length=100, examples=["BTC/USDT"])


class Resumed(BaseModel):
    """How a session goes on."""

    model_config = ConfigDict(extra="forbid")

    speed: float | None = Field(None, ge=0.01, le=1_000_000, description="Of a rehearsal; default: as it was started.")
    duration: str | None = Field(None, max_length=20, description="Exchange time after which it ends; default: never.")


class SessionView(BaseModel):
    """A session in a list. What its heartbeat says is as old as that is."""

    id: str = Field(examples=["practice_15m_20240101T000000"])
    state: State = Field(
        description="`dead` and `stopped` ones can be resumed; `ended` is over, `failed` never began.",
        examples=["running"],
    )
    healthy: bool = Field(description="It runs, and its heartbeat is younger than a minute.")
    heartbeat_age_seconds: float | None
    pid: int | None
    exchange: str | None
    timeframe: str | None
    symbols: list[str]
    strategy: str | None
    members: list[str] = Field(description="Of a portfolio.")
    mode: str | None
    started: str | None
    traded_as: list[str] = Field(
        description="What it trades; of a session that was started elsewhere, all that has its settings.",
        examples=[["system practice-scalping"]],
    )
    started_with: dict[str, Any] | None = Field(description="What it was started with from the dashboard.")
    last_step: str | None
    exchange_time: str | None
    balance: str | None
    equity: str | None
    positions: int | None
    waiting_orders: int | None
    connection: str | None
    halts: list[str]
    kill_switch: bool | None
    paused: bool | None
    closes_on_stop: bool = Field(description="Stopping it closes its positions, and must be confirmed.")
    closes_on_kill: bool = Field(description="Its kill switch closes its positions, and must be confirmed.")
    failure: str | None


class HeldPosition(BaseModel):
    """An open position; `forming` says that `mark` and `unrealized_pnl` are of a candle that has not closed."""

    symbol: str
    side: str
    quantity: str | None
    entry_price: str | None
    mark: str | None
    forming: bool
    unrealized_pnl: str | None
    stop: str | None
    targets: list[str]
    touched: str | None = Field(description="What the forming candle has reached; nothing acts before its close.")
    liquidation_price: str | None
    margin: str | None
    funding: str | None


class WaitingOrder(BaseModel):
    """An order that waits for an open, or rests at a price."""

    symbol: str
    order_id: str
    what: str
    type: str
    quantity: str | None
    price: str | None
    stop_price: str | None


class Feeds(BaseModel):
    """How the connection to the exchange fares, as the heartbeat says."""

    connection: str | None
    connected_seconds: float | None
    message_age_seconds: float | None
    reconnects: int | None
    open_boundaries: int | None
    waits_for: str | None = Field(description="What the next step lacks.")
    processing_delay_seconds: float | None
    processing_delay_p99_seconds: float | None
    counts: dict[str, int] = Field(
        description="Candles late, revised, refused or repeated; unreadable messages; missing marks and rates."
    )
    trouble: str | None
    prices: dict[str, float | None] = Field(description="The last price of each symbol.")


class EquityColumns(BaseModel):
    """The account over time, thinned out; where `complete` is false, only its later part."""

    time: list[str]
    equity: list[str]
    rows: int
    complete: bool


class SessionDetail(SessionView):
    """A session with all that its folder says of it."""

    steps: int | None
    open_positions: list[HeldPosition]
    orders: list[WaitingOrder]
    feeds: Feeds
    kill_switch_by: str | None
    live_equity: str | None = Field(description="At forming prices.")
    equity_curve: dict[str, EquityColumns] = Field(description="By member; of a session of one system under ``.")
    fills: list[dict[str, Any]] = Field(description="The last ones, newest first.")
    journal: list[dict[str, Any]] = Field(description="The last records, newest first.")
    log: list[str] = Field(description="The last lines, oldest first.")
    parity: dict[str, Any] | None = Field(description="The last parity report of its folder.")
    run: str | None = Field(description="The run under `/api/backtest/results`, once it is over.")
    member_runs: dict[str, str] = Field(description="Those of a portfolio's members.")
