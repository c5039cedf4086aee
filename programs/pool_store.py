"""Pools in the run store: documents with versions, of which none is ever changed."""

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean
from programs.stored_versions import append_version, chosen_version
from runs.commands.opened_store import wall_clock_ms
from runs.store.run_store import RunStore
from runs.store.store_rows import PoolVersion
from strategies.programs.triggers.pool_settings import pool_of, require_id
from strategies.programs.triggers.signal_pool import SignalPool


def stored_pools(store: RunStore) -> tuple[SignalPool, ...]:
    """Return the last version of every pool that is not deleted, in order of their ids.

    Raises
    ------
    ConfigurationError
        If a stored document is no pool of this program.
    """
    last = {row.pool: row for row in pool_versions(store)}
    return tuple(_pool(row) for _, row in sorted(last.items()) if row.document is not None)


def pool_versions(store: RunStore, id_: str | None = None) -> tuple[PoolVersion, ...]:
    """Return all versions of a pool, or of every pool, the oldest of each first."""
    rows = store.records(PoolVersion) if id_ is None else store.records(PoolVersion, pool=id_)
    return tuple(sorted(rows, key=lambda row: (row.pool, row.version)))


def stored_pool(store: RunStore, id_: str, version: int | None = None) -> SignalPool:
    """Return a stored pool, by default its last version.

    Raises
    ------
    ConfigurationError
        If there is no such pool or version, or it was deleted with it.
    """
    rows = pool_versions(store, id_)
    if not rows:
        known = [pool.id for pool in stored_pools(store)]
        raise ConfigurationError(
            f"pool {id_}: there is none in the run store{did_you_mean(id_, known)} — allowed: "
            f"{', '.join(known) or 'none yet: python -m programs pools save ID'}"
        )
    found = chosen_version(rows, version, f"pool {id_}", lambda row: row.document is not None)
    return _pool(found)


def save_pool(store: RunStore, pool: SignalPool, after: int | None = None) -> PoolVersion:
    """Keep a pool as the next version of its id, and return that; one that is as the last version is none anew.

    ``after`` is the version that it rests on, 0 where there was none; None rests on whichever is the last.

    Raises
    ------
    ConfigurationError
        If the id is none; a ``KeptMeanwhileError`` where ``after`` is not the last version any more.
    StoreError
        If it cannot be written.
    """
    require_id(pool.id)
    return _appended(store, pool.id, pool, after)


def delete_pool(store: RunStore, id_: str) -> PoolVersion:
    """Take a pool out of those that are stored, and return the version that says so; its earlier ones stay.

    Raises
    ------
    ConfigurationError
        If no such pool is stored.
    """
    stored_pool(store, id_)
    return _appended(store, id_, None)


def _appended(store: RunStore, id_: str, pool: SignalPool | None, after: int | None = None) -> PoolVersion:
    document = None if pool is None else pool.to_dict()
    return append_version(
        store,
        f"pool {id_}",
        lambda: pool_versions(store, id_),
        lambda row: row.document,
        document,
        lambda version: PoolVersion(pool=id_, version=version, document=document, saved_ms=wall_clock_ms()),
        after,
    )


def _pool(row: PoolVersion) -> SignalPool:
    return pool_of(row.document or {}, row.pool, f"run store, pool {row.pool}, version {row.version}")
