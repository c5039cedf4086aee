"""Rules as parts of what Python calls: made into machine code with it, once, instead of each by itself before.

By itself numba optimises every function and makes machine code of it together with all that it calls, however deep,
and again for each of its callers. A part stays as it was lowered until the whole that it belongs to is made.
"""

import contextlib
import functools
import gc
from collections.abc import Callable, Iterator
from typing import Any, cast

from numba.core import compiler
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher

from indicators.forms.kept_code import KeptCode


class PartLibrary(JITCodeLibrary):
    """A function that only compiled ones call."""

    def add_llvm_module(self, ll_module: Any) -> None:
        """Take the function as it is."""
        ll_module.data_layout = self._codegen._data_layout
        self._final_module.link_in(ll_module)

    def finalize(self) -> None:
        """Leave everything to the whole."""
        self._raise_if_finalized()
        self._finalized = True

    @property
    def codegen(self) -> Any:
        """What is told of the function's environment: nobody."""
        return self

    def set_env(self, name: str, environment: Any) -> None:
        """Leave the environment away: it is what a function has of Python."""

    def get_pointer_to_function(self, name: str) -> int:
        """Return that there is no machine code."""
        return 0


class WholeLibrary(JITCodeLibrary):
    """A function that Python calls, with all its parts."""

    def add_llvm_module(self, ll_module: Any) -> None:
        """Take the function as it is: it is optimised once, with its parts."""
        ll_module.data_layout = self._codegen._data_layout
        self._final_module.link_in(ll_module)

    def finalize(self) -> None:
        """Make machine code of the function and its parts."""
        found: dict[Any, None] = {}
        waiting = list(reversed(self._linking_libraries))
        while waiting:
            library = waiting.pop()
            if library not in found:
                found[library] = None
                if isinstance(library, PartLibrary):
                    waiting += reversed(library._linking_libraries)
        self._linking_libraries = list(found)
        super().finalize()


class _Compiler(compiler.CompilerBase):
    library: type[JITCodeLibrary]

    def define_pipelines(self) -> list[Any]:
        state = self.state
        state.library = self.library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return [compiler.DefaultPassBuilder.define_nopython_pipeline(state)]


class PartCompiler(_Compiler):
    """Compiles parts."""

    library = PartLibrary


class WholeCompiler(_Compiler):
    """Compiles wholes."""

    library = WholeLibrary


_OPTIONS = {"nopython": True, "error_model": "numpy", "no_cfunc_wrapper": True}


class Part(CPUDispatcher):
    """A part as other compiled functions call it; where Python does, a whole is made of it first.

    ``inline`` makes it a part of the very functions that call it.
    """

    def __init__(self, function: Callable[..., Any], *, inline: bool) -> None:
        options = {**_OPTIONS, "no_cpython_wrapper": True, "forceinline": inline}
        super().__init__(function, targetoptions=options, pipeline_class=PartCompiler)

    def __call__(self, *given: Any) -> Any:
        return self._whole(*given)

    @functools.cached_property
    def _whole(self) -> CPUDispatcher:
        return whole(self.py_func)


class Whole(CPUDispatcher):
    """A whole as Python calls it; of several processes that need it at once one compiles it, where it can be kept."""

    kept: KeptCode | None = None

    def compile(self, sig: Any) -> Any:
        """Return the machine code for a signature: what is kept, else it is compiled."""
        # The lock among threads comes first: of two that wait for each other's one would be among processes.
        with global_compiler_lock, self.kept.held() if self.kept else contextlib.nullcontext(), _without_collecting():
            return cast(Any, super()).compile(sig)


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """Let no garbage be looked for: there is little among millions of objects, and to look takes a tenth longer."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def whole(function: Callable[..., Any], *, kept: bool = False) -> CPUDispatcher:
    """Return a function as Python calls it; its machine code may be kept for the next process.

    Raises
    ------
    RuntimeError
        If it cannot be kept.
    """
    made = Whole(function, targetoptions={**_OPTIONS, "nogil": True}, pipeline_class=WholeCompiler)
    if kept:
        made.kept = cast(Any, made)._cache = KeptCode(function)
    return made
