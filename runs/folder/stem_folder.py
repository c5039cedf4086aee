"""The runs of one stem: each in a folder named by its id, and the newest whole one under the stem's own names."""

import contextlib
import fcntl
import json
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from runs.documents.run_result import RunResult
from runs.folder.file_names import CURVE, DERIVED, LATEST, MANIFEST, NOTES, RESULT, RUNS, STEPS, TRADES


class StemFolder:
    """The outputs of a stem below ``directory``.

    ``<stem>/<run id>/`` has everything of one run. Of the newest whole one the trade log is ``<stem>.csv`` too, its
    other files also lie in ``<stem>/`` itself, and the symbolic link ``<stem>/latest`` points to its folder.
    """

    def __init__(self, directory: Path, stem: str) -> None:
        self.log_file = directory / f"{stem}.csv"
        self.folder = directory / stem

    def run_folder(self, run: str) -> Path:
        """Return the folder of one run, by its id."""
        return self.folder / run

    def run_folders(self) -> list[Path]:
        """Return the folders of all runs; those of earlier versions of the program lie in ``<stem>/runs/``."""
        found = []
        for place in (self.folder, self.folder / RUNS):
            with contextlib.suppress(OSError), os.scandir(place) as entries:
                found += [Path(one.path) for one in entries if one.is_dir(follow_symlinks=False) and one.name != RUNS]
        return sorted(found)

    def holds_whole_run(self) -> bool:
        """Whether the stem names a run that came to its end."""
        return is_whole(self.folder)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder above against other runs; the lock is on that folder and leaves no file behind."""
        descriptor = os.open(self.log_file.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def show(self, run_folder: Path, names: Sequence[str]) -> None:
        """Let files of a run stand under the stem's names, and ``latest`` point to it; the stem is held."""
        for name in names:
            _copy(run_folder / name, self.shown(name))
        point_to(self.folder, run_folder)

    def shown(self, name: str) -> Path:
        """Return where a file of the newest whole run stands under the stem's own name."""
        return self.log_file if name == TRADES else self.folder / name

    def remove(self, run_folder: Path) -> None:
        """Remove a run; where the stem's names were its, they go to the newest whole one that is left, or go too."""
        with self.held():
            link = self.folder / LATEST
            shown = not link.exists() or link.resolve() == run_folder.resolve()
            names = _files_of(run_folder)
            shutil.rmtree(run_folder)
            if not shown:
                return
            self._clear(names)
            whole = [one for one in self.run_folders() if is_whole(one)]
            if whole:
                newest = max(whole, key=lambda one: (one / RESULT).stat().st_mtime_ns)
                self.show(newest, _files_of(newest))

    def remove_shown(self) -> None:
        """Remove a run that has no folder of its own: what stands under the stem's names."""
        with self.held():
            self._clear([*DERIVED, CURVE, STEPS, MANIFEST, RESULT, NOTES])

    def _clear(self, names: Sequence[str]) -> None:
        """Take away files that stand under the stem's names, and its folder where nothing is left in it."""
        for name in names:
            self.shown(name).unlink(missing_ok=True)
        (self.folder / LATEST).unlink(missing_ok=True)
        for place in (self.folder / RUNS, self.folder):
            with contextlib.suppress(OSError):  # What else lies in it stays.
                place.rmdir()


def own_folder(result: RunResult) -> Path:
    """Return the folder of a whole run that no later run changes, from a result that names where its stem shows it."""
    shown_at = Path(str(result.output_dir))
    return StemFolder(shown_at.parent, shown_at.name).run_folder(str(result.run_id))


def point_to(folder: Path, run_folder: Path) -> None:
    """Let ``latest`` in a folder point to that of a run below it."""
    beside = _beside(folder / LATEST)
    beside.unlink(missing_ok=True)
    with contextlib.suppress(PermissionError):  # A file system without links.
        beside.symlink_to(run_folder.relative_to(folder), target_is_directory=True)
        beside.replace(folder / LATEST)


def is_whole(folder: Path) -> bool:
    """Whether a folder has the result of a run that came to its end."""
    try:
        result = json.loads((folder / RESULT).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(result, dict) and result.get("partial") is False


def _files_of(run_folder: Path) -> list[str]:
    """Return the names of a run's own files: what a user noted of it does not belong to the stem."""
    return sorted(one.name for one in run_folder.iterdir() if one.is_file() and one.name != NOTES)


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.tmp")


def _copy(file: Path, target: Path) -> None:
    """Put a file's content under a second name, which a later run of the first name does not change."""
    beside = _beside(target)
    beside.unlink(missing_ok=True)
    try:
        os.link(file, beside)
    except OSError:  # A file system without links.
        shutil.copy2(file, beside)
    beside.replace(target)
