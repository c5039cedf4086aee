"""SIGINT and SIGTERM: the first asks a session to end, a second SIGINT leaves it at once."""

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from live.views.session_log import key_values

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_log = logging.getLogger("live.session")


def in_main_thread() -> bool:
    """Whether signals come here: the system gives them to the main thread alone."""
    return threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def stop_on_signals(session: Path) -> Iterator[asyncio.Event]:
    """Yield an event that is set when SIGINT or SIGTERM comes, while entered; in another thread than the main never.

    After the first signal SIGTERM ends the process as the system does, and SIGINT raises KeyboardInterrupt wherever
    the process is: the journal holds whatever was decided, so that the session can be resumed from there.
    """
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    if not in_main_thread():
        yield stopping
        return

    def leave(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt(f"interrupted at once; what was decided is journalled: go on with --resume {session}")

    def stop(number: signal.Signals) -> None:
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
        signal.signal(signal.SIGINT, leave)
        _log.warning("%s", key_values(event="stopping", signal=number.name))
        stopping.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        yield stopping
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)


async def unless_stopping(work: asyncio.Task[int], stopping: asyncio.Event) -> None:
    """Wait until some work is done, or give it up when the session is asked to end."""
    asked = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.cancel()
        if not work.done():
            work.cancel()
        await asyncio.gather(asked, work, return_exceptions=True)
    if not work.cancelled():
        work.result()
