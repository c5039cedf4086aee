"""A run of a program: its settings, its strategy, its result, as the command, the engine and the server make it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from backtests.engines.engine_choice import MadeRun
from backtests.replay import RunWatch
from backtests.run import made_run
from backtests.run_plan import RunPlan
from backtests.settled_run import engaged_at_start
from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem
from core.time_range import TimeRange
from engine.assembly import prepare_strategy, with_own_strategy
from market_data.history.settled_provider import settled_provider
from programs.program_choice import ProgramChoice
from strategies.programs.decision_source import DecisionSource
from strategies.programs.program_calls import Tracer
from strategies.programs.program_strategy import ProgramStrategy
from validation.composed_settings import Settings
from validation.loading import load_settings
from validation.overrides import Overrides

Wraps = Callable[[DecisionSource], DecisionSource]
"""Makes of a run's own source of decisions the one that is asked: what records its answers, or another altogether."""


class ProgramMarket(NamedTuple):
    """On what a program is run: a configuration, and what is said in place of some of its keys; None leaves them."""

    config_path: str | Path
    symbols: Sequence[str] | None = None
    interval: str | None = None
    data_dir: str | None = None
    overrides: Mapping[str, Any] = {}


class ProgramListener(NamedTuple):
    """Who takes part in a run: what stands before its source of decisions, and who is told every call."""

    wraps: Wraps | None = None
    tracer: Tracer | None = None


NOBODY = ProgramListener()


def program_settings(choice: ProgramChoice, market: ProgramMarket) -> Settings:
    """Return the checked settings of a program's run.

    Raises
    ------
    ConfigurationError
        If the configuration, a pool, the schedule or the program cannot be; all problems are named.
    """
    values = {**market.overrides, "strategy": choice.strategy()}
    source = f"program {choice.name}"
    try:
        settings = load_settings(
            market.config_path,
            symbols=market.symbols,
            interval=market.interval,
            data_dir=market.data_dir,
            overrides=Overrides(values, source, ""),
        )
    except ConfigurationError as error:
        raise type(error).of(*(_as_asked(fact, source) for fact in error.facts)) from None
    return with_own_strategy(settings)


def _as_asked(fact: SettingsProblem, source: str) -> SettingsProblem:
    """Return a problem of a program without the section of a configuration, in which nobody has written it.

    What is wrong with its text or its pools says itself where that is.
    """
    if fact.file != source and not f"{fact.key}.".startswith("strategy."):
        return fact
    if fact.key in ("strategy.file", "strategy.pools"):
        return fact._replace(key="", file="")
    return fact._replace(key=fact.key.removeprefix("strategy").removeprefix("."), file=source)


def run_program(
    plan: RunPlan, now_ms: int, listener: ProgramListener = NOBODY, *, watch: RunWatch | None = None
) -> MadeRun:
    """Make a program's run, and write it to where its plan says.

    Parameters
    ----------
    plan
        What to do, with settings of a program.
    now_ms
        The present in UTC milliseconds.
    listener
        Who takes part in it. A source that stands in the place of the run's own is told in none of its documents: what
        is to be made again has its decisions recorded.
    watch
        As of :func:`~backtests.run.made_run`.

    Raises
    ------
    DataUnavailableError, StrategyError, StoreError
        As of ``ConfigBacktestRunner.run``.
    """
    live = plan.settings.live
    provider = settled_provider(live.exchange, live.data, now_ms, offline=plan.offline, progress=plan.show_progress)
    strategy = program_strategy(plan.settings, listener)
    return made_run(plan, provider, watch=watch, strategy=strategy)


def program_plan(
    settings: Settings,
    window: TimeRange,
    *,
    output_dir: Path | None = None,
    offline: bool = False,
    show_progress: bool | None = False,
) -> RunPlan:
    """Return the plan of a run that writes where backtests do; ``output_dir`` names another place."""
    return RunPlan(
        settings=settings,
        start_ms=window.start_ms,
        end_ms=window.end_ms,
        output_dir=output_dir or Path(settings.live.logging.directory) / "backtests",
        kill_switch_engaged=engaged_at_start(settings.mode),
        offline=offline,
        show_progress=show_progress,
    )


def program_strategy(settings: Settings, listener: ProgramListener = NOBODY) -> ProgramStrategy:
    """Return the program that settings name, as a strategy that is ready for their candles."""
    strategy = ProgramStrategy(settings.live.strategy.params, tracer=listener.tracer)
    wraps, own = listener.wraps, strategy.sandbox
    if wraps is not None:
        strategy.sandbox = lambda text, limits: wraps(own(text, limits))
    prepare_strategy(strategy, settings)
    return strategy
