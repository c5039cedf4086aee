"""The safety monitor: every limit where it is reached and where it is broken."""

import json
import math
import os
import unittest

from core.orders import OrderRequest, OrderSide, OrderType
from execution.safety.safety_limits import SafetyLimits
from execution.safety.safety_monitor import SafetyMonitor, SafetyViolation

VARIABLE = "HARNESS_TEST_KILL_SWITCH"
ORDER = OrderRequest("BTC/USDT", OrderSide.LONG, OrderType.MARKET, 1.0)


def limits(**changes: object) -> SafetyLimits:
    return SafetyLimits(**{"kill_switch_env_var": VARIABLE, **changes})  # type: ignore[arg-type]


def opened(monitor: SafetyMonitor, value: float, symbol: str = "BTC/USDT") -> None:
    """Tell a monitor of a long of that value at a price of 10."""
    monitor.record_position_open(symbol, value / 10.0, 10.0, "LONG")


class SafetyMonitorTest(unittest.TestCase):
    def setUp(self) -> None:
        os.environ.pop(VARIABLE, None)
        self.addCleanup(os.environ.pop, VARIABLE, None)

    def assert_refused(self, reason: str, monitor: SafetyMonitor, risk: float = 0.0, value: float = 0.0) -> None:
        with self.assertRaises(SafetyViolation) as caught:
            monitor.check_pre_trade(ORDER, risk, value)
        self.assertEqual(reason, caught.exception.reason)
        self.assertIn("BTC/USDT", str(caught.exception))


class Halts(SafetyMonitorTest):
    def test_the_daily_loss_halts_when_broken_not_when_reached(self) -> None:
        # 2 % of 10,000; the tolerance is 0.02 x 1e-9 of it: 0.0000002.
        for equity, halted in ((9_800.0, False), (9_799.99999981, False), (9_799.9999997, True), (9_700.0, True)):
            with self.subTest(equity):
                monitor = SafetyMonitor(limits(max_daily_loss_pct=0.02), 10_000.0)
                self.assertEqual(halted, monitor.check_post_trade(equity))
                self.assertEqual(halted, monitor.trading_halted)
                self.assertEqual("daily_loss" if halted else None, monitor.halt_reason)

    def test_the_drawdown_from_the_peak_halts_when_broken_not_when_reached(self) -> None:
        # 10 % below the peak of 12,000
        for equity, halted in ((10_800.0, False), (10_799.9999989, False), (10_799.9999987, True)):
            with self.subTest(equity):
                monitor = SafetyMonitor(limits(max_daily_loss_pct=1.0, max_drawdown_pct=0.1), 10_000.0)
                monitor.check_post_trade(12_000.0)
                self.assertEqual(halted, monitor.check_post_trade(equity))
                self.assertEqual("drawdown" if halted else None, monitor.halt_reason)
                self.assertEqual(12_000.0, monitor.peak_equity)

    def test_the_day_is_measured_from_its_own_first_equity(self) -> None:
        monitor = SafetyMonitor(limits(max_daily_loss_pct=0.02, max_drawdown_pct=1.0), 10_000.0)
        monitor.check_post_trade(9_900.0)
        self.assertEqual(-100.0, monitor.daily_pnl)
        monitor.reset_daily_limits()
        self.assertEqual(0.0, monitor.daily_pnl)
        # 2 % of 9,900 is 198.
        self.assertFalse(monitor.check_post_trade(9_702.0))
        self.assertTrue(monitor.check_post_trade(9_701.99))

    def test_a_new_day_lifts_the_daily_halt_and_recovery_alone_does_not(self) -> None:
        monitor = SafetyMonitor(limits(max_daily_loss_pct=0.02), 10_000.0)
        monitor.check_post_trade(9_700.0)
        self.assertTrue(monitor.check_post_trade(10_500.0))
        self.assert_refused("halted_daily_loss", monitor)
        monitor.reset_daily_limits()
        self.assertFalse(monitor.trading_halted)
        monitor.check_pre_trade(ORDER, 0.0, 0.0)

    def test_a_drawdown_halt_stays_over_days_and_recovery_and_is_named_first(self) -> None:
        monitor = SafetyMonitor(limits(), 10_000.0)
        monitor.check_post_trade(8_000.0)
        self.assertEqual(("drawdown", "daily_loss"), monitor.halts)
        self.assertEqual("drawdown", monitor.halt_reason)
        monitor.check_post_trade(20_000.0)
        monitor.reset_daily_limits()
        self.assertEqual(("drawdown",), monitor.halts)
        self.assert_refused("halted_drawdown", monitor)

    def test_an_account_without_equity_is_halted_for_good_whatever_the_limits_are(self) -> None:
        widest = limits(max_drawdown_pct=1.0, max_daily_loss_pct=1.0)
        for equity, halted in ((0.01, False), (0.0, True), (-5.0, True)):
            with self.subTest(equity=equity):
                monitor = SafetyMonitor(widest, 10_000.0)
                self.assertEqual(halted, monitor.check_post_trade(equity))
                self.assertEqual("account_blown" if halted else None, monitor.halt_reason)
        # Below zero drawdown and daily loss are broken too; it is named before them, and only the day's is lifted.
        self.assertEqual(("account_blown", "drawdown", "daily_loss"), monitor.halts)
        monitor.check_post_trade(20_000.0)
        monitor.reset_daily_limits()
        self.assertEqual(("account_blown", "drawdown"), monitor.halts)
        self.assert_refused("halted_account_blown", monitor)

    def test_equity_at_or_below_zero_divides_nothing_by_zero(self) -> None:
        for start in (0.0, -100.0, 10_000.0):
            for equity in (0.0, -1.0, -20_000.0, 5.0):
                with self.subTest(start=start, equity=equity):
                    monitor = SafetyMonitor(limits(), start)
                    monitor.check_post_trade(equity)
                    monitor.reset_daily_limits()
                    monitor.check_post_trade(equity - 1.0)
                    json.dumps(monitor.get_status(), allow_nan=False)
                    if equity <= 0.0:
                        with self.assertRaises(SafetyViolation):
                            monitor.check_pre_trade(ORDER, 1.0, 1.0)

    def test_an_equity_that_is_no_number_halts(self) -> None:
        for equity in (math.nan, -math.inf):
            with self.subTest(equity):
                self.assertTrue(SafetyMonitor(limits(), 10_000.0).check_post_trade(equity))


class Gates(SafetyMonitorTest):
    def test_risk_of_one_trade(self) -> None:
        monitor = SafetyMonitor(limits(max_risk_per_trade_pct=0.02), 10_000.0)
        for risk in (0.0, 199.0, 200.0, 200.0000001):
            monitor.check_pre_trade(ORDER, risk, 0.0)
        for risk in (200.0000003, 250.0, math.nan, math.inf):
            with self.subTest(risk):
                self.assert_refused("max_risk_per_trade", monitor, risk=risk)

    def test_exposure_in_all(self) -> None:
        monitor = SafetyMonitor(limits(max_exposure_pct=0.2), 10_000.0)
        opened(monitor, 1_500.0)
        for value in (0.0, 500.0, 500.000001):
            monitor.check_pre_trade(ORDER, 0.0, value)
        for value in (500.000003, 2_000.0, math.nan):
            with self.subTest(value):
                self.assert_refused("max_exposure", monitor, value=value)
        monitor.check_post_trade(9_990.0)
        self.assert_refused("max_exposure", monitor, value=500.0)  # 20 % of 9,990 is 1,998

    def test_number_of_open_trades(self) -> None:
        monitor = SafetyMonitor(limits(max_open_trades=2), 10_000.0)
        opened(monitor, 1.0)
        monitor.check_pre_trade(ORDER, 0.0, 0.0)
        opened(monitor, 1.0, "ETH/USDT")
        self.assert_refused("max_open_trades", monitor)
        monitor.record_position_close("ETH/USDT", 10.0, 0.0)
        monitor.check_pre_trade(ORDER, 0.0, 0.0)

    def test_the_kill_switch_comes_first_then_halts_then_counts_then_risk_then_exposure(self) -> None:
        monitor = SafetyMonitor(limits(max_open_trades=1), 10_000.0)
        opened(monitor, 5_000.0)
        monitor.check_post_trade(5_000.0)
        os.environ[VARIABLE] = "1"
        self.assert_refused("kill_switch", monitor, 1e9, 1e9)
        del os.environ[VARIABLE]
        self.assert_refused("halted_drawdown", monitor, 1e9, 1e9)
        monitor = SafetyMonitor(limits(max_open_trades=1), 10_000.0)
        opened(monitor, 5_000.0)
        self.assert_refused("max_open_trades", monitor, 1e9, 1e9)
        monitor.record_position_close("BTC/USDT", 10.0, 0.0)
        self.assert_refused("max_risk_per_trade", monitor, 1e9, 1e9)
        self.assert_refused("max_exposure", monitor, 0.0, 1e9)

    def test_the_default_kill_switch_reads_the_environment_at_call_time(self) -> None:
        monitor = SafetyMonitor(limits(), 10_000.0)
        self.assertFalse(monitor.kill_switch_engaged())
        for word in ("1", "true", "TRUE", " yes ", "on", "stop", "engaged"):
            os.environ[VARIABLE] = word
            self.assertTrue(monitor.kill_switch_engaged(), word)
        for word in ("", "0", "false", "no", "off"):
            os.environ[VARIABLE] = word
            self.assertFalse(monitor.kill_switch_engaged(), word)
            monitor.check_pre_trade(ORDER, 0.0, 0.0)

    def test_a_kill_switch_handed_in_is_asked_instead_of_the_environment(self) -> None:
        os.environ[VARIABLE] = "1"
        answers = [False, True]
        monitor = SafetyMonitor(limits(), 10_000.0, lambda: answers.pop(0))
        monitor.check_pre_trade(ORDER, 0.0, 0.0)
        self.assert_refused("kill_switch", monitor)


class BookAndStatus(SafetyMonitorTest):
    def test_positions_are_told_by_symbol_and_count_at_their_entry(self) -> None:
        monitor = SafetyMonitor(limits(), 10_000.0)
        monitor.record_position_open("BTC/USDT", 2.0, 100.0, "LONG")
        monitor.record_position_open("ETH/USDT", 5.0, 10.0, OrderSide.SHORT)
        self.assertEqual(
            {
                "BTC/USDT": {"symbol": "BTC/USDT", "quantity": 2.0, "entry_price": 100.0, "side": "LONG"},
                "ETH/USDT": {"symbol": "ETH/USDT", "quantity": 5.0, "entry_price": 10.0, "side": "SHORT"},
            },
            monitor.open_positions,
        )
        self.assertEqual((2, 250.0), (monitor.open_trades, monitor.total_exposure))
        # 2 at 100 and 2 at 110
        monitor.record_position_open("BTC/USDT", 2.0, 110.0, "BUY")
        added = monitor.open_positions["BTC/USDT"]
        self.assertEqual((4.0, 105.0), (added["quantity"], added["entry_price"]))
        for symbol in ("BTC/USDT", "ETH/USDT", "ETH/USDT"):
            monitor.record_position_close(symbol, 90.0, 0.0)
        self.assertEqual(({}, 0, 0.0), (monitor.open_positions, monitor.open_trades, monitor.total_exposure))

    def test_a_result_counts_against_the_limits_until_equity_is_shown(self) -> None:
        monitor = SafetyMonitor(limits(max_daily_loss_pct=0.02), 10_000.0)
        for pnl, equity, halt in ((-150.0, 9_850.0, None), (-50.0, 9_800.0, None), (-0.5, 9_799.5, "daily_loss")):
            monitor.record_position_open("BTC/USDT", 10.0, 100.0, "LONG")
            monitor.record_position_close("BTC/USDT", 100.0 + pnl / 10.0, pnl)
            self.assertEqual((equity, halt), (monitor.current_equity, monitor.halt_reason))
        monitor.check_post_trade(9_900.0)
        self.assertEqual(9_900.0, monitor.current_equity)

    def test_what_no_position_has_is_a_value_error(self) -> None:
        monitor = SafetyMonitor(limits(), 10_000.0)
        for given in ((0.0, 1.0, "LONG"), (1.0, math.nan, "LONG"), (1.0, 1.0, "FLAT"), (-1.0, 1.0, "SHORT")):
            with self.subTest(given), self.assertRaises(ValueError):
                monitor.record_position_open("BTC/USDT", *given)
        with self.assertRaises(ValueError):
            monitor.record_position_close("BTC/USDT", 0.0, 1.0)
        self.assertEqual({}, monitor.open_positions)

    def test_the_book_that_a_session_shows_stands_before_what_was_told(self) -> None:
        monitor = SafetyMonitor(limits(), 10_000.0)
        opened(monitor, 100.0)
        monitor.observe_book(3, 700.0)
        shown = (monitor.open_trades, monitor.total_exposure, monitor.get_status()["open_positions"])
        self.assertEqual((3, 700.0, 3), shown)

    def test_an_equity_against_which_no_loss_can_be_measured_is_a_value_error(self) -> None:
        monitor = SafetyMonitor(limits(), 10_000.0)
        for equity in (0.0, -1.0, math.nan, math.inf):
            with self.subTest(equity), self.assertRaisesRegex(ValueError, "new_starting_equity"):
                monitor.reset_daily_limits(equity)
        with self.assertRaisesRegex(ValueError, "pnl"):
            monitor.record_position_close("BTC/USDT", 10.0, math.nan)
        self.assertEqual((10_000.0, False), (monitor.current_equity, monitor.trading_halted))

    def test_a_day_may_begin_with_another_equity(self) -> None:
        monitor = SafetyMonitor(limits(max_daily_loss_pct=0.02), 10_000.0)
        monitor.check_post_trade(9_700.0)
        monitor.reset_daily_limits(12_000.0)
        equities = ("starting_equity", "current_equity", "day_start_equity", "peak_equity")
        self.assertEqual([12_000.0] * 4, [getattr(monitor, name) for name in equities])
        self.assertEqual((0.0, ()), (monitor.daily_pnl, monitor.halts))
        self.assertTrue(monitor.check_post_trade(11_759.0))  # 2 % of 12,000 is 240.
        monitor.reset_daily_limits()
        self.assertEqual((12_000.0, 11_759.0), (monitor.starting_equity, monitor.day_start_equity))

    def test_the_status_by_hand(self) -> None:
        monitor = SafetyMonitor(limits(max_daily_loss_pct=0.02), 10_000)
        monitor.check_post_trade(12_000.0)
        monitor.reset_daily_limits()
        opened(monitor, 3_000.0)
        monitor.check_post_trade(11_700.0)
        status = monitor.get_status()
        self.assertEqual(
            {
                "starting_equity": 10_000.0,
                "current_equity": 11_700.0,
                "daily_pnl": -300.0,
                "daily_loss_pct": 2.5,
                "trading_halted": True,
                "halt_reason": "daily_loss",
                "kill_switch_engaged": False,
                "open_positions": 1,
                "total_exposure": 3_000.0,
                "exposure_pct": 100.0 * 3_000.0 / 11_700.0,
                "peak_equity": 12_000.0,
                "limits": {
                    "max_daily_loss_pct": 2.0,
                    "max_drawdown_pct": 10.0,
                    "max_risk_per_trade_pct": 2.0,
                    "max_exposure_pct": 20.0,
                    "max_open_trades": 10,
                    "kill_switch_env_var": VARIABLE,
                },
            },
            status,
        )
        self.assertIs(float, type(monitor.starting_equity))
        json.dumps(status)

    def test_a_gain_is_no_loss(self) -> None:
        monitor = SafetyMonitor(limits(), 10_000.0)
        monitor.check_post_trade(10_100.0)
        self.assertEqual((100.0, 0.0), (monitor.get_status()["daily_pnl"], monitor.get_status()["daily_loss_pct"]))


if __name__ == "__main__":
    unittest.main()
