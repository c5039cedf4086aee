"""How members go together and what each brings: worked by hand, and against pandas."""

import unittest

import numpy as np
import pandas as pd

from metrics.portfolio_figures import contributions, correlations, underwater


class Together(unittest.TestCase):
    def test_correlations_are_those_of_pandas_and_undefined_of_what_does_not_vary(self) -> None:
        chance = np.random.default_rng(2)
        columns = [chance.normal(size=40) for _ in range(3)]
        np.testing.assert_allclose(correlations(columns), pd.DataFrame(columns).T.corr().to_numpy(), rtol=1e-12)
        self.assertEqual([[1.0, None], [None, None]], correlations([columns[0], np.zeros(40)]))

    def test_how_far_below_its_peak(self) -> None:
        np.testing.assert_allclose(underwater(np.array([100.0, 110.0, 99.0, 121.0])), [0.0, 0.0, -0.1, 0.0], atol=1e-15)


class Brought(unittest.TestCase):
    def test_by_hand(self) -> None:
        # The whole: 100, 110, 99, 99: +10 %, -10 %, 0 %. One earns 10, loses 11; two earns 0, 0, then both cancel.
        one, two = contributions([np.array([10.0, -11.0, 5.0]), np.array([0.0, 0.0, -5.0])], 100.0)
        self.assertEqual((4.0, -5.0), (one.return_pct, two.return_pct))
        self.assertEqual((10.0, 0.0), (round(one.drawdown_pct or 0.0, 12), two.drawdown_pct))
        # Deviations of the whole are 10, -10, 0 %; two's daily parts 0, 0, -5.05 % have no part in them.
        self.assertAlmostEqual(1.0, one.volatility_share or 0.0, 12)
        self.assertAlmostEqual(0.0, two.volatility_share or 0.0, 12)

    def test_parts_add_up_to_the_whole(self) -> None:
        chance = np.random.default_rng(4)
        profits = chance.normal(scale=50.0, size=(4, 60))
        found = contributions(list(profits), 10_000.0)
        whole = 10_000.0 + np.concatenate([[0.0], np.cumsum(profits.sum(axis=0))])
        self.assertAlmostEqual(100.0 * (whole[-1] / 10_000.0 - 1.0), sum(one.return_pct or 0.0 for one in found), 9)
        self.assertAlmostEqual(1.0, sum(one.volatility_share or 0.0 for one in found), 12)
        deepest = -100.0 * (pd.Series(whole) / pd.Series(whole).cummax() - 1.0).min()
        self.assertAlmostEqual(deepest, sum(one.drawdown_pct or 0.0 for one in found), 9)
        others = (profits.sum(axis=0) - profits[0]) / whole[:-1]
        self.assertAlmostEqual(100.0 * others.std(ddof=1), found[0].volatility_without_pct or 0.0, 12)

    def test_of_an_account_that_was_used_up_the_rest_is_undefined(self) -> None:
        (one,) = contributions([np.array([-100.0, 50.0])], 100.0)
        self.assertEqual(
            (-50.0, None, None, None),
            (one.return_pct, one.volatility_share, one.drawdown_pct, one.volatility_without_pct),
        )


if __name__ == "__main__":
    unittest.main()
