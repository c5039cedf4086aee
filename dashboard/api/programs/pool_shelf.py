"""The pools that a server knows: those that are kept in the run store, then those of the folders of pools."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shown
from dashboard.services import Services
from programs.pool_store import delete_pool, pool_versions, save_pool
from runs.store.store_rows import PoolVersion
from strategies.programs.triggers.pool_files import SHIPPED, pool_ids, read_pool
from strategies.programs.triggers.pool_settings import pool_of, require_id
from strategies.programs.triggers.signal_pool import SignalPool


class ShelvedPool(msgspec.Struct, frozen=True):
    """A pool, or why it cannot be read; ``version`` is that of the store, None for one of a folder."""

    id: str
    pool: SignalPool | None
    version: int | None = None
    problem: str | None = None


class PoolShelf:
    """Pools by their ids.

    Parameters
    ----------
    services
        Those of the server: its store, and the folder of pools that it was started with. Those that are shipped are
        looked for behind it.
    """

    def __init__(self, services: Services) -> None:
        self._folders = (Path(services.settings.pools), SHIPPED)
        self._store = services.store

    def all(self) -> list[ShelvedPool]:
        """Return every pool, by id."""
        found = {id_: _of_file(id_, path) for id_, path in pool_ids(self._folders).items()}
        last = {row.pool: row for row in pool_versions(self._store)}
        found |= {row.pool: _of_store(row) for row in last.values() if row.document is not None}
        return [found[id_] for id_ in sorted(found)]

    def pool(self, id_: str) -> ShelvedPool:
        """Return a pool.

        Raises
        ------
        ConfigurationError
            If there is none of that id.
        """
        versions = pool_versions(self._store, id_)
        if versions and versions[-1].document is not None:
            return _of_store(versions[-1])
        files = pool_ids(self._folders)
        if id_ in files:
            return _of_file(id_, files[id_])
        known = [one.id for one in self.all()]
        hint, allowed = did_you_mean(id_, known), ", ".join(known) or "none"
        raise ConfigurationError(f"pool {shown(id_)}: there is none{hint} — allowed: {allowed}")

    def pools(self, ids: Sequence[str]) -> tuple[SignalPool, ...]:
        """Return the pools of some ids, in their order.

        Raises
        ------
        ConfigurationError
            If there is none of an id, it cannot be read, or an id stands twice.
        """
        found: dict[str, SignalPool] = {}
        for id_ in ids:
            if id_ in found:
                raise ConfigurationError(f"pool {shown(id_)} stands twice — allowed: each pool once")
            one = self.pool(id_)
            if one.pool is None:
                raise ConfigurationError(str(one.problem))
            found[id_] = one.pool
        return tuple(found.values())

    def keep(self, id_: str, values: dict[str, Any], after: int | None = None) -> ShelvedPool:
        """Keep a pool as the next version of its id; ConfigurationError where it is none, with every problem.

        ``after`` as in :func:`~programs.pool_store.save_pool`.
        """
        require_id(id_)
        return _of_store(save_pool(self._store, pool_of(values, id_, f"pool {id_}"), after))

    def remove(self, id_: str) -> None:
        """Take a pool out of the store; ConfigurationError where it is not there."""
        delete_pool(self._store, id_)


def _of_file(id_: str, path: Path) -> ShelvedPool:
    try:
        return ShelvedPool(id_, read_pool(path))
    except ConfigurationError as error:
        return ShelvedPool(id_, None, problem=str(error))


def _of_store(row: PoolVersion) -> ShelvedPool:
    try:
        pool = pool_of(row.document or {}, row.pool, f"pool {row.pool}, version {row.version}")
    except ConfigurationError as error:
        return ShelvedPool(row.pool, None, row.version, str(error))
    return ShelvedPool(row.pool, pool, row.version)
