"""Figures of closed trades, their costs and their groups, worked by hand."""

import math
import unittest

import numpy as np

from metrics import EquityCurve, TradeColumns, measure
from metrics.run_metrics import RunMetrics
from tests.support.curves import START_MS, daily_curve, trades
from tests.support.times import DAY_MS, HOUR_MS, MINUTE_MS

CURVE = daily_curve([100.0])


def measured(columns: TradeColumns) -> RunMetrics:
    return measure(columns, CURVE)


class Quality(unittest.TestCase):
    def test_five_trades(self) -> None:
        # Won 4 and 2, lost 1 and 2, one even. Stops would have lost 2 each, of the last none is known.
        told = measured(trades([4.0, -1.0, 2.0, -2.0, 0.0], risk=[2.0, 2.0, 2.0, 2.0, math.nan])).trade_quality
        self.assertEqual((told.trades, told.wins, told.losses, told.evens), (5, 2, 2, 1))
        self.assertEqual((told.win_rate_pct, told.loss_rate_pct), (40.0, 40.0))
        self.assertEqual((told.average_win, told.average_loss, told.payoff_ratio), (3.0, -1.5, 2.0))
        self.assertEqual((told.best_trade, told.worst_trade), (4.0, -2.0))
        self.assertEqual((told.profit_factor, told.expectancy), (2.0, 0.6))
        # 40 % won at 2 to 1: 0.4 - 0.6 / 2.
        self.assertAlmostEqual(told.kelly, 0.1, places=12)
        # R: 2, -0.5, 1, -1: mean 0.375, squared deviations 2.640625 + 0.765625 + 0.390625 + 1.890625.
        self.assertEqual((told.trades_with_risk, told.expectancy_r), (4, 0.375))
        self.assertAlmostEqual(told.sqn_r, 2.0 * 0.375 / math.sqrt(5.6875 / 3), places=12)
        # Deviations 3.4, -1.6, 1.4, -2.6, -0.6: 23.2 / 4.
        self.assertAlmostEqual(told.sqn, math.sqrt(5) * 0.6 / math.sqrt(5.8), places=12)
        self.assertAlmostEqual(told.average_trade_return_pct, 0.6, places=12)

    def test_streaks_and_holding_times(self) -> None:
        held = [HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS, 5 * HOUR_MS]
        entries = [START_MS] * 4
        columns = trades([1.0, 2.0, -1.0, 3.0], entry_time_ms=entries, exit_time_ms=[START_MS + one for one in held])
        told = measured(columns).trade_quality
        self.assertEqual((told.longest_winning_streak, told.longest_losing_streak), (2, 1))
        self.assertEqual((told.shortest_holding_minutes, told.longest_holding_minutes), (60.0, 300.0))
        self.assertEqual((told.average_holding_minutes, told.median_holding_minutes), (180.0, 180.0))

    def test_excursions_and_how_much_of_the_way_was_used(self) -> None:
        # One went 2 against and 6 for its position and took 3 of the 8; one 4 against, 0 for it, and lost all 4.
        columns = trades([2.5, -4.5], gross_pnl=[3.0, -4.0], mae=[2.0, 4.0], mfe=[6.0, 0.0], risk=[4.0, 4.0])
        told = measured(columns).trade_quality
        self.assertEqual((told.average_mae, told.average_mfe), (3.0, 3.0))
        self.assertEqual((told.average_mae_r, told.average_mfe_r), (0.75, 0.75))
        self.assertEqual(told.entry_efficiency_pct, 100.0 * (6 / 8 + 0) / 2)
        self.assertEqual(told.exit_efficiency_pct, 100.0 * (5 / 8 + 0) / 2)
        self.assertEqual(told.total_efficiency_pct, 100.0 * (3 / 8 - 1) / 2)

    def test_ambiguous_trades_and_what_the_other_path_would_have_brought(self) -> None:
        told = measured(trades([-1.0, -1.0, 2.0], ambiguous=[True, False, True], bound=[3.5, 0.0, 0.0]))
        self.assertEqual((told.figure("ambiguous_trades"), told.figure("ambiguous_bound")), (2, 3.5))
        self.assertAlmostEqual(told.figure("ambiguous_share"), 2.0 / 3.0, places=12)
        unknown = measured(trades([-1.0], ambiguous=[True], bound=[math.nan]))
        self.assertIn("ladder", str(unknown.reason("ambiguous_bound")))

    def test_no_trade(self) -> None:
        told = measured(TradeColumns.empty())
        self.assertEqual((told.trade_quality.trades, told.trade_quality.longest_winning_streak), (0, 0))
        for name in ("win_rate", "profit_factor", "kelly", "expectancy", "sqn", "average_mae", "cost_per_trade",
                     "average_holding_minutes", "commission_share_pct", "ambiguous_share"):  # fmt: skip
            self.assertEqual((told.figure(name), told.reason(name)), (None, "there is no closed trade"), name)
        self.assertEqual((told.trade_quality.ambiguous_bound, told.entry_friction.total_costs), (0.0, 0.0))

    def test_one_trade(self) -> None:
        told = measured(trades([2.0]))
        self.assertEqual((told.figure("expectancy"), told.figure("win_rate")), (2.0, 100.0))
        self.assertEqual(told.reason("sqn"), "there is one trade; it needs 2")
        self.assertEqual(told.reason("expectancy_r"), "no trade had a stop at its entry")
        self.assertEqual(told.reason("average_mae"), "the candles of the trades are not at hand")

    def test_no_losses_and_no_wins(self) -> None:
        won = measured(trades([2.0, 2.0]))
        for name in ("profit_factor", "average_loss", "payoff_ratio", "kelly"):
            self.assertEqual((won.figure(name), won.reason(name)), (None, "no trade lost"), name)
        self.assertEqual(won.reason("sqn"), "the results do not vary")
        lost = measured(trades([-2.0, 0.0]))
        self.assertEqual(lost.figure("profit_factor"), 0.0)
        for name in ("average_win", "payoff_ratio", "kelly"):
            self.assertEqual(lost.reason(name), "no trade won", name)


class Friction(unittest.TestCase):
    def test_what_costs_took_of_gross_profit(self) -> None:
        # At the filled prices 10 and -6; slippage and spread of 1 and 0.5 each are in them: 11.5 and -4.5 without.
        columns = trades(
            [8.0, -7.5],
            gross_pnl=[10.0, -6.0],
            commission=[1.0, 1.0],
            slippage=[1.0, 1.0],
            spread=[0.5, 0.5],
            funding=[-1.0, -0.5],
        )
        told = measured(columns).entry_friction
        self.assertEqual((told.gross_profit, told.result_before_costs), (11.5, 7.0))
        self.assertEqual((told.commission, told.slippage, told.spread, told.funding), (2.0, 2.0, 1.0, 1.5))
        self.assertEqual(told.total_costs, 6.5)
        self.assertAlmostEqual(told.commission_share_pct, 100.0 * 2 / 11.5, places=12)
        self.assertAlmostEqual(told.funding_share_pct, 100.0 * 1.5 / 11.5, places=12)
        self.assertAlmostEqual(told.total_share_pct, 100.0 * 6.5 / 11.5, places=12)
        # 7 before costs in two trades: more than 3.5 a trade leaves nothing. What it came to is the difference.
        self.assertEqual((told.break_even_cost_per_trade, told.cost_per_trade), (3.5, 3.25))
        self.assertAlmostEqual(math.fsum(columns.realized_pnl), told.result_before_costs - told.total_costs, places=12)
        # Filled for 100 and 108, 100 and 92.5.
        self.assertAlmostEqual(told.cost_bps, 10_000.0 * 6.5 / 400.5, places=9)

    def test_without_a_gross_profit_there_are_no_shares(self) -> None:
        told = measured(trades([-2.0], commission=[0.5], gross_pnl=[-1.5]))
        self.assertEqual(told.reason("commission_share_pct"), "no trade won before costs")
        self.assertEqual(told.figure("break_even_cost_per_trade"), -1.5)

    def test_funding_received_is_a_negative_cost(self) -> None:
        told = measured(trades([2.0], gross_pnl=[1.0], funding=[1.0])).entry_friction
        self.assertEqual((told.funding, told.total_costs, told.funding_share_pct), (-1.0, -1.0, -100.0))


class Groups(unittest.TestCase):
    def test_trades_by_each_of_their_properties(self) -> None:
        # Monday 23:00, Tuesday 00:00 and 23:30, Sunday 00:00.
        entries = [START_MS + one for one in (23 * HOUR_MS, DAY_MS, 2 * DAY_MS - 30 * MINUTE_MS, 6 * DAY_MS)]
        told = measured(
            trades(
                [1.0, -2.0, 3.0, 0.0],
                symbol=["B/USDT", "A/USDT", "A/USDT", "A/USDT"],
                side=["LONG", "SHORT", "LONG", "LONG"],
                reason=["target", "stop", "target", "end"],
                tag=["", "x", "x", ""],
                risk=[1.0, 1.0, math.nan, math.nan],
                entry_time_ms=entries,
                exit_time_ms=[one + HOUR_MS for one in entries],
            )
        ).trades_by
        self.assertEqual([(one.key, one.trades, one.net_profit) for one in told.symbol],
                         [("A/USDT", 3, 1.0), ("B/USDT", 1, 1.0)])  # fmt: skip
        self.assertEqual([(one.key, one.wins, one.losses) for one in told.side], [("LONG", 2, 0), ("SHORT", 0, 1)])
        self.assertEqual([one.key for one in told.reason], ["end", "stop", "target"])
        self.assertEqual([(one.key, one.expectancy) for one in told.tag], [("", 0.5), ("x", 0.5)])
        self.assertEqual([(one.key, one.trades) for one in told.hour], [("00", 2), ("23", 2)])
        self.assertEqual([one.key for one in told.weekday], ["Monday", "Tuesday", "Sunday"])
        of_a = told.symbol[0]
        self.assertEqual((of_a.profit_factor, of_a.expectancy_r), (1.5, -2.0))
        self.assertEqual((told.symbol[1].profit_factor, told.reason[0].expectancy_r), (None, None))
        self.assertEqual(of_a.average_holding_minutes, 60.0)

    def test_groups_add_up_to_the_whole(self) -> None:
        draw = np.random.default_rng(3)
        count = 300
        columns = trades(
            np.round(draw.normal(0, 5, count), 2).tolist(),
            symbol=draw.choice(["A", "B", "C"], count).tolist(),
            reason=draw.choice(["stop", "target", "end"], count).tolist(),
            tag=draw.choice(["", "x"], count).tolist(),
        )
        told = measured(columns)
        for name in told.trades_by.__struct_fields__:
            groups = getattr(told.trades_by, name)
            self.assertEqual(sum(one.trades for one in groups), count)
            self.assertAlmostEqual(sum(one.net_profit for one in groups), told.performance.realized_pnl, places=9)

    def test_no_trade_is_in_no_group(self) -> None:
        self.assertEqual(measured(TradeColumns.empty()).trades_by.symbol, ())


class Columns(unittest.TestCase):
    def test_columns_of_other_lengths_are_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "risk has 1 rows, symbol has 2"):
            trades([1.0, 2.0], risk=[1.0])
        with self.assertRaisesRegex(ValueError, "cash has 1 rows, times_ms has 2"):
            EquityCurve.of([1, 2], [1.0, 1.0], 1.0, cash=[1.0])
        with self.assertRaisesRegex(ValueError, "backwards"):
            EquityCurve.of([2, 1], [1.0, 1.0], 1.0)


if __name__ == "__main__":
    unittest.main()
