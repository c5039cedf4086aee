"""What a session's folder says of it: whether it runs, what it trades, how it stands."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from core.errors import HarnessError
from dashboard.sessions.heartbeat_file import NO_HEARTBEAT, Heartbeat, read_heartbeat
from dashboard.sessions.session_files import members_of, tail_lines, tail_records
from dashboard.sessions.started_by import START, StartedBy, read_start
from engine.journal_records import EndRecord
from live.heartbeat import MAX_AGE_SECONDS
from runs.documents.manifest import read_manifest
from runs.folder.file_names import JOURNAL, MANIFEST
from runs.folder.session_lock import is_held

State = Literal["starting", "running", "ended", "stopped", "dead", "failed"]
"""``ended`` has closed its positions and is over; ``stopped`` was asked to end and keeps them, ``dead`` was not asked:
both can be resumed. ``failed`` never began."""

CONSOLE = Path("logs", "console.log")
"""What a session that was started here prints."""
_ERRORS_SHOWN = 5


class Traded(msgspec.Struct, frozen=True, kw_only=True):
    """What a session trades, and what an operator's word does to its positions, as its manifest says."""

    exchange: str | None = None
    timeframe: str | None = None
    symbols: tuple[str, ...] = ()
    strategy: str | None = None
    mode: str | None = None
    settings_sha256: str | None = None
    begun_ms: int | None = None
    closes_on_stop: bool = True
    closes_on_kill: bool = True


class SessionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its folder has it now; ``age_seconds`` is that of the heartbeat, in monotonic time."""

    id: str
    folder: Path
    state: State
    traded: Traded
    members: tuple[str, ...] = ()
    heartbeat: Heartbeat = NO_HEARTBEAT
    age_seconds: float | None = None
    start: StartedBy | None = None
    failure: str | None = None

    @property
    def runs(self) -> bool:
        """Whether a process has it."""
        return self.state in ("starting", "running")

    @property
    def is_healthy(self) -> bool:
        """Whether its process gives signs of life."""
        return self.state == "running" and self.age_seconds is not None and self.age_seconds <= MAX_AGE_SECONDS

    @property
    def pid(self) -> int | None:
        """The process that has it, where it runs."""
        return self.heartbeat.pid if self.state == "running" else None


def facts_of(folder: Path, launched_at: float | None = None) -> SessionFacts | None:
    """Return what a folder says of its session; None where there is none in it.

    Parameters
    ----------
    folder
        The folder.
    launched_at
        When this process has started one for it that still lives, in monotonic seconds.
    """
    started, begun = (folder / START).is_file(), (folder / JOURNAL).is_file()
    if not started and not begun:
        return None
    heartbeat = read_heartbeat(folder)
    state = _state(folder, heartbeat, launched_at, begun=begun)
    age = None if heartbeat is NO_HEARTBEAT else time.monotonic() - heartbeat.monotonic_seconds
    return SessionFacts(
        id=folder.name,
        folder=folder,
        state=state,
        traded=_traded(folder),
        members=tuple(members_of(folder)),
        heartbeat=heartbeat,
        # One from before the machine's last start seems to come from the future, and says nothing.
        age_seconds=age if age is not None and age >= 0 else None,
        start=read_start(folder),
        failure=None if state in ("starting", "running") else _failure(folder, begun=begun),
    )


def has_lock(pid: int, folder: Path) -> bool:
    """Whether a process has a session's lock open; a number that another process got since has not."""
    lock, files = os.path.realpath(folder / ".lock"), Path("/proc", str(pid), "fd")
    try:
        for one in files.iterdir():
            try:
                if os.path.realpath(one) == lock:
                    return True
            except OSError:
                continue
    except FileNotFoundError:
        return not Path("/proc/self/fd").is_dir() and _lives(pid)
    except OSError:
        return False
    return False


def _lives(pid: int) -> bool:
    """Whether there is such a process: all that a system without /proc says."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _state(folder: Path, heartbeat: Heartbeat, launched_at: float | None, *, begun: bool) -> State:
    if is_held(folder):
        beats = begun and heartbeat is not NO_HEARTBEAT and has_lock(heartbeat.pid, folder)
        return "running" if beats else "starting"
    if launched_at is not None and heartbeat.monotonic_seconds < launched_at:
        return "starting"
    if not begun:
        return "failed"
    last = tail_records(folder, 1)
    if last and isinstance(last[0], EndRecord):
        return "ended" if last[0].mode == "flatten" else "stopped"
    return "dead"


_kept: dict[Path, tuple[int, Traded]] = {}


def _traded(folder: Path) -> Traded:
    """Return what the manifest says, read again when it has changed."""
    path = folder / MANIFEST
    try:
        status = path.stat()
    except OSError:
        return Traded()
    kept = _kept.get(folder)
    if kept is not None and kept[0] == status.st_ctime_ns:
        return kept[1]
    try:
        found = _of_manifest(path, status.st_mtime_ns // 1_000_000)
    except (HarnessError, msgspec.ValidationError):
        return Traded()  # Damaged, or written by hand: whatever may close positions is then to be confirmed.
    _kept[folder] = status.st_ctime_ns, found
    return found


def _of_manifest(path: Path, begun_ms: int) -> Traded:
    manifest = read_manifest(path)
    live, mode = _section(manifest.settings, "live"), _section(manifest.settings, "trading_mode")
    strategy = manifest.strategy
    told = {
        "exchange": live.get("exchange"),
        "timeframe": live.get("timeframe"),
        "symbols": live.get("symbols", list(manifest.symbols)),
        "strategy": None if strategy is msgspec.UNSET else strategy.name,
        "mode": mode.get("mode"),
        "settings_sha256": manifest.settings_sha256,
        "begun_ms": begun_ms,
        "closes_on_stop": _section(live, "session").get("on_shutdown") != "keep",
        "closes_on_kill": mode.get("on_kill") != "hold",
    }
    return msgspec.convert(told, Traded)


_known = msgspec.json.Decoder(Traded)
"""Made before there are threads: docs/developing.md says why."""


def _section(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, Mapping) else {}


def _failure(folder: Path, *, begun: bool) -> str | None:
    """Return what the last process of the session, where it was started here, has called an error."""
    lines = [one.decode(errors="replace") for one in tail_lines(folder / CONSOLE, 16_000)]
    told = [one.removeprefix("error: ") for one in lines if one.startswith("error: ")]
    if not told and not begun:
        return f"its process ended before the session began; {CONSOLE} has what it printed"
    return "\n".join(told[-_ERRORS_SHOWN:]) or None
