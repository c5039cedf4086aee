"""How the rules are compiled: without fast-math, so that no sum is reordered and no product contracted."""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import config

from compiled.compiling.parts import Part, whole

Compiled = TypeVar("Compiled", bound=Callable[..., Any])

Whole: Any = np.int64
"""A whole number of 64 bits."""
Word: Any = np.uint64
"""64 bits without a sign."""

_ROOT = Path(__file__).parent
_PLAIN: bool = cast(Any, config).DISABLE_JIT
_CONSTANTS = ("timeframe.py", "tolerance.py")


def kernel(function: Compiled) -> Compiled:
    """Compile a rule that every candle meets, as a part of what calls it."""
    return function if _PLAIN else cast(Compiled, Part(function, inline=True))


def routine(function: Compiled) -> Compiled:
    """Compile what happens now and then, once for all that call it."""
    return function if _PLAIN else cast(Compiled, Part(function, inline=False))


def entry(function: Compiled) -> Compiled:
    """Compile a function that Python calls, and keep it for the next process where a folder can be written to."""
    if _PLAIN:
        return function
    if _keeps_nothing_stale():
        try:
            return cast(Compiled, whole(function, kept=True))
        except RuntimeError:  # No folder can be written to: compiled anew by every process.
            pass
    return cast(Compiled, whole(function))


@functools.cache
def _keeps_nothing_stale() -> bool:
    """Discard what was compiled of other sources; return whether that was possible.

    The compiler itself looks at the one module that a kept function stands in, not at those that it calls.
    """
    digest, stamp = hashlib.sha256(numba.__version__.encode()), _ROOT / "__pycache__" / "sources.sha256"
    for path in (*sorted(_ROOT.rglob("*.py")), *(_ROOT.parent / "core" / name for name in _CONSTANTS)):
        digest.update(path.read_bytes())
    try:
        if not stamp.is_file() or stamp.read_text() != digest.hexdigest():
            for kept in (*_ROOT.rglob("*.nbi"), *_ROOT.rglob("*.nbc")):
                kept.unlink(missing_ok=True)
            stamp.parent.mkdir(exist_ok=True)
            stamp.write_text(digest.hexdigest())
    except OSError:
        return False
    return True
