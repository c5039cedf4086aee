"""What a session decided and did since it was last asked, read from its outputs; the session does not know of it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from core.events import TradeRow
from core.exact import plain
from core.instants import format_ms
from execution.money.account_view import AccountView

RECENT_BYTES = 65_536
"""How much of the decisions written before the first question counts as recent."""
RECENT_FILLS = 20

_OF_NOTE = {"halt", "halt_lifted", "kill_switch", "order_expired", "order_rejected"}

_LEVELS = {"stop", "trailing_stop", "break_even", "target", "liquidation"}

Severity = Literal["info", "warning"]


class SessionEvent(NamedTuple):
    """One decision, fill or act of the session; ``time`` is event time as text, ``fields`` are in order of interest."""

    time: str
    name: str
    symbol: str | None
    fields: Mapping[str, str]
    severity: Severity = "info"


class SessionEvents:
    """Reads fills from the account and decisions from the end of ``decisions.jsonl``.

    Parameters
    ----------
    account
        Its trade rows are the fills.
    decisions
        The file that the session writes; it may not exist yet.
    recent
        Whether the first answer also holds what was recent before; otherwise it begins where the outputs end now.
    """

    def __init__(self, account: AccountView, decisions: Path, *, recent: bool) -> None:
        self._account = account
        self._decisions = decisions
        size = decisions.stat().st_size if decisions.exists() else 0
        self._offset = max(0, size - RECENT_BYTES) if recent else size
        self._inside_line = recent and self._offset > 0
        self._rows = max(0, len(account.rows) - RECENT_FILLS) if recent else len(account.rows)

    def fresh(self) -> list[SessionEvent]:
        """Return what happened since the last call, by event time; what happened at one time keeps its order."""
        rows = self._account.rows
        fills = [fill_event(row) for row in rows[self._rows :]]
        self._rows = len(rows)
        return sorted([*fills, *map(decision_event, self._written())], key=_order)

    def _written(self) -> list[dict[str, object]]:
        try:
            with self._decisions.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        lines = whole.splitlines()
        if self._inside_line and lines:
            self._inside_line = False
            del lines[0]
        return [json.loads(line) for line in lines]


def fill_event(row: TradeRow) -> SessionEvent:
    """Return the event of a fill."""
    fields = {
        "side": row.side,
        "quantity": plain(row.quantity),
        "price": plain(row.price),
        "reason": row.reason,
        "order_id": row.order_id,
    }
    if row.action == "CLOSE":
        fields["realized_pnl"] = plain(row.realized_pnl)
        fields["balance"] = plain(row.balance)
    return SessionEvent(format_ms(row.time_ms), row.action.lower(), row.symbol, fields)


def decision_event(record: Mapping[str, object]) -> SessionEvent:
    """Return the event of a line of ``decisions.jsonl``: accepted, refused, or what happened to an order or account."""
    time, name, symbol = str(record["time"]), str(record["event"]), record.get("symbol")
    about = None if symbol is None else str(symbol)
    if name != "decision":
        others = {key: _text(value) for key, value in record.items() if key not in ("time", "event", "symbol")}
        return SessionEvent(time, name, about, others, "warning" if name in _OF_NOTE else "info")
    signal = record["signal"]
    direction = str(signal["direction"]) if isinstance(signal, Mapping) else "?"
    fields = {"direction": direction}
    if record.get("close_order_id") is not None:
        fields["close_order_id"] = str(record["close_order_id"])
    if record.get("reason") is not None:
        return SessionEvent(
            time, "refused", about, {**fields, "gate": _last_gate(record), "reason": _text(record["reason"])}
        )
    if record.get("entry_order_id") is not None:
        fields["order_id"] = str(record["entry_order_id"])
    return SessionEvent(time, "accepted", about, fields)


def _order(event: SessionEvent) -> tuple[str, int]:
    """Return what events are sorted by: at one instant levels are reached, then decisions fall, then orders fill."""
    if event.name not in ("open", "close"):
        return event.time, 1
    return event.time, 0 if event.fields["reason"] in _LEVELS else 2


def _last_gate(record: Mapping[str, object]) -> str:
    gates = record.get("gates")
    return str(gates[-1]["gate"]) if isinstance(gates, list) and gates else "?"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
