"""What a session's journal says went into it, by kind: the side of a comparison that history stands against."""

from collections.abc import Iterable, Sequence

import msgspec

from backtests.proof.funding_comparison import ToldRate
from backtests.proof.grown_columns import SessionCandles
from backtests.proof.session_head import SessionHead
from core.candle import FundingRate, OpenInterest
from engine.journal_records import (
    CandleFields,
    CandleRecord,
    CommandRecord,
    EndRecord,
    MissingRecord,
    ProgramRecord,
    StepRecord,
)


class JournalInput(msgspec.Struct):
    """The input by configured symbol, the notes about it, and where the session was interfered with.

    ``open_interest`` is empty where the session is fed none. ``watched`` has one entry per watched series. ``steps_ms``
    are the times of all steps, ``missed_ms`` those of missed ones, ``kept_at_ms`` steps after which the session ended,
    to go on. ``failed_calls`` are the calls of a program that failed by their machine.
    """

    candles: dict[str, SessionCandles]
    detail: dict[str, SessionCandles]
    marks: dict[str, SessionCandles]
    funding: dict[str, list[ToldRate]]
    watched: list[SessionCandles] = []
    open_interest: dict[str, list[OpenInterest]] = {}
    steps_ms: list[int] = []
    notes: list[CandleRecord] = []
    missing: list[MissingRecord] = []
    failed_calls: list[ProgramRecord] = []
    missed_ms: list[int] = []
    operator_ms: list[int] = []
    kept_at_ms: set[int] = set()
    end: EndRecord | None = None

    @property
    def first_step_ms(self) -> int | None:
        """Time of the first step; None before one."""
        return self.steps_ms[0] if self.steps_ms else None

    @property
    def last_step_ms(self) -> int | None:
        """Time of the last step; None before one."""
        return self.steps_ms[-1] if self.steps_ms else None

    def counts(self) -> dict[str, int]:
        """Return how much of each kind there was, as ``parity.json`` says it."""
        series = {"candles": self.candles, "detail": self.detail, "marks": self.marks}
        rows = {name: sum(map(len, of_kind.values())) for name, of_kind in series.items()}
        counts = {**rows, "funding": sum(map(len, self.funding.values()))}
        if self.watched:
            counts["watched"] = sum(map(len, self.watched))
        if self.open_interest:
            counts["open_interest"] = sum(map(len, self.open_interest.values()))
        return counts


def read_input(head: SessionHead, symbols: Sequence[str], last_line: int) -> JournalInput:
    """Return the input that a session's journal holds up to a line; errors as in ``engine.journal.read_journal``."""
    candles, detail, marks = ({symbol: SessionCandles() for symbol in symbols} for _ in range(3))
    watched = [SessionCandles() for _ in head.record.watched_series]
    fed = symbols if head.record.open_interest_periods else ()
    interest: dict[str, list[OpenInterest]] = {symbol: [] for symbol in fed}
    found = JournalInput(candles, detail, marks, {symbol: [] for symbol in symbols}, watched, interest)
    for line in head.lines():
        if line.number > last_line:
            break
        record = line.record
        if isinstance(record, StepRecord):
            _add_step(found, record)
        elif isinstance(record, CandleRecord):
            found.notes.append(record)
        elif isinstance(record, MissingRecord):
            found.missing.append(record)
        elif isinstance(record, ProgramRecord):
            found.failed_calls.append(record)
        elif isinstance(record, CommandRecord):
            found.operator_ms.append(found.last_step_ms or 0)
        elif isinstance(record, EndRecord):
            found.end = record
    return found


def _add_step(found: JournalInput, record: StepRecord) -> None:
    if found.end is not None and found.last_step_ms is not None:
        found.kept_at_ms.add(found.last_step_ms)
        found.end = None
    _add_candles(found.candles.values(), record.candles, record.sources)
    if record.detail or record.marks or record.watched or record.funding or record.open_interest:
        _add_beside(found, record)
    if record.missed:
        found.missed_ms.append(record.time_ms)
    found.steps_ms.append(record.time_ms)


def _add_beside(found: JournalInput, record: StepRecord) -> None:
    """Add what a step holds beside the candles of the strategy's timeframe."""
    _add_candles(found.detail.values(), record.detail, record.detail_sources)
    _add_candles(found.marks.values(), record.marks, ("rest",) * len(record.marks))
    for of_series, shown, sources in zip(found.watched, record.watched, record.watched_sources, strict=False):
        for candle, source in zip(shown, sources, strict=True):
            of_series.add(candle, source)
    for told, rates in zip(found.funding.values(), record.funding, strict=False):
        told += [ToldRate(FundingRate(*fields), record.time_ms) for fields in rates]
    for known, rows in zip(found.open_interest.values(), record.open_interest, strict=False):
        known += [OpenInterest(*fields) for fields in rows]


def _add_candles(
    lists: Iterable[SessionCandles], candles: Sequence[CandleFields | None], sources: Sequence[str | None]
) -> None:
    """Add the candles of a step to their symbols' lists; a step without any of the kind adds none."""
    known = sources if len(sources) == len(candles) else (None,) * len(candles)
    for of_symbol, candle, source in zip(lists, candles, known, strict=False):
        if candle is not None:
            of_symbol.add(candle, source)
