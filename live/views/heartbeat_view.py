"""The heartbeat: a small file that says the session's process is alive, and how it fares."""

import datetime as dt
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from alerts.lane import ChannelHealth
from core.instants import format_ms
from engine.journal_records import CommandRecord
from live.heartbeat import HEARTBEAT
from live.views.session_picture import OrderLine, PositionLine, SessionPicture
from live.views.session_updates import ConnectionChange, SessionUpdate, StepDone
from live.views.session_watch import SessionWatch

BEAT_SECONDS = 5.0
_COUNTED = ("unreadable", "late", "revised", "duplicate", "refused", "missing")


class HeartbeatView:
    """Writes ``heartbeat.json`` every five seconds, and soon after the connection or what the operator holds changes.

    A level that the forming candle reaches is such a change too.

    Parameters
    ----------
    watch
        What is known of the session; told before this view.
    folder
        The session's folder.
    """

    def __init__(self, watch: SessionWatch, folder: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._watch = watch
        self._file = folder / HEARTBEAT
        self._monotonic = monotonic
        self._due_at = float("-inf")
        self._touched: tuple[str, ...] = ()

    def take(self, update: SessionUpdate) -> None:
        """Beat soon after a change, unless only a message was unreadable; else when a beat is due."""
        match update:
            case StepDone():
                # While a long queue of steps is worked off nothing else would.
                self._beat_when_due()
            case ConnectionChange() if update.event != "unreadable":
                self._due_at = float("-inf")
            case CommandRecord():
                self._due_at = float("-inf")

    def refresh(self) -> None:
        """Beat when one is due, or the forming candles have reached something else."""
        touched = self._watch.touched()
        if touched != self._touched:
            self._touched, self._due_at = touched, float("-inf")
        self._beat_when_due()

    def _beat_when_due(self) -> None:
        now = self._monotonic()
        if now >= self._due_at:
            self._due_at = now + BEAT_SECONDS
            self._write("running", now)

    def close(self) -> None:
        """Leave a last heartbeat that says the process stopped on purpose."""
        self._write("stopped", self._monotonic())

    def _write(self, state: str, now: float) -> None:
        document = {
            "state": state,
            "pid": os.getpid(),
            "monotonic_seconds": now,
            "written": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),  # noqa: TID251 - for people only
            **vital_signs(self._watch.picture()),
        }
        # Not synced: after a power cut there is no process that an old heartbeat could speak for.
        work = self._file.with_name(f".{HEARTBEAT}.tmp")
        work.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        work.replace(self._file)


def vital_signs(picture: SessionPicture) -> dict[str, object]:
    """Return what a supervisor wants to know, as plain values; delays in seconds, money in quote currency."""
    feed, steps = picture.feed, picture.steps
    return {
        "session": picture.session,
        "last_step": None if steps.last_ms is None else format_ms(steps.last_ms),
        "steps": steps.steps,
        "open_boundaries": steps.open_boundaries,
        "waits_for": steps.waits_for or None,
        "exchange_time": None if picture.exchange_ms is None else format_ms(picture.exchange_ms),
        "connection": feed.state,
        "connected_seconds": feed.since_seconds,
        "message_age_seconds": feed.message_age_seconds,
        "reconnects": feed.reconnects,
        "processing_delay_seconds": steps.delay_seconds,
        "processing_delay_p99_seconds": steps.delay_p99_seconds,
        "balance": picture.account.balance,
        "equity": picture.account.equity,
        "positions": [_position(one) for one in picture.positions],
        "waiting_orders": len(picture.waiting),
        "orders": [_order(one) for one in picture.waiting],
        "halts": list(picture.halts),
        "kill_switch": picture.kill_switch,
        "kill_switch_by": picture.kill_switch_by or None,
        "paused": picture.paused,
        "live_equity": picture.account.live_equity,
        "prices": {one.symbol: one.price for one in picture.prices},
        "feed": {name: getattr(feed, name) for name in _COUNTED},
        "trouble": feed.trouble or None,
        **({"alerts": [_channel(one) for one in picture.alerts]} if picture.alerts else {}),
    }


def _position(line: PositionLine) -> dict[str, object]:
    return {
        "symbol": line.symbol,
        "side": line.side,
        "quantity": line.quantity,
        "entry_price": line.entry,
        "mark": line.mark,
        "forming": line.forming,
        "unrealized_pnl": line.pnl,
        "stop": line.stop,
        "touched": line.touched or None,
        "targets": list(line.targets),
        "liquidation_price": line.liquidation,
        "margin": line.margin,
        "funding": line.funding,
    }


def _channel(health: ChannelHealth) -> dict[str, object]:
    return {
        "channel": health.name,
        "target": health.target,
        "delivered": health.delivered,
        "waiting": health.waiting,
        "lost": health.lost,
        "trouble": health.trouble or None,
        "failing_seconds": health.failing_seconds,
    }


def _order(line: OrderLine) -> dict[str, object]:
    return {
        "symbol": line.symbol,
        "order_id": line.order_id,
        "what": line.what,
        "type": line.order_type,
        "quantity": line.quantity,
        "price": line.price,
        "stop_price": line.stop_price,
    }
