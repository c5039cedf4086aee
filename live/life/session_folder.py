"""A session's folder: manifest, journal, derived outputs and the lock that keeps it to one process."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import filelock
import msgspec
import numpy as np
import numpy.typing as npt

from core.errors import ConfigurationError, HarnessError, StoreError
from engine.journal import JournalLine, JournalWriter, hold_journal, read_journal
from engine.journal_records import SessionRecord
from engine.portfolio.portfolio_outputs import PortfolioOutputs
from engine.portfolio.traded import members_of
from engine.renderer import SessionOutputs
from engine.strategy_check import strategy_change
from runs.documents.manifest import Manifest, Symbol, Window, read_manifest
from runs.folder.curve_columns import curve_columns
from runs.folder.file_names import DERIVED, JOURNAL, MANIFEST, REBALANCES
from runs.folder.write_errors import store_errors
from strategies.strategy_registry import PROGRAM
from validation.composed_settings import Settings
from validation.resolved_settings import settings_from_resolved
from validation.settings_difference import settings_differences

_LOOKED_AT_SECONDS = 0.2
_MOST_DIFFERENCES = 8


class SessionFolder:
    """The folder of one session, locked for this process until :meth:`close`.

    Parameters
    ----------
    path
        The folder; created when missing.

    Raises
    ------
    ConfigurationError
        If another process holds the session.
    StoreError
        If the folder cannot be used.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with store_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = filelock.FileLock(self.path / ".lock")
            try:
                # Who looks whether a session runs has the lock for a moment, which is no session's.
                self._lock.acquire(timeout=_LOOKED_AT_SECONDS, poll_interval=_LOOKED_AT_SECONDS / 10)
            except filelock.Timeout:
                raise ConfigurationError(
                    f"{self.path}: another process runs this session; stop it first, or start another session"
                ) from None
        self._journal: int | None = None
        if self.journal.is_file():
            try:
                with store_errors(self.journal):
                    self._journal = hold_journal(self.journal)
            except HarnessError:
                self._lock.release()
                raise
        self._open: list[tuple[Path, BinaryIO]] = []
        self._derived: list[Path] = [self.path / name for name in DERIVED]

    @property
    def journal(self) -> Path:
        """The journal file."""
        return self.path / JOURNAL

    def lines(self) -> Iterator[JournalLine]:
        """Yield the journal's records in order; errors as in ``read_journal``."""
        return read_journal(self.journal)

    def writer(self, keep_bytes: int = 0) -> JournalWriter:
        """Return a writer that appends after the first ``keep_bytes`` of the journal."""
        held, self._journal = self._journal, None
        return JournalWriter(self.journal, keep_bytes, held)

    def outputs(self) -> SessionOutputs:
        """Return outputs that write the derived files anew, into temporary files until :meth:`publish_outputs`."""
        return SessionOutputs(*(self._sink(self.path / name) for name in DERIVED))

    def outputs_of(self, settings: Settings) -> SessionOutputs | PortfolioOutputs:
        """Return the outputs of what the settings trade; each member of a portfolio has a folder of its own."""
        members = members_of(settings)
        if not members:
            return self.outputs()
        self._derived = [self.path / REBALANCES, *(self.path / one / name for one in members for name in DERIVED)]
        with store_errors(self.path):
            for one in members:
                (self.path / one).mkdir(exist_ok=True)
        return PortfolioOutputs(
            {one: SessionOutputs(*(self._sink(self.path / one / name) for name in DERIVED)) for one in members},
            self._sink(self.path / REBALANCES),
        )

    def publish_outputs(self) -> None:
        """Give the derived files their names; they stay open and go on growing."""
        with store_errors(self.path):
            for target in self._derived:
                _work_of(target).replace(target)

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        for target, file in self._open:
            with store_errors(target):
                file.flush()

    def write_manifest(self, manifest: Manifest[Symbol], member: str = "") -> None:
        """Write the manifest of the session, or of a member of its portfolio."""
        self.write_text(str(Path(member) / MANIFEST), manifest.text())

    def note_window(self, start_ms: int | None, end_ms: int | None, member: str = "") -> None:
        """Add the session's window, from its first candle's open to its last step, to the manifest."""
        path = self.path / member / MANIFEST
        try:
            manifest = read_manifest(path)
        except ConfigurationError as error:
            raise StoreError(str(error), path=path) from error
        begun_ns = path.stat().st_mtime_ns
        self.write_manifest(msgspec.structs.replace(manifest, window=Window(start_ms, end_ms)), member)
        # The manifest's time of change goes on saying when the session began.
        os.utime(path, ns=(begun_ns, begun_ns))

    def canonical_symbols(self) -> dict[str, str]:
        """Return configured spelling -> unified symbol as the manifest says; empty when it cannot be read."""
        try:
            symbols = read_manifest(self.path / MANIFEST).symbols
        except HarnessError:
            return {}
        return {spelling: one.canonical for spelling, one in symbols.items()}

    def write_curve(self, step_times_ms: npt.ArrayLike, curve: npt.ArrayLike, member: str = "") -> None:
        """Write equity at every step and the times of the steps, of all or of a member, beside and renamed."""
        for name, column in curve_columns(step_times_ms, curve).items():
            target = self.path / member / name
            with store_errors(target):
                work = _work_of(target)
                with work.open("wb") as file:
                    np.save(file, column)
                work.replace(target)

    def write_text(self, name: str, text: str) -> None:
        """Write a whole file, beside and renamed."""
        with store_errors(self.path / name):
            work = _work_of(self.path / name)
            work.write_text(text + "\n", encoding="utf-8")
            work.replace(self.path / name)

    def check_settings(self, record: SessionRecord, settings: Settings) -> None:
        """Refuse to go on with a session under another strategy or other settings; the keys that differ are named."""
        before = self._settings_before(record)
        if before is not None and _is_another(before, settings):
            raise ConfigurationError(
                f"{self.path}: the session trades {_strategy_of(before)}, and {settings.files.live} "
                f"{_strategy_of(settings)}; resume it with its own configuration (--config FILE)"
            )
        changed = strategy_change(record, settings)
        if changed is not None and record.strategy_files:
            raise ConfigurationError(
                f"{self.path}: {changed}; {_differences(before, settings)}"
                "resume it with its own configuration (--config FILE), put the strategy back as it was, or start "
                "another session"
            )
        if record.settings_sha256 != settings.settings_sha256:
            raise ConfigurationError(
                f"{self.path}: the session ran with other settings than the configuration has: "
                f"{_differences(before, settings)}settings_sha256 was {record.settings_sha256}, is "
                f"{settings.settings_sha256}; resume it with its own configuration (--config FILE), or start another "
                "session"
            )

    def _settings_before(self, record: SessionRecord) -> Settings | None:
        """Return the settings of the session; None where the manifest is not the journal's."""
        try:
            resolved = read_manifest(self.path / MANIFEST).settings
            before = settings_from_resolved(resolved, str(self.path / MANIFEST))
        except HarnessError:
            return None
        return before if before.settings_sha256 == record.settings_sha256 else None

    def close(self) -> None:
        """Close the files, remove those that were not published, and give the session free."""
        for _, file in self._open:
            with contextlib.suppress(OSError):
                file.close()
        for target in self._derived:
            with contextlib.suppress(OSError):
                _work_of(target).unlink()
        if self._journal is not None:
            os.close(self._journal)
            self._journal = None
        self._lock.release()

    def _sink(self, target: Path) -> Callable[[bytes | memoryview], object]:
        with store_errors(target):
            file = _work_of(target).open("wb")
        self._open.append((target, file))

        def write(data: bytes | memoryview) -> None:
            with store_errors(target):
                file.write(data)

        return write


def _is_another(before: Settings, now: Settings) -> bool:
    """Whether a session and a configuration each trade one strategy, and not the same."""
    portfolio = any(members_of(one) for one in (before, now))
    return not portfolio and before.live.strategy.type != now.live.strategy.type


def _strategy_of(settings: Settings) -> str:
    strategy = settings.live.strategy
    return f"program {strategy.params.get('name')}" if strategy.type == PROGRAM else strategy.type


def _differences(before: Settings | None, now: Settings) -> str:
    """Return the settings that differ, each ended by a semicolon, of many the first; empty where nobody knows."""
    found = [] if before is None else settings_differences(before, now)
    more = len(found) - _MOST_DIFFERENCES
    return "".join(f"{one}; " for one in [*found[:_MOST_DIFFERENCES], *([f"and {more} more"] if more > 0 else [])])


def _work_of(target: Path) -> Path:
    """Return where a file is written before it gets its name."""
    return target.with_name(f".{target.name}.tmp")
