"""How the rules are compiled: without fast-math, so that no sum is reordered and no product contracted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np

Compiled = TypeVar("Compiled", bound=Callable[..., Any])

Whole: Any = np.int64
"""A whole number of 64 bits."""
Word: Any = np.uint64
"""64 bits without a sign."""

_compile: Any = numba.njit
_OPTIONS = {"nogil": True, "error_model": "numpy"}


def kernel(function: Compiled) -> Compiled:
    """Compile a rule as a part of what calls it."""
    return cast(Compiled, _compile(forceinline=True, **_OPTIONS)(function))


def entry(function: Compiled) -> Compiled:
    """Compile a function that Python calls, and keep it for the next process where a folder can be written to."""
    try:
        return cast(Compiled, _compile(cache=True, **_OPTIONS)(function))
    except RuntimeError:  # No folder can be written to: compiled anew by every process.
        return cast(Compiled, _compile(forceinline=True, **_OPTIONS)(function))


def is_kept() -> bool:
    """Whether an earlier process has left something compiled; without it the first run compiles."""
    return any((Path(__file__).parent / "__pycache__").glob("session.run_steps*.nbc"))
