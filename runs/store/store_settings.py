"""Where the run store is and which folders it indexes: ``config/store.yaml``, and one environment variable."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field

from core.errors import ConfigurationError
from core.settings_section import Allowed, PathText, PlainText, SettingsSection

STORE_FILE = "config/store.yaml"
URL_VARIABLE = "HARNESS_STORE_URL"

StoreUrl = Annotated[PlainText, Allowed("sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME")]


class StoreSettings(SettingsSection):
    """Where the index of runs is kept, and what it is an index of."""

    url: StoreUrl = Field(
        "sqlite:///data/runs.sqlite", description="Database that indexes the runs; HARNESS_STORE_URL stands before it"
    )
    folders: Annotated[list[PathText], Field(min_length=1), Allowed("a list of folders")] = Field(
        default_factory=lambda: ["logs/backtests", "logs/live"],
        description="Folders below which runs and sessions are looked for; one that is not there holds none",
    )


def load_store_settings(path: str | Path = STORE_FILE) -> StoreSettings:
    """Return the settings of the store: those of the file where it exists, the variable's URL before the file's.

    Raises
    ------
    ConfigurationError
        If the file says something wrong.
    """
    settings = StoreSettings.from_file(path) if Path(path).exists() else StoreSettings()
    url = os.environ.get(URL_VARIABLE, "")  # noqa: TID251 - the loader of the store's settings
    if not url:
        return settings
    if url != url.strip() or not url.isprintable():
        raise ConfigurationError(f"{URL_VARIABLE}: must be printable text without spaces around it")
    return settings.model_copy(update={"url": url})
