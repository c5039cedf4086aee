"""Export of what is stored to CSV, CSV.gz or Parquet; reading the file back gives the same floats."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from core.candle_columns import CandleColumns
from core.errors import StoreError
from market_data.files.file_table import FileError
from market_data.series_columns import FundingColumns, SeriesColumns
from market_data.store.atomic_files import replacing

HEADER = "timestamp,open,high,low,close,volume"
SUFFIXES = (".csv", ".csv.gz", ".parquet")
_ROWS_AT_ONCE = 100_000


def export_candles(candles: SeriesColumns, path: Path, *, force: bool = False) -> None:
    """Write rows to a file as a whole: ``timestamp`` in UTC milliseconds, floats by their shortest text.

    The columns are those that the import reads. Of funding rates and open interest the last one (mark price, value) is
    left out where it is known of no row, and empty where it is not known of a row.

    Parameters
    ----------
    path
        Its name says the format: ``.csv``, ``.csv.gz`` or ``.parquet``. The same rows give the same bytes.
    force
        Whether a file that is there may be replaced.

    Raises
    ------
    ConfigurationError
        If the name says no format, or the file exists and ``force`` is not given.
    StoreError
        If it cannot be written; what was there before stands.
    """
    check_target(path, force=force)
    with replacing(path) as temporary:
        if path.name.lower().endswith(".parquet"):
            _write_parquet(candles, temporary)
        elif path.name.lower().endswith(".gz"):
            # Neither name nor time of the run goes into the file.
            with temporary.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
                for part in _csv_parts(candles):
                    packed.write(part)
        else:
            with temporary.open("wb") as plain:
                for part in _csv_parts(candles):
                    plain.write(part)


def check_target(path: Path, *, force: bool) -> None:
    """Raise ConfigurationError if a path cannot be exported to: no format, no folder, or a file that is there."""
    if not path.name.lower().endswith(SUFFIXES):
        raise FileError(path, f"its name says no format; allowed: {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise FileError(path, f"there is no folder {path.parent}")
    if path.is_dir():
        raise FileError(path, "is a folder")
    if path.exists() and not path.is_file():
        raise FileError(path, "is a device or a pipe")
    if path.exists() and not force:
        raise FileError(path, "exists; give --force to replace it")


def _header(columns: SeriesColumns) -> list[str]:
    if isinstance(columns, CandleColumns):
        return HEADER.split(",")
    names = ["timestamp", "rate", "mark_price"]
    if not isinstance(columns, FundingColumns):
        names = ["timestamp", "open_interest", "value"]
    return names if np.isfinite(columns[2]).any() else names[:2]


def _csv_parts(columns: SeriesColumns) -> Iterator[bytes]:
    names = _header(columns)
    yield f"{','.join(names)}\n".encode()
    for start in range(0, columns.rows, _ROWS_AT_ONCE):
        part = columns.slice(start, start + _ROWS_AT_ONCE)
        texts = [list(map(repr, column.tolist())) for column in part[: len(names)]]
        if not isinstance(columns, CandleColumns) and len(texts) > 2:
            texts[2] = ["" if text == "nan" else text for text in texts[2]]
        yield "".join(f"{','.join(row)}\n" for row in zip(*texts, strict=True)).encode()


def _write_parquet(columns: SeriesColumns, path: Path) -> None:
    names = _header(columns)
    try:
        table = pa.table([pa.array(column, from_pandas=True) for column in columns[: len(names)]], names=names)
        parquet.write_table(table, path, compression="zstd")
    except pa.ArrowException as error:
        raise StoreError(
            f"{path.parent}: cannot be written ({str(error).splitlines()[0]})", path=path.parent
        ) from error
