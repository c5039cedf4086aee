"""Machine code that is kept for the next process, which then has no need of all that numba compiles with."""

from typing import Any, cast

from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys


class KeptCode(FunctionCache):
    """Loads what was compiled without what compiling needs, which takes longer than all the rest."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what is kept for arguments of some types; None where nothing is."""
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return cast(Any, self)._load_overload(sig, target_context)
