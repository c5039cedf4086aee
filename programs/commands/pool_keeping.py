"""Pools listed, shown, and kept: in files and in the run store."""

import argparse
from pathlib import Path
from typing import Any

import yaml

from core.command_line import say, say_text, warn
from core.errors import ConfigurationError, StoreError
from core.instants import format_ms
from market_data.store.atomic_files import make_folder, write_atomically
from programs.commands.pool_verbs import folders_of
from programs.pool_store import delete_pool, pool_versions, save_pool, stored_pool, stored_pools
from runs.commands.opened_store import print_json
from runs.commands.text_blocks import Grid, show
from runs.store.run_store import open_store
from strategies.programs.triggers.pool_files import FOLDER, pool_ids, pools_of, read_pool
from strategies.programs.triggers.pool_settings import require_id
from strategies.programs.triggers.signal_pool import SignalPool, in_words


def list_pools(asked: argparse.Namespace) -> int:
    """Show the pools of all files and of the store."""
    rows: list[dict[str, Any]] = []
    for path in pool_ids(folders_of(asked)).values():
        try:
            rows.append(_row(read_pool(path)) | {"where": path.as_posix()})
        except ConfigurationError as error:
            warn(error)
    try:
        rows += _stored_rows()
    except StoreError as error:
        warn(f"{error}; the pools of the run store are left out")
    if asked.json:
        print_json(rows)
    elif rows:
        show(Grid(("id", "name", "wakes when", "where"), [[str(one[name]) for name in
             ("id", "name", "wakes_when", "where")] for one in rows], 4))  # fmt: skip
    else:
        say("no pool yet; docs/programs_pools.md says how one is written")
    return 0


def _stored_rows() -> list[dict[str, Any]]:
    with open_store() as store:
        last = {row.pool: row for row in pool_versions(store)}
        return [
            _row(pool) | {"where": f"run store, version {row.version} of {format_ms(row.saved_ms)}"}
            for pool in stored_pools(store)
            if (row := last[pool.id])
        ]


def show_pool(asked: argparse.Namespace) -> int:
    """Show one pool as its file has it."""
    say_text(pool_text(chosen_pool(asked)))
    return 0


def save(asked: argparse.Namespace) -> int:
    """Keep the pool of a file in the store."""
    (pool,) = pools_of([asked.pool], folders_of(asked))
    with open_store() as store:
        row = save_pool(store, pool)
    say(f"pool {row.pool}: version {row.version} of {format_ms(row.saved_ms)} in the run store")
    return 0


def write(asked: argparse.Namespace) -> int:
    """Write a pool of the store to its file."""
    require_id(asked.pool)
    with open_store() as store:
        pool = stored_pool(store, asked.pool, asked.version)
    path = (Path(FOLDER) if asked.pools is None else asked.pools) / f"{pool.id}.yaml"
    if path.exists() and not asked.force:
        raise ConfigurationError(f"{path}: there already, nothing was written; --force replaces it")
    make_folder(path.parent)
    write_atomically(path, pool_text(pool).encode())
    say(f"pool {pool.id}: written to {path.as_posix()}")
    return 0


def delete(asked: argparse.Namespace) -> int:
    """Take a pool out of the store."""
    with open_store() as store:
        row = delete_pool(store, asked.pool)
    say(f"pool {row.pool}: deleted as version {row.version}; its earlier versions stay")
    return 0


def chosen_pool(asked: argparse.Namespace) -> SignalPool:
    """Return the pool that a command names, of a file or of the store."""
    if asked.stored is None:
        return pools_of([asked.pool], folders_of(asked))[0]
    with open_store() as store:
        return stored_pool(store, asked.pool, asked.stored or None)


def pool_text(pool: SignalPool) -> str:
    """Return a pool as its file has it."""
    return yaml.safe_dump(pool.to_dict(), sort_keys=False, allow_unicode=True, width=10_000)


def _row(pool: SignalPool) -> dict[str, Any]:
    return {"id": pool.id, "name": pool.name, "wakes_when": pool_in_words(pool)}


def pool_in_words(pool: SignalPool) -> str:
    """Return what has to be met, in a line."""
    return (" and " if pool.logic == "all" else " or ").join(map(in_words, pool.conditions))
