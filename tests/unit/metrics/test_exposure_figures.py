"""Exposure, margin and distance to liquidation, worked by hand."""

import math
import unittest

from metrics import EquityCurve, ExposurePath, TradeColumns, measure
from tests.support.curves import START_MS, trades
from tests.support.times import HOUR_MS

NONE = TradeColumns.empty()


def curve(equity: list[float], cash: list[float], positions: list[int]) -> EquityCurve:
    times = [START_MS + HOUR_MS * step for step in range(1, len(equity) + 1)]
    return EquityCurve.of(times, equity, 1_000.0, cash=cash, open_positions=positions, start_ms=START_MS)


class Exposure(unittest.TestCase):
    def test_a_long_is_worth_its_cost_and_what_it_gained(self) -> None:
        # Bought for 200 before the second of four steps, sold before the fourth; worth 250 and 150 in between.
        told = measure(
            NONE,
            curve([1_000.0, 1_050.0, 950.0, 960.0], [1_000.0, 1_000.0, 1_000.0, 960.0], [0, 1, 1, 0]),
            margin=ExposurePath.of([1, 3], [200.0, 0.0], [0.0, 0.0], [40.0, 0.0], turnover=360.0),
        )
        exposure, margin = told.exposure, told.margin_stress
        self.assertEqual((exposure.time_in_market_pct, exposure.long_time_pct, exposure.short_time_pct), (50, 50, 0))
        self.assertEqual((exposure.average_positions, exposure.maximum_positions), (0.5, 1))
        leverage = [250 / 1_050, 150 / 950]
        self.assertAlmostEqual(exposure.average_exposure_pct, 100.0 * sum(leverage) / 4, places=12)
        self.assertAlmostEqual(exposure.maximum_exposure_pct, 100.0 * leverage[0], places=12)
        self.assertAlmostEqual(exposure.average_net_exposure_pct, exposure.average_exposure_pct, places=12)
        self.assertEqual(exposure.turnover, 0.36)
        self.assertAlmostEqual(margin.average_leverage, sum(leverage) / 2, places=12)
        self.assertAlmostEqual(margin.maximum_leverage, leverage[0], places=12)
        self.assertAlmostEqual(margin.high_leverage, leverage[1] + 0.95 * (leverage[0] - leverage[1]), places=12)
        self.assertAlmostEqual(margin.maximum_margin_used_pct, 4_000 / 950, places=12)
        self.assertEqual(margin.least_free_margin, 910.0)
        self.assertAlmostEqual(margin.least_free_margin_pct, 100.0 * 910 / 950, places=12)

    def test_a_short_is_worth_its_cost_less_what_it_gained(self) -> None:
        told = measure(NONE, curve([1_050.0], [1_000.0], [1]), margin=ExposurePath.of([0], [0.0], [200.0]))
        self.assertAlmostEqual(told.margin_stress.maximum_leverage, 150 / 1_050, places=12)
        self.assertAlmostEqual(told.exposure.average_net_exposure_pct, -100.0 * 150 / 1_050, places=12)
        # On spot what it cost is bound.
        self.assertAlmostEqual(told.margin_stress.maximum_margin_used_pct, 100.0 * 200 / 1_050, places=12)

    def test_longs_and_shorts_at_once_count_their_cost_and_their_net_is_exact(self) -> None:
        told = measure(NONE, curve([1_020.0], [1_000.0], [2]), margin=ExposurePath.of([0], [300.0], [200.0]))
        self.assertAlmostEqual(told.exposure.maximum_exposure_pct, 100.0 * 500 / 1_020, places=12)
        self.assertAlmostEqual(told.exposure.average_net_exposure_pct, 100.0 * 120 / 1_020, places=12)

    def test_a_run_that_never_had_a_position(self) -> None:
        told = measure(NONE, curve([1_000.0], [1_000.0], [0]), margin=ExposurePath.of([], [], []))
        self.assertEqual((told.exposure.time_in_market_pct, told.exposure.maximum_exposure_pct), (0.0, 0.0))
        self.assertEqual(told.reason("maximum_leverage"), "no step ended with a position")

    def test_without_knowing_what_was_open_figures_say_so(self) -> None:
        told = measure(NONE, EquityCurve.of([START_MS], [1.0], 1.0))
        for name in ("time_in_market_pct", "average_exposure_pct", "maximum_leverage", "least_free_margin"):
            self.assertEqual((told.figure(name), told.reason(name)), (None, "what was open is not known"), name)

    def test_equity_at_nothing_with_a_position_has_no_leverage(self) -> None:
        told = measure(NONE, curve([0.0], [200.0], [1]), margin=ExposurePath.of([0], [200.0], [0.0]))
        for name in ("maximum_leverage", "maximum_exposure_pct", "least_free_margin_pct"):
            self.assertEqual(told.reason(name), "equity is not above 0 at every step with a position", name)
        self.assertEqual(told.figure("least_free_margin"), -200.0)


class Liquidation(unittest.TestCase):
    def test_distances_at_the_worst_price_of_longs_and_shorts(self) -> None:
        # A long from 100 fell to 90, its liquidation at 81: 10 % of 90. A short from 100 rose to 110, at 121: 10 %.
        # A long of two units that lost 4 came to 98, at 49: 50 %. One without a price counts nowhere.
        columns = trades(
            [1.0, 1.0, 1.0, 1.0],
            side=["LONG", "SHORT", "LONG", "LONG"],
            quantity=[1.0, 1.0, 2.0, 1.0],
            mae=[10.0, 10.0, 4.0, 0.0],
            mfe=[0.0] * 4,
            liquidation_price=[81.0, 121.0, 49.0, math.nan],
        )
        told = measure(columns, EquityCurve.of([], [], 1.0)).liquidation_proximity
        self.assertEqual((told.trades_with_price, told.liquidations, told.measured_at), (3, 0, "worst price"))
        for name, expected in (("nearest_pct", 10.0), ("median_pct", 10.0), ("p75_pct", 30.0), ("p95_pct", 46.0)):
            self.assertAlmostEqual(getattr(told, name), expected, places=9, msg=name)

    def test_without_candles_the_entry_is_told_and_a_liquidation_is_no_distance(self) -> None:
        columns = trades([1.0, -20.0], liquidation_price=[81.0, 81.0], reason=["target", "liquidation"])
        told = measure(columns, EquityCurve.of([], [], 1.0)).liquidation_proximity
        self.assertEqual((told.measured_at, told.liquidations, told.nearest_pct), ("entry", 1, 0.0))
        self.assertAlmostEqual(told.p95_pct, 0.95 * 19.0, places=9)

    def test_on_spot_there_is_none(self) -> None:
        told = measure(trades([1.0]), EquityCurve.of([], [], 1.0))
        self.assertEqual(told.reason("nearest_pct"), "no trade had a liquidation price")


if __name__ == "__main__":
    unittest.main()
