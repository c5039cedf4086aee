"""The probability of backtest overfitting: against ffn, a slow model, ties, pure noise and a planted edge."""

import itertools
import statistics
import unittest
import unittest.mock
import warnings

import numpy as np
import pandas as pd
import scipy.stats

from metrics.figures.undefined import Undefined
from research.luck.overfitting import backtest_overfitting
from tests.support.scale import scaled

with warnings.catch_warnings():
    # Its import asks pandas for something that pandas will drop.
    warnings.simplefilter("ignore")
    import ffn


def noise(seed: int, days: int = 365, trials: int = 100) -> np.ndarray:
    """Return daily returns of worthless trials."""
    return 0.01 * np.random.default_rng(seed).standard_normal((days, trials))


def slow_ranks(table: np.ndarray, blocks: int) -> list[float]:
    """Return the relative rank of each half's best in the other half, half by half, as the paper tells it."""
    cuts = np.array_split(np.arange(len(table)), blocks)
    ranks = []
    for taken in itertools.combinations(range(blocks), blocks // 2):
        inside = np.concatenate([cuts[one] for one in taken])
        outside = np.setdiff1d(np.arange(len(table)), inside)
        measured = []
        for rows in (inside, outside):
            spread = table[rows].std(axis=0, ddof=1)
            measured.append(np.where(spread > 0, table[rows].mean(axis=0) / np.where(spread > 0, spread, 1), 0.0))
        best = int(np.argmax(measured[0]))
        ranks.append(scipy.stats.rankdata(measured[1])[best] / (table.shape[1] + 1))
    return ranks


class Overfitting(unittest.TestCase):
    def test_ffn_counts_alike(self) -> None:
        for seed, blocks in ((1, 4), (2, 6), (3, 8)):
            table = noise(seed, 240, 15)
            theirs = ffn.core.calc_prob_backtest_overfitting(pd.DataFrame(table), blocks)
            self.assertEqual(theirs, backtest_overfitting(table, blocks).probability)

    def test_sixteen_blocks_of_unequal_lengths_are_those_of_a_slow_model(self) -> None:
        for days in (100, 17)[: scaled(1, 2)]:
            self.check(noise(4, days, 6))

    def check(self, table: np.ndarray) -> None:
        table[:, 2] = 0.0
        found, ranks = backtest_overfitting(table), slow_ranks(table, 16)
        self.assertEqual((12_870, 12_870), (found.combinations, len(ranks)))
        self.assertEqual(np.mean(np.array(ranks) <= 0.5), found.probability)
        self.assertEqual(statistics.median(ranks), found.median_rank)

    def test_tied_trials_share_the_mean_of_their_ranks(self) -> None:
        # Nine equal trials: each is fifth of nine, in the middle, wherever it stands.
        table = np.repeat(noise(5, 64, 1), 9, axis=1)
        found = backtest_overfitting(table, 8)
        self.assertEqual((0.5, 1.0), (found.median_rank, found.probability))
        # Two equal good ones of four: 3.5 of 4 in every half, above the middle.
        both = np.concatenate([np.repeat(noise(6, 64, 1) + 0.1, 2, axis=1), noise(7, 64, 2)], axis=1)
        self.assertEqual(
            (0.7, 0.0), (backtest_overfitting(both, 8).median_rank, backtest_overfitting(both, 8).probability)
        )

    def test_on_pure_noise_it_is_near_one_half_and_on_a_planted_edge_near_none(self) -> None:
        found = [backtest_overfitting(noise(seed, trials=500), 10).probability for seed in range(20)]
        self.assertAlmostEqual(0.5, statistics.fmean(found), delta=0.08)
        for seed in range(scaled(1, 3)):
            self.assertAlmostEqual(0.5, backtest_overfitting(noise(seed, trials=500)).probability, delta=0.2)
            planted = noise(seed, trials=500)
            planted[:, 7] += 0.005
            told = backtest_overfitting(planted)
            self.assertLess(told.probability, 0.05)
            self.assertLess(told.loss_probability, 0.05)
            self.assertGreater(told.median_rank, 0.99)

    def test_chunks_change_nothing(self) -> None:
        table = noise(8, 160, 7)
        whole = backtest_overfitting(table)
        with unittest.mock.patch("research.luck.overfitting._CELLS", 7 * 13):
            self.assertEqual(whole, backtest_overfitting(table))

    def test_what_has_no_value_says_why(self) -> None:
        self.assertEqual(Undefined("1 trial with returns; it needs 2"), backtest_overfitting(noise(1, 100, 1)))
        self.assertEqual(Undefined("15 returns in 16 blocks; it needs 16"), backtest_overfitting(noise(1, 15, 3)))
        self.assertIsNone(backtest_overfitting(np.zeros((64, 3))).slope)
        for table, blocks in (([1.0, 2.0], 4), ([[np.nan] * 2] * 40, 4), (noise(1), 5), (noise(1), 22)):
            with self.assertRaises(ValueError):
                backtest_overfitting(table, blocks)


if __name__ == "__main__":
    unittest.main()
