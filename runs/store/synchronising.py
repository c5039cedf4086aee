"""Brings the store up to what the folders of the runs say."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy.exc import StatementError

from core.errors import HarnessError, StoreError
from core.plain_text import is_text
from runs.folder.run_notes import RunNotes, read_notes
from runs.store.found_folders import FoundFolder, find_folders, signature_of

if TYPE_CHECKING:
    from runs.store.run_store import RunStore, StoredState

FORM = "1"
"""Goes up when the store reads more, or other things, from the same folder: everything is then read again."""


class SyncReport(msgspec.Struct, frozen=True):
    """How many runs were new, had changed, were gone; and what could not be read, by folder."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unreadable: dict[str, str] = {}


def sync(
    store: "RunStore",
    folders: Sequence[str | Path],
    progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    thorough: bool = False,
) -> SyncReport:
    """Read the folders of runs that are new or have changed, and let go of those that are gone.

    Parameters
    ----------
    store
        What is brought up.
    folders
        Where runs are looked for. Runs that the store knows from elsewhere are kept while they are there.
    progress
        Told how many of how many folders have been read.
    thorough
        Look at every file of a run that is read, not at the folder alone: a file that was changed in its place, which
        this program never does, changes no folder.
    """
    known = store.states()
    found = _found(folders, known)
    changed = [one for one in found.values() if not _unchanged(one, known.get(one.path), thorough=thorough)]
    gone = [state.id for path, state in known.items() if path not in found]
    if gone:
        store.forget(gone)
    unreadable: dict[str, str] = {}
    for number, one in enumerate(changed):
        progress(number, len(changed))
        reason = _take(store, one, known.get(one.path))
        if reason is not None:
            unreadable[one.path] = reason
    if changed:
        progress(len(changed), len(changed))
    added = sum(one.path not in known for one in changed if is_text(one.path))
    again = sum(one.path in known for one in changed)
    return SyncReport(added, again, len(gone), unreadable)


def take_folder(store: "RunStore", folder: Path) -> int | None:
    """Read one folder of a run into the store; return the id of the run, None where it cannot be read."""
    path = os.path.realpath(folder)
    _take(store, FoundFolder(path, Path(path).stat().st_mtime_ns), store.states().get(path))
    return next((one.id for one in store.named(path) if one.folder == path), None)


def _found(folders: Sequence[str | Path], known: "Mapping[str, StoredState]") -> dict[str, FoundFolder]:
    """Return the folders that are there, by path."""
    # What names the latest of a range may have got a run with a folder of its own: it is looked into each time.
    own = {path for path, state in known.items() if state.signature.split()[3:5] != ["-", "-"]}
    found = {one.path: one for one in find_folders(folders, own)}
    roots = tuple(os.path.join(os.path.realpath(root), "") for root in folders)  # noqa: PTH118 - as the scan has them
    for path in known:
        if path not in found and not path.startswith(roots):
            found.update(_standing(path))
    return found


def _standing(path: str) -> Iterable[tuple[str, FoundFolder]]:
    try:
        yield path, FoundFolder(path, Path(path).stat().st_mtime_ns)
    except OSError:
        return


def _unchanged(found: FoundFolder, state: "StoredState | None", *, thorough: bool) -> bool:
    if state is None or state.status == "RUNNING" or found.mtime_ns != state.folder_mtime_ns:
        return False
    # A session's journal grows without a change of its folder.
    signature = f"{FORM} {signature_of(found.path)}" if thorough or state.kind == "live" else state.signature
    return signature == state.signature and signature.startswith(f"{FORM} ")


def _take(store: "RunStore", found: FoundFolder, state: "StoredState | None") -> str | None:
    """Read one folder into the store; return what was wrong with it."""
    from runs.store import folder_reading  # Nothing of it is needed while no folder has changed.

    if not is_text(found.path):
        return "its path is no text in UTF-8, and no database holds it — allowed: to give it another name"
    folder = Path(found.path)
    try:
        notes, wrong = read_notes(folder), None
    except HarnessError as error:
        notes, wrong = RunNotes(), str(error)
    signature = f"{FORM} {signature_of(folder)}"
    if state is not None and state.signature == signature and state.status != "RUNNING":
        store.note(state.id, notes, found.mtime_ns)
        return wrong
    read = folder_reading.read_folder(folder, store.host)
    row = msgspec.structs.replace(read.row, tags=list(notes.tags), note=notes.note, given_name=notes.name)
    try:
        store.put(row, read.trades, read.points, signature=signature, folder_mtime_ns=found.mtime_ns)
    except (ValueError, TypeError, ArithmeticError, StatementError, StoreError) as error:
        # Numbers that no run of this program writes, and that no database takes.
        words = str(error.orig if isinstance(error, StatementError) else error)
        row = folder_reading.damaged_row(folder, store.host, f"{folder}: cannot be kept ({words})")
        store.put(row, signature=signature, folder_mtime_ns=found.mtime_ns)
    return wrong or (row.failure if not row.trades_sha256 and row.status == "FAILED" else None)
