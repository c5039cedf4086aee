"""``new``: the file of a system to start from."""

from pathlib import Path

from core.errors import ConfigurationError, StoreError
from core.settings_problem import shown
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
    if not is_system_id(system_id):
        raise ConfigurationError(f"{shown(system_id)} — allowed: {ID_WORDS}")
    path = Path(places.systems) / f"{system_id}.yaml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(_FILE.format(id=system_id, base=base))
    except FileExistsError:
        raise ConfigurationError(f"{path}: there already, nothing was written; take another name") from None
    except OSError as error:
        raise StoreError.of("write", path, error) from error
    try:
        read_system(system_id, places.systems)
    except ConfigurationError:
        path.unlink()
        raise
    return {"id": system_id, "file": str(path)}
