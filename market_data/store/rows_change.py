"""Changing the rows of one series: rows merged in, rows taken out, and what stood before kept as a revision."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from market_data.series_columns import ColumnsT, SeriesColumns
from market_data.series_names import Series
from market_data.store.atomic_files import remove
from market_data.store.candle_merge import Merged, by_month, chosen_rows, joined_as, merged
from market_data.store.coverage import Coverage, save_coverage
from market_data.store.month_files import month_file, month_files
from market_data.store.revisions import Change, Revision, keep_revision
from market_data.store.store_layout import COVERAGE_FILE

if TYPE_CHECKING:
    from market_data.store.parquet_files import ParquetFiles


class WriteResult(NamedTuple):
    """What became of the rows of one write.

    ``added`` were stored; ``known`` were stored already with the same values; ``revised`` were stored already with
    other values, which stand; ``completed`` and ``replaced`` have taken the place of such values, the former of the
    last candle of an earlier import that was not closed then. ``revised_ms`` and ``completed_ms`` are the times of the
    first few of these.
    """

    added: int
    known: int
    revised: int
    revised_ms: tuple[int, ...]
    completed: int = 0
    completed_ms: tuple[int, ...] = ()
    replaced: int = 0


class Rewriting(NamedTuple):
    """What a write may do to rows that are stored with other values, and the present that is noted with it.

    ``replace`` gives their places to the rows that come; ``complete`` only the place of the last candle of an earlier
    import, to a candle that is the same one grown older.
    """

    at_ms: int
    replace: bool = False
    complete: bool = False


class RowsChange:
    """One change of a series' month files; the caller holds the lock of its folder.

    Parameters
    ----------
    record
        The record as it stands.
    """

    def __init__(self, parquet: "ParquetFiles", folder: Path, record: Coverage) -> None:
        self._parquet = parquet
        self._folder = folder
        self._record = record

    def merged_in(
        self, series: Series, rows: ColumnsT, source: str, rewriting: Rewriting | None
    ) -> tuple[Coverage, WriteResult]:
        """Merge rows into the month files; return the record afterwards, which is not saved, and what became of them.

        The oldest month comes first, revisions before them all.
        """
        wish = rewriting or Rewriting(0)
        ends = self._record.import_ends() if wish.complete else set()
        parts = dict(by_month(rows))
        months = {month: self._merged(series, month, part, wish, ends) for month, part in parts.items()}
        if rewriting is not None:
            self._keep_revisions(parts, months, source, rewriting)
        for month, one in months.items():
            if one.rows is not None:
                self._parquet.write(month_file(self._folder, month), one.rows)
        times = np.concatenate([part[0][months[month].fresh] for month, part in parts.items()]).tolist()
        counts = {month: one.stored for month, one in months.items()}
        return self._record.with_rows(counts, source, times), _result(parts, months)

    def taken_out(self, columns: type[SeriesColumns], start_ms: int, end_ms: int, at_ms: int) -> int:
        """Take the rows of a range out, save the record without it, and return how many there were."""
        kept: dict[str, SeriesColumns] = {}
        count = 0
        for file in month_files(self._folder, start_ms, end_ms):
            rows = self._parquet.read_all(columns, file)
            inside = (rows[0] >= start_ms) & (rows[0] < end_ms)
            if inside.any():
                kept[file.stem] = chosen_rows(rows, ~inside)
                count += int(inside.sum())
                lost = Revision(at_ms, "forgotten", "", chosen_rows(rows, inside))
                keep_revision(self._parquet, self._folder, lost)
        # The record first: rows that it does not know are harmless, rows that it counts and that are gone are damage.
        counts = {**self._record.months, **{month: rows.rows for month, rows in kept.items()}}
        months = {month: rows for month, rows in counts.items() if rows}
        record = msgspec.structs.replace(self._record.without_range(start_ms, end_ms), months=months)
        save_coverage(self._folder / COVERAGE_FILE, record)
        for month, rows in kept.items():
            if rows.rows:
                self._parquet.write(month_file(self._folder, month), rows)
            else:
                remove(month_file(self._folder, month))
        return count

    def _merged(
        self, series: Series, month: str, part: ColumnsT, wish: Rewriting, ends: Collection[int]
    ) -> Merged[ColumnsT]:
        file = month_file(self._folder, month)
        stored = self._parquet.read_as(type(part), file) if file.exists() else type(part).empty()
        return merged(stored, part, series.length_ms, replace=wish.replace, open_ends=ends)

    def _keep_revisions(
        self,
        parts: Mapping[str, ColumnsT],
        months: Mapping[str, Merged[ColumnsT]],
        source: str,
        rewriting: Rewriting,
    ) -> None:
        """Keep what is about to be replaced, and what comes with other values and is not taken."""
        columns = type(next(iter(parts.values())))
        change: Change = "replaced" if rewriting.replace else "completed"
        before = joined_as(columns, [one.before for one in months.values()])
        not_taken = [chosen_rows(part, months[month].differing & ~months[month].taken) for month, part in parts.items()]
        at_ms = rewriting.at_ms
        keep_revision(self._parquet, self._folder, Revision(at_ms, change, source, before))
        keep_revision(self._parquet, self._folder, Revision(at_ms, "offered", source, joined_as(columns, not_taken)))


def _result(parts: Mapping[str, ColumnsT], months: Mapping[str, Merged[ColumnsT]]) -> WriteResult:
    """Return what became of the rows of a write."""
    counts = dict.fromkeys(("fresh", "differing", "taken", "completed"), 0)
    revised: list[int] = []
    completed: list[int] = []
    for month, part in parts.items():
        one = months[month]
        for name in counts:
            counts[name] += int(getattr(one, name).sum())
        revised += part[0][one.differing & ~one.taken].tolist()
        completed += part[0][one.completed].tolist()
    rows = sum(part.rows for part in parts.values())
    return WriteResult(
        added=counts["fresh"],
        known=rows - counts["fresh"] - counts["differing"],
        revised=len(revised),
        revised_ms=tuple(revised[:3]),
        completed=counts["completed"],
        completed_ms=tuple(completed[:3]),
        replaced=counts["taken"] - counts["completed"],
    )
