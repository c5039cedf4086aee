"""White's reality check and the test of superior predictive ability, against a slow model of their papers."""

import unittest
import unittest.mock

import numpy as np

from metrics.figures.undefined import Undefined
from research.luck.reality_check import superior_ability
from research.monte_carlo.block_length import block_length
from research.monte_carlo.drawn_paths import DrawnBlocks


def noise(seed: int, trials: int = 60) -> np.ndarray:
    """Return daily returns of worthless trials."""
    return 0.01 * np.random.default_rng(seed).standard_normal((250, trials))


def slow_reality_check(returns: np.ndarray, block: float, draws: int) -> float:
    """Return how often the best of the resampled means, each less its own, is above the best mean."""
    means = returns.mean(axis=0)
    rows = DrawnBlocks.of(np.ones(len(returns)), block, 1, "slow").places(0, draws)
    return float(np.mean([(returns[one].mean(axis=0) - means).max() > means.max() for one in rows]))


class SuperiorAbility(unittest.TestCase):
    def test_the_reality_check_is_that_of_a_slow_model(self) -> None:
        for seed, block in ((1, 1), (2, 5), (3, 12)):
            returns = noise(seed)
            returns[:, 4] += 0.0012
            found = superior_ability(returns, block=block, draws=2000)
            self.assertAlmostEqual(slow_reality_check(returns, block, 2000), found.reality_check, delta=0.05)
            self.assertTrue(found.lower <= found.spa <= found.reality_check)

    def test_on_pure_noise_nothing_is_found_and_a_planted_edge_is(self) -> None:
        values = [superior_ability(noise(seed), draws=200).spa for seed in range(40)]
        self.assertLessEqual(sum(one < 0.05 for one in values), 6)
        planted = noise(1)
        planted[:, 9] += 0.004
        found = superior_ability(planted)
        self.assertLess(max(found.reality_check, found.spa), 0.01)

    def test_bad_trials_do_not_hide_a_good_one(self) -> None:
        returns = np.concatenate([noise(5, 1) + 0.0018, 3 * noise(6, 80) - 0.02], axis=1)
        found = superior_ability(returns)
        self.assertLess(found.spa, 0.05)
        self.assertGreater(found.reality_check, 2 * found.spa)

    def test_seed_and_block_stand_in_the_result(self) -> None:
        returns = noise(7)
        best = returns[:, returns.mean(axis=0).argmax()]
        found = superior_ability(returns, seed=3)
        self.assertEqual((3, max(1, round(block_length(best)))), (found.seed, found.block))
        self.assertEqual(found, superior_ability(returns, seed=3))
        self.assertNotEqual(found, superior_ability(returns, seed=4))

    def test_what_has_no_value_says_why(self) -> None:
        for table, why in (
            (np.zeros((250, 0)), "no trial"),
            (noise(1)[:29], "it needs 30"),
            (np.zeros((60, 2)), "vary"),
        ):
            self.assertIn(why, superior_ability(table).reason)
        with unittest.mock.patch("importlib.util.find_spec", return_value=None):
            told = superior_ability(noise(1))
        self.assertEqual(Undefined("arch is not installed: requirements-research.txt"), told)
        with self.assertRaises(ValueError):
            superior_ability([0.1, 0.2])


if __name__ == "__main__":
    unittest.main()
