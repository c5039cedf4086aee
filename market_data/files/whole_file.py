"""What a file is judged by as a whole, before its rows are: order, spacing, and a constant offset from the grid."""

from typing import NamedTuple

import numpy as np

from core.candle_columns import Int64Array, slots
from core.timeframe import MINUTE_MS, UNIT_MS
from market_data.files.file_table import FileError
from market_data.files.series_files import SeriesFile
from market_data.series_names import Series

_MOST_ODD = 0.05
"""The share of rows that may be unlike the others before the file as a whole is of another kind."""

_ZONE_STEP_MS = 15 * MINUTE_MS
_SHOWN_OFFSETS = 3
_FEWEST_STEPS = 2
_LEAST_STEP = 0.75
"""A usual step below this part of a candle is that of a shorter timeframe, and no jitter."""


class WholeFile(NamedTuple):
    """A file in order of time, and whether it came the newest first."""

    file: SeriesFile
    reversed: bool

    def row_of(self, place: int) -> int:
        """Return the row, from 1, that stands at a place of the file in order."""
        return self.file.rows - place if self.reversed else place + 1


def in_order_of_time(file: SeriesFile) -> WholeFile:
    """Return a file as it is, or turned round if more of its times fall than rise."""
    steps = np.diff(file.times)
    if (steps < 0).sum() <= (steps > 0).sum():
        return WholeFile(file, False)
    turned = file._replace(
        times=file.times[::-1],
        values=tuple(column[::-1] for column in file.values),
        confirmed=None if file.confirmed is None else file.confirmed[::-1],
        read_as=(*file.read_as, "newest first"),
    )
    return WholeFile(turned, True)


def require_spacing(file: SeriesFile, series: Series, *, snap_offset: bool) -> None:
    """Refuse a file whose rows are not a timeframe apart, or all lie off its grid by the same offset.

    Parameters
    ----------
    snap_offset
        Whether an offset that is no time zone's, such as some seconds, may be taken for jitter all the same.

    Raises
    ------
    FileError
        Names the spacing or the offset, and what to do.
    """
    times = np.sort(file.times[file.times >= 0])
    times = times[np.diff(times, prepend=-1) > 0]
    if series.kind == "funding" or len(times) < 2:
        return
    length = series.length_ms
    places = slots(times, length)
    steps = np.diff(places) // length
    apart = int(np.median(np.diff(times)))
    if apart < length * _LEAST_STEP or _is_wider(steps[steps > 0]):
        raise FileError(
            file.path,
            f"its rows are {duration(apart)} apart, not {duration(length)} as those of {series.timeframe}; give the "
            "--timeframe that it has",
        )
    _require_grid(file, series, times - places, snap_offset=snap_offset)


def _is_wider(steps: Int64Array) -> bool:
    """Whether steps, counted in candles, are those of a longer timeframe: all multiples of one, or nearly all alike."""
    if len(steps) < _FEWEST_STEPS:
        return False
    lengths, counts = np.unique(steps, return_counts=True)
    usual, share = int(lengths[np.argmax(counts)]), counts.max() / len(steps)
    return int(np.gcd.reduce(steps)) > 1 or (usual > 1 and share > 1.0 - _MOST_ODD)


def _require_grid(file: SeriesFile, series: Series, offsets: Int64Array, *, snap_offset: bool) -> None:
    values, counts = np.unique(offsets, return_counts=True)
    usual, count = int(values[np.argmax(counts)]), int(counts.max())
    zoned = (values % _ZONE_STEP_MS == 0) & (values > 0)
    if count < (1.0 - _MOST_ODD) * len(offsets) and counts[zoned].sum() > _MOST_ODD * len(offsets):
        raise FileError(
            file.path, f"{counts[zoned].sum():,} of its {len(offsets):,} rows open "
            f"{' or '.join(map(duration, values[zoned][:_SHOWN_OFFSETS].tolist()))} after a boundary of "
            f"{series.timeframe}: they are of a time zone with daylight saving, or cut at another time of day; candles "
            "of UTC are needed"
        )  # fmt: skip
    if usual == 0 or count < (1.0 - _MOST_ODD) * len(offsets):
        return
    whole = f"its rows all open {duration(usual)} after a boundary of {series.timeframe}"
    if series.timeframe == "1w" and usual % UNIT_MS["d"] == 0:
        raise FileError(file.path, f"{whole}, as weeks that do not begin on Monday; days can be resampled to weeks")
    if usual % _ZONE_STEP_MS == 0:
        raise FileError(
            file.path, f"{whole}: they are of another time zone, or of another time of day; give --utc-offset, such "
            "as +05:30, for times that are ahead of UTC by so much"
        )  # fmt: skip
    if usual >= series.length_ms - 1_000:
        raise FileError(file.path, f"{whole}: these are the times of their closes; the time of each open is needed")
    if not snap_offset:
        raise FileError(file.path, f"{whole}; --off-grid snap takes them as if they opened there")


def duration(length_ms: int) -> str:
    """Return a length of time in words.

    Examples
    --------
    >>> duration(60_000), duration(5_400_000), duration(20_799), duration(86_400_000)
    ('1m', '90m', '20.799s', '1d')
    """
    for unit in ("d", "h", "m"):
        if length_ms and length_ms % UNIT_MS[unit] == 0:
            return f"{length_ms // UNIT_MS[unit]}{unit}"
    return f"{length_ms / UNIT_MS['s']:.12g}s"
