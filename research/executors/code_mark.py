"""What tells workers of this very code from others. It travels whole, for a worker may have nothing of this program."""

from typing import Any

from distributed import WorkerPlugin


class CodeMark(WorkerPlugin):
    """Marks a worker that runs this code, also one that joins later: only those are given runs.

    Parameters
    ----------
    code
        The version.
    """

    idempotent = True

    def __init__(self, code: str) -> None:
        self.code = code
        self.name = f"harness {code}"

    def setup(self, worker: Any) -> Any:
        """Give the worker the mark, once: it makes one run at a time. What is returned is waited for."""
        try:
            same = code_here() == self.code
        except Exception:  # noqa: BLE001 - a worker may have anything, or nothing
            same = False
        return worker.set_resources(**{self.name: 1}) if same else None


def code_here() -> str:
    """Return the version of the code of this worker."""
    from runs.identity.code_version import code_version

    return code_version()
