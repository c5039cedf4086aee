"""Several processes that make runs.

They know nothing of the one that asks but what they are sent: a script needs no guard around its own lines, and a
notebook may ask. One that ends takes the run with it that it was making, and no other.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import wait
from typing import NamedTuple

from backtests.many.worker import Answer, Task
from core.errors import InvariantError

_PROGRAM = (
    "import gc, json, sys; gc.disable(); sys.path[:] = json.loads(sys.argv[2]); "
    "from backtests.many.nursery import tend; tend(int(sys.argv[1]), compiled=sys.argv[3] == 'compiled')"
)
_AHEAD = 2
"""How many runs a process is sent at a time, so that it never waits for the next."""
_HELD = 32
"""How many runs for each process may have been sent and not yet been taken."""
_WORD_BYTES = 8
"""As :mod:`backtests.many.nursery` has it, which this process does not load."""
_SECONDS_TO_END = 10.0


class _Sent(NamedTuple):
    """A run that is asked for; its answer goes to ``done`` of the turn that it is of, which may be over."""

    number: int
    task: Task | Exception
    done: dict[int, Answer]


class _Nursery:
    """A new interpreter, of which the processes are copies: all of them start in the time of one.

    With ``compiled`` it loads the compiled rules at once.
    """

    def __init__(self, *, compiled: bool) -> None:
        self.has_begun = False
        self._socket, theirs = socket.socketpair()
        with theirs:
            path = json.dumps(["" if one == "" else str(one) for one in sys.path])
            # The terminal's interrupt is for this process alone; the others inherit that it is held back.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _PROGRAM, str(theirs.fileno()), path, "compiled" if compiled else ""],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                )
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def begin(self, descriptor: int, *, compiled: bool) -> bool:
        """Let a process begin that serves a connection; return whether that was possible to ask for."""
        with contextlib.suppress(OSError):
            socket.send_fds(self._socket, [int(compiled).to_bytes(_WORD_BYTES, "big")], [descriptor])
            return True
        return False

    def code_of(self, process: int) -> int | None:
        """Return the exit code of a process, which is ended if it does not; None where nobody knows it."""
        with contextlib.suppress(OSError):
            self._socket.sendall(process.to_bytes(_WORD_BYTES, "big"))
            self._socket.settimeout(_SECONDS_TO_END)
            try:
                word = self._socket.recv(_WORD_BYTES)
            except TimeoutError:
                os.kill(process, signal.SIGKILL)
                self._socket.settimeout(None)
                word = self._socket.recv(_WORD_BYTES)
            return int.from_bytes(word, "big", signed=True) if word else None
        return None

    def ended(self) -> int | None:
        """Return its exit code; None if it has not ended. Its connections are gone a moment before it is."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(1.0)
        return None

    def end(self) -> None:
        """Let it end, once its processes have."""
        self._socket.close()
        if not self.has_begun:
            self._process.terminate()  # It may have much to load yet.
        try:
            self._process.wait(2 * _SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class _Process:
    """A process and the runs that it was sent, the one that it is making first; ``number`` is known once it begins."""

    def __init__(self, nursery: _Nursery, *, compiled: bool) -> None:
        self.nursery = nursery
        self.connection, theirs = Pipe()
        self.sent: deque[_Sent] = deque()
        self.number: int | None = None
        with theirs:
            self.asked = nursery.begin(theirs.fileno(), compiled=compiled)

    def send(self, one: _Sent) -> None:
        """Send a run; one that has ended is found when its answer is awaited."""
        self.sent.append(one)
        with contextlib.suppress(OSError):
            self.connection.send(one.task)

    def leave(self) -> None:
        """Let the process end, if it has not: one that waits for a run does so by itself."""
        self.connection.close()
        if self.sent and self.number is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.number, signal.SIGTERM)


class WorkerPool:
    """Processes that make runs, as many as are asked for; what they need is loaded at once, they begin with the runs.

    Parameters
    ----------
    processes
        How many.
    compiled
        Whether the compiled rules are expected to make the runs.
    """

    def __init__(self, processes: int, *, compiled: bool = False) -> None:
        self._count = processes
        self._processes: list[_Process] = []
        self._nursery = _Nursery(compiled=compiled)

    def answers(self, tasks: Iterable[Task | Exception]) -> Iterator[Answer]:
        """Yield what comes of tasks, in their order; a run that cannot be is its own answer.

        Raises
        ------
        InvariantError
            If the processes end before they have begun.
        """
        again: deque[_Sent] = deque()
        done: dict[int, Answer] = {}
        coming = (_Sent(number, task, done) for number, task in enumerate(tasks))
        sent = taken = 0
        while True:
            while self._has_room() and (again or sent - taken < _HELD * self._count):
                one = again.popleft() if again else next(coming, None)
                if one is None:
                    break
                # What is sent once more may be of a turn that is over.
                sent = max(sent, one.number + 1) if one.done is done else sent
                if isinstance(one.task, Exception):
                    done[one.number] = one.task
                else:
                    self._idlest(compiled=one.task.compiled).send(one)
            if taken in done:
                yield done.pop(taken)
                taken += 1
                continue
            busy = {process.connection: process for process in self._processes if process.sent}
            if not busy:
                return
            for connection in wait(list(busy)):
                self._receive(busy[connection], again)  # type: ignore[index]

    def _has_room(self) -> bool:
        return len(self._processes) < self._count or any(len(one.sent) < _AHEAD for one in self._processes)

    def _idlest(self, *, compiled: bool) -> _Process:
        """Return the process that has least to do; another one begins where all have something."""
        found = min(self._processes, key=lambda one: len(one.sent), default=None)
        if found is None or (found.sent and len(self._processes) < self._count):
            found = self._begun(compiled=compiled)
            self._processes.append(found)
        return found

    def _begun(self, *, compiled: bool) -> _Process:
        process = _Process(self._nursery, compiled=compiled)
        if not process.asked:
            self._nursery.end()
            self._nursery = _Nursery(compiled=compiled)
            process = _Process(self._nursery, compiled=compiled)
        return process

    def _receive(self, process: _Process, again: deque[_Sent]) -> None:
        try:
            answer: Answer | int = process.connection.recv()
        except (EOFError, OSError):
            self._processes.remove(process)
            process.connection.close()
            lost = process.sent.popleft()
            again.extendleft(reversed(process.sent))
            number = process.number
            if number is None and (code := process.nursery.ended()) is not None:
                if not process.nursery.has_begun:
                    raise InvariantError(f"a process for the runs cannot begin: it {_in_words(code)}") from None
                again.appendleft(lost)
                return
            how = _in_words(None if number is None else process.nursery.code_of(number))
            lost.done[lost.number] = InvariantError(f"the process that made the run {how}")
            return
        if isinstance(answer, int):
            process.number, process.nursery.has_begun = answer, True
        else:
            answered = process.sent.popleft()
            answered.done[answered.number] = answer

    def close(self) -> None:
        """End the processes; what they were making is lost."""
        for process in self._processes:
            process.leave()  # All at once, before any is waited for.
        self._nursery.end()


def _in_words(code: int | None) -> str:
    if code is None:
        return "is gone"
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
