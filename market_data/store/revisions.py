"""What a series held or was offered before, and since when it does not: one file for each time something changed.

::

    <series>/revisions/<at_ms>-<what>-<digest>.parquet

``replaced``, ``completed`` and ``forgotten`` rows were stored until then; ``offered`` ones came with other values than
the stored rows, which stand.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from core.errors import StoreError
from market_data.series_columns import SeriesColumns, digest
from market_data.store.atomic_files import make_folder
from market_data.store.month_files import names_in

if TYPE_CHECKING:
    from market_data.store.parquet_files import ParquetFiles

REVISIONS_FOLDER = "revisions"
Change = Literal["replaced", "completed", "forgotten", "offered"]

_NAME = re.compile(
    r"(?P<at>[0-9]{1,15})-(?P<what>replaced|completed|forgotten|offered)-(?P<digest>[0-9a-f]{16})\.parquet"
)
_SOURCE_KEY = "source"


class Revision(NamedTuple):
    """Rows that were stored until ``at_ms``, or came then and were not; ``source`` is what came with the change."""

    at_ms: int
    change: Change
    source: str
    rows: SeriesColumns


def keep_revision(parquet: "ParquetFiles", folder: Path, revision: Revision) -> None:
    """Store a revision beside a series' month files; nothing where it has no row, or was offered before just so.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    if not revision.rows.rows:
        return
    inside, mark = folder / REVISIONS_FOLDER, digest(revision.rows)[:16]
    if revision.change == "offered" and any(name.endswith(f"-offered-{mark}.parquet") for name in names_in(inside)):
        return
    make_folder(inside)
    path = inside / f"{revision.at_ms}-{revision.change}-{mark}.parquet"
    parquet.write(path, revision.rows, {_SOURCE_KEY: revision.source})


def read_revisions(parquet: "ParquetFiles", folder: Path, columns: type[SeriesColumns]) -> list[Revision]:
    """Return the revisions of a series, the oldest first; errors as in ``read_revision``."""
    found = [read_revision(parquet, path, columns) for path in revision_files(folder)]
    return sorted(found, key=lambda revision: (revision.at_ms, int(revision.rows[0][0])))


def read_revision(parquet: "ParquetFiles", path: Path, columns: type[SeriesColumns]) -> Revision:
    """Return the revision of a file; StoreError for one that is damaged, or none of these."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise StoreError(f"{path}: is no revision of this store; move it away", path=path)
    rows = parquet.read_all(columns, path)
    if not rows.rows or digest(rows) != parquet.stored_digest(path, columns):
        raise StoreError(f"{path}: holds other rows than were written; delete that file", path=path)
    source = parquet.told(path, columns, _SOURCE_KEY) or ""
    return Revision(int(match["at"]), match["what"], source, rows)  # type: ignore[arg-type]


def revision_files(folder: Path) -> list[Path]:
    """Return the files of a series' revisions."""
    return [folder / REVISIONS_FOLDER / name for name in names_in(folder / REVISIONS_FOLDER)]
