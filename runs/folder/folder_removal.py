"""Removal of a run's folder, with what else stands under its name."""

import shutil
from pathlib import Path

from runs.folder.file_names import JOURNAL, LATEST, MANIFEST, RESULT, RUNS, TRADES
from runs.folder.stem_folder import StemFolder


def remove_run(folder: Path) -> None:
    """Remove the folder of a run; where it was the newest of its range, the one before it takes its place.

    Raises
    ------
    OSError
        If it cannot be removed.
    """
    if not any((folder / name).exists() for name in (MANIFEST, RESULT, JOURNAL)):
        raise FileNotFoundError(2, "is no folder of a run", str(folder))
    above = folder.parent.parent if folder.parent.name == RUNS else folder.parent
    stem = StemFolder(above.parent, above.name)
    if (folder / JOURNAL).exists():
        shutil.rmtree(folder)
    elif (folder / TRADES).exists() and (stem.log_file.exists() or (above / LATEST).is_symlink()):
        stem.remove(folder)
    elif (folder / TRADES).exists():
        shutil.rmtree(folder)
    else:
        StemFolder(folder.parent, folder.name).remove_shown()
