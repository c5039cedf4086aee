"""Where the path to the file of a run's strategy begins, as seen from the run's folder."""

import os
from pathlib import Path

from msgspec import UNSET, UnsetType

from strategies.strategy_file import is_file_name
from validation.composed_settings import Settings


def strategy_folder(run_folder: Path, settings: Settings) -> str | UnsetType:
    """Return the way from a run to where the path to its strategy's file begins, if it has one."""
    if not is_file_name(settings.live.strategy.type):
        return UNSET
    return Path(os.path.relpath(Path(settings.files.live).parent.resolve(), run_folder.resolve())).as_posix()
