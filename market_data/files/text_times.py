"""Times written as text in other forms than ISO: ``20240101 0000``, ``2024.01.01 00:00``, ``31/12/2024 23:59``."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from market_data.files.file_table import FileError

Times = npt.NDArray[np.datetime64]
_Numbers = npt.NDArray[np.int64]

_CLOCK = r"(?:[ T]+(?P<h>\d{1,2}):?(?P<m>\d{2})(?::?(?P<s>\d{2})(?:\.(?P<f>\d{1,9}))?)?)?"
_END = r"(?: ?(?P<half>[AaPp][Mm]))?(?: ?(?:UTC|GMT))?\s*$"
_LEAD = r"^\s*"


class _Form(NamedTuple):
    words: str
    pattern: str

    def fits(self, cell: str) -> bool:
        return re.match(self.pattern, cell, re.ASCII) is not None


_YEAR_FIRST = _Form("dates and times", _LEAD + r"(?P<y>\d{4})[./-](?P<b>\d{1,2})[./-](?P<a>\d{1,2})" + _CLOCK + _END)
_COMPACT = _Form("dates as YYYYMMDD", _LEAD + r"(?P<y>\d{4})(?P<b>\d{2})(?P<a>\d{2})" + _CLOCK + _END)
_HOUR_ONLY = _Form(
    "dates and hours",
    _LEAD + r"(?P<y>\d{4})-(?P<b>\d{2})-(?P<a>\d{2}) (?P<h>\d{1,2})(?P<m>)(?P<s>)(?P<f>)-(?P<half>[AaPp][Mm])\s*$",
)
_YEAR_LAST = _Form("dates and times", _LEAD + r"(?P<a>\d{1,2})[./-](?P<b>\d{1,2})[./-](?P<y>\d{4})" + _CLOCK + _END)
_FORMS = (_YEAR_FIRST, _COMPACT, _HOUR_ONLY, _YEAR_LAST)


class TextTimes:
    """The times of a column of text, added block by block.

    Where day and month come first, the file as a whole says which is which: a number above 12 is a day. Where none is,
    nobody knows, and the file is refused.
    """

    def __init__(self, path: Path, form: _Form) -> None:
        self._path = path
        self._form = form
        self._readings: tuple[list[Times], list[Times]] = ([], [])

    @property
    def words(self) -> str:
        """What the times are, for a report."""
        return f"{self._form.words}, taken as UTC"

    def add(self, cells: pa.ChunkedArray) -> int | None:
        """Read some cells; return the place among them of the first that is no time, None if all are."""
        parts = pc.extract_regex(cells.combine_chunks(), self._form.pattern)
        if parts.null_count:
            return int(np.argmax(parts.is_null().to_numpy(zero_copy_only=False)))
        numbers = {name: _numbers(parts.field(name)) for name in ("y", "a", "b", "h", "m", "s")}
        clock = _clock_ms(numbers, parts.field("f"), parts.field("half"))
        day_first = _instants(numbers["y"], numbers["b"], numbers["a"], clock)
        wrong = np.isnat(day_first)
        if self._form is _YEAR_LAST:
            month_first = _instants(numbers["y"], numbers["a"], numbers["b"], clock)
            self._readings[1].append(month_first)
            wrong &= np.isnat(month_first)
        self._readings[0].append(day_first)
        return int(np.argmax(wrong)) if wrong.any() else None

    def joined(self) -> Times:
        """Return all times; FileError where day and month cannot be told apart, or are mixed."""
        readings = [np.concatenate(parts) for parts in self._readings if parts]
        whole = [times for times in readings if not np.isnat(times).any()]
        if not whole:
            raise FileError(self._path, "its dates have day and month in no one order")
        if len(whole) > 1 and (whole[0] != whole[1]).any():
            raise FileError(
                self._path, "whether the day or the month comes first in its dates cannot be told; write them as ISO"
            )
        return whole[0]


def text_times(path: Path, cell: str) -> TextTimes | None:
    """Return what reads times like this one; None if it is in no form that is known."""
    form = next((form for form in _FORMS if form.fits(cell)), None)
    return None if form is None else TextTimes(path, form)


def _numbers(texts: pa.Array) -> _Numbers:
    filled = pc.if_else(pc.equal(texts, ""), "0", texts)
    numbers: _Numbers = filled.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return numbers


def _clock_ms(parts: dict[str, _Numbers], fraction: pa.Array, half: pa.Array) -> _Numbers:
    """Return the milliseconds of the day, -1 where there is no such time of day."""
    hours = parts["h"]
    halves = pc.utf8_lower(half).to_numpy(zero_copy_only=False)
    afternoon, twelve = halves == "pm", (halves == "am") | (halves == "pm")
    wrong = (hours > 23) | (parts["m"] > 59) | (parts["s"] > 59) | (twelve & ((hours < 1) | (hours > 12)))
    hours = np.where(twelve, hours % 12 + 12 * afternoon, hours)
    millis = _numbers(pc.utf8_slice_codeunits(pc.utf8_rpad(fraction, 3, "0"), 0, 3))
    return np.where(wrong, -1, hours * HOUR_MS + parts["m"] * MINUTE_MS + parts["s"] * 1_000 + millis)


def _instants(years: _Numbers, months: _Numbers, days: _Numbers, clock: _Numbers) -> Times:
    """Return instants in microseconds, NaT where there is no such day or time of day."""
    named = (months >= 1) & (months <= 12) & (days >= 1) & (days <= 31) & (clock >= 0) & (clock < DAY_MS)
    month = (years - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (np.where(named, months, 1) - 1)
    day = month.astype("datetime64[D]") + (np.where(named, days, 1) - 1)
    named &= day.astype("datetime64[M]") == month
    instants = day.astype("datetime64[ms]") + clock
    return np.where(named, instants, np.datetime64("NaT", "ms")).astype("datetime64[us]")


def compact_instants(numbers: _Numbers) -> Times:
    """Return the instants of numbers such as 20240101, 202401010000 or 20240101000000, NaT where there is none."""
    scales = np.select([numbers < 10**8, numbers < 10**12], [10**6, 10**2], 1)
    whole = numbers * scales
    date, clock = whole // 10**6, whole % 10**6
    hours, minutes, seconds = clock // 10_000, clock // 100 % 100, clock % 100
    wrong = (hours > 23) | (minutes > 59) | (seconds > 59)
    milliseconds = np.where(wrong, -1, hours * HOUR_MS + minutes * MINUTE_MS + seconds * 1_000)
    return _instants(date // 10_000, date // 100 % 100, date % 100, milliseconds)
