"""Month files of candles: Parquet, written and queried with DuckDB."""

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.errors import StoreError
from market_data.atomic_files import replacing
from market_data.candle_columns import CandleColumns, Int64Array
from market_data.store_layout import month_bounds

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ADVICE = "delete that file, then fetch or import its month again"
BEGINNING_MS = -(2**62)
END_MS = 2**62

_TYPES = ("BIGINT", "DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
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
    """Reads and writes Parquet files of candles over one DuckDB connection; may be used from several threads."""

    def __init__(self) -> None:
        self._connection: DuckDBPyConnection | None = None
        self._opening = threading.Lock()

    def read(self, file: Path, start_ms: int = BEGINNING_MS, end_ms: int = END_MS) -> CandleColumns:
        """Return the candles of a month file with ``start_ms <= open_time_ms < end_ms``, in order.

        Raises
        ------
        StoreError
            If the file is damaged, is not a file of candles, or a candle that was asked for is out of order or of
            another month; the message names the file.
        """
        candles = CandleColumns(*self._query(file, ", ".join(CandleColumns._fields), start_ms, end_ms))
        _require_order(file, candles.open_time_ms)
        return candles

    def read_times(self, file: Path) -> Int64Array:
        """Return the open times of every candle of a month file, in order; errors as in ``read``."""
        times: Int64Array = self._query(file, "open_time_ms", BEGINNING_MS, END_MS)[0]
        _require_order(file, times)
        return times

    def write(self, path: Path, candles: CandleColumns) -> None:
        """Replace a file with these candles as a whole; raises StoreError and keeps the old file if it cannot."""
        import duckdb

        with replacing(path) as temporary, self._cursor() as cursor:
            try:
                cursor.register("incoming", _as_stored(candles)._asdict())
                cursor.execute(
                    f"COPY (SELECT * FROM incoming) TO '{_quoted(str(temporary))}' (FORMAT parquet, COMPRESSION zstd, "
                    f"USE_TMP_FILE false, KV_METADATA {{{_DIGEST_KEY}: '{digest(candles)}'}})"
                )
            except duckdb.Error as error:
                raise StoreError(
                    f"{path}: cannot be written ({_first_line(error)}); what was there before stands"
                ) from error

    def stored_digest(self, path: Path) -> str | None:
        """Return the digest that was written with the file; None if it carries none."""
        import duckdb

        query = "SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = ?"
        with self._cursor() as cursor:
            try:
                rows = cursor.execute(query, [_literal(path), _DIGEST_KEY]).fetchall()
            except (duckdb.Error, UnicodeDecodeError) as error:
                raise self._failure(path, error) from error
        return str(rows[0][0]) if rows else None

    def _query(self, file: Path, selected: str, start_ms: int, end_ms: int) -> list[npt.NDArray[Any]]:
        import duckdb

        # One query a file: over several, DuckDB casts silently to the types of the first.
        query = (
            f"SELECT {selected} FROM read_parquet(?, hive_partitioning = false) "
            "WHERE open_time_ms >= ? AND open_time_ms < ?"
        )
        with self._cursor() as cursor:
            try:
                result = cursor.execute(query, [_literal(file), start_ms, end_ms])
                types = tuple(str(column[1]) for column in result.description)
                if types != _TYPES[: len(types)]:
                    raise damaged(file, f"its columns have the types {', '.join(types)}")
                columns = list(result.fetchnumpy().values())
            except (duckdb.Error, UnicodeDecodeError) as error:
                raise self._failure(file, error) from error
        if any(isinstance(column, np.ma.MaskedArray) for column in columns):
            raise damaged(file, "it holds rows with empty cells")
        return [np.asarray(column) for column in columns]

    def _failure(self, file: Path, error: Exception) -> StoreError:
        """Return the error for a query that failed; a file that cannot be opened is not called damaged."""
        import duckdb

        if isinstance(error, duckdb.InternalException | duckdb.FatalException):
            # DuckDB refuses every later query on a connection that met such an error.
            with self._opening:
                self._connection = None
        if isinstance(error, duckdb.OutOfMemoryException):
            return StoreError(f"{file}: cannot be read ({_first_line(error)})")
        try:
            with file.open("rb") as content:
                content.read(1)
        except OSError as unreadable:
            return StoreError(f"{file}: cannot be read ({unreadable.strerror or unreadable})")
        return damaged(file, _first_line(error))

    @contextlib.contextmanager
    def _cursor(self) -> "Iterator[DuckDBPyConnection]":
        """Give a cursor of the one connection; a cursor belongs to one thread."""
        import duckdb

        with self._opening:
            if self._connection is None:
                self._connection = duckdb.connect(":memory:", config=_SETTINGS)
            cursor = self._connection.cursor()
        try:
            yield cursor
        except RuntimeError as error:
            # DuckDB takes the signal of Ctrl-C for itself while a query runs.
            if "interrupted" in str(error).lower():
                raise KeyboardInterrupt from error
            raise
        finally:
            cursor.close()


def digest(candles: CandleColumns) -> str:
    """Return the SHA-256 of the little-endian bytes of all columns."""
    content = hashlib.sha256()
    candles.update_digest(content)
    return content.hexdigest()


def damaged(file: Path, reason: str) -> StoreError:
    """Return the error for a month file that cannot be taken as candles."""
    return StoreError(f"{file}: cannot be read as candles ({reason}); {ADVICE}")


def _require_order(file: Path, times: Int64Array) -> None:
    if not len(times):
        return
    if not np.all(times[1:] > times[:-1]):
        raise damaged(file, "their times do not increase")
    first, after = month_bounds(file.stem)
    if times[0] < first or times[-1] >= after:
        raise damaged(file, "it holds candles of another month")


def _as_stored(candles: CandleColumns) -> CandleColumns:
    """Return the columns in the types of the file and dense in memory, which is how DuckDB walks them."""
    times, *values = candles
    return CandleColumns(np.ascontiguousarray(times, np.int64), *(np.ascontiguousarray(v, np.float64) for v in values))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _literal(path: Path) -> str:
    """Return the path so that DuckDB takes ``[``, ``*`` and ``?`` in it as themselves."""
    return "".join(f"[{character}]" if character in "[*?" else character for character in str(path))
