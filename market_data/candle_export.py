"""Export of stored candles to CSV, CSV.gz or Parquet; reading the file back gives the same floats."""

import gzip
from collections.abc import Iterator
from pathlib import Path

from core.errors import ConfigurationError, StoreError
from market_data.atomic_files import replacing
from market_data.candle_columns import CandleColumns

HEADER = "timestamp,open,high,low,close,volume"
SUFFIXES = (".csv", ".csv.gz", ".parquet")
_ROWS_AT_ONCE = 100_000


def export_candles(candles: CandleColumns, path: Path, *, force: bool = False) -> None:
    """Write candles to a file as a whole: ``timestamp`` in UTC milliseconds of the open, floats by their shortest text.

    Parameters
    ----------
    path
        Its name says the format: ``.csv``, ``.csv.gz`` or ``.parquet``. The same candles give the same bytes.
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
        raise ConfigurationError(f"{path}: its name says no format; allowed: {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise ConfigurationError(f"{path}: there is no folder {path.parent}")
    if path.is_dir():
        raise ConfigurationError(f"{path}: is a folder")
    if path.exists() and not force:
        raise ConfigurationError(f"{path}: exists; give --force to replace it")


def _csv_parts(candles: CandleColumns) -> Iterator[bytes]:
    yield f"{HEADER}\n".encode()
    for start in range(0, candles.rows, _ROWS_AT_ONCE):
        rows = zip(*(column.tolist() for column in candles.slice(start, start + _ROWS_AT_ONCE)), strict=True)
        yield "".join(
            f"{time_ms},{o!r},{high!r},{low!r},{c!r},{v!r}\n" for time_ms, o, high, low, c, v in rows
        ).encode()


def _write_parquet(candles: CandleColumns, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = pa.table(list(candles), names=HEADER.split(","))
        parquet.write_table(table, path, compression="zstd")
    except pa.ArrowException as error:
        raise StoreError(f"{path.parent}: cannot be written ({str(error).splitlines()[0]})") from error
