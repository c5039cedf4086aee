"""Columns of the store as DataFrames."""

from typing import Any

import numpy.typing as npt
import pandas as pd

from core.candle_columns import Int64Array
from market_data.series_columns import SeriesColumns


def times_index(times_ms: Int64Array) -> pd.DatetimeIndex:
    """Return UTC milliseconds as an index of aware datetimes, named ``timestamp``."""
    return pd.DatetimeIndex(pd.to_datetime(times_ms, unit="ms", utc=True), name="timestamp")


def series_frame(columns: SeriesColumns) -> pd.DataFrame:
    """Return the rows of a series by their time."""
    values: dict[str, npt.NDArray[Any]] = dict(zip(columns._fields[1:], columns[1:], strict=True))
    return pd.DataFrame(values, index=times_index(columns[0]))
