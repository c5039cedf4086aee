"""Equity curves and trades that tests of figures measure."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from metrics import EquityCurve, TradeColumns
from tests.support.times import DAY_MS, HOUR_MS

START_MS = 1_704_067_200_000
"""2024-01-01, a Monday."""


def daily_curve(equity: Sequence[float], start: float = 100.0, **further: Any) -> EquityCurve:
    """Return a curve with one step a day, at midnight, that begins on 2024-01-01."""
    times = [START_MS + DAY_MS * day for day in range(1, len(equity) + 1)]
    return EquityCurve.of(times, equity, start, **{"start_ms": START_MS, **further})


def drawn_returns(days: int, seed: int, mean: float = 0.001) -> np.ndarray:
    """Return daily returns of a seed, with fat tails."""
    draw = np.random.default_rng(seed)
    return np.clip(draw.standard_t(4, days) * 0.02 + mean, -0.3, 0.3)


def trades(results: Sequence[float], **columns: Any) -> TradeColumns:
    """Return longs of one unit at 100, an hour each and one after the other, with these results."""
    count = len(results)
    entries = [START_MS + 2 * HOUR_MS * number for number in range(count)]
    given = {
        "symbol": ["A/USDT"] * count,
        "side": ["LONG"] * count,
        "entry_time_ms": entries,
        "exit_time_ms": [time_ms + HOUR_MS for time_ms in entries],
        "entry_price": [100.0] * count,
        "exit_price": [100.0 + result for result in results],
        "quantity": [1.0] * count,
        "realized_pnl": results,
    }
    return TradeColumns.of(**{**given, **columns})
