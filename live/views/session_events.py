"""What a session decided and did, as views show it: told by the session, and kept until they ask."""

import functools
import json
from collections import deque
from collections.abc import Mapping
from typing import Literal, NamedTuple

from core.event_lines import decision_name, details_of
from core.events import Decision, Event, TradeRow
from core.exact import plain
from core.instants import format_ms
from core.programs.program_call import ProgramCall
from engine.portfolio.portfolio_session import PortfolioSession
from engine.session import Session

REMEMBERED_EVENTS = 100
"""How many events views show at most."""

MOST_KEPT = 10_000
"""How many events wait at most for a view that is behind."""

_OF_NOTE = {"candle_move", "halt", "halt_lifted", "kill_switch", "order_expired", "order_rejected"}

_LEVELS = {"stop", "trailing_stop", "break_even", "target", "liquidation"}

Severity = Literal["info", "warning"]


class SessionEvent(NamedTuple):
    """One decision, fill or act of the session; ``time`` is event time as text, ``fields`` are in order of interest."""

    time: str
    name: str
    symbol: str | None
    fields: Mapping[str, str]
    severity: Severity = "info"


class HeardEvent(NamedTuple):
    """An event as the session told it: its number, the member of a portfolio (else empty), its name."""

    number: int
    member: str
    name: str
    event: Event


class SessionEvents:
    """Listens to a session from now on.

    Parameters
    ----------
    session
        The session.
    keep
        Most events that are kept; the oldest go first.
    first
        How many were told before now.

    Attributes
    ----------
    heard
        How many there were by now: the number of the last one. The same journal gives each the same number again.
    """

    def __init__(self, session: Session | PortfolioSession, keep: int = MOST_KEPT, first: int = 0) -> None:
        self.heard = first
        self._told: deque[HeardEvent] = deque(maxlen=keep)
        if isinstance(session, PortfolioSession):
            for one in session.members:
                one.session.subscribe(functools.partial(self._listen, one.name))
        else:
            session.subscribe(functools.partial(self._listen, ""))

    def fresh(self) -> list[SessionEvent]:
        """Return what happened since the last call, by event time; what happened at one time keeps its order."""
        return sorted((_of(one.member, session_event(one.name, one.event)) for one in self.taken()), key=_order)

    def taken(self) -> list[HeardEvent]:
        """Return the same as it was told, in that order."""
        events = self.waiting()
        self._told.clear()
        return events

    def waiting(self) -> list[HeardEvent]:
        """Return it, and keep it for the next call."""
        return list(self._told)

    def _listen(self, member: str, event: Event) -> None:
        name = event.action.lower() if isinstance(event, TradeRow) else decision_name(event)
        if name is not None and not _says_nothing(event):
            self.heard += 1
            self._told.append(HeardEvent(self.heard, member, name, event))


def _says_nothing(event: Event) -> bool:
    """Return whether it is a call of a program that decided nothing, as most do."""
    return isinstance(event, ProgramCall) and event.fault is None and event.wish.action == "hold"


def _of(member: str, event: SessionEvent) -> SessionEvent:
    """Return an event as one of a portfolio's member, whose name stands before the symbol."""
    return event._replace(symbol=f"{member} {event.symbol or ''}".strip()) if member else event


def session_event(name: str, event: Event) -> SessionEvent:
    """Return an event as views show it: a fill, a decision, or what happened to an order or the account."""
    time, symbol = format_ms(event.time_ms), getattr(event, "symbol", None)
    if isinstance(event, TradeRow):
        return SessionEvent(time, name, symbol, _filled(event))
    if isinstance(event, Decision):
        return SessionEvent(time, "accepted" if event.reason is None else "refused", symbol, _decided(event))
    details = {key: _text(value) for key, value in sorted(details_of(event).items())}
    of_note = name in _OF_NOTE or (isinstance(event, ProgramCall) and event.fault is not None)
    return SessionEvent(time, name, symbol, details, "warning" if of_note else "info")


def _filled(row: TradeRow) -> dict[str, str]:
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
    return fields


def _decided(decision: Decision) -> dict[str, str]:
    fields: dict[str, str] = {"direction": decision.signal.direction}
    if decision.close_order_id is not None:
        fields["close_order_id"] = decision.close_order_id
    refusal = decision.refusal
    if refusal is not None:
        fields["gate"], fields["reason"] = refusal.gate, str(refusal.reason)
    elif decision.entry_order_id is not None:
        fields["order_id"] = decision.entry_order_id
    return fields


def _order(event: SessionEvent) -> tuple[str, int]:
    """Return what events are sorted by: at one instant levels are reached, then decisions fall, then orders fill."""
    if event.name not in ("open", "close"):
        return event.time, 1
    return event.time, 0 if event.fields["reason"] in _LEVELS else 2


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
