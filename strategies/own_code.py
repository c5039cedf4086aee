"""What went wrong in a user's strategy, and where, in one line."""

import sys
import sysconfig
from pathlib import Path
from types import TracebackType

_PROGRAM = frozenset({"core", "engine", "indicators"})
_CALLERS = frozenset(
    f"strategies.{module}"
    for module in (
        "frame_stream",
        "known_frame_stream",
        "look_ahead",
        "mapping_words",
        "open_stream",
        "plain_metadata",
        "strategy_file",
        "strategy_registry",
        "strategy_source",
    )
)
_LIBRARIES = tuple(
    f"{Path(sysconfig.get_path(name)).resolve()}/" for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


def failure_in_one_line(error: BaseException) -> str:
    """Return type and text of an error, and ``file.py:12`` of the innermost line of the strategy's own code.

    To be called where the error was caught. Without such a line in the traceback (the strategy had returned already)
    the place is left out.
    """
    text = " ".join(f"{type(error).__name__}: {error}".split())
    place = _own_place(error.__traceback__)
    return text if place is None else f"{text} ({place})"


def own_file(strategy: object) -> str:
    """Return the name of the file that holds a strategy's class; empty where there is none."""
    return Path(getattr(sys.modules.get(type(strategy).__module__), "__file__", None) or "").name


def _own_place(traceback: TracebackType | None) -> str | None:
    place = None
    traceback = None if traceback is None else traceback.tb_next  # the first frame is the one that caught the error
    while traceback is not None:
        frame = traceback.tb_frame
        if _is_own(frame.f_globals.get("__name__"), frame.f_code.co_filename):
            place = f"{Path(frame.f_code.co_filename).name}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place


def _is_own(module: object, file: str) -> bool:
    """Whether a frame is of a strategy: not of what called it, and not of a library that it called."""
    name = module if isinstance(module, str) else ""
    if file.startswith("<") or name.partition(".")[0] in _PROGRAM:
        return False
    if name in _CALLERS or name.startswith("strategies.features."):
        return False
    return not str(Path(file).resolve()).startswith(_LIBRARIES)
