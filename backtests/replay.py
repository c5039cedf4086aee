"""Drives a session over a timeline: the reference path, every candle stepped."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from backtests.timeline import MarketWindow, steps_of
from core.candle import Step
from engine.session_statistics import SessionStatistics


class Progress(Protocol):
    """Holds how many candles are done since the start."""

    candles_done: int


class Stepped(Protocol):
    """What steps are run through: a session, or several on one account."""

    @property
    def statistics(self) -> SessionStatistics: ...

    def process(self, step: Step) -> None: ...


class Interrupt:
    """Whether a run was asked to end; a bare attribute, for it is read at every step."""

    asked = False


class RunWatch:
    """A run as another thread sees it: how far it is, of how many candles; and what that thread asks of it."""

    def __init__(self) -> None:
        self.candles_done = 0
        self.candles = 0
        self.interrupt = Interrupt()


def replay(session: Stepped, window: MarketWindow, progress: Progress, interrupt: Interrupt) -> bool:
    """Run all steps of a window; return whether every step was run.

    An interrupt is acted on between two steps, so that what was done is whole; it returns False.
    """
    statistics, process = session.statistics, session.process
    for step in steps_of(window):
        process(step)
        if interrupt.asked:
            return False
        progress.candles_done = statistics.candles_processed
    return True


@contextmanager
def held_interrupts() -> Iterator[Interrupt]:
    """Turn the first interrupt (Ctrl-C) into a note; a second one is not held back.

    Only the main thread can. Elsewhere, and where interrupts are ignored (a job in the background), they stay as they
    are.
    """
    interrupt = Interrupt()
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield interrupt
        return

    def note(number: int, frame: FrameType | None) -> None:
        interrupt.asked = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
