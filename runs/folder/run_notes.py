"""What a user said of a run: a name, tags and a note, in a small file of its folder, so that no index can lose them."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from core.errors import StoreError
from runs.folder.file_names import NOTES
from runs.folder.write_errors import store_errors


class RunNotes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tags, sorted and each once, a note and a name (None without one)."""

    tags: tuple[str, ...] = ()
    note: str | None = None
    name: str | None = None

    def with_tags(self, added: Iterable[str], removed: Iterable[str] = ()) -> "RunNotes":
        """Return the notes with tags put on and taken off."""
        return RunNotes(tuple(sorted({*self.tags, *added} - set(removed))), self.note, self.name)


_decode = msgspec.json.Decoder(RunNotes).decode
"""Made before there are threads: docs/developing.md says why."""


def read_notes(folder: Path) -> RunNotes:
    """Return what was said of the run in a folder; empty where nothing was.

    Raises
    ------
    StoreError
        If the file is not one that this program wrote.
    """
    try:
        return _decode((folder / NOTES).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return RunNotes()
    except OSError as error:
        raise StoreError.of("read", folder / NOTES, error) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(
            f"{folder / NOTES}: has no notes of a run ({error}); mend or delete it", path=folder / NOTES
        ) from None


def write_notes(folder: Path, notes: RunNotes) -> None:
    """Leave notes in a folder, whole or not at all; raises StoreError where they cannot be written."""
    target = folder / NOTES
    with store_errors(target):
        beside = folder / f".{NOTES}.{os.getpid()}.tmp"
        plain = msgspec.to_builtins(notes)
        if notes.name is None:
            del plain["name"]
        beside.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
        beside.replace(target)
