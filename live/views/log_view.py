"""The session as log lines, one ``key=value`` list each: on standard error where there is no terminal, and in files."""

import contextlib
import copy
import json
import logging
import queue
import re
import threading
import time
from collections.abc import Callable
from logging.handlers import QueueHandler, RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from core.errors import StoreError
from core.instants import format_ms
from live.views.session_events import SessionEvents

if TYPE_CHECKING:
    from core.candle import Candle
    from engine.journal_records import CommandRecord, MissingRecord
    from live.intake.barrier import ClosedStep
    from live.intake.candle_lane import Note
    from live.views.session_watch import SessionWatch

LOG_FOLDER, LOG_FILE = "logs", "session.log"
FILE_BYTES = 5_000_000
FILES_KEPT = 5
LINES_WAITING = 10_000
"""Most lines that wait to be written; what is more is dropped and counted, so that a stuck terminal stops nobody."""

STATUS_SECONDS = 60.0
QUIET_SECONDS = 1.0
CLOSE_SECONDS = 2.0

_PLAIN = re.compile(r"[^\s\"'=\\]+")

_log = logging.getLogger("live.session")


class LogView:
    """Writes what happens as log records of the logger ``live.session``.

    A step in which something happened has its line, others have one a second at most; the rest are DEBUG lines. When
    nothing has been written for a minute, a status line says that the session is alive.
    """

    def __init__(self, watch: "SessionWatch", folder: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._watch = watch
        self._events = SessionEvents(watch.session.account, folder / "decisions.jsonl", recent=False)
        self._monotonic = monotonic
        self._step_line_at = float("-inf")
        self._line_at = monotonic()

    def candle_forming(self, symbol: str, candle: "Candle") -> None:
        """Say nothing: a forming candle is for the eye."""

    def connection_changed(self, event: str, detail: str) -> None:
        """Say what the connection did."""
        level = logging.INFO if event == "connected" else logging.WARNING
        self._line(level, "connection", state=event, detail=detail)

    def step_done(self, closed: "ClosedStep", delay_seconds: float) -> None:
        """Say that a step is done, and what was decided and filled in it."""
        now, happened = self._monotonic(), self._say_events()
        quiet = happened == 0 and now - self._step_line_at < QUIET_SECONDS
        if not quiet:
            self._step_line_at = now
        step = closed.step
        # A step between two strategy candles says how many of its detail candles are there.
        candles = step.candles if any(step.candles) else step.detail
        present = sum(candle is not None for candle in candles)
        session = self._watch.session
        self._line(
            logging.DEBUG if quiet else logging.INFO,
            "step",
            time=format_ms(closed.step.time_ms),
            candles=f"{present}/{len(candles)}",
            delay_ms=f"{1_000 * delay_seconds:.1f}",
            equity=f"{session.safety.current_equity:.2f}",
            positions=len(session.account.holdings),
            waiting=len(session.account.waiting_entries) + len(session.account.waiting_closes),
        )

    def noted(self, note: "Note") -> None:
        """Say which candle did not become part of a step, and why."""
        level = logging.DEBUG if note.kind == "duplicate" else logging.WARNING
        opened = note.received.candle.open_time_ms
        self._line(
            level,
            "candle",
            kind=note.kind,
            symbol=note.symbol,
            opened=format_ms(opened),
            source=note.received.source,
            detail=note.detail,
        )

    def gone_without(self, missing: "MissingRecord") -> None:
        """Say which mark candle or funding rate a step goes on without."""
        due = format_ms(missing.time_ms)
        self._line(logging.WARNING, "missing", kind=missing.kind, symbol=missing.symbol, due=due, detail=missing.detail)

    def commanded(self, command: "CommandRecord") -> None:
        """Say what an operator asked for, and what followed at once."""
        if command.command in ("kill", "release"):
            state = "engaged" if command.command == "kill" else "released"
            self._line(logging.WARNING, "kill_switch", state=state, by=command.by)
        else:
            symbol = {} if command.symbol is None else {"symbol": command.symbol}
            self._line(logging.WARNING, "command", command=command.command, **symbol, by=command.by)
        self._say_events()

    def refresh(self) -> None:
        """Say that the session is alive when nothing else was said for a minute."""
        self._say_events()
        if self._monotonic() - self._line_at >= STATUS_SECONDS:
            signs = self._watch.vital_signs()
            shown = ("last_step", "exchange_time", "connection", "message_age_seconds", "open_boundaries", "equity")
            self._line(logging.INFO, "status", **{name: signs[name] for name in shown})

    def close(self) -> None:
        """Say how the account stands."""
        self._say_events()
        signs = self._watch.vital_signs()
        shown = ("session", "last_step", "steps", "balance", "equity")
        positions = len(self._watch.session.account.holdings)
        self._line(logging.INFO, "stopped", **{name: signs[name] for name in shown}, positions=positions)

    def _say_events(self) -> int:
        fresh = self._events.fresh()
        for event in fresh:
            level = logging.WARNING if event.severity == "warning" else logging.INFO
            symbol = {} if event.symbol is None else {"symbol": event.symbol}
            self._line(level, event.name, time=event.time, **symbol, **event.fields)
        return len(fresh)

    def _line(self, level: int, event: str, **fields: object) -> None:
        self._line_at = self._monotonic()
        if _log.isEnabledFor(level):
            _log.log(level, "%s", key_values(event=event, **fields))


def key_values(**fields: object) -> str:
    """Return ``key=value`` pairs on one line; a value with blanks, quotes or equals signs is a JSON string.

    Examples
    --------
    >>> key_values(event="fill", price=1.5, detail="first row", order_id=None)
    'event=fill price=1.5 detail="first row" order_id=-'
    """
    return " ".join(f"{name}={_value(value)}" for name, value in fields.items())


def _value(value: object) -> str:
    if value is None:
        return "-"
    text = f"{value:.6g}" if isinstance(value, float) and abs(value) < 1 else str(value)
    return text if text.isprintable() and _PLAIN.fullmatch(text) else json.dumps(text)


class SessionLog:
    """Sends all log records of the process to ``logs/session.log`` in a folder, and to a stream if there is one.

    Writing happens in a thread of its own. Files rotate at 5 MB, five old ones are kept. Records of this program are
    taken from ``level`` on, those of libraries from WARNING on.

    Parameters
    ----------
    folder
        The session's folder.
    level
        Least severity, by name.
    stream
        Where lines also go, as standard error; None for files only.

    Raises
    ------
    StoreError
        If the log file cannot be opened.
    """

    def __init__(self, folder: Path, level: str = "INFO", stream: TextIO | None = None) -> None:
        file = folder / LOG_FOLDER / LOG_FILE
        try:
            file.parent.mkdir(exist_ok=True)
            to_file = _LogFile(file, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")
        except OSError as error:
            raise StoreError.of("write", file, error) from error
        self._outlets: list[logging.Handler] = [to_file]
        if stream is not None:
            self._outlets.append(_LogStream(stream))
        for outlet in self._outlets:
            outlet.setFormatter(_LineFormatter())
        self._inlet = _Inlet()
        self._writer = threading.Thread(target=self._write, name="log", daemon=True)
        self._root, self._own = logging.getLogger(), logging.getLogger("live")
        self._own_level = self._own.level
        self._own.setLevel(level)
        self._root.addHandler(self._inlet)
        self._writer.start()

    def close(self) -> None:
        """Write what waits, for as long as a few seconds, and close the file."""
        self._root.removeHandler(self._inlet)
        self._own.setLevel(self._own_level)
        with contextlib.suppress(queue.Full):
            self._inlet.queue.put(None, timeout=CLOSE_SECONDS)
        self._writer.join(CLOSE_SECONDS)
        if self._writer.is_alive():
            return  # A stream that takes no more; its thread is a daemon and ends with the process.
        note = self._inlet.note_of_dropped()
        for outlet in self._outlets:
            if note is not None:
                outlet.handle(note)
            outlet.close()

    def _write(self) -> None:
        while (record := self._inlet.queue.get()) is not None:
            for outlet in self._outlets:
                outlet.handle(record)


class _Inlet(QueueHandler):
    """Puts records into a bounded queue; a full one drops them."""

    queue: "queue.Queue[logging.LogRecord | None]"

    def __init__(self) -> None:
        super().__init__(queue.Queue(LINES_WAITING))
        self._dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return a copy whose message and trace are text, so that nothing it refers to is read later."""
        ready = copy.copy(record)
        ready.msg, ready.args = record.getMessage(), None
        if record.exc_info:
            ready.exc_text = logging.Formatter().formatException(record.exc_info)
            ready.exc_info = None
        return ready

    def enqueue(self, record: logging.LogRecord) -> None:
        if self._dropped and self.queue.qsize() < LINES_WAITING // 2:
            self.queue.put_nowait(self.note_of_dropped())
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self._dropped += 1

    def note_of_dropped(self) -> logging.LogRecord | None:
        """Return a line about the lines that were lost since the last one; None if there were none."""
        lost, self._dropped = self._dropped, 0
        text = key_values(event="log_lines_dropped", lines=lost)
        return _log.makeRecord(_log.name, logging.WARNING, __file__, 0, text, (), None) if lost else None


class _LogFile(RotatingFileHandler):
    """A log file that is given up without a word to the terminal while the disk refuses it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Lose the line: the journal stops trading when the disk is full, the log need not."""


class _LogStream(logging.StreamHandler[TextIO]):
    """A stream that may go away, as a closed pipe does."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Lose the line: it is in the file too."""


class _LineFormatter(logging.Formatter):
    """Time, severity, then the message; other programs' messages become one quoted value."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if not record.name.startswith("live"):
            message = key_values(event="log", logger=record.name, message=message)
        if record.exc_text:
            message += " " + key_values(trace=record.exc_text)
        return f"{format_ms(int(record.created * 1_000))} level={record.levelname} {message}"
