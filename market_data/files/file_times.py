"""The times of a file in milliseconds, whatever they are written in."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.candle_columns import Int64Array
from core.instants import format_ms
from market_data.files.file_table import FileError, FileTable
from market_data.files.text_times import compact_instants
from market_data.quality.sound_candle import FIRST_TRADE_MS
from market_data.store.store_layout import LAST_TIME_MS

_LAST_YEAR_MS = 4_102_444_800_000
_NO_TIME_MS = -1
_PER_MS = {"seconds": 1e-3, "milliseconds": 1.0, "microseconds": 1e3, "nanoseconds": 1e6}
_DATES = ((20_090_101, 21_000_101), (200_901_010_000, 210_001_010_000), (20_090_101_000_000, 21_000_101_000_000))
_ANY_UNIT = f"a time between 2009 and 2100 in {', '.join(_PER_MS)}, or a date as YYYYMMDD"


class FileTimes(NamedTuple):
    """Times in milliseconds, -1 where a row's is none; what they were written in, and how many lost parts of one."""

    milliseconds: Int64Array
    words: str
    cut: int


def in_milliseconds(path: Path, table: FileTable) -> FileTimes:
    """Return the times of a file in milliseconds.

    The unit is the one in which most of the times lie between 2009 and 2100; no number does so in two of them.

    Raises
    ------
    FileError
        If there is no such unit: the first time that is none in any is named.
    """
    times = table.times
    if times.dtype.kind == "M":
        instants = times.astype("datetime64[us]")
        return _scaled(instants.astype(np.int64), ~np.isnat(instants), 1_000, table.zone)
    numbers = times.astype(np.float64) if times.dtype.kind == "f" else times.astype(np.int64)
    unit, inside = _unit(path, table, numbers)
    if unit == "":
        instants = compact_instants(np.where(inside, numbers, _DATES[0][0]).astype(np.int64))
        return _scaled(
            instants.astype(np.int64), inside & ~np.isnat(instants), 1_000, "dates as YYYYMMDD, taken as UTC"
        )
    if unit == "seconds":
        milliseconds = np.rint(np.where(inside, numbers, 0) * 1_000).astype(np.int64)
        return FileTimes(np.where(inside, milliseconds, _NO_TIME_MS), unit, 0)
    return _scaled(numbers, inside, int(_PER_MS[unit]), unit)


def _unit(
    path: Path, table: FileTable, numbers: Int64Array | npt.NDArray[np.float64]
) -> tuple[str, npt.NDArray[np.bool]]:
    """Return the unit that fits most of the numbers, empty for compact dates, and which of them it fits."""
    masks = {
        unit: (numbers >= FIRST_TRADE_MS * scale) & (numbers < _LAST_YEAR_MS * scale) for unit, scale in _PER_MS.items()
    }
    dates = np.zeros(len(numbers), np.bool)
    for first, last in _DATES:
        dates |= (numbers >= first) & (numbers < last)
    masks[""] = dates
    counts = {unit: int(mask.sum()) for unit, mask in masks.items()}
    best = max(counts, key=lambda unit: counts[unit])
    if counts[best] * 2 <= len(numbers):
        # None fits most of the rows, or two units share them: the first row that is unlike the first one is named.
        like_first = masks[next((unit for unit, mask in masks.items() if mask[0]), best)]
        row = int(np.argmin(like_first))
        wanted = _ANY_UNIT if row == 0 else "in the unit of the first row's"
        raise FileError(path, f"{table.times[row]} is not {wanted}", line=table.line_of(row), row=row + 1, part="time")
    return best, masks[best]


def _scaled(
    numbers: Int64Array | npt.NDArray[np.float64], known: npt.NDArray[np.bool], per_ms: int, words: str
) -> FileTimes:
    kept = np.where(known, numbers, 0)
    milliseconds = np.floor_divide(kept, per_ms).astype(np.int64)
    cut = int((milliseconds * per_ms != kept).sum())
    inside = known & (milliseconds >= 0) & (milliseconds < LAST_TIME_MS)
    return FileTimes(np.where(inside, milliseconds, _NO_TIME_MS), words, cut)


def span_text(times_ms: Int64Array) -> str:
    """Return from when to when some times go, in words."""
    first, last = (min(max(int(time_ms), 0), LAST_TIME_MS - 1) for time_ms in (times_ms.min(), times_ms.max()))
    return f"{format_ms(first)} .. {format_ms(last)}"
