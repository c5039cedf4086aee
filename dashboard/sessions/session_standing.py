"""How a session stands, as lists, pages and streams tell it: what its heartbeat says, in the form of the interface."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from core.instants import format_ms
from dashboard.sessions.heartbeat_file import HeldLine, OrderedLine
from dashboard.sessions.session_facts import SessionFacts

_HELD = ("quantity", "entry_price", "mark", "unrealized_pnl", "stop", "liquidation_price", "margin", "funding")
_FEEDS = (
    "connection", "connected_seconds", "message_age_seconds", "reconnects", "open_boundaries", "waits_for",
    "processing_delay_seconds", "processing_delay_p99_seconds", "trouble",
)  # fmt: skip


def session_head(facts: SessionFacts) -> dict[str, Any]:
    """Return what lists show of a session."""
    traded, beat = facts.traded, facts.heartbeat
    start = None if facts.start is None else msgspec.to_builtins(facts.start)
    if start is not None:
        # Folders of the machine are nobody's business.
        start = {name: one for name, one in start.items() if name not in ("systems", "data_dir") and one is not None}
        if "config" in start:
            start["config"] = Path(start["config"]).name
    return {
        "id": facts.id,
        "state": facts.state,
        "healthy": facts.is_healthy,
        "heartbeat_age_seconds": None if facts.age_seconds is None else round(facts.age_seconds, 3),
        "pid": facts.pid,
        "exchange": traded.exchange,
        "timeframe": traded.timeframe,
        "symbols": list(traded.symbols),
        "strategy": traded.strategy,
        "members": list(facts.members),
        "mode": traded.mode,
        "started": None if traded.begun_ms is None else format_ms(traded.begun_ms),
        "started_with": start,
        "last_step": beat.last_step,
        "exchange_time": beat.exchange_time,
        "balance": _exact(beat.balance),
        "equity": _exact(beat.equity),
        "positions": None if beat.positions is None else len(beat.positions),
        "waiting_orders": beat.waiting_orders,
        "connection": beat.connection if facts.runs else None,
        "halts": list(beat.halts),
        "kill_switch": beat.kill_switch,
        "paused": beat.paused,
        "closes_on_stop": traded.closes_on_stop,
        "closes_on_kill": traded.closes_on_kill,
        "failure": facts.failure,
    }


def session_account(facts: SessionFacts) -> dict[str, Any]:
    """Return its positions, its waiting orders, and how its feeds fare."""
    beat = facts.heartbeat
    return {
        "steps": beat.steps,
        "open_positions": [_position(one) for one in beat.positions or ()],
        "orders": [_order(one) for one in beat.orders],
        "feeds": {
            **{name: getattr(beat, name) for name in _FEEDS},
            "counts": beat.feed,
            "prices": beat.prices,
        },
        "kill_switch_by": beat.kill_switch_by,
        "live_equity": _exact(beat.live_equity),
    }


def standing_of(facts: SessionFacts) -> dict[str, Any]:
    """Return all of it."""
    return {**session_head(facts), **session_account(facts)}


def _position(one: HeldLine) -> dict[str, Any]:
    return {
        "symbol": one.symbol,
        "side": one.side,
        "forming": one.forming,
        "targets": [_exact(price) for price in one.targets],
        "touched": one.touched,
        **{name: _exact(getattr(one, name)) for name in _HELD},
    }


def _order(one: OrderedLine) -> dict[str, Any]:
    return {
        **{name: getattr(one, name) for name in ("symbol", "order_id", "what", "type")},
        **{name: _exact(getattr(one, name)) for name in ("quantity", "price", "stop_price")},
    }


def _exact(value: float | None) -> str | None:
    """Return a number of a heartbeat as text with its shortest digits; None stays None."""
    return None if value is None else f"{Decimal(repr(value)).normalize():f}"
