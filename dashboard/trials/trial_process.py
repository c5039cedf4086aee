"""The process in which trials are made, one after the other; it is killed where one of them is to end."""

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import msgspec

from core.errors import HarnessError, InvariantError
from dashboard.sendable import sendable
from dashboard.trials.trial_work import Answer, Work
from programs.pool_triggers import Far

IDLE_SECONDS = 120.0
"""How long a process waits for the next trial: to start one takes a second or two."""
_TOLD_SECONDS = 0.2
_LOOK_SECONDS = 0.1
_END_SECONDS = 5.0
_PROCESSES = multiprocessing.get_context("spawn")


class TrialEnds(Exception):
    """A trial is to end before it is done; nothing of it is kept."""


class _Moved(msgspec.Struct, frozen=True):
    done: int
    total: int


class _Made(msgspec.Struct, frozen=True):
    answer: Answer | None
    error: HarnessError | None = None


def make_trials(border: Connection) -> None:
    """Make the trials that are sent, until the other end of the border is closed, or none comes for a while."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # An interrupt of the terminal is the server's.
    with contextlib.suppress(EOFError, OSError):
        while border.poll(IDLE_SECONDS):
            border.send(_made(border.recv(), border))


def _made(work: Work, border: Connection) -> _Made:
    told_at = time.monotonic()

    def far(done: int, total: int) -> None:
        nonlocal told_at
        now = time.monotonic()
        if now - told_at >= _TOLD_SECONDS:
            told_at = now
            border.send(_Moved(done, total))

    try:
        return _Made(work.made(far))
    except Exception as error:  # noqa: BLE001 - whoever asked is told
        return _Made(None, sendable(error))


class TrialProcess:
    """A process that makes one trial at a time, and is kept for the next one."""

    def __init__(self) -> None:
        self._border, theirs = _PROCESSES.Pipe()
        self._process = _PROCESSES.Process(target=make_trials, args=(theirs,), daemon=True, name="trials")
        self._process.start()
        theirs.close()

    def made(self, work: Work, far: Far, ends: Callable[[], bool]) -> Answer:
        """Return what a trial answers; ``ends`` is asked again and again whether it is to end.

        Raises
        ------
        TrialEnds
            If it was to end: the process is gone.
        EOFError, OSError
            If the process has gone by itself.
        HarnessError
            As of the trial.
        """
        self._border.send(work)
        while True:
            if ends():
                self.close()
                raise TrialEnds
            if not self._border.poll(_LOOK_SECONDS):
                continue
            one = self._border.recv()
            if isinstance(one, _Moved):
                far(one.done, one.total)
            elif one.error is not None:
                raise one.error
            elif one.answer is None:
                raise InvariantError("a trial has neither answered nor failed")
            else:
                found: Answer = one.answer
                return found

    def close(self) -> None:
        """End it; what it makes is not kept."""
        with contextlib.suppress(OSError):
            self._border.close()
        self._process.terminate()
        self._process.join(_END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
