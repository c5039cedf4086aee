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


class KeptMeanwhileError(ConfigurationError):
    """What was to be kept rests on a version that is not the last any more."""


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
    kept: Callable[[Row], object],
    wanted: object,
    row_of: Callable[[int], Row],
    after: int | None = None,
) -> Row:
    """Keep what ``row_of`` makes for the next version, and return that; the last one where that keeps the same.

    Parameters
    ----------
    kept
        What a version keeps; None says that all were deleted.
    wanted
        What is to be kept.
    after
        The version that it rests on, 0 where there was none; None rests on whichever is the last.

    Raises
    ------
    KeptMeanwhileError
        If another one is the last by now.
    StoreError
        If it cannot be written.
    """
    for _ in range(_TRIES):
        rows = versions()
        if rows and kept(rows[-1]) == wanted:
            return rows[-1]
        last = rows[-1].version if rows else 0
        _require_last(called, after, last if rows and kept(rows[-1]) is not None else 0)
        version = last + 1
        try:
            store.record(row_of(version))
        except IntegrityError:  # Another program was faster: its version comes first.
            continue
        return versions()[version - 1]
    raise StoreError(f"{called}: others save it all the time; try again")


def _require_last(called: str, after: int | None, last: int) -> None:
    """Refuse what rests on another version than the last that is kept; 0 is none."""
    if after is None or after == last:
        return
    became = f"version {last} was kept meanwhile" if last else "it was removed meanwhile"
    rested = f"version {after}" if after else "none"
    raise KeptMeanwhileError(f"{called}: {became}, and this rests on {rested} — keep it again to keep it all the same")
