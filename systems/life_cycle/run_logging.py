"""The id of the run at hand, in every log record that is made while it runs."""

import contextlib
import contextvars
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from systems.life_cycle.epoch_files import append_event

NO_RUN = "-"
_run_id: contextvars.ContextVar[str] = contextvars.ContextVar("run_id", default=NO_RUN)


def current_run_id() -> str:
    """Return the id of the run that this thread is in, ``-`` outside of any."""
    return _run_id.get()


@contextlib.contextmanager
def run_logging(run_id: str, logs: Path | None = None, level: int = logging.WARNING) -> Iterator[None]:
    """Let log records carry ``run_id`` while entered, for handlers whose format has ``%(run_id)s``.

    Parameters
    ----------
    run_id
        The run's.
    logs
        Where records of at least ``level`` also become events of the day; None for nowhere.
    """
    token = _run_id.set(run_id)
    events = _EventHandler(logs, run_id, level) if logs is not None else None
    _CARRIER.enter()
    if events is not None:
        logging.getLogger().addHandler(events)
    try:
        yield
    finally:
        if events is not None:
            logging.getLogger().removeHandler(events)
        _CARRIER.leave()
        _run_id.reset(token)


class _Carrier:
    """Makes log records that carry the id of their run; installed while any thread is in one, however they overlap."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._outer: Callable[..., logging.LogRecord] = logging.LogRecord

    def enter(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._outer = logging.getLogRecordFactory()
                logging.setLogRecordFactory(self)
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and logging.getLogRecordFactory() is self:
                logging.setLogRecordFactory(self._outer)

    def __call__(self, *arguments: Any, **more: Any) -> logging.LogRecord:
        record = self._outer(*arguments, **more)
        record.run_id = current_run_id()
        return record


class _EventHandler(logging.Handler):
    """Writes the records of one run as events."""

    def __init__(self, logs: Path, run_id: str, level: int) -> None:
        super().__init__(level)
        self._logs, self._mine = logs, run_id

    def emit(self, record: logging.LogRecord) -> None:
        """Append a record of this run; the log of another run is not its own."""
        if getattr(record, "run_id", NO_RUN) != self._mine:
            return
        facts = {"run_id": self._mine, "level": record.levelname, "logger": record.name}
        try:
            append_event(self._logs, int(record.created * 1_000), "log", **facts, message=record.getMessage())
        except Exception:  # noqa: BLE001 - as handlers do: a log that cannot be written stops nobody
            self.handleError(record)


_CARRIER = _Carrier()
