"""Keeps two processes that take turns on one processor, as long as one turn follows the other."""

import contextlib
import itertools
import os
import sys
import weakref
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from strategies.programs.sandbox.stopwatch import Stopwatch

TURNS_BETWEEN_LOOKS = 64
QUICK_SECONDS = 0.004
"""Turns that take less than so long, on average, follow one another."""
_CARRIERS = "tokio"
"""How the threads begin that carry what the two processes tell each other."""
_PROCESSOR = 36
"""Where the processor stands among what the system tells of a thread behind its name."""
_of_threads: "weakref.WeakValueDictionary[int, TakingTurns]" = weakref.WeakValueDictionary()


def taking_turns() -> "TakingTurns":
    """Return what all processes share that this thread takes turns with."""
    thread = _this_thread()
    known = _of_threads.get(thread)
    if known is None:
        known = _of_threads[thread] = TakingTurns()
    return known


class TakingTurns:
    """Holds the thread that makes it, and a process that it waits for, to one processor while they take turns.

    The system wakes each of two that wait for one another on a processor that is idle, which can take as long as all
    that a program decides. After some turns the thread is free for one, so that the system can move it to another
    processor where this one is used by others, and the process follows it. Where turns come rarely, and where there is
    one processor or a system that is told nothing of it, nothing is held.

    Parameters
    ----------
    stopwatch
        Makes one that counts from then on.
    """

    def __init__(self, stopwatch: Callable[[], Stopwatch] = Stopwatch) -> None:
        self._stopwatch = stopwatch
        self._thread = _this_thread()
        self._turns = 0
        self._since_look = stopwatch()
        self._quick = False
        self._allowed: Collection[int] = ()
        """Where the thread may run when it is not held; empty where it is not."""
        self._partners: dict[int, tuple[int, ...]] = {}
        """The threads that take part in turns with each process."""

    def next(self, process: int) -> None:
        """Take notice of a turn of a process that begins."""
        self._turns += 1
        turn = self._turns % TURNS_BETWEEN_LOOKS
        if turn == 0:
            self._look()
        elif self._quick and (turn == 1 or process not in self._partners):
            self._hold(process)

    def end(self) -> None:
        """Let everything run again where it was let run before."""
        for thread in (self._thread, *self._others()):
            _move(thread, self._allowed)
        self._allowed, self._quick = (), False
        self._partners.clear()

    def _look(self) -> None:
        """Let the thread go for a turn; for good where turns do not follow one another any more."""
        quick = self._since_look.seconds() < TURNS_BETWEEN_LOOKS * QUICK_SECONDS
        self._since_look = self._stopwatch()
        if quick:
            _move(self._thread, self._allowed)
        else:
            self.end()
        self._quick = quick

    def _hold(self, process: int) -> None:
        """Hold the thread and its partners to the processor on which the thread is now."""
        with contextlib.suppress(OSError):
            if not self._allowed:
                self._allowed = _allowed(self._thread)
            if len(self._allowed) < 2:
                self.end()
                return
            if process not in self._partners:
                self._partners[process] = (*_threads(process), *_threads(os.getpid(), _CARRIERS))
            here = (_processor(self._thread),)
            for thread in (self._thread, *self._others()):
                _move(thread, here)

    def _others(self) -> Iterator[int]:
        return itertools.chain.from_iterable(self._partners.values())


def _this_thread() -> int:
    """Return the number by which the system knows this thread; 0 where it does not say."""
    try:
        return int(Path("/proc/thread-self").readlink().name)
    except OSError:
        return 0


def _allowed(thread: int) -> Collection[int]:
    """Return the processors on which a thread may run; none where the system does not say."""
    found: Collection[int] = ()
    if sys.platform == "linux":
        found = os.sched_getaffinity(thread)
    return found


def _move(thread: int, processors: Collection[int]) -> None:
    """Let a thread run on some processors alone; nothing where there is none, or the thread has ended."""
    if sys.platform == "linux" and processors:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(thread, processors)


def _processor(thread: int) -> int:
    told = Path(f"/proc/self/task/{thread}/stat").read_text(encoding="utf-8", errors="replace")
    return int(told.rpartition(")")[2].split()[_PROCESSOR])


def _threads(process: int, named: str = "") -> Iterator[int]:
    """Yield the threads of a process whose names begin in some way."""
    for one in Path(f"/proc/{process}/task").iterdir():
        if (one / "comm").read_text(encoding="utf-8", errors="replace").startswith(named):
            yield int(one.name)
