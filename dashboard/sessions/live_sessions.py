"""The sessions of a folder: listed, started, and asked for what an operator may ask of them."""

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from core.errors import ConfigurationError, StoreError
from core.plain_text import is_text
from core.settings_problem import did_you_mean, shown
from dashboard.dashboard_settings import DashboardSettings
from dashboard.folders import plain_name
from dashboard.problems import NotFound, Refused
from dashboard.sessions.session_facts import SessionFacts, facts_of
from dashboard.sessions.session_processes import SessionProcesses
from dashboard.sessions.session_starts import checked_stem, found_start, started_by
from dashboard.sessions.started_by import OVERRIDES, START, StartedBy, write_start
from dashboard.sessions.traded_names import TradedNames
from engine.journal_records import Command, CommandRecord
from live.life.command_inbox import leave_command
from market_data.exchanges.exchange_names import PRACTICE
from research.jobs.parity_job import ParityRequest, submit_parity
from runs.store.run_store import RunStore
from runs.store.store_rows import Job

BY = "dashboard"
"""Who speaks for an operator, in a session's journal."""
MOST_RUNNING = 16
"""Sessions that run at once; each is a process of some 200 MB."""
_OBEYED_SECONDS = 10.0
_LOOK_SECONDS = 0.05


class LiveSessions:
    """What can be done with the sessions of a folder. Nothing of them is kept here: their folders say everything.

    Parameters
    ----------
    settings
        Where they are, and what may be started.
    store
        Has the queue of jobs.
    processes
        Starts and ends their processes.

    Attributes
    ----------
    names
        What each trades, by the names of the configured folders.
    """

    def __init__(self, settings: DashboardSettings, store: RunStore, processes: SessionProcesses) -> None:
        self.root = Path(settings.sessions).absolute()
        self.names = TradedNames(settings)
        self._settings, self._store, self._processes = settings, store, processes

    def folders(self) -> list[Path]:
        """Return the folders in which sessions may be, by name."""
        try:
            return sorted(one for one in self.root.iterdir() if _is_folder(one))
        except OSError:
            return []

    def all(self) -> list[SessionFacts]:
        """Return all sessions, by name."""
        found = (facts_of(one, self._processes.launched_at(one)) for one in self.folders())
        return [one for one in found if one is not None]

    def of(self, name: str) -> SessionFacts:
        """Return a session by its name; NotFound where there is none."""
        folder = self.root / name
        whole = folder.parent == self.root and _is_folder(folder)
        facts = facts_of(folder, self._processes.launched_at(folder)) if whole else None
        if facts is None:
            raise NotFound(f"session {shown(name)}: there is none of that name")
        return facts

    def start(
        self, asked: StartedBy, name: str | None, overrides: Mapping[str, Any] | None = None, *, rehearsed: bool
    ) -> SessionFacts:
        """Start a session in a process of its own; ``overrides`` are laid over its configuration.

        Raises
        ------
        ConfigurationError
            If what is to be traded, or its name, is wrong.
        Refused
            If there is a session of that name, or too many run.
        """
        start = started_by(asked, self._settings)
        running = sum(one.runs for one in self.all())
        if running >= MOST_RUNNING:
            raise Refused(f"{running} sessions run — allowed: {MOST_RUNNING} at once; stop one first")
        stem = checked_stem(start, self._settings, overrides, rehearsed=rehearsed)
        folder = self._new_folder(stem if name is None else plain_name("name", name), numbered=name is None)
        try:
            write_start(folder, start, overrides)
            arguments = [*start.arguments(folder), f"--out={self.root}", f"--name={folder.name}"]
            if start.practice_start is not None:
                arguments.append(f"--practice-start={start.practice_start}")
            self._launch(folder, arguments, start.duration)
        except BaseException:
            # A folder in which nothing was begun is no session.
            with contextlib.suppress(OSError):
                for written in (START, OVERRIDES):
                    (folder / written).unlink(missing_ok=True)
                folder.rmdir()
            raise
        return self.of(folder.name)

    def resume(self, name: str, speed: float | None, duration: str | None) -> SessionFacts:
        """Go on with a session whose process is gone; Refused for any other."""
        facts = self.of(name)
        if facts.state not in ("dead", "stopped"):
            raise Refused(f"session {name}: is {facts.state} — allowed: one that is dead, or stopped and kept open")
        start = facts.start or found_start(facts, self._settings)
        if speed is not None:
            if facts.traded.exchange != PRACTICE:
                raise ConfigurationError(f"speed: is of the practice exchange, and this is on {facts.traded.exchange}")
            start = msgspec.structs.replace(start, speed=speed)
        if facts.start is None:
            write_start(facts.folder, start)
        self._launch(facts.folder, [*start.arguments(facts.folder), f"--resume={facts.folder}"], duration)
        return self.of(name)

    def stop(self, name: str, confirm: str | None) -> SessionFacts:
        """Ask a session to end as it is configured to: by SIGTERM."""
        facts = self.of(name)
        if facts.traded.closes_on_stop and facts.state == "running":
            _require_word(facts, confirm, "its positions are closed at the last marks (session.on_shutdown)")
        self._processes.end(facts)
        return facts

    def kill_switch(self, name: str, confirm: str | None, *, engaged: bool) -> SessionFacts:
        """Engage or release the kill switch."""
        facts = self.of(name)
        if engaged and facts.traded.closes_on_kill:
            _require_word(facts, confirm, "every position is closed at its last mark (on_kill)")
        return self._asked(facts, "kill" if engaged else "release")

    def hold(self, name: str, *, paused: bool) -> SessionFacts:
        """Hold new entries, or let them through again."""
        return self._asked(self.of(name), "pause" if paused else "resume")

    def close(self, name: str, symbol: str, confirm: str | None) -> SessionFacts:
        """Close a symbol's position at its next open."""
        facts = self.of(name)
        _require_word(facts, confirm, f"the position in {symbol} is closed at its next open")
        return self._asked(facts, "close", symbol)

    def cancel(self, name: str, symbol: str) -> SessionFacts:
        """Cancel a symbol's waiting entry."""
        return self._asked(self.of(name), "cancel", symbol)

    def parity(self, name: str) -> Job:
        """Let a worker check a session against its journal and history."""
        facts = self.of(name)
        if facts.traded.settings_sha256 is None:
            raise Refused(f"session {name}: has not begun, and there is nothing to check")
        offline = facts.traded.exchange == PRACTICE
        return submit_parity(
            self._store, ParityRequest(folder=str(facts.folder), offline=offline, places=self._settings.places)
        )

    def _new_folder(self, name: str, *, numbered: bool) -> Path:
        """Make a session's folder, which nobody else can then make."""
        number = 1
        while True:
            folder = self.root / (name if number == 1 else f"{name}_{number}")
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                folder.mkdir()
            except FileExistsError:
                if not numbered:
                    raise Refused(f"session {name}: there is one of that name — allowed: another name") from None
                number += 1
            except OSError as error:
                raise StoreError.of("make", folder, error) from error
            else:
                return folder

    def _launch(self, folder: Path, arguments: list[str], duration: str | None) -> None:
        self._processes.launch(folder, arguments if duration is None else [*arguments, f"--for={duration}"])

    def _asked(self, facts: SessionFacts, command: Command, symbol: str | None = None) -> SessionFacts:
        """Leave a command for a session and wait until it is obeyed; what is not obeyed in time is taken back."""
        if facts.state != "running":
            raise Refused(f"session {facts.id}: is {facts.state} — allowed: one that runs")
        known = facts.traded.symbols
        if symbol is not None and symbol not in known:
            allowed = ", ".join(known)
            raise ConfigurationError(f"symbol: {shown(symbol)}{did_you_mean(symbol, known)} — allowed: {allowed}")
        file = leave_command(facts.folder, CommandRecord(command, BY, symbol))
        deadline = time.monotonic() + _OBEYED_SECONDS
        while file.exists():
            if time.monotonic() > deadline:
                try:
                    file.unlink()
                except FileNotFoundError:
                    break
                raise Refused(
                    f"session {facts.id}: has not taken {command} within {_OBEYED_SECONDS:g} s, and it is taken back — "
                    "its process hangs, has ended, or is of a version that takes no commands of other processes"
                )
            time.sleep(_LOOK_SECONDS)
        return self.of(facts.id)


def _is_folder(path: Path) -> bool:
    """Return whether a path is a folder of its own, by a name that can be told."""
    try:
        return is_text(path.name) and path.name != ".." and path.is_dir() and not path.is_symlink()
    except OSError:  # No name of a folder is so long.
        return False


def _require_word(facts: SessionFacts, confirm: str | None, what: str) -> None:
    """Let nothing close positions that was asked for once: the session is named a second time."""
    if confirm != facts.id:
        raise Refused(f'session {facts.id}: {what} — to confirm, give confirm: "{facts.id}"')
