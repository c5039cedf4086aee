"""The settings of the run store, as ``config/store.yaml`` has them."""

from typing import Annotated

from pydantic import Field

from core.settings_section import Allowed, PathText, PlainText, SettingsSection
from runs.store.store_place import FOLDERS, URL

StoreUrl = Annotated[PlainText, Allowed("sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME")]


class StoreSettings(SettingsSection):
    """Where the index of runs is kept, and what it is an index of."""

    url: StoreUrl = Field(URL, description="Database that indexes the runs; HARNESS_STORE_URL stands before it")
    folders: Annotated[list[PathText], Field(min_length=1), Allowed("a list of folders")] = Field(
        default_factory=lambda: list(FOLDERS),
        description="Folders below which runs and sessions are looked for; one that is not there holds none",
    )
