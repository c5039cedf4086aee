"""A new interpreter that loads once what all processes need; these are copies of it, made in a moment."""

import contextlib
import ctypes
import functools
import gc
import os
import signal
import socket
import sys

from backtests.many.short_run import make_short_run
from backtests.many.worker import serve

WORD_BYTES = 8
"""Messages are whole numbers of so many bytes: with a connection, how a process for it begins; else a process."""
SECONDS_TO_END = 10
_MEMORY_KEPT = {-1: 256 << 20, -3: 32 << 20}
"""M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of the C library, where it has them: each run takes what the one before it has
given back, which else is asked of the system again, page by page."""


def tend(descriptor: int, *, compiled: bool) -> None:
    """Make copies of this process and tell how they have ended, until the one that asks is gone; also serve as one.

    With ``compiled`` the compiled rules are loaded before anything is asked, else when it is for runs by them.
    """
    with contextlib.suppress(AttributeError):
        for option, value in _MEMORY_KEPT.items():
            ctypes.CDLL(None).mallopt(option, value)
    begun: set[int] = set()
    if compiled:
        _load()
    with socket.socket(fileno=descriptor) as asked:
        while word := _asked(asked):
            number, connections = word
            if not connections:
                begun.discard(number)
                asked.sendall(_ended(number).to_bytes(WORD_BYTES, "big", signed=True))
                continue
            if number:
                _load()
            process = os.fork()
            if not process:
                asked.close()
                gc.freeze()  # What all have in common is looked through by none.
                gc.enable()
                serve(connections[0])
                return
            os.close(connections[0])
            begun.add(process)
    _end(begun)
    os._exit(0)  # It has nothing to clear up.


@functools.cache
def _load() -> None:
    """Load what runs by the compiled rules need."""
    if sys.platform == "linux":  # Elsewhere a library that has been used may not survive being copied.
        make_short_run()


def _asked(asked: socket.socket) -> tuple[int, list[int]] | None:
    """Return a message and the connection that came with it; None where there are no more."""
    try:
        word, connections, _, _ = socket.recv_fds(asked, WORD_BYTES, 1)
    except OSError:
        return None
    return (int.from_bytes(word, "big"), connections) if word else None


def _ended(process: int) -> int:
    """Return the exit code of a process once it has ended; below 0 the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _end(begun: set[int]) -> None:
    """Wait until all that was begun has ended, and let it end if it does not."""

    def kill(number: int, frame: object) -> None:
        for process in begun:
            os.kill(process, signal.SIGKILL)

    signal.signal(signal.SIGALRM, kill)
    signal.alarm(SECONDS_TO_END)
    while begun:
        begun.discard(os.wait()[0])
