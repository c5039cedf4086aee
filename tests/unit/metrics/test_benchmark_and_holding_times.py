import importlib
import math
import subprocess
import sys
import unittest

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import metrics
from metrics import HoldingTimeRange, buy_and_hold, equal_weighted, holding_time
from tests.support.scale import scaled

HELD_MS = st.lists(st.integers(0, 10**10), min_size=1, max_size=40)


class BuyAndHoldTest(unittest.TestCase):
    def test_the_return_is_a_fraction_of_the_first_open(self) -> None:
        self.assertEqual(buy_and_hold(200.0, 250.0), 0.25)
        self.assertEqual(buy_and_hold(200.0, 150.0), -0.25)

    def test_equal_amounts_in_each_symbol_return_the_mean(self) -> None:
        # 100 in each of two symbols: 150 + 75 = 225 from 200, that is 12.5 %.
        self.assertEqual(equal_weighted([0.5, -0.25]), 0.125)

    def test_without_a_symbol_there_is_no_return(self) -> None:
        self.assertIsNone(equal_weighted([]))

    def test_what_is_no_price_is_refused(self) -> None:
        for price in (0.0, -1.0, math.nan, math.inf):
            with self.subTest(price):
                with self.assertRaises(ValueError):
                    buy_and_hold(price, 1.0)
                with self.assertRaises(ValueError):
                    buy_and_hold(1.0, price)


class HoldingTimeTest(unittest.TestCase):
    def test_three_trades_worked_by_hand(self) -> None:
        self.assertEqual(holding_time([60_000, 0, 180_000]), HoldingTimeRange(0, 80_000.0, 180_000))

    def test_without_a_trade_there_is_no_time(self) -> None:
        self.assertIsNone(holding_time([]))

    def test_a_negative_time_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            holding_time([5, -1])

    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(HELD_MS)
    def test_the_range_agrees_with_pandas(self, held_ms: list[int]) -> None:
        found, series = holding_time(held_ms), pd.Series(held_ms)
        self.assertEqual((found.shortest_ms, found.longest_ms), (series.min(), series.max()))
        self.assertAlmostEqual(found.average_ms, float(series.mean()), delta=1e-3)


class PublicNamesTest(unittest.TestCase):
    def test_every_public_name_is_handed_out_and_no_module_bears_one(self) -> None:
        for name in metrics.__all__:
            with self.subTest(name):
                self.assertTrue(callable(getattr(metrics, name)))
                with self.assertRaises(ModuleNotFoundError):
                    importlib.import_module(f"metrics.{name}")
        self.assertFalse(hasattr(metrics, "no_such_figure"))

    def test_importing_the_package_loads_no_numpy(self) -> None:
        code = "import sys, metrics; metrics.profit_factor; sys.exit('numpy' in sys.modules)"
        self.assertEqual(subprocess.run([sys.executable, "-c", code], check=False).returncode, 0)


if __name__ == "__main__":
    unittest.main()
