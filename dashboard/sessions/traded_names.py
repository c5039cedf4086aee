"""What sessions trade, by the names of the configured folders."""

import threading
import time
from pathlib import Path

from dashboard.dashboard_settings import DashboardSettings
from dashboard.sessions.session_facts import SessionFacts
from dashboard.sessions.session_starts import all_starts
from dashboard.sessions.started_by import StartedBy

FRESH_SECONDS = 60.0
"""How long what is not known is not looked for again: all files of the folders are read for it."""


class TradedNames:
    """Names what a session trades: as it was started, or, of one started elsewhere, by whatever has its settings.

    Parameters
    ----------
    settings
        Where systems, portfolios and configurations are.
    """

    def __init__(self, settings: DashboardSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._known: dict[tuple[str, bool], list[str]] = {}
        self._read_at: float | None = None

    def of(self, facts: SessionFacts) -> list[str]:
        """Return the names, such as ``system practice-scalping``; none where nothing here has its settings."""
        if facts.start is not None:
            return [name_of(facts.start)]
        if facts.traded.settings_sha256 is None:
            return []
        # A portfolio is fed by the settings of its first member, which alone are another session's.
        wanted = facts.traded.settings_sha256, bool(facts.members)
        with self._lock:
            old = self._read_at is None or time.monotonic() - self._read_at > FRESH_SECONDS
            if wanted not in self._known and old:
                self._read()
            return self._known.get(wanted, [])

    def _read(self) -> None:
        self._known = {}
        for start, settings_sha256 in all_starts(self._settings):
            key = settings_sha256, start.portfolio is not None
            self._known.setdefault(key, []).append(name_of(start))
        self._read_at = time.monotonic()


def name_of(start: StartedBy) -> str:
    """Return what is traded, in words."""
    if start.program is not None:
        return f"program {start.program}, version {start.version}"
    if start.config is not None:
        return f"configuration {Path(start.config).name}"
    return f"system {start.system}" if start.portfolio is None else f"portfolio {start.portfolio}"
