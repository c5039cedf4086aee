"""How a session is taken up again: its journal folded, its outputs rebuilt, what was missed told from what is live."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from core.errors import ConfigurationError, InvariantError, StoreError
from core.timeframe import floor_to_grid
from engine.fold import AnyFold, fold_of
from engine.journal import JournalLine, damaged_line
from engine.journal_records import JournalRecord, ResumeRecord, SessionRecord
from live.intake.exchange_access import Market
from live.intake.session_inputs import open_barrier
from live.life.journalled_past import JournalledPast
from live.life.session_folder import SessionFolder
from live.life.session_start import StartedSession
from live.views.session_events import REMEMBERED_EVENTS, SessionEvents
from runs.documents.manifest import read_manifest
from runs.documents.manifest_check import agreed_settings
from runs.folder.file_names import JOURNAL, MANIFEST
from validation.composed_settings import Settings


class FoldedSession(NamedTuple):
    """A session as its journal leaves it."""

    fold: AnyFold
    recent: SessionEvents
    past: JournalledPast
    journal_bytes: int


@contextlib.contextmanager
def resumed_folder(path: Path, settings: Settings) -> Iterator[SessionFolder]:
    """Yield the locked folder of a session that these settings may go on with.

    Raises
    ------
    ConfigurationError
        If there is no session in the folder, another process runs it, or it ran with other settings.
    ParityError
        If its manifest is not of its journal.
    StoreError
        If its journal is damaged, or the folder cannot be used.
    """
    if not (path / JOURNAL).exists():
        raise ConfigurationError(f"{path}: there is no session to resume; it holds no {JOURNAL}")
    with contextlib.closing(SessionFolder(path)) as folder:
        first = next(folder.lines(), None)
        if first is None:
            raise ConfigurationError(
                f"{path}: there is no session to resume; it was ended before its first record was written"
            )
        record = _session_record(folder, first)
        folder.check_settings(record, settings)
        agreed_settings(path / MANIFEST, read_manifest(path / MANIFEST), record)
        yield folder


def fold_journal(folder: SessionFolder, settings: Settings) -> FoldedSession:
    """Fold a session's journal and rebuild the files derived from it, whether or not the session has ended.

    Raises
    ------
    ParityError
        If the outputs come out different from those the journal saw.
    StoreError
        If the journal is damaged: names line and byte.
    StrategyError
        If the strategy failed in the last step, as it did in the session.
    """
    lines = folder.lines()
    line = next(lines)
    first = _session_record(folder, line)
    past = JournalledPast(first, settings.live.symbols)
    try:
        fold = fold_of(first, settings, folder.outputs_of(settings))
    except InvariantError as error:
        raise _damaged(folder, line, 0, error) from error
    fold.recall(one.record for one in folder.lines())
    recent = SessionEvents(fold.session, REMEMBERED_EVENTS)
    end_byte = line.end_byte
    for line in lines:
        try:
            fold.apply(line.record)
        except InvariantError as error:
            raise _damaged(folder, line, end_byte, error) from error
        past.take(line.record)
        end_byte = line.end_byte
    fold.recalled()
    folder.publish_outputs()
    folder.flush()
    return FoldedSession(fold, recent, past, end_byte)


def go_on(
    folder: SessionFolder, folded: FoldedSession, market: Market, settings: Settings, now_ms: int
) -> StartedSession:
    """Journal that the session goes on after its last step; ``now_ms`` is the exchange's time.

    With ``missed_steps: exits_only`` the steps that closed up to now count as missed.
    """
    symbols = list(market.unified.values())
    barrier = open_barrier(settings, market, folded.past.known_ms, folded.fold.session.watched.series)
    folded.past.remind(barrier, symbols)
    journal = folder.writer(keep_bytes=folded.journal_bytes)
    policy = settings.live.session.missed_steps
    record = ResumeRecord(folded.past.last_step_ms, policy)
    try:
        # Of a call of the last step the process may have died before it wrote that it had failed by the machine.
        for noted in folded.fold.machine_records():
            journal.append(noted)
        journal.append(record)
    except BaseException:
        journal.close()
        raise
    folded.fold.apply(record)
    missed_until_ms = floor_to_grid(now_ms, barrier.step_ms) if policy == "exits_only" else None
    past = folded.past
    funding, interest = past.funding_calendars(symbols), past.open_interest_calendars(symbols)
    return StartedSession(folded.fold, folded.recent, journal, barrier, funding, missed_until_ms, interest)


def _session_record(folder: SessionFolder, line: JournalLine) -> SessionRecord:
    record: JournalRecord = line.record
    if not isinstance(record, SessionRecord):
        raise damaged_line(folder.journal, line.number, 0, "it does not say what the session is made of")
    return record


def _damaged(folder: SessionFolder, line: JournalLine, start_byte: int, error: InvariantError) -> StoreError:
    """Return the error of a damaged line for a record that cannot stand where it does."""
    return damaged_line(folder.journal, line.number, start_byte, str(error))
