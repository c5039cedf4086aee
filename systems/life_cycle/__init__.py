"""The life of a strategy: epochs from idea to archive, each run written down, each step judged on evidence."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from systems.life_cycle.epoch_run import run_epoch
    from systems.life_cycle.epoch_tracker import StrategyEpochTracker
    from systems.life_cycle.experiment_tracker import ExperimentTracker
    from systems.life_cycle.run_logging import current_run_id, run_logging
    from systems.life_cycle.strategy_epoch import StrategyEpoch
    from systems.life_cycle.system_runners import system_backtest, system_paper_session, system_rehearsal

__all__ = [
    "ExperimentTracker",
    "StrategyEpoch",
    "StrategyEpochTracker",
    "current_run_id",
    "run_epoch",
    "run_logging",
    "system_backtest",
    "system_paper_session",
    "system_rehearsal",
]

_HOMES = {
    "systems.life_cycle.epoch_run": "run_epoch",
    "systems.life_cycle.epoch_tracker": "StrategyEpochTracker",
    "systems.life_cycle.experiment_tracker": "ExperimentTracker",
    "systems.life_cycle.run_logging": "current_run_id run_logging",
    "systems.life_cycle.strategy_epoch": "StrategyEpoch",
    "systems.life_cycle.system_runners": "system_backtest system_paper_session system_rehearsal",
}

__getattr__ = lazy_names(__name__, _HOMES)
