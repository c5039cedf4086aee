"""Loops over rows, compiled when numba is installed; without it the same functions run as they are, to the same bits.

No fast-math: no sum is reordered, no product is contracted with the sum after it. A loop and the step that it calls
stand in one module, because numba keeps what it compiled until that module's file changes. (Its options are not part of
what it compares: whoever changes them deletes ``indicators/**/*.nbi``.)
"""

import contextlib
import functools
import importlib
from collections.abc import Callable
from typing import Any

import msgspec


class CompiledLoop(msgspec.Struct, frozen=True):
    """A loop over rows, with the step functions of its module that it calls."""

    plain: Callable[..., None]
    steps: tuple[Callable[..., Any], ...] = ()

    def compiled(self) -> Callable[..., None] | None:
        """Return the compiled loop; None where there is no compiler, or it is switched off."""
        return _compiled(self)


@functools.cache
def _compiled(loop: CompiledLoop) -> Callable[..., None] | None:
    # Loaded here, because it takes a while and is not always there.
    try:
        numba: Any = importlib.import_module("numba")
        extending: Any = importlib.import_module("numba.extending")
        kept_code: Any = importlib.import_module("indicators.forms.kept_code")
    except ImportError:
        return None
    if numba.config.DISABLE_JIT:
        return None
    for step in loop.steps:
        extending.register_jitable(step)
    options = {"nogil": True, "error_model": "numpy"}
    done: Any = numba.njit(**options)(loop.plain)
    # Where no folder can be written to it is compiled anew by every process.
    with contextlib.suppress(RuntimeError):
        done._cache = kept_code.KeptCode(loop.plain)
    compiled: Callable[..., None] = done
    return compiled
