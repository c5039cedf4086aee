"""Where systems are read from, and where runs of them read and write."""

from pathlib import Path

import msgspec

from core.errors import ConfigurationError

DEFAULT_FOLDER = "config/systems"


class Places(msgspec.Struct, frozen=True):
    """The folder of systems; ``logs`` and ``data_dir`` replace ``logging.directory`` and ``data.cache_dir``.

    Raises
    ------
    ConfigurationError
        If one of them is empty, which would be whatever folder the program stands in.
    """

    systems: str = DEFAULT_FOLDER
    logs: str | None = None
    data_dir: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("systems", self.systems), ("logs", self.logs), ("data-dir", self.data_dir)):
            if value is not None and not value.strip():
                raise ConfigurationError(f"{name} is empty — allowed: a folder, such as . for the one you are in")

    def absolute(self) -> "Places":
        """Return the same places, named so that they mean the same from any folder."""
        systems, logs, data_dir = (
            None if one is None else str(Path(one).absolute()) for one in (self.systems, self.logs, self.data_dir)
        )
        return Places(systems or self.systems, logs, data_dir)

    def logs_of(self, directory: str) -> Path:
        """Return the folder of logs, where the settings say ``directory``.

        Raises
        ------
        ConfigurationError
            If a file stands there, or above it.
        """
        folder = Path(directory if self.logs is None else self.logs)
        there = next((one for one in (folder, *folder.parents) if one.exists()), None)
        if there is not None and not there.is_dir():
            raise ConfigurationError(f"logs {folder}: {there} is a file — allowed: a folder, there or yet to be made")
        return folder
