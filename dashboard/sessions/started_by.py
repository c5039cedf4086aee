"""How a session was started from the dashboard, kept in its folder so that it can be resumed in the same way."""

from pathlib import Path

import msgspec

from core.errors import StoreError

START = "start.json"
_MOST_BYTES = 64_000


class StartedBy(msgspec.Struct, frozen=True, kw_only=True):
    """What a session trades: ``config`` (a file), ``system`` or ``portfolio`` (ids), of the folder ``systems``.

    A rehearsal has its time at the start (``practice_start``) and its ``speed``. ``duration`` is in exchange time.
    """

    config: str | None = None
    system: str | None = None
    portfolio: str | None = None
    systems: str = "config/systems"
    data_dir: str | None = None
    speed: float | None = None
    practice_start: str | None = None
    duration: str | None = None

    def arguments(self) -> list[str]:
        """Return the arguments of ``run_live.py`` that say what is traded, and how fast a rehearsal goes."""
        found = ["--systems", self.systems]
        for option, value in (
            ("--config", self.config),
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


def write_start(folder: Path, start: StartedBy) -> None:
    """Keep how a session is started; StoreError if it cannot be written."""
    try:
        (folder / START).write_bytes(msgspec.json.format(msgspec.json.encode(start)) + b"\n")
    except OSError as error:
        raise StoreError.of("write", folder / START, error) from error
