"""A system: what its file comes to when everything is resolved."""

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shown
from core.time_range import TimeRange
from core.timeframe import floor_to_grid, timeframe_ms
from engine.assembly import strategy_identity_of
from systems.life_cycle.criterion import Criterion
from validation.composed_settings import Settings


def system_uid(settings: Settings) -> str:
    """Return the hash of what a system resolves to: all settings that can change a result, and who decides.

    Windows, criteria, tags and descriptions are not in it: what was found out about a system stays true of it.
    """
    made_of = [settings.settings_sha256, strategy_identity_of(settings).sha256]
    return hashlib.sha256(json.dumps(made_of, separators=(",", ":")).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class System:
    """A system with its settings checked. ``bases`` leads from its own base to the configuration at the bottom.

    ``optimise`` is as it is written: what searches for parameters reads it.
    """

    id: str
    description: str
    file: Path
    bases: tuple[str, ...]
    overrides: Mapping[str, Any]
    settings: Settings
    windows: Mapping[str, str]
    tags: tuple[str, ...]
    promotion: Mapping[str, tuple[Criterion, ...]]
    optimise: Mapping[str, Any]

    @functools.cached_property
    def uid(self) -> str:
        """Hash of what it resolves to."""
        return system_uid(self.settings)

    def window(self, name: str, now_ms: int) -> TimeRange:
        """Return a window by its name as it is now: to the last boundary of the timeframe at most.

        Raises
        ------
        ConfigurationError
            If there is no such window, or it lies in the future.
        """
        if name not in self.windows:
            allowed = f"allowed: {', '.join(self.windows)}" if self.windows else f"{self.file} names none"
            raise ConfigurationError(
                f"{self.id} has no window {shown(name)}{did_you_mean(name, self.windows)} — {allowed}"
            )
        present_ms = floor_to_grid(now_ms, timeframe_ms(self.settings.live.timeframe))
        try:
            return TimeRange.from_window_string(self.windows[name], present_ms).known_by(present_ms)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.file}: windows.{name}: {error}") from None
