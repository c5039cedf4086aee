"""Reads of a session's files, each of a bounded part: a session may be years long."""

import os
from pathlib import Path

import msgspec

from core.errors import StoreError
from engine.journal_records import JournalRecord, KillSwitchRecord
from runs.folder.file_names import JOURNAL, MANIFEST

TAIL_BYTES = 256_000
_records = msgspec.json.Decoder(JournalRecord | KillSwitchRecord)


def tail_lines(path: Path, most_bytes: int = TAIL_BYTES) -> list[bytes]:
    """Return the last whole lines of a file, without their ends, as many as so many bytes hold; none without a file.

    StoreError if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            begin = max(0, size - most_bytes)
            file.seek(max(0, begin - 1))
            data = file.read(most_bytes + 1)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError.of("read", path, error) from error
    lines = data.split(b"\n")[:-1]
    return lines if begin == 0 else lines[1:]


def tail_records(folder: Path, most: int) -> list[JournalRecord]:
    """Return the last records of a session's journal, oldest first; none where it has none that is whole."""
    found: list[JournalRecord] = []
    for line in tail_lines(folder / JOURNAL)[-most:]:
        record = record_of(line)
        if record is not None:
            found.append(record)
    return found


def record_of(line: bytes) -> JournalRecord | None:
    """Return the record of a line of a journal; None where it is none."""
    try:
        record = _records.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return record.command if isinstance(record, KillSwitchRecord) else record


def members_of(folder: Path) -> list[str]:
    """Return the members of the portfolio that a session trades, in order; none for any other session."""
    try:
        return sorted(one.name for one in folder.iterdir() if one.is_dir() and (one / MANIFEST).is_file())
    except OSError:
        return []
