"""Several processes that make runs.

They are started anew and know nothing of the one that asks but what they are sent: a script needs no guard around its
own lines, and a notebook may ask. One that ends takes the run with it that it was making, and no other.
"""

import contextlib
import json
import signal
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
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from backtests.many.worker import serve; serve(int(sys.argv[1]))"
)
_AHEAD = 2
"""How many runs a process is sent at a time, so that it never waits for the next."""
_HELD = 32
"""How many runs for each process may have been sent and not yet been taken."""
_SECONDS_TO_END = 10.0


class _Sent(NamedTuple):
    """A run that is asked for; its answer goes to ``done`` of the turn that it is of, which may be over."""

    number: int
    task: Task | Exception
    done: dict[int, Answer]


class _Process:
    """A process and the runs that it was sent, the one that it is making first."""

    def __init__(self) -> None:
        self.connection, theirs = Pipe()
        self.sent: deque[_Sent] = deque()
        self.begun = False
        with theirs:
            path = json.dumps(["" if one == "" else str(one) for one in sys.path])
            # The terminal's interrupt is for this process alone; the other inherits that it is held back.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _PROGRAM, str(theirs.fileno()), path],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                )
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def send(self, one: _Sent) -> None:
        """Send a run; one that has ended is found when its answer is awaited."""
        self.sent.append(one)
        with contextlib.suppress(OSError):
            self.connection.send(one.task)

    def leave(self) -> None:
        """Let the process end, if it has not: one that waits for a run does so by itself."""
        self.connection.close()
        if self.sent or not self.begun:
            self._process.terminate()

    def end(self) -> int:
        """Wait for the process's end; return its exit code."""
        self.connection.close()
        try:
            return self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


class WorkerPool:
    """Processes that make runs, as many as are asked for; they are started at once.

    Parameters
    ----------
    processes
        How many.
    """

    def __init__(self, processes: int) -> None:
        self._processes = [_Process() for _ in range(processes)]

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
            for process in self._processes:
                while len(process.sent) < _AHEAD and (again or sent - taken < _HELD * len(self._processes)):
                    one = again.popleft() if again else next(coming, None)
                    if one is None:
                        break
                    # What is sent once more may be of a turn that is over.
                    sent = max(sent, one.number + 1) if one.done is done else sent
                    if isinstance(one.task, Exception):
                        done[one.number] = one.task
                    else:
                        process.send(one)
            if taken in done:
                yield done.pop(taken)
                taken += 1
                continue
            busy = {process.connection: process for process in self._processes if process.sent}
            if not busy:
                return
            for connection in wait(list(busy)):
                self._receive(busy[connection], again)  # type: ignore[index]

    def _receive(self, process: _Process, again: deque[_Sent]) -> None:
        try:
            answer: Answer | None = process.connection.recv()
        except (EOFError, OSError):
            lost = process.sent.popleft()
            again.extendleft(reversed(process.sent))
            process.sent.clear()
            how = _in_words(process.end())
            if not process.begun:
                raise InvariantError(f"a process for the runs cannot begin: it {how}") from None
            lost.done[lost.number] = InvariantError(f"the process that made the run {how}")
            self._processes[self._processes.index(process)] = _Process()
            return
        if answer is None:
            process.begun = True
        else:
            answered = process.sent.popleft()
            answered.done[answered.number] = answer

    def close(self) -> None:
        """End the processes; what they were making is lost."""
        for process in self._processes:
            process.leave()  # All at once, before any is waited for.
        for process in self._processes:
            process.end()


def _in_words(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
