"""Files of other programs: CSV, CSV.gz and Parquet, read as they are or refused as a whole.

Candles, mark candles, funding rates and open interest, each with its own columns.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from market_data.candle_columns import CandleColumns, Int64Array
from market_data.files.csv_table import csv_table
from market_data.files.file_layouts import CANDLE_FILE, Layout
from market_data.files.file_table import FileError
from market_data.files.file_times import in_milliseconds
from market_data.files.parquet_table import parquet_table


class SeriesFile(NamedTuple):
    """The rows of one file in its order, unchecked: times in milliseconds and the values of its layout.

    ``time_format`` says what its times were, and ``cut_times`` how many lost parts of a millisecond.
    """

    path: Path
    times: Int64Array
    values: tuple[npt.NDArray[np.float64], ...]
    time_format: str
    ignored_columns: tuple[str, ...]
    cut_times: int

    @property
    def candles(self) -> CandleColumns:
        """The rows of a file of candles."""
        return CandleColumns(self.times, *self.values)


def read_series_file(path: Path, step_ms: int, layout: Layout = CANDLE_FILE) -> SeriesFile:
    """Read a file.

    Parameters
    ----------
    path
        ``.csv``, ``.csv.gz`` or ``.parquet``, with the columns of the layout under their common names; more columns are
        ignored. Times are seconds, milliseconds, microseconds or ISO text (UTC without an offset).
    step_ms
        The usual step between its rows, by which the unit of the times is recognised where their step shows it.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, is empty, or holds anything but numbers where numbers belong: a ``FileError``.
    """
    suffixes = "".join(path.suffixes[-2:]).lower()
    if suffixes.endswith(".parquet"):
        table = parquet_table(path, layout)
    elif suffixes.endswith((".csv", ".csv.gz")):
        table = csv_table(path, layout)
    else:
        raise FileError(path, f"is no {layout.what}; allowed: .csv, .csv.gz, .parquet")
    if not len(table.times):
        raise FileError(path, "has a header but no rows")
    times, time_format, cut = in_milliseconds(path, table, step_ms)
    return SeriesFile(path, times, table.values, time_format, table.ignored, cut)
