"""Candles joined into longer ones, so that a long run can be drawn whole."""

import numpy as np

from core.candle_columns import CandleColumns
from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS

_LENGTHS_MS = (
    *(minutes * MINUTE_MS for minutes in (1, 2, 3, 5, 10, 15, 30)),
    *(hours * HOUR_MS for hours in (1, 2, 4, 6, 8, 12)),
    *(days * DAY_MS for days in (1, 2, 5, 10, 20, 50)),
)


def drawable(candles: CandleColumns, length_ms: int, most: int) -> tuple[CandleColumns, int]:
    """Return candles of the least length of which there are at most ``most``, and that length.

    Their highs and lows are the extremes of what they join; a length is a multiple of the candles' own.
    """
    if candles.rows <= most:
        return candles, length_ms
    longer = [one for one in _LENGTHS_MS if one > length_ms and one % length_ms == 0]
    for joined_ms in longer:
        joined = _joined(candles, joined_ms)
        if joined.rows <= most:
            return joined, joined_ms
    return (joined, joined_ms) if longer else (candles, length_ms)


def _joined(candles: CandleColumns, length_ms: int) -> CandleColumns:
    slots = candles.open_time_ms // length_ms
    first = np.flatnonzero(np.concatenate([[True], slots[1:] != slots[:-1]]))
    last = np.concatenate([first[1:], [candles.rows]]) - 1
    return CandleColumns(
        slots[first] * length_ms,
        candles.open[first],
        np.maximum.reduceat(candles.high, first),
        np.minimum.reduceat(candles.low, first),
        candles.close[last],
        np.add.reduceat(candles.volume, first),
    )
