"""How a session stands, as lists, pages and streams tell it: what its heartbeat says, in the form of the interface."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from core.instants import format_ms
from dashboard.sessions.session_facts import SessionFacts

_HELD = ("quantity", "entry_price", "mark", "unrealized_pnl", "stop", "liquidation_price", "margin", "funding")
_FEEDS = (
    "connection", "connected_seconds", "message_age_seconds", "reconnects", "open_boundaries", "waits_for",
    "processing_delay_seconds", "processing_delay_p99_seconds", "trouble",
)  # fmt: skip


def session_head(facts: SessionFacts) -> dict[str, Any]:
    """Return what lists show of a session."""
    traded, beat = facts.traded, facts.heartbeat
    positions = beat.get("positions")
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
        "last_step": beat.get("last_step"),
        "exchange_time": beat.get("exchange_time"),
        "balance": _exact(beat.get("balance")),
        "equity": _exact(beat.get("equity")),
        "positions": len(positions) if isinstance(positions, list) else None,
        "waiting_orders": beat.get("waiting_orders"),
        "connection": beat.get("connection") if facts.runs else None,
        "halts": list(beat.get("halts", ())),
        "kill_switch": beat.get("kill_switch"),
        "paused": beat.get("paused"),
        "closes_on_stop": traded.closes_on_stop,
        "closes_on_kill": traded.closes_on_kill,
        "failure": facts.failure,
    }


def session_account(facts: SessionFacts) -> dict[str, Any]:
    """Return its positions, its waiting orders, and how its feeds fare."""
    beat = facts.heartbeat
    return {
        "steps": beat.get("steps"),
        "open_positions": [_position(one) for one in _dicts(beat.get("positions"))],
        "orders": [_order(one) for one in _dicts(beat.get("orders"))],
        "feeds": {
            **{name: beat.get(name) for name in _FEEDS},
            "counts": beat.get("feed", {}),
            "prices": beat.get("prices", {}),
        },
        "kill_switch_by": beat.get("kill_switch_by"),
        "live_equity": _exact(beat.get("live_equity")),
    }


def standing_of(facts: SessionFacts) -> dict[str, Any]:
    """Return all of it."""
    return {**session_head(facts), **session_account(facts)}


def _position(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "symbol": one.get("symbol"),
        "side": one.get("side"),
        "forming": bool(one.get("forming")),
        "targets": [_exact(price) for price in one.get("targets", ())],
        "touched": one.get("touched"),
        **{name: _exact(one.get(name)) for name in _HELD},
    }


def _order(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: one.get(name) for name in ("symbol", "order_id", "what", "type")},
        **{name: _exact(one.get(name)) for name in ("quantity", "price", "stop_price")},
    }


def _exact(value: object) -> str | None:
    """Return a number of a heartbeat as text with its shortest digits; None stays None."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return f"{Decimal(repr(value)):f}"


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
