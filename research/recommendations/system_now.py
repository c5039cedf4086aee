"""A system as it stands: what claims about it start from, and what tells its runs from all others."""

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

    ``market`` is what it trades, ``values`` its settings by name, ``settings_sha256`` their hash.

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
        self.market = self._base.market
        self.values: Mapping[str, Any] = self._base.names.values
        self.settings_sha256 = self._base.settled({}, "the settings")[0]
        self._known: dict[str, tuple[str, str] | None] = {}

    @property
    def id(self) -> str:
        """Its id."""
        return self.system.id

    @property
    def strategy(self) -> str:
        """The name of its strategy."""
        return self.system.settings.live.strategy.type

    def mark(self, changes: Mapping[str, Any], window: TimeRange, hashes: BaseHashes) -> str | None:
        """Return the fingerprint that a trial of these changes has; None where the settings refuse them."""
        found = self._settled(changes)
        return None if found is None else fingerprint(*found, window.start_ms, window.end_ms, hashes.data, hashes.code)

    def settings_with(self, changes: Mapping[str, Any]) -> str | None:
        """Return the hash of its settings with changes; None where they are refused."""
        found = self._settled(changes)
        return None if found is None else found[0]

    def _settled(self, changes: Mapping[str, Any]) -> tuple[str, str] | None:
        key = str(sorted(changes.items()))
        if key not in self._known:
            try:
                self._known[key] = self._base.settled(changes, "the settings")
            except HarnessError:
                self._known[key] = None
        return self._known[key]
