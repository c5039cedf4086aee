"""The folders of runs below some roots, found without opening those that are known already."""

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from runs.folder.file_names import CURVE, EQUITY, JOURNAL, LATEST, MANIFEST, REBALANCES, RESULT, STEPS, TRADES

DEEPEST = 4
"""How far below a root a run may lie: a rehearsal's sessions, and the runs of a stem in earlier layouts."""
_DOCUMENTS = (MANIFEST, RESULT, TRADES, JOURNAL, EQUITY, CURVE, STEPS)


class FoundFolder(NamedTuple):
    """A folder of a run, and when its entries last changed."""

    path: str
    mtime_ns: int


def find_folders(roots: Sequence[str | Path], known: Collection[str]) -> Iterator[FoundFolder]:
    """Yield every folder of a run below the roots: each backtest's own, each live session's.

    A folder that names the latest of a range counts where the own folder of that run is gone, or never was. A folder
    that is ``known`` for a run's own is not looked into.
    """
    for root in dict.fromkeys(os.path.realpath(root) for root in roots):
        yield from _below(_entries(root), known, DEEPEST)


def signature_of(folder: str | Path) -> str:
    """Return what changes when a run's documents do: the size and the time of each."""
    parts = []
    for name in _DOCUMENTS:
        try:
            found = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - ten thousand folders
        except OSError:
            parts.append("-")
        else:
            parts.append(f"{found.st_mtime_ns}.{found.st_size}")
    return " ".join(parts)


def _below(entries: "Iterable[os.DirEntry[str]]", known: Collection[str], depth: int) -> Iterator[FoundFolder]:
    for entry in entries:
        if entry.name.startswith(".") or not entry.is_dir(follow_symlinks=False):
            continue
        if entry.path in known:
            yield FoundFolder(entry.path, entry.stat().st_mtime_ns)
            continue
        inside = _entries(entry.path)
        names = {one.name for one in inside}
        if (JOURNAL in names and REBALANCES not in names) or (TRADES in names and names & {MANIFEST, RESULT}):
            yield FoundFolder(entry.path, entry.stat().st_mtime_ns)
        elif depth > 1:
            yield from _below(inside, known, depth - 1)
            if RESULT in names and not _shows_own_folder(entry.path):
                yield FoundFolder(entry.path, entry.stat().st_mtime_ns)


def _shows_own_folder(stem: str) -> bool:
    """Whether the run that a stem names has a folder of its own."""
    if Path(stem, LATEST, RESULT).is_file():
        return True
    from runs.reading.run_folder import own_folder  # Only folders of earlier versions need to be read for it.

    return own_folder(Path(stem)) is not None


def _entries(folder: str) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
