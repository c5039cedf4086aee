"""The regime of a market: by hand, and on drawn candles against pandas."""

import math
import unittest

import numpy as np
import pandas as pd

from core.candle_columns import CandleColumns
from core.timeframe import HOUR_MS
from indicators.features.series import SeriesPlan, SeriesStream, series_columns
from strategies.programs.triggers.regime import LONG, SHORT, UNDEFINED, Regime, regime_features, regime_of
from tests.support.candles import candles_of


def drawn(rows: int = 480, seed: int = 7) -> CandleColumns:
    """Return a walk with a calm, a rising and a wild stretch."""
    chance = np.random.default_rng(seed)
    stretch = np.arange(rows) // (rows // 3)
    change = chance.normal(0.0, np.array([0.2, 0.2, 1.5])[stretch]) + np.array([0.0, 0.15, 0.0])[stretch]
    close = 100.0 + np.cumsum(change)
    opened = np.concatenate([[100.0], close[:-1]])
    high = np.maximum(opened, close) + chance.random(rows) * 0.1
    low = np.minimum(opened, close) - chance.random(rows) * 0.1
    return CandleColumns(np.arange(rows, dtype=np.int64) * HOUR_MS, opened, high, low, close, np.ones(rows))


class RegimeFormula(unittest.TestCase):
    def test_worked_by_hand(self) -> None:
        # A way of 20 * 2 = 40 and a move of 10 keep a quarter of it; 2 / 1.6 = 1.25 times the usual range.
        for move, mean, usual, expected in (
            (10.0, 2.0, 1.6, Regime("trend", 0.25, 1.25)),
            (-10.0, 2.0, 1.6, Regime("trend", -0.25, 1.25)),
            (9.0, 2.0, 1.6, Regime("range", 0.225, 1.25)),
            (30.0, 2.0, 1.25, Regime("volatile", 0.75, 1.6)),
            (0.0, 3.0, 2.0, Regime("volatile", 0.0, 1.5)),
            (0.0, 0.0, 1.0, UNDEFINED),
            (0.0, 0.0, 0.0, UNDEFINED),
            (math.nan, 2.0, 2.0, UNDEFINED),
            (1.0, 2.0, math.nan, UNDEFINED),
        ):
            values = {"move": move, "mean_range": mean, "usual_range": usual}
            self.assertEqual(expected, regime_of(values.__getitem__), values)

    def test_on_candles_it_is_what_pandas_computes(self) -> None:
        candles = drawn()
        frame = pd.DataFrame({name: getattr(candles, name) for name in ("high", "low", "close")})
        before = frame.close.shift(1)
        ranges = pd.concat([frame.high, before], axis=1).max(axis=1) - pd.concat([frame.low, before], axis=1).min(
            axis=1
        )
        ranges[0] = np.nan
        efficiency = (frame.close - frame.close.shift(SHORT)) / ranges.rolling(SHORT).sum()
        volatility = ranges.rolling(SHORT).mean() / ranges.rolling(LONG).mean()
        expected = np.where(volatility >= 1.5, "volatile", np.where(efficiency.abs() >= 0.25, "trend", "range"))
        kept, wildness = efficiency.to_numpy(), volatility.to_numpy()
        plan = SeriesPlan(regime_features(), HOUR_MS)
        columns = series_columns(plan, candles, np.zeros(1, np.int64))
        names = list(plan.places)
        found = [
            regime_of(lambda name, row=row: float(columns[plan.places[name].first][row])) for row in range(candles.rows)
        ]
        self.assertEqual(["move", "mean_range", "usual_range"], names)
        self.assertEqual([UNDEFINED] * (LONG - 1), found[: LONG - 1])
        first = next(row for row, one in enumerate(found) if one.regime is not None)
        self.assertIn(first, (LONG - 1, LONG))
        whole = slice(LONG, candles.rows)
        np.testing.assert_allclose([one.efficiency for one in found[whole]], kept[whole], rtol=0.0, atol=1e-9)
        np.testing.assert_allclose([one.volatility for one in found[whole]], wildness[whole], rtol=1e-9)
        near = (np.abs(wildness - 1.5) < 1e-9) | (np.abs(np.abs(kept) - 0.25) < 1e-9)
        self.assertFalse(near.any(), "the draw must not rest on the last bit")
        self.assertEqual(expected[whole].tolist(), [one.regime for one in found[whole]])
        self.assertEqual({"trend", "range", "volatile"}, {one.regime for one in found[LONG:]})
        stream = SeriesStream(plan)
        rows = [stream.take(one) for one in candles_of(candles)]
        for place in range(3):
            np.testing.assert_array_equal(columns[place], [row[place] for row in rows])


if __name__ == "__main__":
    unittest.main()
