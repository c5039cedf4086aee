"""Drives a session over a timeline: the reference path, every candle stepped."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from backtests.timeline import MarketWindow, steps_of
from engine.session import Session


class Progress(Protocol):
    """Holds how many candles are done since the start."""

    candles_done: int


def replay(session: Session, window: MarketWindow, progress: Progress, interrupt: threading.Event) -> bool:
    """Run all steps of a window; return whether every step was run.

    An interrupt is acted on between two steps, so that what was done is whole; it returns False.
    """
    statistics = session.statistics
    for step in steps_of(window):
        session.process(step)
        if interrupt.is_set():
            return False
        progress.candles_done = statistics.candles_processed
    return True


@contextmanager
def held_interrupts() -> Iterator[threading.Event]:
    """Turn the first interrupt (Ctrl-C) into an event; a second one is not held back.

    Only the main thread can. Elsewhere, and where interrupts are ignored (a job in the background), they stay as they
    are.
    """
    asked = threading.Event()
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield asked
        return

    def note(number: int, frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
