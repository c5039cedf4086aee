"""Prices within a tick and a spread: still candles, on the grid, and no further than that."""

import unittest
from collections import Counter
from decimal import Decimal

import numpy as np
import scipy.stats

from market_data.practice.practice_random import stream
from market_data.quality.sound_candle import SOUND
from research.luck.noisy_prices import jittered
from tests.support.candles import candle, columns_of
from tests.support.market_data_sets import practice_columns

CANDLES = practice_columns("BTC/USDT", "1m", 3000)
TICK = Decimal("0.01")


class Noise(unittest.TestCase):
    def test_the_candles_are_sound_and_on_the_grid(self) -> None:
        for tick, spread in ((TICK, 0.0), (TICK, 0.001), (Decimal("0.5"), 0.0), (Decimal(10), 0.0)):
            moved = jittered(CANDLES, tick, spread, 5)
            for reason, holds in SOUND.items():
                self.assertTrue(np.all(holds(*moved[1:])), reason)
            for column in moved[1:5]:
                ticks = np.rint(column / float(tick)).astype(np.int64).tolist()
                self.assertEqual([float(one * tick) for one in ticks], column.tolist())

    def test_no_price_moves_further_than_a_tick_and_half_a_spread(self) -> None:
        for spread in (0.0, 0.0005):
            moved = jittered(CANDLES, TICK, spread, 5)
            for before, after in zip(CANDLES[1:5], moved[1:5], strict=True):
                most = 0.01 + before * spread / 2
                # Open and close may be beyond the high by as much as they may move.
                self.assertLessEqual(float((np.abs(after - before) - most).max()), 1e-6)
            self.assertTrue((moved.open != CANDLES.open).any())
        self.assertIs(CANDLES.volume, moved.volume)
        self.assertIs(CANDLES.open_time_ms, moved.open_time_ms)

    def test_every_number_of_ticks_is_as_probable(self) -> None:
        flat = columns_of(candle(minute, 100.0) for minute in range(30_000))
        moved = jittered(flat, TICK, 0.0004, stream(1, "noise"))
        # Half a spread of 0.04 % of 100 is 0.02: a tick and two, up or down.
        counts = Counter(np.rint(moved.open * 100).astype(int).tolist())
        self.assertEqual(set(range(9997, 10_004)), set(counts))
        self.assertGreater(scipy.stats.chisquare(list(counts.values())).pvalue, 0.001)

    def test_a_price_of_one_tick_stays_above_nothing(self) -> None:
        low = columns_of(candle(minute, 0.01) for minute in range(500))
        self.assertEqual(0.01, jittered(low, TICK, 0.0, 5).low.min())

    def test_the_same_key_gives_the_same_noise(self) -> None:
        one, again, other = (jittered(CANDLES, TICK, 0.001, key) for key in (1, 1, 2))
        self.assertTrue(all(map(np.array_equal, one, again)))
        self.assertFalse(np.array_equal(one.close, other.close))


if __name__ == "__main__":
    unittest.main()
