"""Commands that another process leaves for a running session: files in a folder of its own folder.

A command is one file, written beside and renamed, so that it is there whole or not at all. The session takes it away
once what it asks for is journalled: a session that dies before that finds it again when it is resumed.
"""

import contextlib
import logging
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from core.errors import ConfigurationError, StoreError
from engine.journal_records import CommandRecord
from live.views.session_log import key_values

COMMANDS = "commands"
_SUFFIX = ".json"
_MOST_BYTES = 4_096
_log = logging.getLogger("live.session")


def leave_command(session: Path, command: CommandRecord) -> Path:
    """Leave a command for the session in a folder; return its file, which goes when the command was obeyed.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    folder = session / COMMANDS
    target = folder / f"{time.time_ns():020d}-{secrets.token_hex(4)}{_SUFFIX}"  # noqa: TID251 - its place in a queue
    work = target.with_suffix(".tmp")
    try:
        folder.mkdir(exist_ok=True)
        work.write_bytes(msgspec.json.encode(command))
        work.replace(target)
    except OSError as error:
        raise StoreError.of("write", target, error) from error
    return target


_decode = msgspec.json.Decoder(CommandRecord).decode
"""Made before there are threads: docs/developing.md says why."""


class CommandInbox:
    """The commands that wait for a session.

    Parameters
    ----------
    session
        The session's folder.
    """

    def __init__(self, session: Path) -> None:
        self._folder = session / COMMANDS
        self._read: list[Path] = []

    def waiting(self) -> Iterator[CommandRecord]:
        """Yield what waits, oldest first. A file that holds no command is taken away and logged."""
        try:
            names = sorted(one for one in os.listdir(self._folder) if one.endswith(_SUFFIX))  # noqa: PTH208 - often
        except OSError:
            return
        for name in names:
            file = self._folder / name
            self._read.append(file)
            try:
                with file.open("rb") as opened:
                    yield _decode(opened.read(_MOST_BYTES))
            except (OSError, msgspec.MsgspecError, ConfigurationError) as error:
                _log.warning("%s", key_values(event="command_refused", file=name, detail=str(error)))

    def done(self) -> None:
        """Take away what was yielded: it is journalled."""
        for file in self._read:
            with contextlib.suppress(OSError):
                file.unlink()
        self._read.clear()
