"""The file that remembers what was told and what of it has arrived: one JSON document a line, only ever added to.

An alert stands there before it is sent. A process that is killed leaves it, and the next one sends what no channel has
confirmed; the receiver knows by the id what comes twice.
"""

import contextlib
import datetime as dt
import fcntl
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec

from alerts.alert import Alert
from core.errors import ConfigurationError, StoreError
from core.instants import to_ms

OUTBOX = "alerts.jsonl"
LARGEST = 8_000_000
"""Bytes from which a file is shortened when it is opened."""
KEPT_LINES = 4_000
MOST_SENT_AGAIN = 1_000
_Time = Annotated[int, msgspec.Meta(ge=0, lt=253_402_300_800_000)]
"""Milliseconds, up to the year 9999."""


class Recorded(msgspec.Struct, frozen=True, tag_field="record", tag="alert"):
    """An alert that is to be told through channels; ``at_ms`` is the machine's time."""

    alert: Alert
    channels: tuple[str, ...]
    at_ms: _Time


class Attempted(msgspec.Struct, frozen=True, tag_field="record", tag="attempt"):
    """What came of sending some alerts through a channel; ``attempts`` counts those of their message."""

    channel: str
    ids: tuple[str, ...]
    result: Literal["delivered", "refused", "failed"]
    detail: str
    attempts: int
    at_ms: _Time


Entry = Recorded | Attempted
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode


class Outbox:
    """One process's file of alerts.

    Parameters
    ----------
    path
        The file; it and its folder are made where they are not there.

    Raises
    ------
    ConfigurationError
        If another process holds it.
    StoreError
        If it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble = ""
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError.of("write", path, error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.unconfirmed, self.told = _left_over(read_entries(path))
            self._make_sound()
        except BlockingIOError:
            os.close(self._file)
            raise ConfigurationError(f"{path}: another process tells its alerts there") from None
        except OSError as error:
            os.close(self._file)
            raise StoreError.of("read", path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        with self._lock:
            os.close(self._file)
            self._file = -1

    def record(self, alerts: Iterable[tuple[Alert, tuple[str, ...]]]) -> None:
        """Write alerts down, on the disk before this returns."""
        self._append([Recorded(alert, channels, wall_clock_ms()) for alert, channels in alerts], sync=True)

    def attempted(self, attempt: Attempted) -> None:
        """Write down what came of sending."""
        self._append([attempt], sync=attempt.result == "delivered")

    def _append(self, entries: Sequence[Entry], *, sync: bool) -> None:
        """Add lines; a disk that refuses them is told in the channels' state, and messages still go."""
        data = b"".join(_encode(one) + b"\n" for one in entries)
        with self._lock:
            if self._file < 0:
                return
            try:
                while data:
                    data = data[os.write(self._file, data) :]
                if sync:
                    os.fsync(self._file)
                self.trouble = ""
            except OSError as error:
                self.trouble = f"{self.path.name} cannot be written ({error.strerror or error})"

    def _make_sound(self) -> None:
        """End a line that a killed process left half-written, and shorten a file that has grown large."""
        size = os.fstat(self._file).st_size
        if size > LARGEST:
            again = {alert.id for alert, _ in self.unconfirmed}
            entries = read_entries(self.path)
            kept = [one for one in entries[:-KEPT_LINES] if isinstance(one, Recorded) and one.alert.id in again]
            text = b"".join(_encode(one) + b"\n" for one in [*kept, *entries[-KEPT_LINES:]])
            # In place, since the lock is this file's: what a crash leaves here is a shorter history.
            os.ftruncate(self._file, 0)
            os.write(self._file, text)
            os.fsync(self._file)
        elif size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")


@contextlib.contextmanager
def free_outbox(folder: Path, name: str) -> Iterator[Outbox]:
    """Yield the first outbox of a name that no other process holds: several tell their alerts in one folder."""
    for number in range(1, 1_000):
        try:
            outbox = Outbox(folder / f"{name}-{number}.jsonl")
        except ConfigurationError:
            continue
        with outbox:
            yield outbox
        return
    raise StoreError(f"{folder}: too many processes tell their alerts there", path=folder)


def read_entries(path: Path) -> list[Entry]:
    """Return what an outbox holds; a line that is no entry, as a killed process may leave, is passed over."""
    return entries_since(path, 0)[0]


def entries_since(path: Path, start: int) -> tuple[list[Entry], int]:
    """Return what an outbox holds from a byte on, and the byte after its last whole line."""
    with path.open("rb") as file:
        file.seek(start)
        whole = file.read().rpartition(b"\n")[0]
    entries: list[Entry] = []
    for line in whole.split(b"\n"):
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            entries.append(_decode(line))
    return entries, start + len(whole) + 1 if whole else start


def wall_clock_ms() -> int:
    """Return the machine's time, for people: nothing is decided by it."""
    return to_ms(dt.datetime.now(dt.UTC))  # noqa: TID251 - when a message went


def _left_over(entries: Iterable[Entry]) -> tuple[list[tuple[Alert, tuple[str, ...]]], dict[str, int]]:
    """Return the alerts that channels have not confirmed, with those channels; and id to sequence of all."""
    waiting: dict[str, tuple[Alert, set[str]]] = {}
    told: dict[str, int] = {}
    for one in entries:
        if isinstance(one, Recorded):
            told[one.alert.id] = one.alert.sequence
            waiting[one.alert.id] = one.alert, set(one.channels)
        elif one.result == "delivered":
            for each in one.ids:
                if each in waiting:
                    waiting[each][1].discard(one.channel)
    left = [(alert, tuple(sorted(channels))) for alert, channels in waiting.values() if channels]
    return left[-MOST_SENT_AGAIN:], told
