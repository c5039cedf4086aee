"""A journal folded anew: how far that came, and the outputs that the journal says the session wrote."""

import contextlib
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from backtests.engines.engine_choice import (
    EngineChoice,
    by_reference,
    engine_reasons,
    require_compiled,
    strategy_reasons,
)
from backtests.proof.covered_run import run_covered
from backtests.proof.indexed_outputs import IndexedOutputs, StepIndex
from backtests.proof.journal_columns import IRREGULAR, JournalColumns
from backtests.proof.session_head import SessionHead
from core.errors import InvariantError, ParityError, StoreError, StrategyError, Uncovered
from core.timeframe import timeframe_ms
from engine.fold import SessionFold
from engine.journal import JournalLine
from engine.journal_records import CandleFields, EndRecord, JournalRecord, ResumeRecord, StepRecord
from runs.documents.result_text import to_json
from runs.ended_session import EndedSession
from runs.figures.session_input import session_input
from runs.figures.session_window import SessionWindow
from runs.result_builder import build_result
from validation.composed_settings import Settings

REPLAY = "replay.json"
COMPILED = "compiled"
DISPUTED = "the compiled rules find a difference"


_decode_record = msgspec.json.Decoder(JournalRecord).decode
"""Made before there are threads: docs/developing.md says why."""


class JournalReplay(msgspec.Struct):
    """How far a replay came.

    ``candles`` counts those of the strategy's timeframe, ``detail``, ``marks``, ``funding``, ``watched`` and
    ``open_interest`` what else steps held.
    ``broken`` names what stopped it (None: it reached the journal's end), ``strategy_failed`` is the strategy's failure
    in the last step, ``left_out_bytes`` counts those of an unfinished last line. ``last_line`` is the last line of the
    journal that was read; a session that runs meanwhile writes more. ``resumed``
    says that it was taken up again; ``result`` is that of an ended session as JSON. ``engine`` is which rules replayed
    it, as the manifest of a backtest says it.
    """

    steps: int = 0
    candles: int = 0
    last_line: int = 1
    first_step_ms: int | None = None
    last_step_ms: int | None = None
    end: Literal["flatten", "keep"] | None = None
    strategy_failed: str | None = None
    broken: str | None = None
    left_out_bytes: int = 0
    detail: int = 0
    marks: int = 0
    funding: int = 0
    resumed: bool = False
    result: str | None = None
    watched: int = 0
    engine: str = COMPILED
    open_interest: int = 0


def replayed(head: SessionHead, settings: Settings, directory: Path, engine: EngineChoice) -> "ReplayedJournal":
    """Replay a journal into a folder, by the compiled rules where they cover it and it is long enough.

    What the compiled rules find different is replayed by the kernel, whose word stands.

    Raises
    ------
    ConfigurationError
        If the compiled rules are asked for and do not cover it.
    StoreError
        If the journal is damaged.
    """
    reasons = chain(strategy_reasons(engine, settings), engine_reasons(engine, _most_candles(head, settings)))
    reason = next(reasons, None)
    if reason is None:
        try:
            with IndexedOutputs(directory) as out:
                done = _replay_compiled(head, settings, out)
            return ReplayedJournal(done, directory, out.index)
        except Uncovered as error:
            reason = str(error)
    if reason not in (DISPUTED, IRREGULAR):
        require_compiled(engine, reason)
    with IndexedOutputs(directory) as out:
        done = replay_journal(head, settings, out)
    done.engine = by_reference(reason)
    return ReplayedJournal(done, directory, out.index)


def _most_candles(head: SessionHead, settings: Settings) -> int:
    """Return how many candles a journal may hold: one of each symbol, and a finer one, a line."""
    with head.journal.open("rb") as file:
        lines = sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b""))
    return lines * len(settings.live.symbols) * (1 if settings.live.detail_interval is None else 2)


def _replay_compiled(head: SessionHead, settings: Settings, out: IndexedOutputs) -> JournalReplay:
    """Run a journal's candles by the compiled rules; Uncovered if they do not cover it or find a difference."""
    columns, done, window = JournalColumns(head.record, settings), JournalReplay(), _window_of(head, settings)
    last_byte = 0
    for line in head.lines():
        last_byte, done.last_line = line.end_byte, line.number
        columns.take(line.record)
        _count(line.record, done)
        window.take(line.record)
    columns.finish()
    market, switch = columns.market(), head.record.kill_switch
    session, digests = run_covered(settings, market, columns.stretches, out, kill_switch=switch)
    if digests.journalled(np.array(columns.steps_ms, np.int64)) != columns.digests:
        raise Uncovered(DISPUTED)
    _conclude(head, settings, done, session, window, last_byte)
    return done


def replay_journal(head: SessionHead, settings: Settings, out: IndexedOutputs) -> JournalReplay:
    """Fold a journal by the reference kernel, its outputs going to ``out``.

    A digest that does not fit ends the replay; ``broken`` of the result then names the step.

    Raises
    ------
    StoreError
        If the journal is damaged.
    """
    fold = SessionFold(head.record, settings, out.outputs)
    with contextlib.closing(fold.session):
        return _replay_records(head, settings, fold, out)


def _replay_records(head: SessionHead, settings: Settings, fold: SessionFold, out: IndexedOutputs) -> JournalReplay:
    done, window, last_byte = JournalReplay(), _window_of(head, settings), 0
    fold.recall(line.record for line in head.lines())
    for line in head.lines():
        last_byte, done.last_line = line.end_byte, line.number
        try:
            _apply(fold, line, done)
        except ParityError as error:
            done.broken = f"{error} (line {line.number} of the journal)"
            return done
        except InvariantError as error:
            raise StoreError(
                f"{head.journal}: line {line.number} (ends at byte {line.end_byte}) is damaged: {error}",
                path=head.journal,
            ) from error
        out.mark(fold.session.last_step_ms)
        window.take(line.record)
    _conclude(head, settings, done, fold.session, window, last_byte)
    return done


def _window_of(head: SessionHead, settings: Settings) -> SessionWindow:
    window = SessionWindow(head.unified(), timeframe_ms(settings.live.timeframe))
    window.take(head.record)
    return window


def _conclude(
    head: SessionHead,
    settings: Settings,
    done: JournalReplay,
    session: EndedSession,
    window: SessionWindow,
    last_byte: int,
) -> None:
    """Note what stands behind the last record, and the result of a session that has ended."""
    if last_byte:
        done.left_out_bytes = unfinished_bytes(head.journal, last_byte)
    if done.end is not None:
        done.result = to_json(build_result(session, settings, session_input(window, session, settings)))


def unfinished_bytes(journal: Path, start: int) -> int:
    """Return the length of the line at a byte if it is no record; a session that runs may have written a whole one."""
    with journal.open("rb") as file:
        file.seek(start)
        line = file.readline()
    if line.endswith(b"\n"):
        try:
            _decode_record(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return len(line)
        return 0
    return len(line)


def _apply(fold: SessionFold, line: JournalLine, done: JournalReplay) -> None:
    """Apply one record; a strategy may fail in the last step, as it then did in the session."""
    record = line.record
    if isinstance(record, StepRecord) and done.strategy_failed is not None:
        raise ParityError(f"{done.strategy_failed}; the session went on after that step")
    try:
        fold.apply(record)
    except StrategyError as error:
        done.strategy_failed = str(error)
    _count(record, done)


def _count(record: JournalRecord, done: JournalReplay) -> None:
    if isinstance(record, StepRecord):
        done.steps += 1
        done.candles += _present(record.candles)
        if record.detail or record.marks or record.funding or record.watched or record.open_interest:
            done.detail += _present(record.detail)
            done.marks += _present(record.marks)
            done.funding += sum(map(len, record.funding))
            done.watched += sum(map(len, record.watched))
            done.open_interest += sum(map(len, record.open_interest))
        done.first_step_ms = record.time_ms if done.first_step_ms is None else done.first_step_ms
        done.last_step_ms = record.time_ms
    elif isinstance(record, ResumeRecord):
        done.end, done.resumed = None, True
    elif isinstance(record, EndRecord):
        done.end = record.mode


def _present(candles: Sequence[CandleFields | None]) -> int:
    return len(candles) - candles.count(None)


class _Summary(msgspec.Struct, frozen=True):
    replay: JournalReplay
    index: StepIndex


class ReplayedJournal(msgspec.Struct, frozen=True):
    """A replay, the folder of what it wrote, and the index of that."""

    replay: JournalReplay
    folder: Path
    index: StepIndex

    def write(self) -> None:
        """Keep replay and index in the folder, for :func:`read_replayed`."""
        try:
            (self.folder / REPLAY).write_bytes(msgspec.json.encode(_Summary(self.replay, self.index)) + b"\n")
        except OSError as error:
            raise StoreError.of("write", self.folder / REPLAY, error) from error


_decode = msgspec.json.Decoder(_Summary).decode
"""Made before there are threads: docs/developing.md says why."""


def read_replayed(folder: Path) -> ReplayedJournal:
    """Return the replay that was written into a folder."""
    summary = _decode((folder / REPLAY).read_bytes())
    return ReplayedJournal(summary.replay, folder, summary.index)
