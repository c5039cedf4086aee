"""What holding a run's symbols was worth at each of its steps."""

from collections.abc import Sequence

import numpy as np

from core.candle_columns import CandleColumns
from metrics.equity_curve import EquityCurve
from metrics.figures.benchmark_figures import held_curve


def held_symbols(curve: EquityCurve, candles: Sequence[CandleColumns], length_ms: int) -> EquityCurve | None:
    """Return what equal amounts of the symbols were worth at each step of a curve; None without a candle of any.

    Each is bought at its first open of the run and valued at its last close; nothing is bought again.

    Parameters
    ----------
    candles
        Of each symbol, of the length given; what lies outside the run is left out.
    """
    inside = [one.between(curve.start_ms, curve.end_ms - length_ms + 1) for one in candles]
    inside = [one for one in inside if one.rows]
    if not inside or not len(curve.times_ms):
        return None
    closes = np.full((len(inside), len(curve.times_ms)), np.nan)
    for row, one in zip(closes, inside, strict=True):
        place = np.searchsorted(one.open_time_ms + length_ms, curve.times_ms, side="right") - 1
        row[:] = np.where(place < 0, np.nan, one.close[place])
    return held_curve(curve, np.array([one.open[0] for one in inside]), closes)
