"""Files of systems: one to start from (``new``), and one that is another with some settings changed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from core.errors import ConfigurationError
from core.settings_problem import shown
from market_data.store.atomic_files import make_folder, write_atomically
from systems.catalogue import read_system
from systems.places import Places
from systems.system_file import ID_WORDS, is_system_id

DEFAULT_BASE = "config/practice.yaml"
_HERE = Places()
_FILE = """\
# A system: a configuration under a name, with its windows and what it must prove. docs/systems.md explains each key.
id: {id}
description: Say in a line what it is for
base: {base} # a live.yaml, or the id of another system

# What it says otherwise than its base: keys of live.yaml; under risk those of risk.json, under trading_mode those of
# trading_mode.yaml.
overrides:
  execution:
    starting_balance: 10000

# The first window is the one that criteria speak of, unless they name another.
windows:
  train: 2024-01..2024-02
  out_of_sample: 2024-03
  recent: last 90d

tags: [mine]

promotion:
  backtest:
    - trades >= 100
    - sharpe > 1
    - ambiguous_share < 0.1
    - out_of_sample.profit_factor > 1.1
  demo:
    - parity == exact
"""


def new_system(system_id: str, base: str = DEFAULT_BASE, places: Places = _HERE) -> dict[str, str]:
    """Write the file of a system to start from, and return its ``id`` and ``file``; none is replaced.

    Raises
    ------
    ConfigurationError
        If the name is no id, a file is there, or its base is none.
    StoreError
        If the file cannot be written.
    """
    text = _FILE.format(id=system_id, base=base)
    written = _written(system_id, text, places)
    _require_sound(system_id, written, places)
    return {"id": system_id, "file": str(written)}


def new_version(
    system_id: str, version_id: str, changes: Mapping[str, Any], description: str, places: Places = _HERE
) -> dict[str, str]:
    """Write the file of a system that is another one but for some settings, and return its ``id`` and ``file``.

    The other one is its base and stays as it is; windows, criteria and what is searched are those of the base. A file
    that says just this is taken as it is, any other is not replaced.

    Parameters
    ----------
    system_id, version_id
        The system, and the id of the version.
    changes
        By dotted key of the settings.
    description
        In a line.

    Raises
    ------
    ConfigurationError
        If the name is no id, another file is there, or the settings refuse the changes.
    StoreError
        If the file cannot be written.
    """
    read_system(system_id, places.systems)
    values = {"id": version_id, "description": description, "base": system_id, "overrides": dict(changes)}
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=10_000)
    path = Path(places.systems) / f"{version_id}.yaml"
    if not (path.is_file() and path.read_text(encoding="utf-8") == text):
        _require_sound(version_id, _written(version_id, text, places), places)
    return {"id": version_id, "file": str(path)}


def _written(system_id: str, text: str, places: Places) -> Path:
    """Write the file of a system as a whole, where there is none."""
    if not is_system_id(system_id):
        raise ConfigurationError(f"{shown(system_id)} — allowed: {ID_WORDS}")
    path = Path(places.systems) / f"{system_id}.yaml"
    if path.exists() or path.is_symlink():
        raise ConfigurationError(f"{path}: there already, nothing was written; take another name")
    make_folder(path.parent)
    write_atomically(path, text.encode())
    return path


def _require_sound(system_id: str, path: Path, places: Places) -> None:
    """Take the file of a system away again that cannot be read as one."""
    try:
        read_system(system_id, places.systems)
    except ConfigurationError:
        path.unlink()
        raise
