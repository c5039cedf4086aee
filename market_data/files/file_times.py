"""The times of a file in milliseconds, whatever unit they are written in."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.instants import format_ms
from market_data.candle_columns import Int64Array
from market_data.files.file_table import FileError, FileTable
from market_data.store.store_layout import LAST_TIME_MS

_UNITS = (("seconds", 10**11, 1_000.0), ("milliseconds", 10**14, 1.0), ("microseconds", 10**17, 0.001))
"""Name, the value from which a number is of the next unit, and milliseconds in one of it."""


def in_milliseconds(path: Path, table: FileTable, length_ms: int) -> tuple[Int64Array, str, int]:
    """Return the times in milliseconds, what they were, and how many lost parts of a millisecond."""
    times = table.times
    if times.dtype.kind == "M":
        numbers: Int64Array = times.astype("datetime64[us]").astype(np.int64)
        unit, described = _UNITS[2], table.zone
    else:
        numbers = times.astype(np.float64) if times.dtype.kind == "f" else times.astype(np.int64)
        wrong = ~np.isfinite(numbers)
        if wrong.any():
            raise _no_time(path, table, int(np.argmax(wrong)), "a finite number")
        unit = _unit(path, table, numbers, length_ms)
        described = f"times in {unit[0]}"
    name, _, scale = unit
    if name == "seconds":
        milliseconds = np.rint(numbers * 1_000.0).astype(np.int64) if numbers.dtype.kind == "f" else numbers * 1_000
        cut = 0
    else:
        divisor = round(1 / scale)
        milliseconds = np.floor_divide(numbers, divisor).astype(np.int64)
        cut = int((milliseconds * divisor != numbers).sum())
    outside = (milliseconds < 0) | (milliseconds >= LAST_TIME_MS)
    if outside.any():
        raise _no_time(path, table, int(np.argmax(outside)), f"a time between {format_ms(0)} and year 9999 in {name}")
    return milliseconds, described, cut


def _unit(
    path: Path, table: FileTable, numbers: Int64Array | npt.NDArray[np.float64], length_ms: int
) -> tuple[str, int, float]:
    """Return the unit of numeric times: that in which the usual step is one candle, else that of their size."""
    bounds = [unit[1] for unit in _UNITS]
    sizes = np.searchsorted(bounds, np.abs(numbers), side="right")
    mixed = sizes != sizes[0]
    if mixed.any():
        raise _no_time(path, table, int(np.argmax(mixed)), "in the unit of the first row's")
    if len(numbers) > 1:
        step = float(np.median(np.diff(numbers)))
        for unit in _UNITS:
            if abs(step * unit[2] - length_ms) < length_ms * 1e-6:
                return unit
    if sizes[0] >= len(_UNITS):
        raise _no_time(path, table, 0, "a time in seconds, milliseconds or microseconds")
    return _UNITS[int(sizes[0])]


def _no_time(path: Path, table: FileTable, row: int, wanted: str) -> FileError:
    return FileError(path, f"{table.times[row]} is not {wanted}", line=table.line_of(row), row=row + 1, part="time")
