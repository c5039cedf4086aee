"""Files of other programs, read as they are or refused as a whole.

Candles, mark candles, funding rates and open interest, each with its own columns.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.candle_columns import CandleColumns, Int64Array
from market_data.files.arrow_table import arrow_table
from market_data.files.csv_table import csv_table
from market_data.files.file_formats import HowToRead
from market_data.files.file_layouts import CANDLE_FILE, Layout
from market_data.files.file_names import SUFFIXES
from market_data.files.file_table import FileError
from market_data.files.file_text import FileText
from market_data.files.file_times import in_milliseconds


class SeriesFile(NamedTuple):
    """The rows of one file in its order, unchecked: times in milliseconds (-1: none) and the values of its layout.

    ``read_as`` says in words what its form and its times were, ``cut_times`` how many lost parts of a millisecond.
    ``confirmed`` says of each row whether the file calls it closed, None where it does not say; ``notes`` what stands
    for volumes that nobody knows. ``line_of`` finds the line of a row, None in a file without lines; ``zoned`` says
    whether the times say themselves how far they are from UTC.
    """

    path: Path
    times: Int64Array
    values: tuple[npt.NDArray[np.float64], ...]
    read_as: tuple[str, ...]
    ignored_columns: tuple[str, ...]
    cut_times: int
    confirmed: npt.NDArray[np.bool] | None
    notes: tuple[str, ...]
    line_of: Callable[[int], int | None]
    zoned: bool

    @property
    def traded_volume(self) -> bool:
        """Whether the volumes of candles are what was traded, and not ticks, or zeros for want of them."""
        return not self.notes

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.times)

    @property
    def candles(self) -> CandleColumns:
        """The rows of a file of candles."""
        return CandleColumns(self.times, *self.values)

    def without_rows(self) -> "SeriesFile":
        """Return what is known of the file beside its rows."""
        return self._replace(times=np.empty(0, np.int64), values=(), confirmed=None)


def read_series_file(path: Path, layout: Layout = CANDLE_FILE, how: HowToRead | None = None) -> SeriesFile:
    """Read a file.

    Parameters
    ----------
    path
        Text, packed or not, JSON rows, Parquet or feather, with the columns of the layout in one of the forms of
        ``file_formats``; more columns are ignored. Times are seconds, milliseconds, microseconds, nanoseconds, dates or
        text (UTC without an offset).
    how
        What is known of it beforehand.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, is empty, may be read in more than one way, or holds anything but numbers where
        numbers belong: a ``FileError``.
    """
    known = how or HowToRead()
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise FileError(path, f"is no {layout.what}; allowed: {', '.join(SUFFIXES)}")
    if name.endswith((".parquet", ".feather")):
        table = arrow_table(path, layout, known)
    else:
        table = csv_table(FileText(path), layout, known)
    times = in_milliseconds(path, table)
    return SeriesFile(
        path,
        times.milliseconds,
        table.values,
        (*table.form, times.words),
        table.ignored,
        times.cut,
        table.confirmed,
        table.notes,
        table.line_of,
        table.zoned,
    )
