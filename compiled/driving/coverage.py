"""Which settings and trading rules the compiled rules cover; everything else is run by the reference kernel."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from core.instrument import Instrument
from core.settings_section import SettingsSection
from validation.composed_settings import Settings

REFERENCE_ONLY: Mapping[str, str] = {
    "execution.max_entries": "positions of several entries",
    "execution.volume_cap": "a volume cap",
    "execution.commission.tiers": "commission by volume",
    "execution.limit_fill": "limit fills by chance",
}
"""Settings that the compiled rules know in one of their values only, and what the others are called."""

_COVERED = {
    "execution.limit_fill": ("through", "touch"),
}
"""The values that they know where these are more than the default."""


def settings_reasons(settings: Settings) -> Iterator[str]:
    """Yield what of the settings only the reference kernel has."""
    for key, words in REFERENCE_ONLY.items():
        section: SettingsSection = settings.live
        *path, name = key.split(".")
        for part in path:
            section = getattr(section, part)
        value, usual = getattr(section, name), type(section).model_fields[name].get_default(call_default_factory=True)
        if value not in _COVERED.get(key, (usual,)) and not (not value and not usual):
            yield words


def rules_reasons(instruments: Iterable[tuple[Instrument, bool]]) -> Iterator[str]:
    """Yield what of the trading rules only the reference kernel has; each with whether later ones follow."""
    for rules, changes in instruments:
        if changes:
            yield f"trading rules of {rules.symbol} that change"
        if not rules.tick_size or not rules.lot_size:
            yield f"{rules.symbol} has no tick or no lot"


def is_compiled() -> bool:
    """Whether an earlier process has left the rules compiled; else the next run compiles them, which takes a minute."""
    return any((Path(__file__).parents[1] / "__pycache__").glob("session.run_steps*.nbc"))
