"""Versions of installed libraries, found without the library that reads all of their metadata."""

import functools
import re
import sys
from pathlib import Path

_FOLDER = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)\.dist-info")


def installed_version(name: str) -> str:
    """Return the version of a distribution.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        If it is not installed.
    """
    found = _versions().get(_same(name))
    if found is not None:
        return found
    # Loaded for what is installed in another way: it takes longer than all the rest of a manifest.
    from importlib.metadata import version

    return version(name)


@functools.cache
def _versions() -> dict[str, str]:
    """Return the versions by name; of several the first on the path counts, as it does where they are imported."""
    found: dict[str, str] = {}
    for place in sys.path:
        for path in sorted(Path(place or ".").glob("*.dist-info")):
            match = _FOLDER.fullmatch(path.name)
            if match is not None:
                found.setdefault(_same(match["name"]), match["version"])
    return found


def _same(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
