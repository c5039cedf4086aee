"""The journal file: appended and synced to disk before the kernel sees a record; read back with a torn end dropped.

Records are chained: each ends with the hash of the one before it and of its own bytes, so that what was edited,
dropped, doubled or moved is named by its line. Journals of versions that did not chain are read as they are.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from core.errors import ConfigurationError, StoreError
from engine.journal_records import JournalRecord, KillSwitchRecord

_LINK_BYTES = 77


class JournalLine(NamedTuple):
    """One record and where it stands: line number from 1, and the byte after its line end; whether it is chained."""

    record: JournalRecord
    number: int
    end_byte: int
    chained: bool = False


NOT_AS_WRITTEN = "it is not what was written here: edited, or a record before it is dropped, doubled or moved"


class JournalWriter:
    """Appends records to a journal file; each is on the disk when :meth:`append` returns.

    Parameters
    ----------
    path
        The journal; created when missing.
    keep_bytes
        How much of an existing file stands; what follows (a torn line) is cut off.
    held
        The journal as :func:`hold_journal` opened it; it is the writer's then. None opens and holds it.

    Raises
    ------
    ConfigurationError
        If another process writes the journal.
    StoreError
        If it cannot be opened.
    """

    def __init__(self, path: str | Path, keep_bytes: int = 0, held: int | None = None) -> None:
        self.path = Path(path)
        self._encoder = msgspec.json.Encoder()
        self._good_bytes = keep_bytes
        try:
            self._file = hold_journal(self.path) if held is None else held
            try:
                self._link = _link_before(self._file, keep_bytes)
                os.ftruncate(self._file, keep_bytes)
                os.lseek(self._file, keep_bytes, os.SEEK_SET)
                _sync_folder(self.path.parent)
            except OSError:
                os.close(self._file)
                raise
        except OSError as error:
            raise StoreError.of("open the journal", self.path, error) from error

    def append(self, record: JournalRecord) -> None:
        """Write one record and wait until the disk has it.

        Raises
        ------
        StoreError
            If it cannot be written whole; the file then ends with the record before. Or if it is no longer in place.
        """
        self.check_in_place()
        body = self._encoder.encode(record)[:-1]
        link = None if self._link is None else _link_of(self._link, body)
        line = body + (b"}\n" if link is None else b',"chain":"%b"}\n' % link)
        try:
            written = 0
            while written < len(line):
                written += os.write(self._file, line[written:])
            os.fsync(self._file)
        except OSError as error:
            self._cut_back()
            raise StoreError.of("write the journal", self.path, error, "; trading has stopped") from error
        self._good_bytes += len(line)
        self._link = link

    def check_in_place(self) -> None:
        """Raise a StoreError if the journal was removed or replaced: what is written would be lost."""
        try:
            there: os.stat_result | None = self.path.stat()
        except OSError:
            there = None
        own = os.fstat(self._file)
        if there is None or (there.st_dev, there.st_ino) != (own.st_dev, own.st_ino):
            raise StoreError(
                f"{self.path}: the journal was {'removed' if there is None else 'replaced'} while its session runs; "
                "trading has stopped: without its journal the session cannot be resumed; start another one",
                path=self.path,
            )

    def _cut_back(self) -> None:
        """Remove a half-written record; if that fails too, reading drops it."""
        try:
            os.ftruncate(self._file, self._good_bytes)
            os.lseek(self._file, self._good_bytes, os.SEEK_SET)
        except OSError:
            return

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def hold_journal(path: Path) -> int:
    """Open a journal and hold it against other processes until it is closed; return its descriptor.

    The lock is on the journal itself, so that no other file can be removed to defeat it.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise ConfigurationError(
            f"{path.parent}: another process runs this session; stop it first, or start another session"
        ) from None
    except OSError:
        os.close(file)
        raise
    return file


def _link_of(before: bytes, body: bytes) -> bytes:
    """Return the link of a record, whose bytes without brace and link are ``body``, to the one before it."""
    return hashlib.sha256(before + body).hexdigest().encode()


def _link_in(line: bytes) -> bytes | None:
    """Return the link that a line ends with; None where it has none."""
    end = line[-_LINK_BYTES:]
    return end[10:-3] if end.startswith(b',"chain":"') and end.endswith(b'"}\n') else None


def _link_before(file: int, keep_bytes: int) -> bytes | None:
    """Return the link that the next record follows; None in a journal whose records are not chained."""
    if keep_bytes == 0:
        return b""
    return _link_in(os.pread(file, _LINK_BYTES, max(0, keep_bytes - _LINK_BYTES)))


def _sync_folder(folder: Path) -> None:
    """Wait until the disk has the file's name too; a file without a name is lost with the power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_journal(path: str | Path) -> Iterator[JournalLine]:
    """Yield the records of a journal in order; an unfinished last line is passed over.

    Raises
    ------
    StoreError
        If the file cannot be read, a line before the last is damaged, or a whole line is not the one that was written
        there: names line and byte, and the last good line.
    """
    journal = Path(path)
    decoder = msgspec.json.Decoder(JournalRecord | KillSwitchRecord)
    start = number = 0
    link: bytes | None = b""
    try:
        with journal.open("rb") as file:
            while (data := file.readline()).endswith(b"\n"):
                number += 1
                try:
                    record = decoder.decode(data)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    if not file.read(1):
                        return
                    raise damaged_line(journal, number, start, str(error)) from error
                found = _link_in(data)
                if number == 1 and found is None:
                    link = None
                if link is not None:
                    if found is None or found != _link_of(link, data[:-_LINK_BYTES]):
                        raise damaged_line(journal, number, start, NOT_AS_WRITTEN)
                    link = found
                start += len(data)
                command = record.command if isinstance(record, KillSwitchRecord) else record
                yield JournalLine(command, number, start, link is not None)
    except OSError as error:
        raise StoreError.of("read the journal", journal, error) from error


def damaged_line(journal: Path, number: int, start: int, reason: str) -> StoreError:
    """Return the error of a damaged line: it names the line, its first byte and the last good point before it."""
    message = f"{journal}: line {number} (byte {start}) is damaged: {reason}; "
    if number == 1:
        return StoreError(message + "nothing before it is left, so that the session cannot be resumed", path=journal)
    return StoreError(
        message + f"the last good point is line {number - 1}: keep the first {start} bytes to go on from there",
        path=journal,
    )
