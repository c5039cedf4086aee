"""The process's log: lines of ``key=value`` pairs, on standard error where there is no terminal, and in files."""

import contextlib
import copy
import json
import logging
import queue
import re
import threading
from logging.handlers import QueueHandler, RotatingFileHandler
from pathlib import Path
from typing import TextIO

from core.errors import StoreError
from core.instants import format_ms
from core.plain_text import escaped

LOG_FOLDER, LOG_FILE = "logs", "session.log"
FILE_BYTES = 5_000_000
FILES_KEPT = 5
LINES_WAITING = 10_000
"""Most lines that wait to be written; what is more is dropped and counted, so that a stuck terminal stops nobody."""

CLOSE_SECONDS = 2.0

_PLAIN = re.compile(r"[^\s\"'=\\]+")

_log = logging.getLogger("live.session")


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
    stream_level
        Least severity on the stream, by name.

    Raises
    ------
    StoreError
        If the log file cannot be opened.
    """

    def __init__(
        self, folder: Path, level: str = "INFO", stream: TextIO | None = None, stream_level: str = "DEBUG"
    ) -> None:
        file = folder / LOG_FOLDER / LOG_FILE
        try:
            file.parent.mkdir(exist_ok=True)
            to_file = _LogFile(file, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")
        except OSError as error:
            raise StoreError.of("write", file, error) from error
        self._outlets: list[logging.Handler] = [to_file]
        if stream is not None:
            self._outlets.append(_LogStream(stream))
            self._outlets[-1].setLevel(stream_level)
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
                if record.levelno >= outlet.level:
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
    """Time, severity, then the message, on one line; other programs' messages become one quoted value."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if not record.name.startswith("live"):
            message = key_values(event="log", logger=record.name, message=message)
        if record.exc_text:
            message += " " + key_values(trace=record.exc_text)
        return escaped(f"{format_ms(int(record.created * 1_000))} level={record.levelname} {message}")
