"""The processes of sessions: each lives in a session of its own, so that it goes on when the server is gone."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

from core.errors import StoreError
from dashboard.problems import Refused
from dashboard.sessions.session_facts import CONSOLE, SessionFacts, has_lock

COMMAND = ("-m", "run_live")


class _Child(NamedTuple):
    process: subprocess.Popen[bytes]
    launched_at: float


class SessionProcesses:
    """Starts processes of sessions and asks them to end. It ends none itself, and none with the server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._children: dict[Path, _Child] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        for child in self._children.values():
            # They go on without this process, which is nothing to be warned of.
            child.process.returncode = 0
        self._children.clear()

    def launch(self, folder: Path, arguments: Sequence[str]) -> None:
        """Start ``run_live.py`` for a session's folder; what it prints is kept there, of the last process.

        Raises
        ------
        Refused
            If one that was started before still lives.
        StoreError
            If the folder cannot be written, or no process be started.
        """
        with self._lock:
            if self._living(folder) is not None:
                raise Refused(f"session {folder.name}: its process runs already")
            console = folder / CONSOLE
            try:
                console.parent.mkdir(parents=True, exist_ok=True)
                with console.open("wb") as log:
                    process = subprocess.Popen(
                        [sys.executable, *COMMAND, *arguments, "--plain", "--quiet"],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
            except OSError as error:
                raise StoreError.of("start a session in", folder, error) from error
            self._children[folder] = _Child(process, time.monotonic())

    def launched_at(self, folder: Path) -> float | None:
        """Return when a session's process was started, in monotonic seconds; None where none of this server lives."""
        with self._lock:
            child = self._living(folder)
            return None if child is None else child.launched_at

    def end(self, facts: SessionFacts) -> None:
        """Ask a session's process to end, by SIGTERM.

        Raises
        ------
        Refused
            If its process is not known: it does not run, or is only beginning or ending.
        """
        with self._lock:
            child = self._living(facts.folder)
            pid = child.process.pid if child is not None else facts.pid
            # A number may be another process's by now: the one that is meant has the session's lock.
            if pid is None or (child is None and not has_lock(pid, facts.folder)):
                raise Refused(f"session {facts.id}: no process of it is known — it is {facts.state}")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _living(self, folder: Path) -> _Child | None:
        child = self._children.get(folder)
        if child is not None and child.process.poll() is not None:
            del self._children[folder]
            return None
        return child
