"""Month files of candles, funding rates and open interest: Parquet, written and queried with DuckDB."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from core.candle_columns import CandleColumns, Int64Array
from core.errors import StoreError
from market_data.series_columns import ColumnsT, FundingColumns, OpenInterestColumns, SeriesColumns, digest
from market_data.store.atomic_files import replacing
from market_data.store.store_layout import month_bounds

ADVICE = "delete that file, then fetch or import its month again"
BEGINNING_MS = -(2**62)
END_MS = 2**62

_WORDS: dict[type[SeriesColumns], str] = {
    CandleColumns: "candles",
    FundingColumns: "funding rates",
    OpenInterestColumns: "open interest",
}
_MAY_BE_UNKNOWN = ("mark_price", "value")
"""Columns of which DuckDB stores nan as an empty cell."""
_DIGEST_KEY = "columns_sha256"
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    # Everything a query needs is in the library: nothing is fetched, nothing is spilled into the working folder, and
    # a replaced file is never answered from memory.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "temp_directory": "",
    "enable_external_file_cache": "false",
}


class ParquetFiles:
    """Reads and writes month files over one DuckDB connection; may be used from several threads."""

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._opening = threading.Lock()

    def read(self, file: Path, start_ms: int = BEGINNING_MS, end_ms: int = END_MS) -> CandleColumns:
        """Return the candles of a month file with ``start_ms <= open_time_ms < end_ms``; see ``read_as``."""
        return self.read_as(CandleColumns, file, start_ms, end_ms)

    def read_as(
        self, columns: type[ColumnsT], file: Path, start_ms: int = BEGINNING_MS, end_ms: int = END_MS
    ) -> ColumnsT:
        """Return the rows of a month file whose time is in ``[start_ms, end_ms)``, in order.

        Raises
        ------
        StoreError
            If the file is damaged, holds something else than ``columns``, or a row that was asked for is out of order
            or of another month; the message names the file.
        """
        rows = columns(*self._query(columns, file, columns._fields, start_ms, end_ms))
        _require_order(columns, file, rows[0])
        return rows

    def read_all(self, columns: type[SeriesColumns], file: Path) -> SeriesColumns:
        """Return every row of a file of any month, or of none, as it stands; StoreError if it is damaged."""
        return columns._make(self._query(columns, file, columns._fields, BEGINNING_MS, END_MS))

    def read_times(self, file: Path, columns: type[SeriesColumns] = CandleColumns) -> Int64Array:
        """Return the times of every row of a month file, in order; errors as in ``read_as``."""
        times: Int64Array = self._query(columns, file, columns._fields[:1], BEGINNING_MS, END_MS)[0]
        _require_order(columns, file, times)
        return times

    def write(self, path: Path, candles: SeriesColumns, told: Mapping[str, str] | None = None) -> None:
        """Replace a file with these rows, and some words, as a whole; StoreError, and the old file, if it cannot."""
        words = {_DIGEST_KEY: digest(candles), **(told or {})}
        listed = ", ".join(f"{key}: '{_quoted(value)}'" for key, value in words.items())
        with replacing(path) as temporary, self._cursor() as cursor:
            try:
                cursor.register("incoming", _as_stored(candles))
                cursor.execute(
                    f"COPY (SELECT * FROM incoming) TO '{_quoted(str(temporary))}' (FORMAT parquet, COMPRESSION zstd, "
                    f"USE_TMP_FILE false, KV_METADATA {{{listed}}})"
                )
            except duckdb.Error as error:
                _let_interrupts_through(error)
                raise StoreError(
                    f"{path}: cannot be written ({_first_line(error)}); what was there before stands", path=path
                ) from error

    def stored_digest(self, path: Path, columns: type[SeriesColumns] = CandleColumns) -> str | None:
        """Return the digest that was written with the file; None if it carries none."""
        return self.told(path, columns, _DIGEST_KEY)

    def told(self, path: Path, columns: type[SeriesColumns], key: str) -> str | None:
        """Return a word that was written with the file; None if it carries none."""
        query = "SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = ?"
        with self._cursor() as cursor:
            try:
                rows = cursor.execute(query, [_literal(path), key]).fetchall()
            except (duckdb.Error, UnicodeDecodeError) as error:
                raise self._failure(path, columns, error) from error
        return str(rows[0][0]) if rows else None

    def _query(
        self, kind: type[SeriesColumns], file: Path, names: tuple[str, ...], start_ms: int, end_ms: int
    ) -> list[npt.NDArray[Any]]:
        time, wanted = kind._fields[0], ("BIGINT", *("DOUBLE" for _ in names[1:]))

        # One query a file: over several, DuckDB casts silently to the types of the first.
        query = (
            f"SELECT {', '.join(names)} FROM read_parquet(?, hive_partitioning = false) "
            f"WHERE {time} >= ? AND {time} < ?"
        )
        with self._cursor() as cursor:
            try:
                result = cursor.execute(query, [_literal(file), start_ms, end_ms])
                types = tuple(str(column[1]) for column in result.description)
                if types != wanted:
                    raise damaged(file, kind, f"its columns have the types {', '.join(types)}")
                columns = list(result.fetchnumpy().values())
            except (duckdb.Error, UnicodeDecodeError) as error:
                raise self._failure(file, kind, error) from error
        for place, column in enumerate(columns):
            if isinstance(column, np.ma.MaskedArray):
                if names[place] not in _MAY_BE_UNKNOWN:
                    raise damaged(file, kind, "it holds rows with empty cells")
                columns[place] = column.filled(np.nan)
        return [np.asarray(column) for column in columns]

    def _failure(self, file: Path, kind: type[SeriesColumns], error: Exception) -> StoreError:
        """Return the error for a query that failed; a file that cannot be opened is not called damaged."""
        _let_interrupts_through(error)
        if isinstance(error, duckdb.InternalException | duckdb.FatalException):
            # DuckDB refuses every later query on a connection that met such an error.
            with self._opening:
                self._connection = None
        if isinstance(error, duckdb.OutOfMemoryException):
            return StoreError(f"{file}: cannot be read ({_first_line(error)})", path=file)
        try:
            with file.open("rb") as content:
                content.read(1)
        except OSError as unreadable:
            return StoreError(f"{file}: cannot be read ({unreadable.strerror or unreadable})", path=file)
        return damaged(file, kind, _first_line(error))

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor of the one connection; a cursor belongs to one thread."""
        with self._opening:
            if self._connection is None:
                self._connection = duckdb.connect(":memory:", config=_SETTINGS)
            cursor = self._connection.cursor()
        try:
            yield cursor
        except RuntimeError as error:
            _let_interrupts_through(error)
            raise
        finally:
            cursor.close()


def _let_interrupts_through(error: Exception) -> None:
    """Raise KeyboardInterrupt where an error is Ctrl-C.

    DuckDB takes the signal for itself while a query runs, and wraps what Python raises while it looks at our columns.
    """
    text = str(error)
    by_itself = isinstance(error, duckdb.InterruptException | RuntimeError) and "interrupted" in text.lower()
    if by_itself or "KeyboardInterrupt" in text:
        raise KeyboardInterrupt from error


def damaged(file: Path, kind: type[SeriesColumns], reason: str) -> StoreError:
    """Return the error for a month file that cannot be taken as rows of its kind."""
    return StoreError(f"{file}: cannot be read as {_WORDS[kind]} ({reason}); {ADVICE}", path=file)


def _require_order(kind: type[SeriesColumns], file: Path, times: Int64Array) -> None:
    if not len(times):
        return
    if not np.all(times[1:] > times[:-1]):
        raise damaged(file, kind, "their times do not increase")
    first, after = month_bounds(file.stem)
    if times[0] < first or times[-1] >= after:
        raise damaged(file, kind, f"it holds {_WORDS[kind]} of another month")


def _as_stored(columns: SeriesColumns) -> dict[str, npt.NDArray[Any]]:
    """Return the columns in the types of the file and dense in memory, which is how DuckDB walks them."""
    types = (np.int64, *(np.float64 for _ in columns[1:]))
    named = zip(columns._fields, columns, types, strict=True)
    return {name: np.ascontiguousarray(values, dtype) for name, values, dtype in named}


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _literal(path: Path) -> str:
    """Return the path so that DuckDB takes ``[``, ``*`` and ``?`` in it as themselves."""
    return "".join(f"[{character}]" if character in "[*?" else character for character in str(path))
