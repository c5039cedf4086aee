"""Brings the store's tables to the form that this program uses, or back."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from core.errors import StoreError


def migrate(connection: Connection, target: str) -> None:
    """Bring the tables to a revision, up or down, inside the connection's transaction.

    Parameters
    ----------
    target
        A revision, ``head``, or ``base`` for no tables at all.

    Raises
    ------
    StoreError
        If the tables are of a revision that this program does not know.
    """
    place = str(Path(__file__).parent / "migrations")
    scripts = ScriptDirectory(place, version_locations=[place])
    wanted = scripts.get_current_head() if target == "head" else None if target == "base" else target
    known = [one.revision for one in scripts.walk_revisions()]

    def steps(heads: tuple[str, ...], _: MigrationContext) -> Iterable[Any]:
        here = heads[0] if heads else None
        if here is not None and here not in known:
            raise StoreError(
                f"the store is of revision {here}, this program knows up to {known[0]}: a newer version of the program "
                "wrote it; use that version, or another store (HARNESS_STORE_URL)"
            )
        if wanted == here:
            return ()
        forward = here is None or (wanted is not None and known.index(wanted) < known.index(here))
        if forward:
            return scripts._upgrade_revs(wanted or "base", here or "base")
        return scripts._downgrade_revs(wanted or "base", here)

    context = MigrationContext.configure(connection, opts={"fn": steps})
    with Operations.context(context):
        context.run_migrations()
