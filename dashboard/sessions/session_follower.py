"""What happens in a session, read from its journal and its outputs as they grow."""

import csv
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from core.event_lines import EQUITY_HEADER, TRADE_HEADER, cell_text
from core.instants import format_ms
from dashboard.sessions.growing_file import GrowingFile
from dashboard.sessions.session_facts import SessionFacts
from dashboard.sessions.session_files import record_of
from dashboard.sessions.session_standing import standing_of
from engine.journal_records import (
    CandleRecord,
    CommandRecord,
    ConnectionRecord,
    EndRecord,
    JournalRecord,
    MissingRecord,
    ProgramRecord,
    ResumeRecord,
    StepRecord,
)
from runs.folder.file_names import DECISIONS, EQUITY, JOURNAL, TRADES

MOST_BEHIND = 4_000_000
"""Bytes; who is further behind is told of a gap instead."""
_TRADE_COLUMNS = TRADE_HEADER.rstrip("\n").split(",")
_EQUITY_COLUMNS = EQUITY_HEADER.rstrip("\n").split(",")
GAP = "gap"


class Happening(NamedTuple):
    """One thing that happened, under the kind and with the data of its message."""

    kind: str
    data: Mapping[str, Any]
    is_state: bool = False


class SessionFollower:
    """Reads on in a session's files, from where they end now.

    Parameters
    ----------
    facts
        The session as it is.
    """

    def __init__(self, facts: SessionFacts) -> None:
        self.id = facts.id
        self._facts = facts
        begun = facts.traded.begun_ms is not None
        self._journal = GrowingFile(facts.folder / JOURNAL)
        self._outputs: dict[tuple[str, str], GrowingFile] = {}
        self._find_outputs(facts, whole=not begun)
        self._state = facts.state
        self._beat = facts.heartbeat.monotonic_seconds
        self._touched = _touched(facts)

    def happened(self, facts: SessionFacts) -> Iterator[Happening]:
        """Yield what has happened since the last time; ``facts`` are the session's as they are now."""
        self._facts = facts
        # One that is only beginning has its outputs later; whatever is in them then is still to be told.
        self._find_outputs(facts, whole=True)
        if self._journal.behind() > MOST_BEHIND:
            for one in (self._journal, *self._outputs.values()):
                one.skip_to_end()
            yield Happening(GAP, {"session": self.id})
        for line in self._journal.lines():
            record = record_of(line)
            told = None if record is None else self._of_record(record)
            if told is not None:
                yield told
        for (member, name), file in self._outputs.items():
            for line in file.lines():
                yield from _of_line(member, name, line)
        yield from self._of_facts(facts)

    def _find_outputs(self, facts: SessionFacts, *, whole: bool) -> None:
        for member in facts.members or ("",):
            for name in (DECISIONS, TRADES, EQUITY):
                if (member, name) not in self._outputs:
                    self._outputs[member, name] = GrowingFile(facts.folder / member / name, whole=whole)

    def _of_facts(self, facts: SessionFacts) -> Iterator[Happening]:
        changed = facts.state != self._state
        if changed:
            self._state = facts.state
            yield Happening("session", {"session": self.id, "state": facts.state, "failure": facts.failure})
        touched = _touched(facts)
        for symbol, level in touched.items():
            if self._touched.get(symbol) != level:
                yield Happening(
                    "level", {"symbol": symbol, "level": level, "exchange_time": facts.heartbeat.exchange_time}
                )
        self._touched = touched
        beat = facts.heartbeat.monotonic_seconds
        if changed or beat != self._beat:
            self._beat = beat
            yield Happening("health", standing_of(facts), is_state=True)

    def _of_record(self, record: JournalRecord) -> Happening | None:
        symbols = self._facts.traded.symbols
        match record:
            case StepRecord():
                closes = zip(symbols, record.candles, strict=False)
                return Happening(
                    "step",
                    {
                        "step": format_ms(record.time_ms),
                        "closes": {symbol: one[4] for symbol, one in closes if one is not None},
                        "missed": record.missed,
                    },
                )
            case CommandRecord():
                return Happening("command", {"command": record.command, "by": record.by, "symbol": record.symbol})
            case ConnectionRecord():
                return Happening("connection", {"state": record.event, "detail": record.detail})
            case CandleRecord():
                opened = format_ms(record.candle[0])
                told = {"problem": record.kind, "symbol": record.symbol, "opened": opened, "series": record.series}
                return Happening("candle", {**told, "source": record.source, "detail": record.detail})
            case MissingRecord():
                due = " .. ".join(dict.fromkeys(map(format_ms, (record.time_ms, record.until_ms))))
                told = {"what": record.kind, "symbol": record.symbol, "due": due}
                return Happening("missing", {**told, "detail": record.detail})
            case ProgramRecord():
                return Happening("program_failed", {"call": record.call, "detail": record.text})
            case ResumeRecord():
                last = None if record.last_step_ms is None else format_ms(record.last_step_ms)
                return Happening("resumed", {"last_step": last, "missed_steps": record.missed_steps})
            case EndRecord():
                return Happening("end", {"mode": record.mode})
        return None


def row_of(columns: list[str], line: bytes) -> dict[str, str] | None:
    """Return a line of an output as its values by their names; None for a header, or a line of something else."""
    try:
        cells = next(csv.reader([line.decode(errors="replace")]), [])
    except csv.Error:
        return None
    if len(cells) != len(columns) or cells == columns:
        return None
    return {name: cell_text(cell) for name, cell in zip(columns, cells, strict=True)}


def fill_of(line: bytes) -> dict[str, str] | None:
    """Return a row of the trade log."""
    return row_of(_TRADE_COLUMNS, line)


def equity_of(line: bytes) -> dict[str, str] | None:
    """Return a row of ``equity.csv``."""
    return row_of(_EQUITY_COLUMNS, line)


def _of_line(member: str, name: str, line: bytes) -> Iterator[Happening]:
    of = {"member": member} if member else {}
    if name == DECISIONS:
        try:
            told = msgspec.json.decode(line)
        except (ValueError, RecursionError):
            return
        if isinstance(told, dict):
            kind = str(told.get("event", "decision"))
            # A kind stands on a line of its own of the stream.
            yield Happening(kind if kind.isidentifier() else "decision", {**told, **of})
        return
    row = fill_of(line) if name == TRADES else equity_of(line)
    if row is not None:
        kind = "fill" if name == TRADES else "equity"
        yield Happening(kind, {**row, **of}, is_state=kind == "equity")


def _touched(facts: SessionFacts) -> dict[str, str]:
    return {one.symbol: one.touched for one in facts.heartbeat.positions or () if one.touched}
