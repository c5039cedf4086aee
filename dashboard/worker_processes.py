"""Keeps worker processes going that do the jobs of the store: the server itself makes no run."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

_LOOK_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_SOUND_SECONDS = 10.0
"""A worker that lived so long is replaced at once; one that did not is a while later each time."""
END_SECONDS = 5.0
"""How long all of them together have for their end, before they are killed."""
COMMAND = ("-m", "research", "worker", "--until-closed")


class WorkerProcesses:
    """So many workers, each replaced when it is gone, until the end of the block.

    A worker ends when its standard input does: none outlives the server, however that ends. Its job is then taken up by
    the workers of whoever comes next.

    Parameters
    ----------
    count
        How many jobs are made at once; with 0 the jobs wait for workers that are started by hand.
    log
        File that has what the workers print.
    """

    def __init__(self, count: int, log: Path) -> None:
        self._count, self._log = count, log
        self._stop = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="workers", daemon=True)

    def __enter__(self) -> Self:
        if self._count:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            self._keeper.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        if self._count:
            self._keeper.join()

    def _keep(self) -> None:
        places = [_Place(self._log) for _ in range(self._count)]
        while not self._stop.is_set():
            for one in places:
                one.look(_LOOK_SECONDS)
            self._stop.wait(_LOOK_SECONDS)
        for one in places:
            one.ask_to_end()
        end = time.monotonic() + END_SECONDS
        for one in places:
            one.wait(end)


class _Place:
    """One worker, and the next ones in its place."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._lived = self._pause = self._waited = 0.0

    def look(self, seconds: float) -> None:
        """Start a worker where there is none; one that did not live is waited with."""
        if self._process is not None and self._process.poll() is None:
            self._lived += seconds
            return
        if self._process is not None:
            self._pause = 0.0 if self._lived >= _SOUND_SECONDS else min(2 * self._pause + 1, _LONGEST_PAUSE_SECONDS)
            self._close_pipe()
            self._process, self._waited = None, 0.0
        if self._waited < self._pause:
            self._waited += seconds
            return
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *COMMAND],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # An interrupt of the terminal is the server's; it ends the workers in its own order.
                start_new_session=True,
            )
        self._lived = 0.0

    def ask_to_end(self) -> None:
        """Ask the worker to end, also one that does not read its input yet."""
        if self._process is not None:
            self._process.terminate()

    def wait(self, end: float) -> None:
        """Wait for its end up to a time of ``time.monotonic``; after it the worker is not asked any more."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close_pipe()

    def _close_pipe(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
