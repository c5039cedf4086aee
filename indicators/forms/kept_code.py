"""Machine code that is kept for the next process."""

from typing import Any, cast

from llvmlite.binding import parse_assembly
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.runtime.nrt import rtsys


class _MachineCode(CompileResultCacheImpl):
    """Keeps what a function runs. Of what others would be compiled with, which none is, only its name is left."""

    def reduce(self, cres: Any) -> Any:
        """Return what is kept; reading the code of all that a function calls takes as long as loading what runs."""
        (name, kind, (code, _)), described, *others = cast(Any, super()).reduce(cres)
        named = parse_assembly(f'define void @"{described.llvm_cpython_wrapper_name}"() {{ ret void }}')
        return (name, kind, (code, named.as_bitcode())), described, *others


class KeptCode(FunctionCache):
    """Is loaded without all that numba compiles with, which takes longer than to load it: nothing has to be compiled.

    Raises RuntimeError where no folder can be written to.
    """

    _impl_class = _MachineCode

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what an earlier process has compiled for a signature; None where it has not."""
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return cast(Any, self)._load_overload(sig, target_context)
