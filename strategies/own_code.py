"""What went wrong in a user's strategy, and where, in one line."""

import functools
import inspect
import re
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType, FunctionType, MethodType, TracebackType
from typing import Any

from core.errors import StrategyError
from strategies.features.session_facts import PositionNow

_PROGRAM = frozenset({"core", "engine", "indicators", "research"})
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
) | {"backtests.memory_strategy"}
_GIVEN = {
    "features": ("params",),
    "decide": ("now",),
    "candidates": ("columns",),
    "on_fill": ("now", "fill"),
    "on_close": ("now", "trade"),
    "add_indicators": ("frame",),
    "generate_signal": ("frame",),
    "generate_signals": ("frame",),
}
"""What is handed to the methods of a strategy, whichever of its forms it has."""
_PYDANTIC_PAGE = re.compile(r"\s*For further information visit https://errors\.pydantic\.dev/\S*")
_LIBRARIES = tuple(
    f"{Path(sysconfig.get_path(name)).resolve()}/" for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


def failure_in_one_line(error: BaseException, otherwise: str = "") -> str:
    """Return type and text of an error, and ``file.py:12`` of the innermost line of the strategy's own code.

    To be called where the error was caught. Without such a line in the traceback (the strategy had returned already, or
    could not be called) the place is ``otherwise``, if that is not in the text.
    """
    text = " ".join(f"{type(error).__name__}: {_PYDANTIC_PAGE.sub('', str(error))}".split())
    if isinstance(error, AttributeError) and error.obj is None and error.name in PositionNow.__struct_fields__:
        text += "; now.position is None while there is no position"
    place = _own_place(error.__traceback__) or otherwise
    return f"{text} ({place})" if place and f"({place.partition(':')[0]}:" not in text else text


def place_of(part: object) -> str:
    """Return ``file.py:12`` of a function or method, ``file.py`` of a class; empty where there is none."""
    code = getattr(part, "__code__", None)
    if isinstance(code, CodeType) and not code.co_filename.startswith("<"):
        return f"{Path(code.co_filename).name}:{code.co_firstlineno}"
    kind = part if isinstance(part, type) else type(part)
    return Path(getattr(sys.modules.get(kind.__module__), "__file__", None) or "").name


def at_place_of(part: object) -> str:
    """Return the place of a part in brackets, as the end of a line that says what is wrong with it."""
    place = place_of(part)
    return f" ({place})" if place else ""


def require_arity(name: str, strategy: object) -> None:
    """Refuse a strategy with a method that does not take what it will be given.

    Raises
    ------
    StrategyError
        Names strategy, method, file and line.
    """
    for method, given in _GIVEN.items():
        written = getattr(strategy, method, None)
        if isinstance(written, MethodType):
            beside, wrong = " beside self", not _takes(written.__func__, ("self", *given))
        elif isinstance(written, FunctionType):
            beside, wrong = "", not _takes(written, given)
        else:
            continue
        if wrong:
            called, takes = f"is called as {method}({', '.join(given)})", f"takes {inspect.signature(written)}{beside}"
            raise StrategyError(f"strategy {name}: {method} {called}, and {takes}{at_place_of(written)}")


@functools.lru_cache
def _takes(function: Callable[..., Any], given: tuple[str, ...]) -> bool:
    """Return whether a function takes what it will be given; of a class that is built again and again, asked once."""
    try:
        inspect.signature(function).bind(*given)
    except TypeError:
        return False
    return True


def place_of_decisions(strategy: object) -> str:
    """Return file and line of the method that gives a strategy's opinions; that of its class where it has none."""
    told = getattr(strategy, "told_at", None)
    if isinstance(told, str):
        return told
    for name in ("decide", "generate_signal", "generate_signals", "stream"):
        place = place_of(getattr(strategy, name, None)) if callable(getattr(strategy, name, None)) else ""
        if ":" in place:
            return place
    return place_of(strategy)


def own_traceback(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback from its first line of a strategy's own code on; None where it has none."""
    while traceback is not None and not _is_own_frame(traceback.tb_frame):
        traceback = traceback.tb_next
    return traceback


def _own_place(traceback: TracebackType | None) -> str | None:
    place = None
    traceback = None if traceback is None else traceback.tb_next  # the first frame is the one that caught the error
    while traceback is not None:
        frame = traceback.tb_frame
        if _is_own_frame(frame):
            place = f"{Path(frame.f_code.co_filename).name}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place


def _is_own_frame(frame: FrameType) -> bool:
    return _is_own(frame.f_globals.get("__name__"), frame.f_code.co_filename)


def _is_own(module: object, file: str) -> bool:
    """Whether a frame is of a strategy: not of what called it, and not of a library that it called."""
    name = module if isinstance(module, str) else ""
    if file.startswith("<") or name.partition(".")[0] in _PROGRAM:
        return False
    if name in _CALLERS or name.startswith("strategies.features."):
        return False
    return not str(Path(file).resolve()).startswith(_LIBRARIES)
