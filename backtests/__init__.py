"""Backtests of the live configuration: the command, the runner and the drivers around the kernel."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from backtests.backtest_result import BacktestResult
    from backtests.config_backtest import run_config_backtest
    from backtests.in_memory import run_backtest

__all__ = ["BacktestResult", "run_backtest", "run_config_backtest"]

# Lazy, so that ``python -m backtests.config_backtest`` neither warns nor starts slowly.
_HOMES = {
    "backtests.backtest_result": "BacktestResult",
    "backtests.config_backtest": "run_config_backtest",
    "backtests.in_memory": "run_backtest",
}

__getattr__ = lazy_names(__name__, _HOMES)
