"""Signals that a strategy gives as columns are those that it decides on, candle by candle."""

import unittest

import numpy as np

from core.candle import Candle
from core.candle_columns import CandleColumns
from core.timeframe import MINUTE_MS
from strategies.features.feature_session import FeatureSession
from strategies.known_candles import KnownCandles
from strategies.scalping_ema_rsi import ScalpingEMARSI

PARAMS = (
    {"ema_fast": 2, "ema_slow": 4, "rsi_period": 3, "volume_lookback": 4, "volume_multiplier": 0.5, "atr_period": 3},
    {
        "ema_fast": 3,
        "ema_slow": 5,
        "rsi_long_min": 20,
        "rsi_short_max": 79,
        "volume_multiplier": 0,
        "sl_atr_multiple": 1.7,
    },
    {"ema_fast": 2, "ema_slow": 9, "atr_min_threshold": 1.5, "volume_multiplier": 1.1},
)


def candles(rows: int) -> CandleColumns:
    """Return candles on a coarse grid, so that averages meet and volumes repeat, with a gap after two thirds."""
    chance = np.random.default_rng(3)
    close = 100.0 + np.cumsum(chance.integers(-2, 3, rows)) * 0.5
    opened = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(opened, close) + chance.integers(0, 3, rows) * 0.5
    low = np.minimum(opened, close) - chance.integers(0, 3, rows) * 0.5
    numbers = np.arange(rows) + np.where(np.arange(rows) > 2 * rows // 3, 200, 0)
    return CandleColumns(numbers * MINUTE_MS, opened, high, low, close, chance.integers(0, 5, rows) * 1.0)


class ColumnsOfSignals(unittest.TestCase):
    def test_each_row_is_what_the_strategy_decides_there(self) -> None:
        columns = candles(6_000)
        rows = [Candle(*(column[row].item() for column in columns)) for row in range(columns.rows)]
        for params in PARAMS:
            known = KnownCandles({"A": columns}, MINUTE_MS, 61 * MINUTE_MS)
            session = FeatureSession(ScalpingEMARSI(params), ("A",), known)
            stream, said = session.open("A"), session.signals("A")
            decided = [(row, stream.update(candle)) for row, candle in enumerate(rows)]
            expected = [(row, signal) for row, signal in decided if signal.direction != "FLAT"]
            self.assertEqual(expected, [(int(row), said.signal(place)) for place, row in enumerate(said.rows)])
            self.assertEqual({"LONG", "SHORT"}, {signal.direction for _, signal in expected})
            kept = said.from_row(3_000)
            later = list(zip(kept.rows.tolist(), map(kept.signal, range(len(kept.rows))), strict=True))
            self.assertEqual([one for one in expected if one[0] >= 3_000], later)


if __name__ == "__main__":
    unittest.main()
