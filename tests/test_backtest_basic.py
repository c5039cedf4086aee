"""The objects that a backtest is made of, used directly by a small loop as a user's script does."""

import unittest
from unittest import mock

from execution import (
    ExecutionEngine,
    OrderRequest,
    OrderSide,
    OrderType,
    PaperTrader,
    SafetyLimits,
    SafetyMonitor,
)

BTC = "BTC/USDT"


def market_order(side, quantity=1.0, **levels):
    return OrderRequest(BTC, side, OrderType.MARKET, quantity, **levels)


class PaperTraderLoop(unittest.TestCase):
    def setUp(self):
        self.trader = PaperTrader(10_000.0, slippage=0.001, commission_rate=0.002)

    def test_a_long_pays_slippage_and_commission_and_opening_leaves_the_balance_alone(self):
        result = self.trader.submit_order(market_order(OrderSide.LONG, 2.0), 100.0)
        self.assertTrue(result.success)
        # 100 x 1.001 = 100.1; commission 2 x 100.1 x 0.002 = 0.4004.
        self.assertEqual((result.fill.fill_price, result.fill.commission), (100.1, 0.4004))
        self.assertEqual(self.trader.balance, 10_000.0)
        self.assertEqual(list(self.trader.positions), [BTC])

    def test_a_loop_over_prices_closes_at_the_target_and_the_balance_moves_by_the_net_result(self):
        self.trader.submit_order(market_order("LONG", 2.0, stop_loss=95.0, take_profit=110.0), 100.0)
        closed = []
        for price in (101.0, 99.0, 104.0, 111.0, 120.0):
            self.trader.update_positions({BTC: price})
            closed += self.trader.close_exits({BTC: price})
        # A target is a limit order: 111 is beyond it, so it fills at 111 without slippage.
        # 2 x (111 - 100.1) = 21.8; commissions 0.4004 and 2 x 111 x 0.002 = 0.444; 21.8 - 0.8444 = 20.9556.
        self.assertEqual([one.fill.fill_price for one in closed], [111.0])
        self.assertEqual(self.trader.realized_pnl, 20.9556)
        self.assertEqual(self.trader.balance, 10_020.9556)
        self.assertEqual(self.trader.get_equity(), self.trader.get_balance())

    def test_equity_is_balance_plus_what_the_position_would_bring_before_costs(self):
        self.trader.submit_order(market_order("SHORT", 3.0), 100.0)
        self.trader.update_positions({BTC: 90.0})
        # Sold at 100 x 0.999 = 99.9: 3 x (99.9 - 90) = 29.7.
        self.assertEqual(self.trader.get_equity(), 10_029.7)
        self.assertEqual(self.trader.balance, 10_000.0)

    def test_closing_everything_leaves_no_position_and_a_whole_history(self):
        self.trader.submit_order(market_order("LONG"), 100.0)
        self.trader.close_all_positions({BTC: 100.0})
        self.assertEqual(self.trader.get_open_positions(), {})
        self.assertEqual([row["action"] for row in self.trader.get_trade_history()], ["OPEN", "CLOSE"])
        summary = self.trader.get_performance_summary()
        self.assertEqual((summary["total_trades"], summary["winning_trades"], summary["losing_trades"]), (1, 0, 1))

    def test_reset_forgets_everything(self):
        self.trader.submit_order(market_order("LONG"), 100.0)
        self.trader.reset()
        self.assertEqual((self.trader.positions, self.trader.balance), ({}, 10_000.0))


class ExecutionAndSafety(unittest.TestCase):
    def setUp(self):
        self.trader = PaperTrader(10_000.0, slippage=0.0, commission_rate=0.0)
        limits = SafetyLimits(
            max_daily_loss_pct=0.02,
            max_risk_per_trade_pct=0.01,
            max_exposure_pct=0.2,
            max_open_trades=1,
            kill_switch_env_var="BASIC_TEST_KILL_SWITCH",
            max_drawdown_pct=0.1,
        )
        self.safety = SafetyMonitor(limits, 10_000.0)
        self.engine = ExecutionEngine("paper", self.trader, self.safety)

    def test_an_order_within_the_limits_is_filled_and_counted(self):
        result = self.engine.submit_order(market_order("LONG", 10.0, stop_loss=95.0), 100.0)
        self.assertTrue(result.success)
        self.assertEqual(self.safety.get_status()["open_positions"], 1)
        self.assertEqual(self.safety.get_status()["total_exposure"], 1_000.0)

    def test_an_order_above_the_exposure_limit_is_refused_and_nothing_is_opened(self):
        # 21 x 100 = 2,100 is above 20 % of 10,000.
        result = self.engine.submit_order(market_order("LONG", 21.0), 100.0)
        self.assertEqual((result.success, result.reason), (False, "max_exposure"))
        self.assertEqual(self.trader.positions, {})

    def test_a_stop_that_risks_too_much_is_refused(self):
        # 15 x 10 = 150 is above 1 % of 10,000.
        result = self.engine.submit_order(market_order("LONG", 15.0, stop_loss=90.0), 100.0)
        self.assertEqual((result.success, result.reason), (False, "max_risk_per_trade"))

    def test_a_daily_loss_above_its_limit_halts_and_a_further_entry_is_refused(self):
        self.safety.check_post_trade(9_800.0)
        self.assertFalse(self.safety.trading_halted, "2 % is the limit, and it is only reached")
        self.safety.check_post_trade(9_799.0)
        self.assertTrue(self.safety.trading_halted)
        self.assertFalse(self.engine.submit_order(market_order("LONG"), 100.0).success)

    def test_the_kill_switch_in_the_environment_refuses_entries_while_it_is_set(self):
        with mock.patch.dict("os.environ", {"BASIC_TEST_KILL_SWITCH": "1"}):
            self.assertEqual(self.engine.submit_order(market_order("LONG"), 100.0).reason, "kill_switch")
        self.assertTrue(self.engine.submit_order(market_order("LONG"), 100.0).success)

    def test_an_order_without_a_symbol_is_an_error(self):
        for symbol in ("", "UNKNOWN"):
            with self.subTest(symbol=symbol), self.assertRaises(ValueError):
                self.engine.create_order_from_signal("LONG", symbol, 1.0)


if __name__ == "__main__":
    unittest.main()
