"""Runs by what a user calls them: an id or its beginning, a folder, a name, or ``latest``."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from core.errors import ConfigurationError
from runs.folder.file_names import MANIFEST, RESULT, RUNS, TRADES

LATEST = "latest"
_SHOWN = 5


def is_there(text: str) -> bool:
    """Whether a text is the path of something that is there; one that no file can have is none."""
    try:
        return text != "" and Path(text).exists()
    except OSError:
        return False


def find_run(text: str, roots: Sequence[str | Path] = ("logs/backtests", "logs/live")) -> Path:
    """Return the folder of the run that a text names.

    Parameters
    ----------
    text
        A path (a folder, a file in one, a trade log); the id of a run or its beginning; the name of a folder below a
        root, as that of a range or of a session; or ``latest``, the run that was written last.
    roots
        Folders below which runs lie.

    Raises
    ------
    ConfigurationError
        If no run has that name, or several have.
    """
    if text != LATEST and is_there(text):
        return Path(text)
    folders = run_folders(roots)
    where = ", ".join(str(root) for root in roots)
    if not folders and (text == LATEST or not _without_result(roots)):
        raise ConfigurationError(f"run {text!r}: there is no run below {where}; make one, or name its folder")
    if text == LATEST:
        return max(folders, key=lambda one: ((one / RESULT).stat().st_mtime_ns, one.name))
    for names in ([one for one in folders if one.name == text], _named(text, roots)):
        if names:
            return names[0]
    found = [one for one in folders if text and one.name.startswith(text)]
    # One without a result is none, but who asks for it is told what it lacks.
    found = found or [one for one in _without_result(roots) if text and one.name.startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(one.name for one in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
        raise ConfigurationError(f"run {text!r}: begins {len(found)} runs: {shown} — allowed: more letters of one")
    raise ConfigurationError(
        f"run {text!r}: no run below {where} has that id or name — allowed: an id or its beginning, a name, a folder, "
        f"or {LATEST}"
    )


def run_folders(roots: Iterable[str | Path]) -> list[Path]:
    """Return the folder of every run below the roots, sorted: each backtest's own, and each live session's.

    A range whose runs' own folders were removed counts by the folder that names its latest.
    """
    found = []
    for root in map(Path, roots):
        for folder in sorted(one for one in root.glob("*") if one.is_dir() and not one.name.startswith(".")):
            # A run's own folder, or the session of a rehearsal; `runs` is of earlier versions of the program.
            deeper = [one.parent for place in ("*", f"{RUNS}/*") for one in folder.glob(f"{place}/{RESULT}")]
            own = sorted(one for one in deeper if not one.is_symlink() and (one / TRADES).is_file())
            found += own or ([folder] if (folder / RESULT).is_file() and (folder / MANIFEST).is_file() else [])
    return found


def _without_result(roots: Iterable[str | Path]) -> list[Path]:
    own = sorted(one.parent for root in map(Path, roots) for one in root.glob(f"*/*/{MANIFEST}"))
    return [one for one in own if not one.is_symlink() and not (one / RESULT).is_file()]


def _named(text: str, roots: Iterable[str | Path]) -> list[Path]:
    if not text or Path(text).name != text:
        return []
    return [path for root in roots for name in (text, f"{text}.csv") if (path := Path(root) / name).exists()]
