"""How a session was started from the dashboard, kept in its folder so that it can be resumed in the same way."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from core.errors import StoreError

START = "start.json"
OVERRIDES = "overrides.json"
"""What is laid over the configuration of a session: its program with its pools among it."""
_MOST_BYTES = 64_000


class StartedBy(msgspec.Struct, frozen=True, kw_only=True):
    """What a session trades: ``config`` (a file), ``system`` or ``portfolio`` (ids), of the folder ``systems``.

    Of a ``program`` of the run store, in a ``version``, the text stands with all else that is laid over ``config`` in a
    file beside. A rehearsal has its time at the start (``practice_start``) and its ``speed``. ``duration`` is in
    exchange time.
    """

    config: str | None = None
    system: str | None = None
    portfolio: str | None = None
    program: str | None = None
    version: int | None = None
    systems: str = "config/systems"
    data_dir: str | None = None
    speed: float | None = None
    practice_start: str | None = None
    duration: str | None = None

    def arguments(self, folder: Path) -> list[str]:
        """Return the arguments of ``run_live.py`` that say what a folder's session trades, and how fast it goes."""
        found = ["--systems", self.systems]
        for option, value in (
            ("--config", self.config),
            ("--overrides", None if self.program is None else str(folder / OVERRIDES)),
            ("--system", self.system),
            ("--portfolio", self.portfolio),
            ("--data-dir", self.data_dir),
            ("--speed", None if self.speed is None else f"{self.speed:g}"),
        ):
            if value is not None:
                # With an equals sign, so that no value is taken for an option.
                found.append(f"{option}={value}")
        return found


_decode = msgspec.json.Decoder(StartedBy).decode
"""Made before there are threads: docs/developing.md says why."""


def read_start(folder: Path) -> StartedBy | None:
    """Return how a session was started; None where it was started elsewhere."""
    try:
        with (folder / START).open("rb") as file:
            return _decode(file.read(_MOST_BYTES))
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def write_start(folder: Path, start: StartedBy, overrides: Mapping[str, Any] | None = None) -> None:
    """Keep how a session is started, and what is laid over its configuration; StoreError if it cannot be written."""
    for name, told in ((OVERRIDES, overrides), (START, start)):
        if told is None:
            continue
        try:
            (folder / name).write_bytes(msgspec.json.format(msgspec.json.encode(told)) + b"\n")
        except OSError as error:
            raise StoreError.of("write", folder / name, error) from error
