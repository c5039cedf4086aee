"""User programs: what runs and checks them, what wakes them, and the engine under the names that their users know."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from programs.backtest_config import BacktestConfig
    from programs.execution_simulator import ExecutionSimulator, SimulatedFill
    from programs.pool_outcomes import HorizonOutcome, PoolTrigger, PoolTriggers
    from programs.pool_store import delete_pool, save_pool, stored_pools
    from programs.pool_triggers import backtest_pool
    from programs.program_backtest_engine import ProgramBacktestEngine
    from programs.program_result import BacktestResult
    from programs.program_store import delete_program, save_program, stored_programs
    from programs.virtual_account import VirtualAccount, VirtualPosition

__all__ = [
    "BacktestConfig",
    "BacktestResult",
    "ExecutionSimulator",
    "HorizonOutcome",
    "PoolTrigger",
    "PoolTriggers",
    "ProgramBacktestEngine",
    "SimulatedFill",
    "VirtualAccount",
    "VirtualPosition",
    "backtest_pool",
    "delete_pool",
    "delete_program",
    "save_pool",
    "save_program",
    "stored_pools",
    "stored_programs",
]

# Lazy, so that ``python -m programs`` starts fast.
_HOMES = {
    "programs.backtest_config": "BacktestConfig",
    "programs.execution_simulator": "ExecutionSimulator SimulatedFill",
    "programs.pool_outcomes": "HorizonOutcome PoolTrigger PoolTriggers",
    "programs.pool_store": "delete_pool save_pool stored_pools",
    "programs.pool_triggers": "backtest_pool",
    "programs.program_backtest_engine": "ProgramBacktestEngine",
    "programs.program_result": "BacktestResult",
    "programs.program_store": "delete_program save_program stored_programs",
    "programs.virtual_account": "VirtualAccount VirtualPosition",
}

__getattr__ = lazy_names(__name__, _HOMES)
