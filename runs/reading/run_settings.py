"""The settings that a stored run was made with."""

from msgspec import UNSET

from core.errors import ConfigurationError
from engine.assembly import strategy_identity_of
from runs.folder.file_names import MANIFEST
from runs.reading.run_folder import StoredRun
from validation.composed_settings import Settings
from validation.resolved_settings import settings_from_resolved


def settings_of_run(run: StoredRun) -> Settings:
    """Return the settings of a run, whose strategy is the one that ran.

    Raises
    ------
    ConfigurationError
        If the manifest's settings cannot be read, or the strategy is another one now.
    """
    manifest, path = run.manifest, run.folder / MANIFEST
    folder = None if manifest.strategy_folder is UNSET else str((run.folder / manifest.strategy_folder).resolve())
    settings = settings_from_resolved(manifest.settings, str(path), folder)
    wrote = manifest.strategy_sha256
    if wrote is not UNSET and wrote != strategy_identity_of(settings).sha256:
        raise ConfigurationError(
            f"run {run.run_id}: the strategy {settings.live.strategy.type} is another one now (strategy_sha256 "
            f"{wrote}); bring its files back to what they were, or run it again"
        )
    return settings
