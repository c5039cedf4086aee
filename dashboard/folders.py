"""Names of files from requests, as files of the configured folders: nothing else is opened at a request's word."""

import re
from pathlib import Path

from core.errors import ConfigurationError
from core.plain_text import is_text
from core.settings_problem import did_you_mean, shown

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
CONFIGURATIONS = (".yaml", ".yml", ".json")
_NOT_CONFIGURATIONS = ("trading_mode.yaml", "risk.json", "store.yaml", "alerts.yaml")


def configurations(folder: str) -> list[str]:
    """Return the names of the configurations in a folder, in order."""
    try:
        found = sorted(one.name for one in Path(folder).iterdir() if one.is_file())
    except OSError:
        return []
    return [one for one in found if one.endswith(CONFIGURATIONS) and one not in _NOT_CONFIGURATIONS and is_text(one)]


def configuration(folder: str, name: str) -> str:
    """Return the file of a configuration by its name.

    Raises
    ------
    ConfigurationError
        If there is none of that name in the folder.
    """
    known = configurations(folder)
    if name not in known:
        hint, allowed = did_you_mean(name, known), ", ".join(known) or "none"
        raise ConfigurationError(f"config: {shown(name)} is no configuration{hint} — allowed: {allowed}")
    return str(Path(folder, name))


def plain_name(kind: str, name: str) -> str:
    """Return a name that can be that of a file in a folder, and of none elsewhere; ConfigurationError for any other."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"{kind}: {shown(name)} — allowed: letters, digits, dots, - and _, at most 100")
    return name
