"""How the rules are compiled: without fast-math, so that no sum is reordered and no product contracted."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba.core import config

from compiled.compiling.parts import Part, whole
from compiled.compiling.sources import keeps_nothing_stale

Compiled = TypeVar("Compiled", bound=Callable[..., Any])

Whole: Any = np.int64
"""A whole number of 64 bits."""
Word: Any = np.uint64
"""64 bits without a sign."""

_PLAIN: bool = cast(Any, config).DISABLE_JIT


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
    if keeps_nothing_stale():
        try:
            return cast(Compiled, whole(function, kept=True))
        except RuntimeError:  # No folder can be written to: compiled anew by every process.
            pass
    return cast(Compiled, whole(function))
