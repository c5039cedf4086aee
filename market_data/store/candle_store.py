"""The candle store: one Parquet file a month, a record of what was answered, and DuckDB to query them.

What perpetual contracts have beside their candles is kept alike: see ``series_names``.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.candle_columns import CandleColumns, Int64Array, Interval
from core.errors import InvariantError
from market_data.series_columns import ColumnsT, FundingColumns, OpenInterestColumns, SeriesColumns, columns_of
from market_data.series_names import FUNDING, Series, is_series, is_timeframe, open_interest_series, series_order
from market_data.store.atomic_files import folder_lock, make_folder
from market_data.store.candle_merge import joined, joined_as
from market_data.store.checked_rows import require_checked
from market_data.store.coverage import Coverage, load_coverage, save_coverage, uncovered
from market_data.store.kept_columns import identity_of, keep_columns, read_columns
from market_data.store.month_files import folders_in, month_file, month_files, read_settled
from market_data.store.revisions import Revision, read_revisions
from market_data.store.rows_change import Rewriting, RowsChange, WriteResult
from market_data.store.store_layout import (
    COVERAGE_FILE,
    LAST_TIME_MS,
    exchange_folder,
    is_exchange,
    month_bounds,
    series_folder,
    symbol_folder,
    symbol_of,
)

if TYPE_CHECKING:
    from market_data.store.parquet_files import ParquetFiles


class StoreEntry(NamedTuple):
    """One stored series: times of its first and last row, and how many it has; ``timeframe`` is the series' name."""

    exchange: str
    symbol: str
    timeframe: str
    first_ms: int
    last_ms: int
    rows: int


class CandleStore:
    """Candles of many exchanges, symbols and timeframes below one folder, and what contracts have beside them.

    Writers of one series take turns under a file lock; month files and records are replaced as a whole, so reading
    needs no lock and meets only finished files. Candles are added, and changed only on purpose (``Rewriting``,
    ``forget``), when what stood before is kept as a revision. A write that spans months becomes visible month by month,
    the oldest first, and is covered only when ``add_coverage`` says so. May be used from several threads and processes.

    Parameters
    ----------
    root
        Folder of the store; nothing is created before the first write.
    """

    def __init__(self, root: str | Path = "data/backtest_cache") -> None:
        self.root = Path(root)

    @functools.cached_property
    def _parquet(self) -> "ParquetFiles":
        """The month files; loading what reads them takes longer than reading the columns that are kept of them."""
        from market_data.store.parquet_files import ParquetFiles

        return ParquetFiles()

    def write(
        self,
        exchange: str,
        symbol: str,
        timeframe: str,
        candles: SeriesColumns,
        *,
        source: str,
        rewriting: Rewriting | None = None,
    ) -> WriteResult:
        """Merge rows into the month files; the first stored row of a time stands, but for what is rewritten.

        Parameters
        ----------
        timeframe
            Timeframe of candles, or the name of another series.
        candles
            Checked rows in order of time: candles (their opens on the timeframe's grid), funding rates (of which those
            of one minute are the same payment) or open interest.
        source
            Where they came from, kept in the series' record.
        rewriting
            What may happen to stored rows. Without it nothing does, and rows that differ are counted and not kept.

        Raises
        ------
        CandleError
            If a row breaks a rule of ``check_candles`` or ``check_rows``; nothing is stored then.
        StoreError
            If a file cannot be read or written; the old file stands.
        """
        series = Series(exchange, symbol, timeframe)
        require_checked(series, candles)
        if isinstance(candles, CandleColumns):
            return self._merge(series, candles, source, rewriting)
        if isinstance(candles, FundingColumns):
            return self._merge(series, candles, source, rewriting)
        return self._merge(series, candles, source, rewriting)

    def _merge(self, series: Series, candles: ColumnsT, source: str, rewriting: Rewriting | None) -> WriteResult:
        folder = series_folder(self.root, series)
        if not candles.rows:
            return WriteResult(0, 0, 0, ())
        with self._writing(folder):
            saved, record = self._record(folder)
            change = RowsChange(self._parquet, folder, record)
            updated, result = change.merged_in(series, candles, source, rewriting)
            if updated != saved:
                save_coverage(folder / COVERAGE_FILE, updated)
        return result

    def forget(self, exchange: str, symbol: str, timeframe: str, start_ms: int, end_ms: int, *, at_ms: int) -> int:
        """Take the rows of ``[start_ms, end_ms)`` out of a series, and what is known of the range; return how many.

        The rows are kept as a revision with the present, ``at_ms``. The range is then fetched or imported as if nothing
        had ever been there.

        Raises
        ------
        StoreError
            If a file cannot be read or written.
        """
        series = Series(exchange, symbol, timeframe)
        folder, columns = series_folder(self.root, series), columns_of(series.kind)
        if start_ms >= end_ms or not folder.is_dir():
            return 0
        with self._writing(folder):
            record = self._record(folder)[1]
            return RowsChange(self._parquet, folder, record).taken_out(columns, start_ms, end_ms, at_ms)

    def revisions(self, exchange: str, symbol: str, timeframe: str) -> list[Revision]:
        """Return what a series held before, or was offered and did not take, the oldest change first."""
        series = Series(exchange, symbol, timeframe)
        return read_revisions(self._parquet, series_folder(self.root, series), columns_of(series.kind))

    def add_coverage(
        self, exchange: str, symbol: str, timeframe: str, start_ms: int, end_ms: int, ground: str = ""
    ) -> None:
        """Record that the source answered ``[start_ms, end_ms)``: what is not stored there does not exist.

        ``ground`` says in words what that rests on.
        """
        if start_ms < end_ms:
            folder = series_folder(self.root, Series(exchange, symbol, timeframe))
            self._recorded(folder, lambda record: record.with_range(start_ms, end_ms, ground))

    def add_denial(self, exchange: str, symbol: str, timeframe: str, start_ms: int, end_ms: int, day: str) -> None:
        """Record that the source had nothing in ``[start_ms, end_ms)`` on a UTC day ``YYYY-MM-DD``.

        The range stays missing until that has been so on two different days.
        """
        if start_ms < end_ms:
            folder = series_folder(self.root, Series(exchange, symbol, timeframe))
            self._recorded(folder, lambda record: record.with_denial(start_ms, end_ms, day))

    def record(self, exchange: str, symbol: str, timeframe: str) -> Coverage:
        """Return the record of a series as it stands."""
        return self._record(series_folder(self.root, Series(exchange, symbol, timeframe)))[1]

    def missing_ranges(self, exchange: str, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> list[Interval]:
        """Return the parts of ``[start_ms, end_ms)`` that no source has answered yet, in order.

        A month whose file was removed after it had been stored counts as not answered.

        Raises
        ------
        StoreError
            If the series' record cannot be read.
        """
        folder = series_folder(self.root, Series(exchange, symbol, timeframe))
        return uncovered(self._record(folder)[1].covered, start_ms, end_ms)

    def read(self, exchange: str, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the stored candles with ``start_ms <= open_time_ms < end_ms``; empty columns if there is none.

        ``timeframe`` is that of candles, or ``mark-<timeframe>``.

        Raises
        ------
        StoreError
            If a month file of the range is damaged; the message names it.
        """
        return self._read(CandleColumns, Series(exchange, symbol, timeframe), start_ms, end_ms)

    def read_funding(self, exchange: str, symbol: str, start_ms: int, end_ms: int) -> FundingColumns:
        """Return the stored funding rates with ``start_ms <= time_ms < end_ms``; errors as in ``read``."""
        return self._read(FundingColumns, Series(exchange, symbol, FUNDING), start_ms, end_ms)

    def read_open_interest(
        self, exchange: str, symbol: str, period: str, start_ms: int, end_ms: int
    ) -> OpenInterestColumns:
        """Return the stored open interest with ``start_ms <= time_ms < end_ms``; errors as in ``read``."""
        series = Series(exchange, symbol, open_interest_series(period))
        return self._read(OpenInterestColumns, series, start_ms, end_ms)

    def read_last(self, exchange: str, symbol: str, timeframe: str, count: int, before_ms: int) -> CandleColumns:
        """Return the last ``count`` stored candles that close at or before ``before_ms``, oldest first.

        Fewer where fewer are stored. Errors as in ``read``.
        """
        series = Series(exchange, symbol, timeframe)
        folder = series_folder(self.root, series)
        end_ms = before_ms - series.length_ms + 1
        parts: list[CandleColumns] = []
        wanted = count
        for file in reversed(month_files(folder, 0, end_ms)):
            if wanted <= 0:
                break
            first, after = month_bounds(file.stem)
            part = self.read(exchange, symbol, timeframe, first, min(after, end_ms))
            parts.insert(0, part.slice(max(0, part.rows - wanted), part.rows))
            wanted -= part.rows
        return joined(parts)

    def open_times(self, exchange: str, symbol: str, timeframe: str) -> Int64Array:
        """Return the (open) times of every stored row of a series, in order; errors as in ``read``."""
        series = Series(exchange, symbol, timeframe)
        columns = columns_of(series.kind)
        return read_settled(
            series_folder(self.root, series), 0, LAST_TIME_MS, lambda files: self._read_times(columns, files)
        )

    def exchanges(self) -> list[str]:
        """Return the names under which anything is stored, sorted."""
        return [name for name in folders_in(self.root) if is_exchange(name)]

    def symbols(self, exchange: str) -> list[str]:
        """Return the unified symbols that are stored for an exchange, sorted; none if the exchange is unknown."""
        names = folders_in(self.root / exchange_folder(exchange))
        return sorted(symbol for name in names if (symbol := symbol_of(name)) is not None)

    def timeframes(self, exchange: str, symbol: str) -> list[str]:
        """Return the timeframes of the candles that are stored for a symbol, the shortest first."""
        return [name for name in self.series_names(exchange, symbol) if is_timeframe(name)]

    def series_names(self, exchange: str, symbol: str) -> list[str]:
        """Return the names of a symbol's stored series: candles, mark candles, funding, open interest."""
        folder = self.root / exchange_folder(exchange) / symbol_folder(symbol)
        return sorted((name for name in folders_in(folder) if is_series(name)), key=series_order)

    def series(self) -> list[Series]:
        """Return every stored series, sorted by exchange, symbol, kind and length."""
        return [
            Series(exchange, symbol, name)
            for exchange in self.exchanges()
            for symbol in self.symbols(exchange)
            for name in self.series_names(exchange, symbol)
        ]

    def entries(self) -> list[StoreEntry]:
        """Return the candles that are stored, sorted; a series without one is left out. Errors as in ``read``."""
        entries = []
        for series in (one for one in self.series() if one.kind == "candles"):
            times = self.open_times(*series)
            if len(times):
                entries.append(StoreEntry(*series, int(times[0]), int(times[-1]), len(times)))
        return entries

    def _recorded(self, folder: Path, change: Callable[[Coverage], Coverage]) -> None:
        with self._writing(folder):
            saved, record = self._record(folder)
            updated = change(record)
            if updated != saved:
                save_coverage(folder / COVERAGE_FILE, updated)

    @contextlib.contextmanager
    def _writing(self, folder: Path) -> Iterator[None]:
        make_folder(folder)
        with folder_lock(folder):
            yield

    def _read(self, columns: type[ColumnsT], series: Series, start_ms: int, end_ms: int) -> ColumnsT:
        folder = series_folder(self.root, series)
        if columns_of(series.kind) is not columns:
            raise InvariantError(f"{series} is not kept as {columns.__name__}")
        if start_ms >= end_ms:
            return columns.empty()

        def whole(files: list[Path]) -> ColumnsT:
            return joined_as(columns, [self._read_month(columns, file, start_ms, end_ms) for file in files])

        return read_settled(folder, start_ms, end_ms, whole)

    def _read_month(self, columns: type[ColumnsT], file: Path, start_ms: int, end_ms: int) -> ColumnsT:
        """Return the rows of a range of a month file, and keep the columns of it all where they are not kept."""
        kept = read_columns(columns, file, start_ms, end_ms)
        if kept is not None:
            return kept
        made_of = identity_of(file)
        rows = self._parquet.read_as(columns, file)
        if made_of is not None and identity_of(file) == made_of:
            keep_columns(rows, file, made_of)
        first, last = np.searchsorted(rows[0], (start_ms, end_ms))
        return rows.slice(int(first), int(last))

    def _read_times(self, columns: type[SeriesColumns], files: list[Path]) -> Int64Array:
        return np.concatenate([np.empty(0, np.int64), *(self._parquet.read_times(file, columns) for file in files)])

    def _record(self, folder: Path) -> tuple[Coverage, Coverage]:
        """Return the record as saved, and as it stands: a month whose file was removed is no longer answered."""
        saved = load_coverage(folder / COVERAGE_FILE)
        lost = [month for month, rows in saved.months.items() if rows and not (month_file(folder, month)).exists()]
        return saved, saved.without_months(lost)
