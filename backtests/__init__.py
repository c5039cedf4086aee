"""Backtests of the live configuration: the command, the runner and the drivers around the kernel."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from backtests.backtest_result import BacktestResult
    from backtests.config_backtest import run_config_backtest
    from backtests.in_memory import MemoryBacktest, run_backtest
    from backtests.many.run_many import ManyRuns, VariationResult, run_many
    from backtests.player.player_state import PlayerState
    from backtests.player.session_player import SessionPlayer

__all__ = [
    "BacktestResult",
    "ManyRuns",
    "MemoryBacktest",
    "PlayerState",
    "SessionPlayer",
    "VariationResult",
    "run_backtest",
    "run_config_backtest",
    "run_many",
]

# Lazy, so that ``python -m backtests.config_backtest`` neither warns nor starts slowly.
_HOMES = {
    "backtests.backtest_result": "BacktestResult",
    "backtests.config_backtest": "run_config_backtest",
    "backtests.in_memory": "MemoryBacktest run_backtest",
    "backtests.many.run_many": "ManyRuns VariationResult run_many",
    "backtests.player.player_state": "PlayerState",
    "backtests.player.session_player": "SessionPlayer",
}

__getattr__ = lazy_names(__name__, _HOMES)
