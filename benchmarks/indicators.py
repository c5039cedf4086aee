"""Speed of the indicators' column forms: ``python -m benchmarks.indicators``; rows a second by CPU time.

Asked for: 50 M rows/s of EMA, RSI and ATR, 10 M of everything with a window, at a window of 50.
"""

import importlib.util
import sys
import time
from collections.abc import Mapping

import numpy as np

import indicators as ind
from benchmarks.measure import least_cpu_seconds
from core.candle_columns import CandleColumns
from indicators import INDICATORS, Indicator

ROWS = 1_000_000
WINDOW = 50
RUNS = 5
EXAMPLES: Mapping[str, Indicator] = {
    "MACD": ind.MACD(12, 26, 9),
    "StochasticRSI": ind.StochasticRSI(14, WINDOW, 3),
    "TrueRange": ind.TrueRange(),
    "Supertrend": ind.Supertrend(10, 3.0),
    "ParabolicSAR": ind.ParabolicSAR(),
    "Ichimoku": ind.Ichimoku(9, 26, WINDOW),
    "SessionVWAP": ind.SessionVWAP(),
    "Quantile": ind.Quantile(WINDOW, 0.9),
}
"""Those that take more, or less, than a window."""


def main() -> int:
    """Print a line an indicator: column rows a second, and nanoseconds a candle of the streaming form."""
    candles = wandering(ROWS)
    compiled = "compiled" if importlib.util.find_spec("numba") else "without numba"
    print(f"{ROWS:,} rows, window {WINDOW}, best of {RUNS}, {compiled}")
    for name, kind in INDICATORS.items():
        indicator = EXAMPLES[name] if name in EXAMPLES else kind(WINDOW)
        rate = ROWS / column_seconds(indicator, candles) / 1e6
        print(f"{name:22} {rate:8.1f} M rows/s   streaming {streaming_nanoseconds(indicator, candles):8.0f} ns")
    return 0


def wandering(rows: int) -> CandleColumns:
    """Return minutes of a market that wanders around 100; the same each time."""
    drawn = np.random.default_rng(1)
    close = 100.0 * np.exp(np.cumsum(drawn.normal(0.0, 1e-3, rows)))
    before = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(before, close) * 1.001, np.minimum(before, close) * 0.999
    return CandleColumns(np.arange(rows, dtype=np.int64) * 60_000, before, high, low, close, drawn.random(rows) * 10.0)


def column_seconds(indicator: Indicator, candles: CandleColumns) -> float:
    """Return the least CPU time of the column form, after a run that may compile."""
    indicator.columns(candles.slice(0, 1_000))
    return least_cpu_seconds(lambda: indicator.columns(candles), RUNS)


def streaming_nanoseconds(indicator: Indicator, candles: CandleColumns, rows: int = 5_000) -> float:
    """Return the CPU time of one candle, its value asked for."""
    part = candles.slice(0, rows)
    table = list(zip(*(getattr(part, name).tolist() for name in indicator.inputs), strict=True))
    form = indicator.streaming()
    begun = time.process_time()
    for values in table:
        form.update(values)
    return (time.process_time() - begun) / rows * 1e9


if __name__ == "__main__":
    sys.exit(main())
