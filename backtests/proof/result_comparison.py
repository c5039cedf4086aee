"""A session's ``result.json`` against the result that its journal gives."""

import json
from pathlib import Path

from core.errors import StoreError
from runs.folder.file_names import RESULT
from runs.identity.code_version import code_version

_PLACES = ("log_file", "output_dir")


def result_difference(folder: Path, replayed: str | None, *, resumed: bool) -> str | None:
    """Return what of a session's ``result.json`` is not as its journal says; None if nothing is, or there is none.

    Parameters
    ----------
    folder
        The session's folder.
    replayed
        The result of the replayed journal as JSON; None for a session without an end.
    resumed
        Whether the session went on after an end, which leaves the result of that end behind.

    Raises
    ------
    StoreError
        If the file cannot be read.
    """
    path = folder / RESULT
    try:
        told = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError.of("read", path, error) from error
    except ValueError as error:
        return f"{RESULT}: is no JSON: {error}"
    if replayed is None:
        return None if resumed else f"{RESULT} is there, and the journal has no end: its last records are missing"
    if isinstance(told, dict) and told.get("code_version", "") != code_version():
        return None
    return _difference(told, json.loads(replayed), "")


def _difference(told: object, replayed: object, place: str) -> str | None:
    if isinstance(told, dict) and isinstance(replayed, dict):
        for key in sorted(told.keys() | replayed.keys()):
            if place or key not in _PLACES:
                found = _difference(told.get(key), replayed.get(key), f"{place}.{key}" if place else key)
                if found is not None:
                    return found
        return None
    if told == replayed:
        return None
    return f"{RESULT}: {place} is {json.dumps(told)}, the journal gives {json.dumps(replayed)}"
