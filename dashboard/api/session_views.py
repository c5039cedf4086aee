"""Makes of a session's folder what the routes give."""

import json
from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from backtests.portfolio.session_parity import REPORT
from core.instants import format_ms
from dashboard.api.pages import iso
from dashboard.api.session_models import EquityColumns, Feeds, HeldPosition, SessionDetail, SessionView, WaitingOrder
from dashboard.sessions.session_facts import SessionFacts
from dashboard.sessions.session_files import tail_lines, tail_records
from dashboard.sessions.session_follower import equity_of, fill_of
from engine.journal_records import SessionRecord, StepRecord
from live.views.session_log import LOG_FILE, LOG_FOLDER
from runs.folder.file_names import EQUITY, TRADES

_EQUITY_BYTES = 4_000_000
_REPORT_BYTES = 4_000_000
SHOWN = 50


def session_view(facts: SessionFacts) -> SessionView:
    """Return a session as lists show it."""
    return SessionView(**_head(facts))


def session_detail(facts: SessionFacts, points: int, run: str | None) -> SessionDetail:
    """Return a session with all that its folder says; StoreError where a file cannot be read."""
    beat = facts.heartbeat
    positions, orders = _dicts(beat.get("positions")), _dicts(beat.get("orders"))
    folders = {one: facts.folder / one for one in facts.members or ("",)}
    return SessionDetail(
        **_head(facts),
        steps=beat.get("steps"),
        open_positions=[_position(one) for one in positions],
        orders=[_order(one) for one in orders],
        feeds=_feeds(beat),
        kill_switch_by=beat.get("kill_switch_by"),
        live_equity=_exact(beat.get("live_equity")),
        equity_curve={name: _curve(folder, points) for name, folder in folders.items()},
        fills=_fills(folders),
        journal=[_record(one, facts) for one in reversed(tail_records(facts.folder, SHOWN))],
        log=[
            one.decode(errors="replace")
            for one in tail_lines(facts.folder / LOG_FOLDER / LOG_FILE, 64_000)[-4 * SHOWN :]
        ],
        parity=_parity(facts.folder),
        run=run,
    )


def _head(facts: SessionFacts) -> dict[str, Any]:
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
        "started": iso(traded.begun_ms),
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


def _position(one: Mapping[str, Any]) -> HeldPosition:
    told = {name: _exact(one.get(name)) for name in ("quantity", "entry_price", "mark", "unrealized_pnl", "stop")}
    more = {name: _exact(one.get(name)) for name in ("liquidation_price", "margin", "funding")}
    return HeldPosition(
        symbol=str(one.get("symbol")),
        side=str(one.get("side")),
        forming=bool(one.get("forming")),
        targets=[text for text in map(_exact, one.get("targets", ())) if text is not None],
        touched=one.get("touched"),
        **{**told, "quantity": told["quantity"] or "0", "entry_price": told["entry_price"] or "0", **more},
    )


def _order(one: Mapping[str, Any]) -> WaitingOrder:
    return WaitingOrder(
        **{name: str(one.get(name) or "") for name in ("symbol", "order_id", "what", "type")},
        **{name: _exact(one.get(name)) for name in ("quantity", "price", "stop_price")},
    )


def _feeds(beat: Mapping[str, Any]) -> Feeds:
    plain = ("connection", "connected_seconds", "message_age_seconds", "reconnects", "open_boundaries", "waits_for")
    delays = ("processing_delay_seconds", "processing_delay_p99_seconds", "trouble")
    return Feeds(
        **{name: beat.get(name) for name in (*plain, *delays)},
        counts=beat.get("feed", {}),
        prices=beat.get("prices", {}),
    )


def _curve(folder: Path, points: int) -> EquityColumns:
    """Return the equity at the rows of ``equity.csv``, thinned out evenly; the last row is always there."""
    lines = tail_lines(folder / EQUITY, _EQUITY_BYTES)
    complete = bool(lines) and equity_of(lines[0]) is None
    rows = lines[1:] if complete else lines
    stride = max(1, -(-len(rows) // points))
    kept = rows[::-1][::stride][::-1]
    found = [row for row in map(equity_of, kept) if row is not None]
    return EquityColumns(
        time=[one["timestamp"] for one in found],
        equity=[one["equity"] for one in found],
        rows=len(rows),
        complete=complete or not lines,
    )


def _fills(folders: Mapping[str, Path]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, folder in folders.items():
        rows = (fill_of(one) for one in tail_lines(folder / TRADES)[-SHOWN:])
        found += [{**row, **({"member": name} if name else {})} for row in rows if row is not None]
    found.sort(key=lambda one: one["timestamp"])
    return list(islice(reversed(found), SHOWN))


def _record(record: object, facts: SessionFacts) -> dict[str, Any]:
    """Return a record of the journal as it is read, without what no person reads of it."""
    if isinstance(record, SessionRecord):
        return {"record": "session", "session": record.session, "code_version": record.code_version}
    if isinstance(record, StepRecord):
        closes = zip(facts.traded.symbols, record.candles, strict=False)
        shown = {symbol: one[4] for symbol, one in closes if one is not None}
        return {"record": "step", "time": format_ms(record.time_ms), "missed": record.missed, "closes": shown}
    told: dict[str, Any] = msgspec.to_builtins(record)
    for name in [one for one in told if one.endswith("_ms")]:
        told[name.removesuffix("_ms")] = iso(told.pop(name))
    return told


def _parity(folder: Path) -> dict[str, Any] | None:
    try:
        with (folder / REPORT).open("rb") as file:
            document = json.loads(file.read(_REPORT_BYTES))
    except (OSError, ValueError):
        return None
    wanted = ("verdict", "exit_code", "unavailable", "warnings", "code_version")
    return {name: document[name] for name in wanted if name in document} if isinstance(document, dict) else None


def _exact(value: object) -> str | None:
    """Return a number of a heartbeat as text with its shortest digits; None stays None."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return f"{Decimal(repr(value)):f}"


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
