"""What open positions were worth at each step, at the candles' closes."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.candle_columns import CandleColumns, Float64Array, Int64Array
from core.tolerance import TOLERANCE
from runs.reading.log_rows import LogRow


def marked_value(
    rows: Sequence[LogRow],
    points: Int64Array,
    times_ms: Int64Array,
    candles: Mapping[str, CandleColumns],
    length_ms: int,
) -> Float64Array:
    """Return quantity × last close of all positions, at each point of a curve.

    Parameters
    ----------
    rows
        The trade log.
    points
        By row: the first point of the curve that shows it.
    times_ms
        The points of the curve.
    candles
        Of every symbol that was traded, of the length given.
    """
    value = np.zeros(len(times_ms))
    for symbol, columns in candles.items():
        own = [number for number, row in enumerate(rows) if row.symbol == symbol]
        if not own or not columns.rows:
            continue
        left, rest = 0.0, []
        for number in own:
            left = left + float(rows[number].quantity) if rows[number].opens else left - float(rows[number].quantity)
            # What float64 leaves of a position that was closed entirely is none.
            left = 0.0 if left < (TOLERANCE - 1.0) * float(rows[number].quantity) else left
            rest.append(left)
        held = np.searchsorted(points[own], np.arange(len(times_ms)), side="right")
        last = np.searchsorted(columns.open_time_ms + length_ms, times_ms, side="right") - 1
        value += np.concatenate([[0.0], rest])[held] * columns.close[np.maximum(last, 0)]
    return value
