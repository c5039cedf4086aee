"""A session's heartbeat as this program reads it: whatever a version of the session does not write is None."""

from pathlib import Path

import msgspec

from live.heartbeat import HEARTBEAT

_MOST_BYTES = 4_000_000


class HeldLine(msgspec.Struct, frozen=True, kw_only=True):
    """An open position."""

    symbol: str
    side: str
    quantity: float | None = None
    entry_price: float | None = None
    mark: float | None = None
    forming: bool = False
    unrealized_pnl: float | None = None
    stop: float | None = None
    touched: str | None = None
    targets: tuple[float, ...] = ()
    liquidation_price: float | None = None
    margin: float | None = None
    funding: float | None = None


class OrderedLine(msgspec.Struct, frozen=True, kw_only=True):
    """An order that waits or rests."""

    symbol: str
    order_id: str
    what: str
    type: str
    quantity: float | None = None
    price: float | None = None
    stop_price: float | None = None


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it; seconds, and money in quote currency."""

    pid: int
    monotonic_seconds: float
    last_step: str | None = None
    steps: int | None = None
    open_boundaries: int | None = None
    waits_for: str | None = None
    exchange_time: str | None = None
    connection: str | None = None
    connected_seconds: float | None = None
    message_age_seconds: float | None = None
    reconnects: int | None = None
    processing_delay_seconds: float | None = None
    processing_delay_p99_seconds: float | None = None
    balance: float | None = None
    equity: float | None = None
    live_equity: float | None = None
    positions: tuple[HeldLine, ...] | None = None
    waiting_orders: int | None = None
    orders: tuple[OrderedLine, ...] = ()
    halts: tuple[str, ...] = ()
    kill_switch: bool | None = None
    kill_switch_by: str | None = None
    paused: bool | None = None
    prices: dict[str, float | None] = {}
    feed: dict[str, int] = {}
    trouble: str | None = None


NO_HEARTBEAT = Heartbeat(pid=0, monotonic_seconds=float("-inf"))
"""Stands for the heartbeat of a session that has none."""


_decode = msgspec.json.Decoder(Heartbeat).decode
"""Made before there are threads: docs/developing.md says why."""


def read_heartbeat(folder: Path) -> Heartbeat:
    """Return a session's last heartbeat; :data:`NO_HEARTBEAT` where there is none that can be read."""
    try:
        with (folder / HEARTBEAT).open("rb") as file:
            return _decode(file.read(_MOST_BYTES))
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return NO_HEARTBEAT
