"""Backtests of the live configuration: the command, the runner and the drivers around the kernel."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from backtests.backtest_result import BacktestResult
    from backtests.config_backtest import run_config_backtest
    from backtests.in_memory import MemoryBacktest, run_backtest
    from backtests.many.run_many import ManyRuns, VariationResult, run_many
    from backtests.player.backtest_config import BacktestConfig
    from backtests.player.backtest_engine import BacktestEngine, run_backtest_async
    from backtests.player.player_state import PlayerState
    from backtests.player.session_player import SessionPlayer
    from backtests.player.states import (
        BacktestFill,
        BacktestMetrics,
        BacktestOrder,
        BacktestPosition,
        BacktestSignal,
        BacktestState,
        BacktestTrade,
        state_json,
    )

__all__ = [
    "BacktestConfig",
    "BacktestEngine",
    "BacktestFill",
    "BacktestMetrics",
    "BacktestOrder",
    "BacktestPosition",
    "BacktestResult",
    "BacktestSignal",
    "BacktestState",
    "BacktestTrade",
    "ManyRuns",
    "MemoryBacktest",
    "PlayerState",
    "SessionPlayer",
    "VariationResult",
    "run_backtest",
    "run_backtest_async",
    "run_config_backtest",
    "run_many",
    "state_json",
]

# Lazy, so that ``python -m backtests.config_backtest`` neither warns nor starts slowly.
_HOMES = {
    "backtests.backtest_result": "BacktestResult",
    "backtests.config_backtest": "run_config_backtest",
    "backtests.in_memory": "MemoryBacktest run_backtest",
    "backtests.many.run_many": "ManyRuns VariationResult run_many",
    "backtests.player.backtest_config": "BacktestConfig",
    "backtests.player.backtest_engine": "BacktestEngine run_backtest_async",
    "backtests.player.player_state": "PlayerState",
    "backtests.player.session_player": "SessionPlayer",
    "backtests.player.states": "BacktestFill BacktestMetrics BacktestOrder BacktestPosition BacktestSignal "
    "BacktestState BacktestTrade state_json",
}

__getattr__ = lazy_names(__name__, _HOMES)
