"""Any executor of ``concurrent.futures`` whose workers see a folder of this machine: threads, processes, another's."""

import contextlib
import os
import tempfile
from concurrent.futures import Executor
from pathlib import Path

from core.errors import InvariantError
from market_data.store.atomic_files import make_folder, write_atomically

_AT_A_TIME = 8
"""Runs under way for each processor: enough that no worker waits."""


class SameMachine:
    """The place of an executor that was brought along; it is not shut down.

    Parameters
    ----------
    executor
        Makes the runs.
    """

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.most_sent = _AT_A_TIME * (os.cpu_count() or 1)
        self._opened = contextlib.ExitStack()
        self.folder = Path(self._opened.enter_context(tempfile.TemporaryDirectory(prefix="runs-")))

    def share(self, name: str, data: bytes) -> None:
        """Write the bytes into the folder."""
        put_beside(self.folder / name, data)

    def look(self) -> None:
        """Wait on."""

    def restore(self) -> None:
        """Refuse: what was cancelled was cancelled by its owner."""
        raise InvariantError("the executor has cancelled the run")

    def failure(self, error: Exception) -> Exception:
        """Return what an executor says of a run that it lost."""
        return InvariantError(f"the executor lost the run: {type(error).__name__}: {' '.join(str(error).split())}")

    def close(self) -> None:
        """Remove what was shared."""
        self._opened.close()


def put_beside(file: Path, data: bytes) -> None:
    """Write a file that others may be looking for already, whole or not at all; its name tells what is in it."""
    if file.is_file() and file.stat().st_size == len(data):
        return
    make_folder(file.parent)
    write_atomically(file, data)
