"""What woke a run's program, what it decided each time, and what came of that."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from core.errors import StoreError
from core.exact import ZERO
from core.instants import parse_instant
from core.programs.program_call import ProgramFault, ProgramTrigger, ProgramWish
from runs.folder.file_names import DECISIONS
from runs.reading.folder_text import read_bytes
from runs.reading.log_rows import LogRow
from runs.reading.round_trips import RoundTrip
from runs.reading.run_folder import StoredRun

Outcome = Literal["held", "problem", "refused", "waiting", "unfilled", "open", "closed", "reduced"]
"""What came of a call.

``held``: nothing was decided. ``problem``: what it did or said counts as holding. ``refused``: a gate refused it.
``waiting``: its order waits still, where the run ends. ``unfilled``: its order ended without a fill. ``open``: the
position that it opened, or added to, is open still. ``closed``: that position, or the one that it closed, is closed.
``reduced``: a part of a position was closed.
"""

_PROGRAM, _DECISION, _ENDED = b'"event":"program"', b'"event":"decision"', b'"event":"order_'


class TriggerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A call of the program, and what came of it.

    ``time_ms`` is the close at which it was woken about ``symbol``; ``decided_symbol`` is the one that it decided
    about. ``outcome_reason`` is the gate's, the order's or the exit's. ``pnl`` is net of all costs, in quote currency:
    of the whole position, at the call that opened it and at the one that closed it, or of the part that was closed;
    None where nothing is closed.
    """

    number: int
    time_ms: int
    symbol: str
    trigger: ProgramTrigger
    wish: ProgramWish
    decided_symbol: str
    outcome: Outcome
    outcome_reason: str = ""
    problem: ProgramFault | None = None
    halted: bool = False
    printed: tuple[str, ...] = ()
    entry_price: float | None = None
    exit_price: float | None = None
    exit_time_ms: int | None = None
    pnl: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


class _Told(msgspec.Struct, frozen=True):
    """A line of ``decisions.jsonl`` that tells a call."""

    time: str
    symbol: str
    call: int
    trigger: ProgramTrigger
    decision: ProgramWish
    problem: ProgramFault | None = None
    halted: bool = False
    printed: tuple[str, ...] = ()


class _Judged(msgspec.Struct, frozen=True):
    """A line that tells what the gates made of a decision."""

    time: str
    symbol: str
    reason: str | None = None
    entry_order_id: str | None = None
    close_order_id: str | None = None


class _Ended(msgspec.Struct, frozen=True):
    """A line that tells of an order that ended without a fill, or with a part of one."""

    event: str
    order_id: str
    reason: str = ""


class _Found(NamedTuple):
    """What a decision came to."""

    outcome: Outcome
    reason: str = ""
    trip: RoundTrip | None = None
    entry: Decimal | None = None
    exits: Sequence[LogRow] = ()


def trigger_log(run: StoredRun) -> list[TriggerRow]:
    """Return the calls of a run's program in order; none where the run had no program.

    Raises
    ------
    StoreError
        If a file of the run cannot be read, or a line of it is damaged.
    """
    path = run.folder / DECISIONS
    data = read_bytes(path) if path.is_file() else b""
    if _PROGRAM not in data:
        return []
    calls = list(_lines(path, data, _PROGRAM, _Told))
    judged = {(one.time, one.symbol): one for one in _lines(path, data, _DECISION, _Judged)}
    ended = {one.order_id: one for one in _lines(path, data, _ENDED, _Ended)}
    outcomes = _Outcomes(run, ended)
    return [_row(one, judged, outcomes) for one in calls]


def _lines(path: Path, data: bytes, mark: bytes, kind: type[Any]) -> Iterator[Any]:
    decoder = msgspec.json.Decoder(kind)
    for number, line in enumerate(data.splitlines(), 1):
        if mark in line:
            try:
                yield decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise StoreError(f"{path}: line {number}: is damaged: {error}", path=path) from None


def _row(call: _Told, judged: Mapping[tuple[str, str], _Judged], outcomes: "_Outcomes") -> TriggerRow:
    symbol = call.decision.symbol or call.symbol
    if call.problem is not None:
        found = _Found("problem", call.problem.kind)
    elif call.decision.action == "hold":
        found = _Found("held")
    else:
        verdict = judged.get((call.time, symbol))
        found = _Found("refused", "not judged") if verdict is None else outcomes.of(verdict)
    closed = found.exits[-1] if found.exits else None
    pnl = None
    if found.trip is not None:
        pnl = float(found.trip.realized_pnl)
    elif found.exits:
        pnl = float(sum((one.realized_pnl for one in found.exits), ZERO))
    return TriggerRow(
        number=call.call,
        time_ms=parse_instant(call.time),
        symbol=call.symbol,
        trigger=call.trigger,
        wish=call.decision,
        decided_symbol=symbol,
        outcome=found.outcome,
        outcome_reason=found.reason,
        problem=call.problem,
        halted=call.halted,
        printed=call.printed,
        entry_price=None if found.entry is None else float(found.entry),
        exit_price=None if closed is None else float(closed.price),
        exit_time_ms=None if closed is None else closed.time_ms,
        pnl=pnl,
    )


class _Outcomes:
    """Finds what orders came to, by the rows of the trade log that they made."""

    def __init__(self, run: StoredRun, ended: Mapping[str, _Ended]) -> None:
        self._ended = ended
        self._rows: dict[str, list[LogRow]] = {}
        self._trips: dict[str, RoundTrip] = {}
        rows = run.rows
        for row in rows:
            self._rows.setdefault(row.order_id, []).append(row)
        for trip in run.round_trips:
            for row in rows[trip.opened : trip.closed + 1]:
                if row.symbol == trip.symbol:
                    self._trips[row.order_id] = trip
        self._last = {one.closed: rows[one.closed] for one in run.round_trips}

    def of(self, verdict: _Judged) -> _Found:
        """Return what a decision came to that the gates have judged."""
        if verdict.entry_order_id is not None:
            return self._entered(verdict.entry_order_id)
        if verdict.close_order_id is not None:
            return self._left(verdict.close_order_id)
        return _Found("refused", verdict.reason or "")

    def _entered(self, order_id: str) -> _Found:
        rows = self._rows.get(order_id, ())
        opened = [one for one in rows if one.opens]
        if not opened:
            return self._unfilled(order_id)
        trip = self._trips.get(order_id)
        if trip is None:
            return _Found("open", entry=opened[0].price)
        return _Found("closed", trip.reason, trip, opened[0].price, [self._last[trip.closed]])

    def _left(self, order_id: str) -> _Found:
        rows = [one for one in self._rows.get(order_id, ()) if not one.opens]
        if not rows:
            return self._unfilled(order_id)
        trip = self._trips.get(order_id)
        if trip is not None and self._last[trip.closed] is rows[-1]:
            return _Found("closed", rows[-1].reason, trip, trip.entry_price, rows)
        return _Found("reduced", rows[-1].reason, exits=rows)

    def _unfilled(self, order_id: str) -> _Found:
        ended = self._ended.get(order_id)
        if ended is None:
            return _Found("waiting")
        return _Found("unfilled", f"{ended.event.removeprefix('order_')}: {ended.reason}".removesuffix(": "))
