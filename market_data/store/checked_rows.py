"""The last look at rows before they are stored: what was not checked is not taken."""

import numpy as np

from core.candle_columns import CandleColumns, slots
from core.errors import CandleError
from core.instants import format_ms
from market_data.quality.candle_quality import sound_rows
from market_data.quality.perpetual_quality import sound_columns
from market_data.series_columns import SeriesColumns, columns_of
from market_data.series_names import Series
from market_data.store.store_layout import LAST_TIME_MS


def require_checked(series: Series, columns: SeriesColumns) -> None:
    """Raise CandleError for rows that break a rule of ``quality``: numbers, grid, order, or another kind of rows."""
    times, length = columns[0], series.length_ms
    if type(columns) is not columns_of(series.kind):
        raise CandleError(f"{series}: is not made of {type(columns).__name__}; nothing is stored")
    places = slots(times, length)
    if isinstance(columns, CandleColumns):
        wrong = ~sound_rows(columns)
        wrong |= places != times
    else:
        wrong = ~sound_columns(columns)
    wrong |= (times < 0) | (times >= LAST_TIME_MS)
    wrong[1:] |= places[1:] <= places[:-1]
    if wrong.any():
        row = int(np.argmax(wrong))
        values = ", ".join(repr(float(column[row])) for column in columns[1:])
        what = "candle" if isinstance(columns, CandleColumns) else "row"
        raise CandleError(
            f"{series}: the {what} at {_time_text(int(times[row]))} ({values}) was not checked; nothing is stored",
            open_time_ms=int(times[row]),
        )


def _time_text(time_ms: int) -> str:
    return format_ms(time_ms) if 0 <= time_ms < LAST_TIME_MS else f"{time_ms} ms"
