"""The pools that a server knows: those of the folder of pools, and those that are kept in the store before them."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shown
from dashboard.services import Services
from runs.store.kept_documents import KeptDocuments
from runs.store.store_rows import Document
from strategies.programs.triggers.pool_files import pool_ids, read_pool
from strategies.programs.triggers.pool_settings import pool_of, require_id
from strategies.programs.triggers.signal_pool import SignalPool
from systems.life_cycle.epoch_tracker import wall_clock_ms


class ShelvedPool(msgspec.Struct, frozen=True):
    """A pool, or why it cannot be read; ``kept`` is the version of the store, None for one of the folder."""

    id: str
    pool: SignalPool | None
    kept: Document | None = None
    problem: str | None = None


class PoolShelf:
    """Pools by their ids.

    Parameters
    ----------
    services
        Those of the server: its store, and the folder of pools that it was started with.
    """

    def __init__(self, services: Services) -> None:
        self._folder = services.settings.pools
        self._kept = KeptDocuments(services.store, "pool")

    def all(self) -> list[ShelvedPool]:
        """Return every pool, by id."""
        found = {id_: self._of_folder(id_) for id_ in self._files()}
        found |= {one.name: _of_store(one) for one in self._kept.latest()}
        return [found[id_] for id_ in sorted(found)]

    def pool(self, id_: str) -> ShelvedPool:
        """Return a pool.

        Raises
        ------
        ConfigurationError
            If there is none of that id.
        """
        versions = self._kept.versions(id_)
        if versions:
            return _of_store(versions[-1])
        if id_ in self._files():
            return self._of_folder(id_)
        known = [one.id for one in self.all()]
        hint, allowed = did_you_mean(id_, known), ", ".join(known) or "none"
        raise ConfigurationError(f"pool {shown(id_)}: there is none{hint} — allowed: {allowed}")

    def values(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what the pools of some ids say, as a run has them in its settings, in the order of the ids.

        Raises
        ------
        ConfigurationError
            If there is none of an id, it cannot be read, or stands twice.
        """
        found: dict[str, dict[str, Any]] = {}
        for id_ in ids:
            if id_ in found:
                raise ConfigurationError(f"pools: {shown(id_)} stands twice — allowed: each pool once")
            one = self.pool(id_)
            if one.pool is None:
                raise ConfigurationError(str(one.problem))
            found[id_] = one.pool.to_dict()
        return found

    def keep(self, id_: str, values: dict[str, Any], note: str | None) -> ShelvedPool:
        """Keep a pool as the next version of its id; ConfigurationError where it is none, with every problem."""
        require_id(id_)
        text = json.dumps(pool_of(values, id_, f"pool {id_}").to_dict(), ensure_ascii=False, indent=1)
        return _of_store(self._kept.keep(id_, text, wall_clock_ms(), note))

    def remove(self, id_: str) -> int:
        """Remove what is kept of a pool in the store; return how many versions that was."""
        return self._kept.remove(id_)

    def _files(self) -> dict[str, Any]:
        return pool_ids((self._folder,))

    def _of_folder(self, id_: str) -> ShelvedPool:
        try:
            return ShelvedPool(id_, read_pool(self._files()[id_]))
        except ConfigurationError as error:
            return ShelvedPool(id_, None, problem=str(error))


def _of_store(kept: Document) -> ShelvedPool:
    try:
        pool = pool_of(json.loads(kept.text), kept.name, f"pool {kept.name}, version {kept.version}")
    except (ConfigurationError, ValueError) as error:
        return ShelvedPool(kept.name, None, kept, str(error))
    return ShelvedPool(kept.name, pool, kept)
