"""Whether a session's manifest, its journal and this program agree on strategy and settings."""

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import UNSET

from core.errors import ParityError
from engine.strategy_check import strategy_change
from runs.documents.manifest import Manifest, SymbolAtStart
from validation.resolved_settings import settings_from_resolved

if TYPE_CHECKING:
    from engine.journal_records import SessionRecord
    from validation.composed_settings import Settings


def agreed_settings(path: Path, manifest: Manifest[SymbolAtStart], record: "SessionRecord") -> "Settings":
    """Return the settings of a manifest; the strategy is compared first, and its changed file named.

    Raises
    ------
    ConfigurationError
        If the manifest's settings cannot be read.
    ParityError
        If the hashes of either are not one.
    """
    folder = None if manifest.strategy_folder is UNSET else str((path.parent / manifest.strategy_folder).resolve())
    settings = settings_from_resolved(manifest.settings, str(path), folder)
    if (manifest.strategy_sha256 or "") != record.strategy_sha256:
        raise ParityError("strategy: manifest and journal name another strategy_sha256: they are not of one session")
    changed = strategy_change(record, settings)
    if changed is not None:
        raise ParityError(changed)
    written, journalled = manifest.settings_sha256, record.settings_sha256
    if written != journalled:
        raise ParityError(
            f"settings: the manifest names {written}, the journal {journalled}: they are not of one session"
        )
    if settings.settings_sha256 != journalled:
        raise ParityError(
            f"settings: the manifest holds settings with the hash {settings.settings_sha256}, the journal names "
            f"{journalled}: the manifest was changed, or this program reads it differently"
        )
    return settings
