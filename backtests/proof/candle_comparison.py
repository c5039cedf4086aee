"""The candles a session saw against those of history: which differ, and what the journal knows about it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, cast

import msgspec
import numpy as np

from backtests.proof.grown_columns import SessionCandles
from core.candle_columns import CandleColumns, Int64Array
from core.instants import format_ms
from core.timeframe import floor_to_grid
from engine.journal_records import CandleFields, CandleRecord

Prices = tuple[float, float, float, float, float]
"""``(open, high, low, close, volume)``."""

Kind = Literal["missing_in_session", "missing_in_history", "values_differ"]
Why = Literal[
    "late",
    "refused",
    "not_received",
    "not_in_history",
    "not_stored",
    "revised",
    "revised_later",
    "other_source",
    "mark_missing",
    "mark_not_in_history",
    "mark_revised",
]
Series = str
"""Which candles: ``strategy`` for its timeframe, ``detail``, ``mark``, or ``watched`` and a timeframe."""

MEANING: Mapping[Why, str] = {
    "late": "late: it came after its step was closed without it",
    "refused": "refused: it broke a rule of candles when it came",
    "not_received": "never received",
    "not_in_history": "history does not have it",
    "not_stored": "not in the candle store, and history was asked offline",
    "revised": "revised: the exchange sent other values later, as the journal notes",
    "revised_later": "revised: history has other values than the exchange gave when the session asked by REST",
    "other_source": "another source: history has other values than the session's feed gave",
    "mark_missing": "mark price missing: the session's exchange did not give it",
    "mark_not_in_history": "mark price: history does not have it",
    "mark_revised": "mark price revised: history has other values than the exchange gave",
}


class CandleDifference(msgspec.Struct, frozen=True):
    """A candle that the session and history do not have alike.

    ``step_ms`` is its close: the step that it belongs to. ``source`` says where the session had it from, ``note`` is
    what the journal notes about the same candle, ``series`` which of the symbol's candles it is.
    """

    symbol: str
    open_time_ms: int
    open_time: str
    step_ms: int
    kind: Kind
    why: Why
    session: Prices | None
    history: Prices | None
    source: str | None = None
    note: str | None = None
    series: Series = "strategy"


Notes = Mapping[tuple[str, int], Sequence[CandleRecord]]
"""The journal's notes by symbol and open time."""


def notes_by_candle(
    records: Iterable[CandleRecord], spellings: Mapping[str, str], timeframe_ms: int, series: Series = "strategy"
) -> Notes:
    """Return the journal's notes of one series by configured symbol and open time on the timeframe's grid."""
    notes: dict[tuple[str, int], list[CandleRecord]] = defaultdict(list)
    for record in records:
        if record.series == series:
            open_ms = floor_to_grid(record.candle[0], timeframe_ms)
            notes[spellings.get(record.symbol, record.symbol), open_ms].append(record)
    return notes


def compare_candles(
    symbol: str,
    timeframe_ms: int,
    session: SessionCandles,
    history: CandleColumns,
    notes: Notes,
    not_stored: Sequence[tuple[int, int]] = (),
    series: Series = "strategy",
) -> list[CandleDifference]:
    """Return the candles of a symbol that differ, in order of time; every value must be the same float64.

    Parameters
    ----------
    symbol, timeframe_ms
        As configured; the length of the candles.
    session, history
        The candles of both, over the same window.
    notes
        What the journal notes about candles outside its steps.
    not_stored
        Ranges ``[from, to)`` of opens that history was not asked for because it is offline.
    series
        Which of the symbol's candles these are.
    """
    mine = session.columns()
    differences = []
    for time_ms in _unequal_times(mine, history).tolist():
        row = _row_at(mine, time_ms)
        source = None if row is None else session.source(row)
        found = _Candidate(_prices(mine, row), _prices(history, _row_at(history, time_ms)), source)
        noted = notes.get((symbol, time_ms), ())
        judged = _judge_mark(found, noted) if series == "mark" else _judge(found, time_ms, noted, not_stored)
        kind, why, note = judged
        differences.append(
            CandleDifference(
                symbol,
                time_ms,
                format_ms(time_ms),
                time_ms + timeframe_ms,
                kind,
                why,
                found.session,
                found.history,
                found.source,
                note,
                series,
            )
        )
    return differences


def as_revised(symbol: str, history: CandleColumns, notes: Notes) -> CandleColumns:
    """Return history with the last revision that the journal notes of each candle.

    For a history that cannot know: the practice market makes a candle anew as it was first published, while the
    exchange of a rehearsal went on to give out what its script had made of it.
    """
    revised: dict[int, CandleFields] = {}
    for (noted, open_ms), of_candle in notes.items():
        revisions = [note for note in of_candle if note.kind == "revised"]
        row = _row_at(history, open_ms) if noted == symbol and revisions else None
        if row is not None:
            revised[row] = revisions[-1].candle
    if not revised:
        return history
    changed = CandleColumns._make(column.copy() for column in history)
    for row, candle in revised.items():
        for column, value in zip(changed[1:], candle[1:], strict=True):
            column[row] = value
    return changed


class _Candidate(msgspec.Struct, frozen=True):
    session: Prices | None
    history: Prices | None
    source: str | None


def _unequal_times(mine: CandleColumns, theirs: CandleColumns) -> Int64Array:
    """Return the opens of the candles that not both have with the same values, in order."""
    ours, rows = _rows_of(mine, theirs.open_time_ms)
    same = np.ones(len(rows), np.bool_)
    for one, other in zip(mine[1:], theirs[1:], strict=True):
        same &= one[rows] == other[ours]
    alone, theirs_alone = np.ones(mine.rows, np.bool_), np.ones(theirs.rows, np.bool_)
    alone[rows] = theirs_alone[ours] = False
    lone = (mine.open_time_ms[alone], theirs.open_time_ms[theirs_alone], mine.open_time_ms[rows[~same]])
    return np.sort(np.concatenate(lone))


def _rows_of(columns: CandleColumns, times: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Return which of some times, in order, have a candle that opens then, and its row."""
    opens = columns.open_time_ms
    rows = np.searchsorted(opens, times)
    within = np.flatnonzero(rows < len(opens))
    found = within[opens[rows[within]] == times[within]]
    return found, rows[found]


def _row_at(columns: CandleColumns, time_ms: int) -> int | None:
    row = int(np.searchsorted(columns.open_time_ms, time_ms))
    return row if row < columns.rows and columns.open_time_ms[row] == time_ms else None


def _prices(columns: CandleColumns, row: int | None) -> Prices | None:
    return None if row is None else cast(Prices, tuple(column[row].item() for column in columns[1:]))


def _judge(
    found: _Candidate, time_ms: int, notes: Sequence[CandleRecord], not_stored: Sequence[tuple[int, int]]
) -> tuple[Kind, Why, str | None]:
    """Return what kind of difference it is, why, and the journal's note about it."""
    if found.session is None:
        for kind in ("late", "refused"):
            for note in notes:
                if note.kind == kind:
                    return "missing_in_session", note.kind, _told(note)
        return "missing_in_session", "not_received", None
    if found.history is None:
        outside = any(start <= time_ms < end for start, end in not_stored)
        return "missing_in_history", "not_stored" if outside else "not_in_history", None
    revisions = [note for note in notes if note.kind == "revised"]
    if revisions:
        # The revision that history confirms says most; else the last one received.
        confirmed = [note for note in revisions if note.candle[1:] == found.history]
        return "values_differ", "revised", _told((confirmed or revisions)[-1])
    return "values_differ", "revised_later" if found.source == "rest" else "other_source", None


def _judge_mark(found: _Candidate, notes: Sequence[CandleRecord]) -> tuple[Kind, Why, str | None]:
    """Return the same of a mark candle, which comes from REST alone."""
    if found.session is None:
        refused = [note for note in notes if note.kind == "refused"]
        return "missing_in_session", "refused" if refused else "mark_missing", _told(refused[0]) if refused else None
    if found.history is None:
        return "missing_in_history", "mark_not_in_history", None
    return "values_differ", "mark_revised", None


def _told(note: CandleRecord) -> str:
    values = " ".join(map(repr, note.candle[1:]))
    return f"{note.kind} from {note.source}, {note.detail}: {values}"
