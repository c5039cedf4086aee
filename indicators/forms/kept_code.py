"""Machine code that is kept for the next process."""

from typing import Any, cast

from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys


class KeptCode(FunctionCache):
    """Is loaded without all that numba compiles with, which takes longer than to load it: nothing has to be compiled.

    Raises RuntimeError where no folder can be written to.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what an earlier process has compiled for a signature; None where it has not."""
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return cast(Any, self)._load_overload(sig, target_context)
