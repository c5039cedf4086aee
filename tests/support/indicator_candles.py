"""Candles that move so much that no indicator is a small difference of large numbers."""

import numpy as np

from core.candle_columns import CandleColumns


def wide_candles(rows: int) -> CandleColumns:
    """Return hourly candles around 1 that rise and fall by tens of per cent; the same each time."""
    drawn = np.random.default_rng(7).random((rows, 5))
    levels = np.exp(1.5 * np.sin(np.arange(rows) / 9.0))[:, None] * (0.7 + 0.6 * drawn[:, :4])
    high, low = levels.max(axis=1), levels.min(axis=1)
    times = np.arange(rows, dtype=np.int64) * 3_600_000
    return CandleColumns(times, levels[:, 0].copy(), high, low, levels[:, 3].copy(), 100.0 + 1e4 * drawn[:, 4])
