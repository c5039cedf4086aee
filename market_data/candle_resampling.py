"""Longer candles made of shorter ones."""

from typing import NamedTuple

import numpy as np

from core.candle_columns import CandleColumns, slots


class Resampled(NamedTuple):
    """Candles made of shorter ones: how many lack a part, and how many at the ends were left out for want of parts."""

    candles: CandleColumns
    incomplete: int
    left_out: int


def resampled(parts: CandleColumns, part_length_ms: int, length_ms: int) -> Resampled:
    """Return candles of a longer timeframe, each made of the parts that lie in it.

    Open of the first, close of the last, the extremes, and the sum of the volumes in order of time. None is made where
    there is no part. One that reaches beyond the first or the last part is left out: it may not have been closed, or
    not begun, where they were recorded.

    Parameters
    ----------
    parts
        Candles in order of time, on the grid of ``part_length_ms``, which divides ``length_ms``.
    """
    opens = slots(parts.open_time_ms, length_ms)
    if not len(opens):
        return Resampled(CandleColumns.empty(), 0, 0)
    starts = np.flatnonzero(np.diff(opens, prepend=opens[0] - 1))
    counts = np.diff(starts, append=len(opens))
    first_ms, end_ms = int(parts.open_time_ms[0]), int(parts.open_time_ms[-1]) + part_length_ms
    whole = (opens[starts] >= first_ms) & (opens[starts] + length_ms <= end_ms)
    made = CandleColumns(
        opens[starts],
        parts.open[starts],
        np.maximum.reduceat(parts.high, starts),
        np.minimum.reduceat(parts.low, starts),
        parts.close[starts + counts - 1],
        # One after the other in order of time: the same sum on every machine.
        np.bincount(np.repeat(np.arange(len(starts)), counts), weights=parts.volume).astype(np.float64),
    )
    kept = CandleColumns._make(column[whole] for column in made)
    incomplete = int((counts[whole] * part_length_ms < length_ms).sum())
    return Resampled(kept, incomplete, int((~whole).sum()))
