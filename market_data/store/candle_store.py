"""The candle store: one Parquet file a month, a record of what was answered, and DuckDB to query them.

What perpetual contracts have beside their candles is kept alike: see ``store_layout`` for the names of the series.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from core.errors import CandleError, ConfigurationError, InvariantError, StoreError
from core.instants import format_ms
from core.timeframe import grid_origin_ms
from market_data.candle_columns import CandleColumns, Int64Array, Interval, slots
from market_data.perpetual.perpetual_columns import ColumnsT, FundingColumns, OpenInterestColumns, SeriesColumns
from market_data.quality.candle_quality import sound_rows
from market_data.quality.perpetual_quality import sound_columns
from market_data.store.atomic_files import folder_lock, make_folder
from market_data.store.candle_merge import by_month, compared, joined, joined_as, merged
from market_data.store.coverage import Coverage, load_coverage, save_coverage, uncovered
from market_data.store.parquet_files import ParquetFiles, columns_of
from market_data.store.store_layout import (
    COVERAGE_FILE,
    FUNDING,
    LAST_TIME_MS,
    Series,
    exchange_folder,
    is_month,
    is_series,
    is_timeframe,
    month_bounds,
    month_of,
    open_interest_series,
    series_order,
    symbol_folder,
    symbol_of,
)

_UNLOCKED_READS = 5

_Read = TypeVar("_Read")


class WriteResult(NamedTuple):
    """What became of the rows of one write.

    ``added`` were stored; ``known`` were stored already with the same values; ``revised`` were stored already with
    other values, which stand. ``revised_ms`` are the times of the first few revised ones.
    """

    added: int
    known: int
    revised: int
    revised_ms: tuple[int, ...]


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
    needs no lock and meets only finished files. Candles are only ever added: a write that spans months becomes
    visible month by month, the oldest first, and is covered only when ``add_coverage`` says so. May be used from
    several threads and processes.

    Parameters
    ----------
    root
        Folder of the store; nothing is created before the first write.
    """

    def __init__(self, root: str | Path = "data/backtest_cache") -> None:
        self.root = Path(root)
        self._parquet = ParquetFiles()

    def write(self, exchange: str, symbol: str, timeframe: str, candles: SeriesColumns, *, source: str) -> WriteResult:
        """Merge rows into the month files; the first stored row of a time stands.

        Parameters
        ----------
        timeframe
            Timeframe of candles, or the name of another series.
        candles
            Checked rows in order of time: candles (their opens on the timeframe's grid), funding rates (of which those
            of one minute are the same payment) or open interest.
        source
            Where they came from, kept in the series' record.

        Raises
        ------
        CandleError
            If a row breaks a rule of ``quality.check_candles`` or ``perpetual_quality``; nothing is stored then.
        StoreError
            If a file cannot be read or written; the old file stands.
        """
        series = Series(exchange, symbol, timeframe)
        _require_checked(series, candles)
        if isinstance(candles, CandleColumns):
            return self._merge(series, candles, source)
        if isinstance(candles, FundingColumns):
            return self._merge(series, candles, source)
        return self._merge(series, candles, source)

    def _merge(self, series: Series, candles: ColumnsT, source: str) -> WriteResult:
        folder = series.folder(self.root)
        if not candles.rows:
            return WriteResult(0, 0, 0, ())
        with self._writing(folder):
            saved, record = self._record(folder)
            months: dict[str, int] = {}
            taken: list[int] = []
            known = 0
            revised: list[int] = []
            for month, part in by_month(candles):
                stored = self._month(type(candles), folder, month)
                fresh, differing = compared(stored, part, series.length_ms)
                known += part.rows - int(fresh.sum()) - len(differing)
                revised += differing
                taken += part[0][fresh].tolist()
                months[month] = stored.rows + int(fresh.sum())
                if fresh.any():
                    self._parquet.write(folder / f"{month}.parquet", merged(stored, part, fresh))
            updated = record.with_rows(months, source, taken)
            if updated != saved:
                save_coverage(folder / COVERAGE_FILE, updated)
        return WriteResult(len(taken), known, len(revised), tuple(revised[:3]))

    def add_coverage(self, exchange: str, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> None:
        """Record that the source answered ``[start_ms, end_ms)``: what is not stored there does not exist."""
        folder = Series(exchange, symbol, timeframe).folder(self.root)
        if start_ms >= end_ms:
            return
        with self._writing(folder):
            saved, record = self._record(folder)
            updated = record.with_range(start_ms, end_ms)
            if updated != saved:
                save_coverage(folder / COVERAGE_FILE, updated)

    def missing_ranges(self, exchange: str, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> list[Interval]:
        """Return the parts of ``[start_ms, end_ms)`` that no source has answered yet, in order.

        A month whose file was removed after it had been stored counts as not answered.

        Raises
        ------
        StoreError
            If the series' record cannot be read.
        """
        folder = Series(exchange, symbol, timeframe).folder(self.root)
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
        folder = series.folder(self.root)
        end_ms = before_ms - series.length_ms + 1
        parts: list[CandleColumns] = []
        wanted = count
        for file in reversed(self._files(folder, 0, end_ms)):
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
        return self._settled(series.folder(self.root), 0, LAST_TIME_MS, lambda files: self._read_times(columns, files))

    def exchanges(self) -> list[str]:
        """Return the names under which anything is stored, sorted."""
        return [name for name in _folders(self.root) if _is_exchange(name)]

    def symbols(self, exchange: str) -> list[str]:
        """Return the unified symbols that are stored for an exchange, sorted; none if the exchange is unknown."""
        names = _folders(self.root / exchange_folder(exchange))
        return sorted(symbol for name in names if (symbol := symbol_of(name)) is not None)

    def timeframes(self, exchange: str, symbol: str) -> list[str]:
        """Return the timeframes of the candles that are stored for a symbol, the shortest first."""
        return [name for name in self.series_names(exchange, symbol) if is_timeframe(name)]

    def series_names(self, exchange: str, symbol: str) -> list[str]:
        """Return the names of a symbol's stored series: candles, mark candles, funding, open interest."""
        folder = self.root / exchange_folder(exchange) / symbol_folder(symbol)
        return sorted((name for name in _folders(folder) if is_series(name)), key=series_order)

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

    @contextlib.contextmanager
    def _writing(self, folder: Path) -> Iterator[None]:
        make_folder(folder)
        with folder_lock(folder):
            yield

    def _month(self, columns: type[ColumnsT], folder: Path, month: str) -> ColumnsT:
        """Return one whole month file; the caller holds the lock."""
        file = folder / f"{month}.parquet"
        if not file.exists():
            return columns.empty()
        return self._parquet.read_as(columns, file)

    def _read(self, columns: type[ColumnsT], series: Series, start_ms: int, end_ms: int) -> ColumnsT:
        folder = series.folder(self.root)
        if columns_of(series.kind) is not columns:
            raise InvariantError(f"{series} is not kept as {columns.__name__}")
        if start_ms >= end_ms:
            return columns.empty()

        def whole(files: list[Path]) -> ColumnsT:
            return joined_as(columns, [self._parquet.read_as(columns, file, start_ms, end_ms) for file in files])

        return self._settled(folder, start_ms, end_ms, whole)

    def _settled(self, folder: Path, start_ms: int, end_ms: int, read: Callable[[list[Path]], _Read]) -> _Read:
        """Read a range so that no file of it is replaced meanwhile; after a few turns, with the writers held back."""
        for _ in range(_UNLOCKED_READS):
            before = self._identities(folder, start_ms, end_ms)
            failure: StoreError | None = None
            try:
                found = read(list(before))
            except StoreError as error:
                failure = error
            if self._identities(folder, start_ms, end_ms) == before:
                if failure is not None:
                    raise failure
                return found
        with folder_lock(folder):
            return read(self._files(folder, start_ms, end_ms))

    def _read_times(self, columns: type[SeriesColumns], files: list[Path]) -> Int64Array:
        return np.concatenate([np.empty(0, np.int64), *(self._parquet.read_times(file, columns) for file in files)])

    def _identities(self, folder: Path, start_ms: int, end_ms: int) -> dict[Path, tuple[int, int, int]]:
        found = {}
        for file in self._files(folder, start_ms, end_ms):
            with contextlib.suppress(FileNotFoundError):
                status = file.stat()
                found[file] = (status.st_ino, status.st_mtime_ns, status.st_size)
        return found

    def _files(self, folder: Path, start_ms: int, end_ms: int) -> list[Path]:
        """Return the month files that may hold candles opening in ``[start_ms, end_ms)``, in order of time."""
        first, last = month_of(start_ms), month_of(end_ms - 1)
        files = []
        for name in _names(folder):
            if not name.endswith(".parquet") or name.startswith("."):
                continue
            stem = name.removesuffix(".parquet")
            if not is_month(stem):
                raise StoreError(
                    f"{folder / name}: is no month file YYYY-MM.parquet of this store; move it away", path=folder / name
                )
            if first <= stem <= last:
                files.append(folder / name)
        return sorted(files)

    def _record(self, folder: Path) -> tuple[Coverage, Coverage]:
        """Return the record as saved, and as it stands: a month whose file was removed is no longer answered."""
        saved = load_coverage(folder / COVERAGE_FILE)
        lost = [month for month, rows in saved.months.items() if rows and not (folder / f"{month}.parquet").exists()]
        return saved, saved.without_months(lost)


def _require_checked(series: Series, columns: SeriesColumns) -> None:
    times, length = columns[0], series.length_ms
    if type(columns) is not columns_of(series.kind):
        raise CandleError(f"{series}: is not made of {type(columns).__name__}; nothing is stored")
    if isinstance(columns, CandleColumns):
        wrong = ~sound_rows(columns)
        wrong |= (times - grid_origin_ms(length)) % length != 0
    else:
        wrong = ~sound_columns(columns)
    wrong |= (times < 0) | (times >= LAST_TIME_MS)
    places = slots(times, length)
    wrong[1:] |= places[1:] <= places[:-1]
    if wrong.any():
        row = int(np.argmax(wrong))
        values = ", ".join(repr(float(column[row])) for column in columns[1:])
        what = "candle" if isinstance(columns, CandleColumns) else "row"
        raise CandleError(
            f"{series}: the {what} at {_time_text(int(times[row]))} ({values}) was not checked; nothing is stored",
            open_time_ms=int(times[row]),
        )


def _time_text(time_ms: int) -> str:
    return format_ms(time_ms) if 0 <= time_ms < LAST_TIME_MS else f"{time_ms} ms"


def _names(folder: Path) -> list[str]:
    """Return the sorted names in a folder; none if there is no such folder."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{folder}: cannot be read as a folder ({error.strerror or error})", path=folder) from error


def _folders(folder: Path) -> list[str]:
    return [name for name in _names(folder) if not name.startswith(".") and (folder / name).is_dir()]


def _is_exchange(name: str) -> bool:
    try:
        exchange_folder(name)
    except ConfigurationError:
        return False
    return True
