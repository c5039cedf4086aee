"""``python -m runs sync``: the store brought up to what the folders say, or made anew where it is damaged."""

import argparse
from pathlib import Path

from core.command_line import say, warn
from core.errors import StoreError
from runs.commands.opened_store import print_json, synchronised, warn_of
from runs.store.database import DamagedStoreError
from runs.store.run_store import RunStore, open_store
from runs.store.store_place import load_store_place

_HEADER = b"SQLite format 3\x00"
_SUFFIXES = (".sqlite", ".sqlite3", ".db")


def sync_runs(asked: argparse.Namespace) -> int:
    """Read what has changed, and print how many runs that were."""
    folders = [*load_store_place().folders, *asked.folders]
    for folder in asked.folders:
        if not Path(folder).is_dir():
            raise StoreError(f"{folder}: there is no such folder", path=Path(folder))
    try:
        with _sound_store() as store:
            report = synchronised(store, folders, thorough=True)
    except DamagedStoreError as error:
        _set_aside(error)
        with open_store() as store:
            report = synchronised(store, folders, thorough=True)
    warn_of(report)
    if asked.json:
        print_json(report)
    else:
        runs = "run" if report.added == 1 else "runs"
        say(f"{report.added:,} {runs} added, {report.changed:,} read again, {report.removed:,} gone")
    return 0


def _sound_store() -> RunStore:
    store = open_store()
    try:
        if not store.database.sound():
            raise DamagedStoreError("is damaged inside", path=Path(str(store.database.url.database)))
        store.runs(without=())  # Pages that are in order may still hold what is no row.
    except BaseException:
        store.close()
        raise
    return store


def _set_aside(error: DamagedStoreError) -> None:
    """Give a damaged database another name, so that a sound one takes its place; nothing of it is lost."""
    path = error.path
    if path is None or not _was_a_store(path):
        raise error
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    warn(f"{path} was damaged; it is kept as {aside}, and made anew from the folders of the runs")


def _was_a_store(path: Path) -> bool:
    """Whether a file may be set aside: a settings file that an address names by mistake may not."""
    if path.suffix in _SUFFIXES:
        return True
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER
