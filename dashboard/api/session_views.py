"""Makes of a session's folder what the routes give."""

import json
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from backtests.portfolio.session_parity import REPORT
from core.instants import format_ms
from dashboard.api.pages import iso
from dashboard.api.session_models import EquityColumns, SessionDetail, SessionView
from dashboard.sessions.session_facts import SessionFacts
from dashboard.sessions.session_files import tail_lines, tail_records
from dashboard.sessions.session_follower import equity_of, fill_of
from dashboard.sessions.session_standing import session_account, session_head
from dashboard.sessions.traded_names import TradedNames
from engine.journal_records import SessionRecord, StepRecord
from live.views.session_log import LOG_FILE, LOG_FOLDER
from runs.folder.file_names import EQUITY, TRADES

_EQUITY_BYTES = 4_000_000
_REPORT_BYTES = 4_000_000
SHOWN = 50


def session_view(facts: SessionFacts, names: TradedNames) -> SessionView:
    """Return a session as lists show it."""
    return SessionView(**session_head(facts), traded_as=names.of(facts))


def session_detail(facts: SessionFacts, names: TradedNames, points: int, runs: Mapping[str, str]) -> SessionDetail:
    """Return a session with all that its folder says; StoreError where a file cannot be read."""
    folders = {one: facts.folder / one for one in facts.members or ("",)}
    return SessionDetail(
        **session_head(facts),
        **session_account(facts),
        traded_as=names.of(facts),
        equity_curve={name: _curve(folder, points) for name, folder in folders.items()},
        fills=_fills(folders),
        journal=[_record(one, facts) for one in reversed(tail_records(facts.folder, SHOWN))],
        log=[
            one.decode(errors="replace")
            for one in tail_lines(facts.folder / LOG_FOLDER / LOG_FILE, 64_000)[-4 * SHOWN :]
        ],
        parity=_parity(facts.folder),
        run=runs.get(""),
        member_runs={name: run for name, run in runs.items() if name},
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
