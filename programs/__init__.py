"""User programs: what runs and checks them, their pools, and the engine under the names that their users know."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from programs.backtest_config import BacktestConfig
    from programs.execution_simulator import ExecutionSimulator
    from programs.pool_outcomes import HorizonOutcome, PoolTrigger, PoolTriggers
    from programs.pool_store import delete_pool, save_pool, stored_pools
    from programs.pool_triggers import backtest_pool
    from programs.virtual_account import VirtualAccount

__all__ = [
    "BacktestConfig",
    "ExecutionSimulator",
    "HorizonOutcome",
    "PoolTrigger",
    "PoolTriggers",
    "VirtualAccount",
    "backtest_pool",
    "delete_pool",
    "save_pool",
    "stored_pools",
]

# Lazy, so that ``python -m programs`` starts fast.
_HOMES = {
    "programs.backtest_config": "BacktestConfig",
    "programs.execution_simulator": "ExecutionSimulator",
    "programs.pool_outcomes": "HorizonOutcome PoolTrigger PoolTriggers",
    "programs.pool_store": "delete_pool save_pool stored_pools",
    "programs.pool_triggers": "backtest_pool",
    "programs.virtual_account": "VirtualAccount",
}

__getattr__ = lazy_names(__name__, _HOMES)
