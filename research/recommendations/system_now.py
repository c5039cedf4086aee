"""A system as it stands: what claims about it start from, and what tells its runs from all others."""

import functools
from collections.abc import Mapping
from typing import Any

from core.errors import HarnessError
from core.time_range import TimeRange
from core.timeframe import DAY_MS
from research.spaces.space import fingerprint
from research.studies.study_base import StudyBase, base_of_system
from research.studies.study_plan import BaseHashes
from systems.places import Places
from systems.system import System

_ANY_DAY = TimeRange(0, DAY_MS)


class SystemNow:
    """A system as it stands.

    Parameters
    ----------
    system
        Read from its file.
    places
        Where its runs lie.
    """

    def __init__(self, system: System, places: Places) -> None:
        self.system = system
        self._base: StudyBase = base_of_system(system, _ANY_DAY, places, offline=True, show_progress=False)
        self.values: Mapping[str, Any] = self._base.names.values
        self.hashes = self._base.settled({}, "the settings")

    @property
    def id(self) -> str:
        """Its id."""
        return self.system.id

    @property
    def strategy(self) -> str:
        """The name of its strategy."""
        return self.system.settings.live.strategy.type

    @property
    def settings_sha256(self) -> str:
        """The hash of its settings."""
        return self.hashes[0]

    def mark(self, changes: Mapping[str, Any], window: TimeRange, hashes: BaseHashes) -> str | None:
        """Return the fingerprint that a trial of these changes has; None where the settings refuse them."""
        found = self._settled(tuple(sorted(changes.items())))
        return None if found is None else fingerprint(*found, window.start_ms, window.end_ms, hashes.data, hashes.code)

    def settings_with(self, changes: Mapping[str, Any]) -> str | None:
        """Return the hash of its settings with changes; None where they are refused."""
        try:
            return self._base.settled(changes, "the settings")[0]
        except HarnessError:
            return None

    @functools.lru_cache(maxsize=1024)  # noqa: B019 - lives as long as one command
    def _settled(self, changes: tuple[tuple[str, Any], ...]) -> tuple[str, str] | None:
        try:
            return self._base.settled(dict(changes), "the settings")
        except HarnessError:
            return None
