"""The columns of month files once more, as bare numbers: some rows are read without a query, or a library for it.

A file of columns is made when a month file is read, and stands beside it as a hidden one, ``.2024-01.columns``. It is
good as long as the month file is the one that it was made of; what is missing, stale or cut short is as if it were not
there. Nothing is lost with it, and where none can be written there is none.
"""

import contextlib
import os
import struct
import threading
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt

from market_data.series_columns import SeriesColumns
from market_data.store.store_layout import month_bounds

_HEAD = struct.Struct("<8s5q")
_MARK = b"columns1"

KindT = TypeVar("KindT", bound=SeriesColumns)
Identity = tuple[int, int, int]
"""Inode, time of the last change and size of a month file."""


def identity_of(file: Path) -> Identity | None:
    """Return what tells a file from any other that had its name; None if there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def columns_file(file: Path) -> Path:
    """Return where the columns of a month file are kept."""
    return file.with_name(f".{file.stem}.columns")


def read_columns(columns: type[KindT], file: Path, start_ms: int, end_ms: int) -> KindT | None:
    """Return the kept rows of a month file with a time in ``[start_ms, end_ms)``; None where none of it are kept."""
    try:
        with columns_file(file).open("rb") as kept:
            mark, fields, rows, *made_of = _HEAD.unpack(kept.read(_HEAD.size))
            whole = os.fstat(kept.fileno()).st_size == _HEAD.size + 8 * fields * rows
            if mark != _MARK or fields != len(columns._fields) or not whole or tuple(made_of) != identity_of(file):
                return None
            return _rows(columns, kept, rows, file, (start_ms, end_ms))
    except (OSError, struct.error):
        return None


def _rows(columns: type[KindT], kept: BinaryIO, rows: int, file: Path, bounds: tuple[int, int]) -> KindT | None:
    times = np.fromfile(kept, "<i8", rows)
    first_ms, after_ms = month_bounds(file.stem)
    if rows and not (times[0] >= first_ms and times[-1] < after_ms and (times[1:] > times[:-1]).all()):
        return None
    first, last = (int(place) for place in np.searchsorted(times, bounds))
    found: list[npt.NDArray[Any]] = [times[first:last].astype(np.int64)]
    for number in range(1, len(columns._fields)):
        kept.seek(_HEAD.size + 8 * (number * rows + first))
        found.append(np.fromfile(kept, "<f8", last - first).astype(np.float64, copy=False))
    if any(len(one) != last - first for one in found):
        return None
    return columns._make(found)  # type: ignore[return-value]


def keep_columns(rows: SeriesColumns, file: Path, made_of: Identity) -> None:
    """Keep all rows of a month file, of which it was ``made_of`` one; nothing where that is impossible."""
    target = columns_file(file)
    temporary = target.with_name(f"{target.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    with contextlib.suppress(OSError):
        try:
            with temporary.open("wb") as out:
                out.write(_HEAD.pack(_MARK, len(rows), rows.rows, *made_of))
                for column, kind in zip(rows, ("<i8", *("<f8" for _ in rows[1:])), strict=True):
                    out.write(np.ascontiguousarray(column, kind).tobytes())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
