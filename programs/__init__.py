"""User programs: what runs and checks them, their pools, and the engine under the names that their users know."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from programs.backtest_config import BacktestConfig
    from programs.execution_simulator import ExecutionSimulator
    from programs.virtual_account import VirtualAccount

__all__ = ["BacktestConfig", "ExecutionSimulator", "VirtualAccount"]

# Lazy, so that ``python -m programs`` starts fast.
_HOMES = {
    "programs.backtest_config": "BacktestConfig",
    "programs.execution_simulator": "ExecutionSimulator",
    "programs.virtual_account": "VirtualAccount",
}

__getattr__ = lazy_names(__name__, _HOMES)
