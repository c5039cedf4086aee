"""What pools and programs in the run store have in common: versions, of which none is ever changed."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

from core.errors import ConfigurationError, StoreError
from runs.store.run_store import RunStore
from runs.store.store_rows import PoolVersion, ProgramVersion

_TRIES = 20
"""How often two programs that save the same at a time may be in each other's way."""


Row = TypeVar("Row", PoolVersion, ProgramVersion)


def chosen_version(rows: Sequence[Row], version: int | None, called: str, kept: Callable[[Row], bool]) -> Row:
    """Return one of the versions that there are, by default the last.

    Raises
    ------
    ConfigurationError
        If there is no such version, or it is the one that says that all were deleted.
    """
    by_number = {row.version: row for row in rows}
    found = by_number.get(max(by_number) if version is None else version)
    if found is None or not kept(found):
        there = ", ".join(str(row.version) for row in rows if kept(row))
        what = f"has no version {version}" if found is None else f"was deleted as version {found.version}"
        raise ConfigurationError(f"{called}: {what} — allowed: version {there}")
    return found


def append_version(
    store: RunStore,
    called: str,
    versions: Callable[[], Sequence[Row]],
    same: Callable[[Row], bool],
    row_of: Callable[[int], Row],
) -> Row:
    """Keep what ``row_of`` makes for the next version, and return that; the last one where it is the ``same``.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    for _ in range(_TRIES):
        rows = versions()
        if rows and same(rows[-1]):
            return rows[-1]
        version = rows[-1].version + 1 if rows else 1
        try:
            store.record(row_of(version))
        except IntegrityError:  # Another program was faster: its version comes first.
            continue
        return versions()[version - 1]
    raise StoreError(f"{called}: others save it all the time; try again")
