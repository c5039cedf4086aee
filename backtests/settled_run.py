"""A backtest of settings that are checked already, over a range of time."""

from pathlib import Path

from backtests.engines.engine_choice import EngineChoice
from backtests.replay import RunWatch
from backtests.run import run_backtest
from backtests.run_plan import RunPlan
from core.time_range import TimeRange
from execution.execution_settings import TradingModeSettings
from execution.safety.safety_monitor import environment_kill_switch
from market_data.history.settled_provider import settled_provider
from runs.documents.run_result import RunResult
from validation.composed_settings import Settings


def run_settled(
    settings: Settings,
    window: TimeRange,
    now_ms: int,
    *,
    output_dir: Path | None = None,
    offline: bool = False,
    show_progress: bool | None = False,
    engine: EngineChoice = "reference",
    watch: RunWatch | None = None,
) -> RunResult:
    """Run what ``ConfigBacktestRunner`` runs of the same settings, and write it to the same places.

    Parameters
    ----------
    settings
        Checked, the parameters of the strategy complete.
    window
        Candles with open >= start and close <= end are run.
    now_ms
        The present in UTC milliseconds.
    output_dir, offline, show_progress, engine
        As of ``ConfigBacktestRunner``.
    watch
        As of :func:`~backtests.run.made_run`.

    Raises
    ------
    DataUnavailableError, StrategyError, StoreError
        As of ``ConfigBacktestRunner.run``.
    """
    live = settings.live
    plan = RunPlan(
        settings=settings,
        start_ms=window.start_ms,
        end_ms=window.end_ms,
        output_dir=output_dir or Path(live.logging.directory) / "backtests",
        kill_switch_engaged=engaged_at_start(settings.mode),
        offline=offline,
        show_progress=show_progress,
        engine=engine,
    )
    provider = settled_provider(live.exchange, live.data, now_ms, offline=offline, progress=show_progress)
    return run_backtest(plan, provider, watch=watch)


def engaged_at_start(mode: TradingModeSettings) -> bool:
    """Whether the kill switch is engaged now: in the environment, or by its file."""
    by_file = mode.kill_switch_file is not None and Path(mode.kill_switch_file).exists()
    return by_file or environment_kill_switch(mode.kill_switch_env_var)()
