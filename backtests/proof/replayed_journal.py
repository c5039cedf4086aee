"""A journal folded anew: how far that came, and the outputs that the journal says the session wrote."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from backtests.proof.indexed_outputs import IndexedOutputs, StepIndex
from backtests.proof.session_head import SessionHead
from core.errors import InvariantError, ParityError, StoreError, StrategyError
from core.timeframe import timeframe_ms
from engine.fold import SessionFold
from engine.journal import JournalLine
from engine.journal_records import CandleFields, EndRecord, JournalRecord, ResumeRecord, StepRecord
from runs.documents.result_text import to_json
from runs.figures.session_input import session_input
from runs.figures.session_window import SessionWindow
from runs.result_builder import build_result
from validation.composed_settings import Settings

REPLAY = "replay.json"


class JournalReplay(msgspec.Struct):
    """How far a replay came.

    ``candles`` counts those of the strategy's timeframe, ``detail``, ``marks``, ``funding`` and ``watched`` what else
    steps held.
    ``broken`` names what stopped it (None: it reached the journal's end), ``strategy_failed`` is the strategy's failure
    in the last step, ``left_out_bytes`` counts those of an unfinished last line. ``last_line`` is the last line of the
    journal that was read; a session that runs meanwhile writes more. ``resumed``
    says that it was taken up again; ``result`` is that of an ended session as JSON.
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


def replay_journal(head: SessionHead, settings: Settings, out: IndexedOutputs) -> JournalReplay:
    """Fold a journal, its outputs going to ``out``.

    A digest that does not fit ends the replay; ``broken`` of the result then names the step.

    Raises
    ------
    StoreError
        If the journal is damaged.
    """
    fold = SessionFold(head.record, settings, out.outputs)
    done = JournalReplay()
    window = SessionWindow(head.unified(), timeframe_ms(settings.live.timeframe))
    window.take(head.record)
    last_byte = 0
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
    if last_byte:
        done.left_out_bytes = unfinished_bytes(head.journal, last_byte)
    if done.end is not None:
        done.result = to_json(build_result(fold.session, settings, session_input(window, fold.session, settings)))
    return done


def unfinished_bytes(journal: Path, start: int) -> int:
    """Return the length of the line at a byte if it is no record; a session that runs may have written a whole one."""
    with journal.open("rb") as file:
        file.seek(start)
        line = file.readline()
    if line.endswith(b"\n"):
        try:
            msgspec.json.decode(line, type=JournalRecord)
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
    if isinstance(record, StepRecord):
        done.steps += 1
        done.candles += _present(record.candles)
        done.detail += _present(record.detail)
        done.marks += _present(record.marks)
        done.funding += sum(map(len, record.funding))
        done.watched += sum(map(len, record.watched))
        done.first_step_ms = record.time_ms if done.first_step_ms is None else done.first_step_ms
        done.last_step_ms = record.time_ms
    elif isinstance(record, ResumeRecord):
        done.end, done.resumed = None, True
    elif isinstance(record, EndRecord):
        done.end = record.mode


def _present(candles: Sequence[CandleFields | None]) -> int:
    return sum(candle is not None for candle in candles)


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


def read_replayed(folder: Path) -> ReplayedJournal:
    """Return the replay that was written into a folder."""
    summary = msgspec.json.decode((folder / REPLAY).read_bytes(), type=_Summary)
    return ReplayedJournal(summary.replay, folder, summary.index)
