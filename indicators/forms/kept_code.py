"""Machine code that is kept for the next process."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
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

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the function against other processes: one compiles it, the others wait and read what it has kept.

        The lock is on a file beside what is kept and goes with the process. Where there can be none, each compiles.
        """
        descriptor = None
        try:
            with contextlib.suppress(OSError):
                self._impl.locator.ensure_cache_path()
                file = os.path.join(self._cache_path, f"{self._impl.filename_base}.lock")  # noqa: PTH118 - as numba's
                descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            if descriptor is not None:
                # A process that was forked in the meantime has the file open too.
                fcntl.flock(descriptor, fcntl.LOCK_UN)
                os.close(descriptor)
