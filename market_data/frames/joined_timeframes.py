"""Candles of several timeframes side by side: in each row what was known when the shortest candle closed."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from core.candle_columns import CandleColumns, Float64Array, Int64Array
from core.errors import ConfigurationError
from core.timeframe import grid_origin_ms, timeframe_ms
from indicators.features.joined_candles import joined_columns
from market_data.frames.columns_frame import times_index


class KnownLonger(NamedTuple):
    """Longer candles, and for each row of the shorter ones the number of the last that had closed, -1 for none.

    ``missing`` counts the parts that a candle lacks; None where it was not made of parts.
    """

    candles: CandleColumns
    row_of: Int64Array
    missing: Float64Array | None = None

    def columns(self, timeframe: str, first: int) -> dict[str, object]:
        """Return the columns of a frame whose rows are those from ``first`` on."""
        rows = self.row_of[first:]
        there = rows >= 0
        found: dict[str, object] = {}
        opens = np.full(len(rows), np.iinfo(np.int64).min, np.int64)  # What numpy and pandas take for "not a time".
        opens[there] = self.candles.open_time_ms[rows[there]]
        found[f"timestamp_{timeframe}"] = pd.to_datetime(opens.view("datetime64[ms]"), utc=True)
        named = zip(self.candles._fields[1:], self.candles[1:], strict=True)
        counted = [] if self.missing is None else [("missing", self.missing)]
        for name, values in (*named, *counted):
            column = np.full(len(rows), np.nan)
            column[there] = values[rows[there]]
            found[f"{name}_{timeframe}"] = column
        return found


def ordered_timeframes(timeframes: list[str]) -> list[str]:
    """Return timeframes, each once, the shortest first.

    Raises
    ------
    ConfigurationError
        If there is none, one is none, or the shortest does not divide another.
    """
    ordered = sorted(dict.fromkeys(timeframes), key=timeframe_ms)
    if not ordered:
        raise ConfigurationError("timeframes is empty — allowed: a list such as ['1m', '1h']")
    part = timeframe_ms(ordered[0])
    for timeframe in ordered[1:]:
        length = timeframe_ms(timeframe)
        if length % part or (grid_origin_ms(length) - grid_origin_ms(part)) % part:
            raise ConfigurationError(f"timeframe {timeframe!r} is no multiple of the shortest, {ordered[0]}")
    return ordered


def joined_longer(parts: CandleColumns, part_ms: int, length_ms: int) -> KnownLonger:
    """Return candles joined from shorter ones, as features join them: visible from the part that closes them."""
    joined = joined_columns(parts, part_ms, length_ms, np.zeros(min(parts.rows, 1), np.int64))
    return KnownLonger(joined.candles, joined.visible, joined.missing)


def closed_longer(parts: CandleColumns, part_ms: int, longer: CandleColumns, length_ms: int) -> KnownLonger:
    """Return candles that are stored themselves: visible from the first part that closes when they have closed."""
    latest = parts.open_time_ms + (part_ms - length_ms)
    return KnownLonger(longer, np.searchsorted(longer.open_time_ms, latest, side="right") - 1)


def frame_of_parts(parts: CandleColumns, longer: dict[str, KnownLonger], first: int) -> pd.DataFrame:
    """Return the shortest candles from row ``first`` on, and beside them what was known of the longer ones."""
    shown = parts.slice(first, parts.rows)
    columns: dict[str, object] = dict(zip(shown._fields[1:], shown[1:], strict=True))
    for timeframe, known in longer.items():
        columns |= known.columns(timeframe, first)
    return pd.DataFrame(columns, index=times_index(shown.open_time_ms))
