"""Every indicator with parameters made of three small numbers, and what a test compares of two columns."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

import indicators as ind
from core.candle_columns import CandleColumns
from indicators import Indicator

Floats = npt.NDArray[np.float64]

EXAMPLES: Mapping[str, Callable[[int, int, int], Indicator]] = {
    "SMA": lambda p, q, r: ind.SMA(p),
    "EMA": lambda p, q, r: ind.EMA(p, of="hl2"),
    "WMA": lambda p, q, r: ind.WMA(p, of="ohlc4"),
    "DEMA": lambda p, q, r: ind.DEMA(p),
    "HMA": lambda p, q, r: ind.HMA(p + 1),
    "Wilder": lambda p, q, r: ind.Wilder(p, of="volume"),
    "RSI": lambda p, q, r: ind.RSI(p),
    "Momentum": lambda p, q, r: ind.Momentum(p),
    "RateOfChange": lambda p, q, r: ind.RateOfChange(p, of="volume"),
    "MACD": lambda p, q, r: ind.MACD(p, p + q, r),
    "FastStochastic": lambda p, q, r: ind.FastStochastic(p, q),
    "SlowStochastic": ind.SlowStochastic,
    "StochasticRSI": ind.StochasticRSI,
    "CCI": lambda p, q, r: ind.CCI(p + 1),
    "TrueRange": lambda p, q, r: ind.TrueRange(),
    "ATR": lambda p, q, r: ind.ATR(p),
    "BollingerBands": lambda p, q, r: ind.BollingerBands(p, q / 2),
    "KeltnerChannels": lambda p, q, r: ind.KeltnerChannels(p, q, r / 2),
    "DonchianChannels": lambda p, q, r: ind.DonchianChannels(p),
    "ADX": lambda p, q, r: ind.ADX(p),
    "Aroon": lambda p, q, r: ind.Aroon(p),
    "Supertrend": lambda p, q, r: ind.Supertrend(p, q / 2),
    "ParabolicSAR": lambda p, q, r: ind.ParabolicSAR(q / 100, (q + p) / 100),
    "Ichimoku": ind.Ichimoku,
    "OBV": lambda p, q, r: ind.OBV(p if q % 2 else None),
    "MFI": lambda p, q, r: ind.MFI(p),
    "SessionVWAP": lambda p, q, r: ind.SessionVWAP(),
    "RollingVWAP": lambda p, q, r: ind.RollingVWAP(p),
    "VolumeAverage": lambda p, q, r: ind.VolumeAverage(p),
    "StandardDeviation": lambda p, q, r: ind.StandardDeviation(p),
    "ZScore": lambda p, q, r: ind.ZScore(p + 1),
    "LinearRegressionSlope": lambda p, q, r: ind.LinearRegressionSlope(p + 1),
    "Median": lambda p, q, r: ind.Median(p),
    "Quantile": lambda p, q, r: ind.Quantile(p, q / 100, of="volume"),
    "Highest": lambda p, q, r: ind.Highest(p),
    "Lowest": lambda p, q, r: ind.Lowest(p),
    "Shift": lambda p, q, r: ind.Shift(p),
    # Of others: what starts late, what is undefined in the middle, and several outputs.
    "EMA of RSI": lambda p, q, r: ind.EMA(p, of=ind.RSI(q)),
    "SMA of z-score": lambda p, q, r: ind.SMA(p, of=ind.ZScore(q + 1)),
    "RSI of z-score": lambda p, q, r: ind.RSI(p, of=ind.ZScore(q + 1)),
    "Median of change": lambda p, q, r: ind.Median(p, of=ind.RateOfChange(q, of="volume")),
    "Bollinger of MACD": lambda p, q, r: ind.BollingerBands(p, of=ind.MACD(q, q + r, 3).histogram),
    "Shift of span": lambda p, q, r: ind.Shift(p, of=ind.Ichimoku(q, r, p).span_a),
}
"""Name -> indicator of three numbers from 1 to 30; the names of the registry are all there."""


def streamed(indicator: Indicator, candles: CandleColumns, segment_starts: Sequence[int] = ()) -> list[Floats]:
    """Return a column an output, taken candle by candle, with a fresh streaming form at every segment."""
    table = [getattr(candles, name).tolist() for name in indicator.inputs]
    rows: list[tuple[float, ...]] = []
    form = indicator.streaming()
    for row, values in enumerate(zip(*table, strict=True)):
        if row in segment_starts:
            form = indicator.streaming()
        answer = form.update(values)
        rows.append(answer if isinstance(answer, tuple) else (answer,))
    return list(np.array(rows, np.float64).reshape(-1, len(indicator.outputs)).T)


def bits(column: Floats) -> bytes:
    """Return the bytes of a column; a nan is a nan, whatever its sign."""
    return np.where(np.isnan(column), np.nan, column).tobytes()
