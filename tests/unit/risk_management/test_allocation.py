"""Shares of capital: against scipy's optimiser, and against figures worked by hand."""

import unittest

import numpy as np
from scipy.optimize import minimize

from risk_management.allocation.allocation import FEWEST_DAYS, shares_of
from risk_management.allocation.return_moments import covariances
from risk_management.allocation.risk_shares import inverse_volatility, minimum_correlation, risk_parity


def drawn(systems: int, days: int, seed: int) -> np.ndarray:
    """Return daily returns of systems that share a part of what they do, of quite different sizes."""
    chance = np.random.default_rng(seed)
    common = chance.normal(size=days)
    parts = [chance.uniform(-0.5, 1.0) * common + chance.normal(size=days) for _ in range(systems)]
    return np.array([10.0 ** chance.uniform(-4, -1) * one for one in parts])


class Shares(unittest.TestCase):
    def test_covariances_are_those_of_numpy(self) -> None:
        returns = drawn(5, 60, 1)
        np.testing.assert_allclose(covariances(returns.tolist()), np.cov(returns), rtol=1e-12)

    def test_two_systems_by_hand(self) -> None:
        # Volatilities 1 and 2, correlation 0.5: by 1/1 and 1/2 all three rules give 2/3 and 1/3 to two systems.
        covariance = [[1.0, 1.0], [1.0, 4.0]]
        for rule in (inverse_volatility, risk_parity, minimum_correlation):
            np.testing.assert_allclose(rule(covariance), [2.0 / 3.0, 1.0 / 3.0], rtol=1e-12)

    def test_three_systems_of_which_two_are_one(self) -> None:
        # Equally volatile; the first two do exactly the same: together they are one of two that go apart.
        covariance = [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
        found = minimum_correlation(covariance)
        np.testing.assert_allclose([found[0] + found[1], found[2]], [0.5, 0.5], rtol=1e-9)
        # Equal contributions: x(2x) = y² and 2x + y = 1.
        root = 2.0**0.5
        np.testing.assert_allclose(risk_parity(covariance), np.array([1.0, 1.0, root]) / (2.0 + root), rtol=1e-9)

    def test_risk_parity_gives_every_system_the_same_part_of_the_variance(self) -> None:
        for seed in range(20):
            covariance = np.cov(drawn(2 + seed % 7, 90, seed))
            weights = np.array(risk_parity(covariance.tolist()))
            parts = weights * (covariance @ weights)
            np.testing.assert_allclose(parts / parts.sum(), 1.0 / len(weights), rtol=1e-9)

    def test_minimum_correlation_is_the_most_diversified_that_an_optimiser_finds(self) -> None:
        for seed in range(20):
            covariance = np.cov(drawn(2 + seed % 6, 90, seed))
            sigma = np.sqrt(np.diag(covariance))
            linked = covariance / np.outer(sigma, sigma)
            start = np.full(len(sigma), 1.0 / len(sigma))
            found = minimize(
                lambda w, linked=linked: w @ linked @ w,
                start,
                jac=lambda w, linked=linked: 2.0 * linked @ w,
                bounds=[(0.0, 1.0)] * len(sigma),
                constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": np.ones_like},
                method="SLSQP",
                options={"ftol": 1e-15, "maxiter": 1_000},
            )
            self.assertTrue(found.success)
            weights = np.array(minimum_correlation(covariance.tolist()))
            wanted = found.x / sigma
            np.testing.assert_allclose(weights, wanted / wanted.sum(), atol=2e-6)
            ours = weights @ sigma / np.sqrt(weights @ covariance @ weights)
            theirs = wanted @ sigma / np.sqrt(wanted @ covariance @ wanted)
            self.assertGreaterEqual(ours, theirs * (1.0 - 1e-9))

    def test_what_is_not_known_leaves_the_shares_of_the_start(self) -> None:
        start, returns = [0.25, 0.75], drawn(2, FEWEST_DAYS, 3).tolist()
        short = [one[1:] for one in returns]
        idle = [returns[0], [0.0] * FEWEST_DAYS]
        for known, basis in ((short, "few_days"), (idle, "no_variation"), ([[], []], "few_days")):
            self.assertEqual((tuple(start), basis), shares_of("risk_parity", start, known))
        self.assertEqual((tuple(start), "fixed"), shares_of("fixed", start, returns))
        learned = shares_of("inverse_volatility", start, returns)
        self.assertEqual("returns", learned.basis)
        self.assertAlmostEqual(1.0, sum(learned.weights), 15)


if __name__ == "__main__":
    unittest.main()
