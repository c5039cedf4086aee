"""The names that users script against: they exist, take what they took, and hand out plain values."""

import datetime as dt
import importlib
import inspect
import subprocess
import sys
import unittest

from core.orders import OrderSide
from execution import (
    ExecutionEngine,
    OrderFill,
    OrderRequest,
    PaperTrader,
    Position,
    SafetyLimits,
    SafetyMonitor,
)
from risk_management import RiskConfig, RiskEngine
from strategies import generate_signal, generate_signal_with_metadata
from tests.architecture.source_tree import PACKAGES
from tests.support.market_data_sets import frame_of, practice_columns
from tests.support.shared import REPOSITORY
from tests.support.warm_starts import cold

NOON = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)

SIGNATURES = {
    "backtests.config_backtest:ConfigBacktestRunner": "config_path start_date end_date interval symbols",
    "backtests:BacktestResult.plot": "self",
    "backtests:BacktestResult.report": "self path candles",
    "backtests.config_backtest:ConfigBacktestRunner.get_equity_curve": "self",
    "backtests.config_backtest:ConfigBacktestRunner.get_trades": "self",
    "backtests.config_backtest:run_config_backtest": "start end interval config_path symbols",
    "backtests.config_backtest:HistoricalDataProvider": "exchange_name cache_dir",
    "market_data:HistoricalDataProvider.fetch_ohlcv": "self symbol interval start_date end_date use_cache",
    "market_data:HistoricalDataStore": "env data_dir",
    "market_data:HistoricalDataStore.get_ohlcv": "self symbol timeframe start end",
    "market_data:HistoricalDataStore.get_multi_timeframe_data": "self symbol timeframes start end",
    "market_data:HistoricalDataStore.get_funding_rates": "self symbol start end",
    "market_data:HistoricalDataStore.get_open_interest": "self symbol start end period",
    "market_data:HistoricalDataStore.find_gaps": "self symbol timeframe start end",
    "market_data:HistoricalDataStore.fill_gaps": "self symbol timeframe start end",
    "strategies:ScalpingEMARSI": "config",
    "strategies:ScalpingEMARSI.add_indicators": "self df",
    "strategies:ScalpingEMARSI.generate_signal": "self df",
    "strategies:add_indicators": "df config",
    "strategies:generate_signal": "df config",
    "strategies:generate_signal_with_metadata": "df config",
    "risk_management:RiskEngine": "config",
    "risk_management:RiskEngine.compute_position_size": "self equity entry_price stop_loss_price risk_per_trade",
    "risk_management:RiskEngine.compute_sl_tp_from_atr": "self entry_price atr signal sl_mult tp_mult",
    "risk_management:RiskEngine.apply_risk_to_signal": (
        "self signal equity entry_price atr stop_loss_price take_profit_price risk_per_trade sl_mult tp_mult metadata"
    ),
    "execution:OrderRequest": (
        "symbol side order_type quantity price stop_loss take_profit strategy_name signal_confidence timestamp "
        "metadata order_id"
    ),
    "execution:OrderFill": (
        "order_id symbol side quantity fill_price fill_time commission slippage fill_type execution_venue metadata"
    ),
    "execution:ExecutionResult": "success status order_id fill error timestamp metadata",
    "execution:Position": (
        "symbol side quantity entry_price entry_time stop_loss take_profit current_price highest_price strategy_name "
        "metadata"
    ),
    "execution:PaperTrader": "starting_balance slippage commission_rate allow_shorting log_trades log_file",
    "execution:PaperTrader.submit_order": "self order current_price",
    "execution:PaperTrader.update_positions": "self prices",
    "execution:PaperTrader.check_exit_conditions": "self prices",
    "execution:PaperTrader.close_exits": "self prices",
    "execution:PaperTrader.close_all_positions": "self price_provider",
    "execution:PaperTrader.set_risk_config": "self risk_config",
    "execution:PaperTrader.apply_trade_result": "balance realized_pnl commission slippage",
    "execution:ExecutionEngine": "execution_mode paper_trader safety_monitor",
    "execution:ExecutionEngine.submit_order": "self order current_price",
    "execution:ExecutionEngine.create_order_from_risk_output": "self risk_output strategy_name",
    "execution:SafetyMonitor": "limits starting_equity",
    "execution:SafetyMonitor.check_pre_trade": "self order risk_amount position_value",
    "execution:SafetyMonitor.check_post_trade": "self new_equity",
    "execution:SafetyMonitor.record_position_open": "self symbol quantity entry_price side",
    "execution:SafetyMonitor.record_position_close": "self symbol exit_price pnl",
    "execution:SafetyMonitor.reset_daily_limits": "self new_starting_equity",
    "validation.config_validator:validate_all_configs": "base_path",
    "validation.config_validator:validate_trading_mode_config": "values",
    "validation.config_validator:validate_risk_config": "values",
    "validation.config_validator:validate_config_consistency": "mode risk",
}

STATUS_KEYS = {
    "starting_equity", "current_equity", "daily_pnl", "trading_halted", "halt_reason", "kill_switch_engaged",
    "daily_loss_pct", "open_positions", "total_exposure", "exposure_pct", "peak_equity", "limits",
}  # fmt: skip
PERFORMANCE_KEYS = {
    "starting_balance", "current_balance", "equity", "realized_pnl", "unrealized_pnl", "total_return",
    "total_return_pct", "total_trades", "winning_trades", "losing_trades", "even_trades", "win_rate", "open_positions",
    "max_drawdown_pct", "peak_equity",
}  # fmt: skip


def named(path: str) -> object:
    """Return what ``package:Name.attribute`` names."""
    module, _, names = path.partition(":")
    found: object = importlib.import_module(module)
    for name in names.split("."):
        found = getattr(found, name)
    return found


def open_account() -> PaperTrader:
    """Return an account with one open position and one closed trade."""
    trader = PaperTrader(10_000.0, 0.0005, 0.0005)
    for symbol, side, price in (("A/USDT", "LONG", 100.0), ("B/USDT", "SHORT", 50.0), ("B/USDT", "LONG", 40.0)):
        order = OrderRequest(symbol, side, "MARKET", 2.0, stop_loss=1.0, take_profit=999.0, timestamp=NOON)
        trader.submit_order(order, price)
    trader.update_positions({"A/USDT": 101.0})
    return trader


def leaves(value: object) -> list[object]:
    """Return the values at the ends of nested lists and dictionaries."""
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


class PublicNames(unittest.TestCase):
    def test_parameters_keep_their_names_and_order(self) -> None:
        for path, parameters in SIGNATURES.items():
            expected = parameters.split()
            with self.subTest(path):
                actual = list(inspect.signature(named(path)).parameters)
                self.assertEqual(expected, actual[: len(expected)])

    def test_every_name_that_a_package_hands_out_exists(self) -> None:
        for package in PACKAGES:
            module = importlib.import_module(package)
            for name in getattr(module, "__all__", ()):
                self.assertIsNotNone(getattr(module, name), f"{package}.{name}")
            with self.assertRaises(AttributeError):
                _ = module.no_such_name

    def test_the_command_starts_without_a_warning(self) -> None:
        command = [sys.executable, "-W", "error", "-m", "backtests.config_backtest", "--help"]
        with cold():
            done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_numbers_handed_out_are_floats_and_times_are_aware(self) -> None:
        trader = open_account()
        for name in ("balance", "realized_pnl", "peak_equity"):
            self.assertIs(float, type(getattr(trader, name)), name)
        for value in (trader.get_balance(), trader.get_equity()):
            self.assertIs(float, type(value))
        (position,) = trader.get_open_positions().values()
        for name in ("quantity", "entry_price", "stop_loss", "take_profit", "current_price", "unrealized_pnl"):
            self.assertIs(float, type(getattr(position, name)), name)
        self.assertEqual(NOON, position.entry_time)
        self.assertIs(OrderSide.LONG, position.side)
        self.assertEqual({"A/USDT": position}, trader.positions)

    def test_dictionaries_are_plain_all_the_way_down(self) -> None:
        trader = open_account()
        engine = ExecutionEngine(paper_trader=trader)
        order = OrderRequest("C/USDT", "BUY", "MARKET", 1.0, timestamp=NOON)
        result = engine.submit_order(order, 10.0)
        plain = [
            trader.get_closed_trades(),
            trader.get_trade_history(),
            trader.get_performance_summary(),
            [position.to_dict() for position in trader.get_open_positions().values()],
            result.to_dict(),
            result.fill.to_dict(),
            engine.safety_monitor.get_status(),
            RiskEngine(RiskConfig()).apply_risk_to_signal("LONG", 10_000.0, 100.0, atr=1.0),
        ]
        for value in leaves(plain):
            self.assertIn(type(value), (float, int, str, bool, type(None), dt.datetime))
            if isinstance(value, dt.datetime):
                self.assertEqual(dt.timedelta(0), value.utcoffset())
        self.assertEqual("LONG", OrderRequest("C", "BUY", "market", 1).to_dict()["side"])

    def test_status_and_performance_have_their_keys(self) -> None:
        monitor = SafetyMonitor(SafetyLimits(), 10_000.0)
        self.assertLessEqual(STATUS_KEYS, set(monitor.get_status()))
        self.assertLessEqual(PERFORMANCE_KEYS, set(open_account().get_performance_summary()))
        for name in ("starting_equity", "current_equity", "daily_pnl", "trading_halted", "halt_reason"):
            self.assertTrue(hasattr(monitor, name), name)

    def test_what_may_be_left_out_may_be_left_out(self) -> None:
        fill = OrderFill("1", "A/USDT", "BUY", 2.0, 100.0)
        position = Position("A/USDT", "SHORT", 2.0, 100.0)
        self.assertEqual((None, OrderSide.LONG, 200.0), (fill.fill_time, fill.side, fill.fill_value))
        self.assertEqual((None, OrderSide.SHORT, 200.0), (position.entry_time, position.side, position.position_value))
        self.assertIsNone(RiskConfig().max_exposure)
        self.assertEqual("SHORT", position.to_dict()["side"])

    def test_a_frame_is_answered_by_a_word_or_whole(self) -> None:
        frame = frame_of(practice_columns("BTC/USDT", "15m", 300))
        words = {generate_signal(frame.head(rows)) for rows in range(200, 300, 5)}
        self.assertLessEqual(words, {"LONG", "SHORT", "FLAT"})
        whole = generate_signal_with_metadata(frame.head(10), {"ema_fast": 5})
        self.assertEqual({"signal": "FLAT", "metadata": {"reason": "insufficient_data"}}, whole)
        self.assertEqual("FLAT", generate_signal(frame.head(1)))

    def test_sides_have_their_trading_names(self) -> None:
        self.assertIs(OrderSide.LONG, OrderSide.BUY)
        self.assertIs(OrderSide.SHORT, OrderSide.SELL)
        self.assertIs(OrderSide.SHORT, OrderSide.from_signal("SHORT"))
        for text in ("FLAT", "", "long short"):
            with self.assertRaises(ValueError):
                OrderSide.from_signal(text)


if __name__ == "__main__":
    unittest.main()
