"""The automatic block length, against arch."""

import unittest

import numpy as np
from arch.bootstrap import optimal_block_length

from research.monte_carlo.block_length import block_length


def persistent(seed: int, count: int, share: float) -> np.ndarray:
    """Return values that keep a share of the one before."""
    values = np.random.default_rng(seed).standard_normal(count)
    for place in range(1, count):
        values[place] += share * values[place - 1]
    return values


class BlockLength(unittest.TestCase):
    def test_arch_has_the_same_and_never_less_than_one(self) -> None:
        for seed, (count, share) in enumerate([(12, 0.0), (30, 0.5), (200, 0.0), (365, 0.3), (1000, 0.8), (700, -0.5)]):
            values = persistent(seed, count, share)
            theirs = float(optimal_block_length(values)["stationary"].iloc[0])
            self.assertAlmostEqual(max(1.0, theirs), block_length(values), 9, (count, share))

    def test_what_lasts_longer_has_longer_blocks(self) -> None:
        lengths = [block_length(persistent(1, 1000, share)) for share in (0.0, 0.5, 0.9)]
        self.assertEqual(sorted(lengths), lengths)
        self.assertGreater(lengths[2], 20.0)

    def test_few_values_or_flat_ones_are_drawn_one_by_one(self) -> None:
        for values in (persistent(1, 9, 0.9), np.full(100, 0.01), np.array([])):
            self.assertEqual(1.0, block_length(values))


if __name__ == "__main__":
    unittest.main()
