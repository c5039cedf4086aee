"""The kill switch of a running session: environment at the start, a file, and two signals.

``SIGUSR1`` engages, ``SIGUSR2`` releases. A file that exists engages for as long as it exists, whatever the signals
say. The environment counts as it was when the process started; ``SIGUSR2`` releases what it engaged.
"""

import functools
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from engine.journal_records import CommandRecord, JournalRecord
from execution.execution_settings import TradingModeSettings
from execution.safety.safety_monitor import environment_kill_switch
from live.life.stop_signals import in_main_thread

SignalHandler = Callable[[int, FrameType | None], object] | int | None

BY_ENVIRONMENT, BY_FILE, BY_SIGNAL = "environment", "file", "signal"
_SURROUNDINGS = (BY_ENVIRONMENT, BY_FILE)


class KillSwitchWatch:
    """Answers whether the kill switch is engaged, and by what; asking costs one look at the file system.

    Entering the context takes over the two signals; leaving it gives them back. Without that the system's answer to
    either signal is to end the process, so a session enters it before anything else. In another thread than the main
    the signals stay whose they are, and the file engages it.

    Parameters
    ----------
    mode
        Names the environment variable and the file. A relative file is looked for in the folder in which the process
        started.
    held_by
        What an operator had engaged the switch by when the session was last seen (:func:`operator_hold`); None where
        nobody had: a restart does not undo what an operator did.
    """

    def __init__(self, mode: TradingModeSettings, *, held_by: str | None = None) -> None:
        self._file = None if mode.kill_switch_file is None else Path(mode.kill_switch_file).absolute()
        self._latched_by = held_by
        if self._latched_by is None and environment_kill_switch(mode.kill_switch_env_var)():
            self._latched_by = f"{BY_ENVIRONMENT} {mode.kill_switch_env_var}"
        self._last_by = self._latched_by or "start"
        self._before: dict[signal.Signals, SignalHandler] = {}

    def __enter__(self) -> Self:
        taken = ((signal.SIGUSR1, self.engage), (signal.SIGUSR2, self.release)) if in_main_thread() else ()
        for number, act in taken:
            self._before[number] = signal.signal(number, functools.partial(_on_signal, act))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            # A switch thrown while the process winds up must not end it, which is what the default does; one that was
            # not set from Python cannot be set back.
            signal.signal(number, signal.SIG_IGN if handler in (None, signal.SIG_DFL) else handler)
        self._before.clear()

    def __call__(self) -> tuple[bool, str]:
        """Return whether the switch is engaged, and what engaged or last released it."""
        in_file = self._seen_in_file()
        if in_file is not None:
            self._last_by = in_file
            return True, in_file
        if self._latched_by is not None:
            self._last_by = self._latched_by
            return True, self._latched_by
        return False, self._last_by

    def engage(self, by: str) -> None:
        """Engage it until it is released; may be called from any thread."""
        self._latched_by = by

    def release(self, by: str) -> None:
        """Release what an operator or the environment engaged; a file that exists outweighs it."""
        self._latched_by = None
        self._last_by = by

    def _seen_in_file(self) -> str | None:
        if self._file is None:
            return None
        try:
            self._file.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            # A switch that cannot be read counts as thrown: refusing entries is the harmless mistake.
            return f"{BY_FILE} {self._file} cannot be looked at ({error.strerror})"
        return f"{BY_FILE} {self._file}"


def _on_signal(act: Callable[[str], None], number: int, frame: FrameType | None) -> None:
    act(f"{BY_SIGNAL} {signal.Signals(number).name}")


def operator_hold(records: Iterable[JournalRecord]) -> str | None:
    """Return what an operator engaged the kill switch by, if that was its last change in a journal; else None.

    File and environment are the surroundings': they are looked at again.
    """
    held_by = None
    for record in records:
        if isinstance(record, CommandRecord) and record.command in ("kill", "release"):
            held_by = record.by if record.command == "kill" and not record.by.startswith(_SURROUNDINGS) else None
    return held_by
