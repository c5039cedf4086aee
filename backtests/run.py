"""One backtest from its plan to its outputs and its result."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from msgspec import UnsetType

from backtests.engines.engine_choice import (
    VERIFIED,
    MadeRun,
    by_reference,
    not_verified,
    reference_reason,
    require_compiled,
    require_same,
    run_compiled,
)
from backtests.kept_outputs import KeptOutputs
from backtests.kept_run import KeptRun
from backtests.market_input import MarketInput, load_market
from backtests.replay import Interrupt, Progress, RunWatch, held_interrupts, replay
from backtests.run_plan import RunPlan
from backtests.stored_input import stored_input
from backtests.timeline import candles_of
from core.errors import StrategyError, Uncovered
from core.timeframe import timeframe_ms
from engine.assembly import build_safety_monitor, build_session, build_strategy_of
from engine.kill_switch import KillSwitch
from engine.open_interest import open_interest_asked
from engine.renderer import SessionOutputs
from engine.session import Session
from engine.warm_up import warm_up
from engine.watched import watched_series_of
from execution.safety.safety_monitor import SafetyMonitor
from reports.console.progress import ReplayProgress
from runs.documents.manifest import StrategyFacts, Window
from runs.documents.manifest_builder import backtest_manifest
from runs.documents.result_text import to_json
from runs.documents.run_result import RunResult
from runs.ended_session import EndedSession
from runs.folder.file_names import MANIFEST, RESULT, TRADES
from runs.folder.run_files import RunFiles, run_stem
from runs.folder.strategy_folder import strategy_folder
from runs.identity.market_hash import hash_beside
from runs.identity.run_hashes import run_hashes
from runs.identity.run_id import run_id
from runs.result_builder import OutputPlaces, build_result
from runs.run_input import RunInput
from strategies.anchored_blocks import stored_candles_needed
from strategies.read_parameters import unread_parameters
from strategies.strategy import Strategy, StreamingStrategy
from strategies.warm_up_asked import asked_by, warm_up_lines

AnyStrategy = Strategy | StreamingStrategy


def run_backtest(
    plan: RunPlan,
    data_provider: Any,
    safety_monitor: SafetyMonitor | None = None,
    *,
    watch: RunWatch | None = None,
    strategy: AnyStrategy | None = None,
) -> RunResult:
    """Return the result of :func:`made_run`."""
    return made_run(plan, data_provider, safety_monitor, watch=watch, strategy=strategy).result


def made_run(
    plan: RunPlan,
    data_provider: Any,
    safety_monitor: SafetyMonitor | None = None,
    *,
    watch: RunWatch | None = None,
    strategy: AnyStrategy | None = None,
) -> MadeRun:
    """Load, warm up, replay, end and write; errors as ``ConfigBacktestRunner.run`` names them.

    Parameters
    ----------
    plan
        What to do.
    data_provider
        Answers for candles (see ``backtests.input_candles``).
    safety_monitor
        One that was made for the plan's settings and its kill switch; None makes one.
    watch
        Is told how far the run is, and may ask it to end; without one the process' interrupts do. The compiled rules
        make a run in one go, and are done before anybody could ask.
    strategy
        The one that the settings name, as somebody has built it who listens to it; None builds it.
    """
    settings = plan.settings
    strategy = build_strategy_of(settings) if strategy is None else strategy
    needed = stored_candles_needed(strategy, plan.start_ms, timeframe_ms(settings.live.timeframe))
    watched = watched_series_of(settings, strategy)
    interest = open_interest_asked(settings, [strategy])
    market = load_market(data_provider, settings.live, plan.start_ms, plan.end_ms, needed, watched, interest)
    return run_loaded(plan, strategy, market._replace(hashed=hash_beside(market)), safety_monitor, watch=watch)


def run_loaded(
    plan: RunPlan,
    strategy: Strategy | StreamingStrategy,
    market: MarketInput,
    safety_monitor: SafetyMonitor | None = None,
    *,
    twice: Callable[[AnyStrategy], tuple[AnyStrategy, Callable[[], AnyStrategy]]] | None = None,
    watch: RunWatch | None = None,
) -> MadeRun:
    """Run a strategy over what was loaded, and write or keep what the plan says; else as :func:`made_run`.

    ``twice`` returns the strategy as it is asked by the compiled rules, and what gives it once more to the engine that
    follows these; None builds it again of the settings.
    """
    if watch is not None:
        watch.candles = sum(one.window.rows for one in market.candles.values())
    with _interrupts(plan, watch) as interrupt:
        reason, compiled = reference_reason(plan, market), None
        again: Callable[[], AnyStrategy] = functools.partial(build_strategy_of, plan.settings)
        if reason is None and twice is not None:
            try:
                strategy, again = twice(strategy)
            except Uncovered as error:
                reason = str(error)
        if reason is None:
            try:
                compiled = _run_compiled(plan, strategy, market)
            except Uncovered as error:
                reason = str(error)
            else:
                if not plan.verify_engine:
                    if watch is not None:
                        watch.candles_done = watch.candles
                    return compiled
                reason = VERIFIED
            # The compiled rules have asked it already.
            strategy = again()
        if compiled is None:
            require_compiled(plan.engine, reason)
        reference = _run_reference(plan, strategy, market, ReferenceRun(interrupt, reason, safety_monitor, watch))
        if compiled is not None and not reference.result.partial:
            require_same(reference, compiled)
        return reference


class ReferenceRun(NamedTuple):
    """What a run by the reference kernel has beside its plan; ``reason`` is why it is made by it."""

    interrupt: Interrupt
    reason: str
    safety_monitor: SafetyMonitor | None
    watch: RunWatch | None


class EndedRun(NamedTuple):
    """A run that has come to its end, or was cut short."""

    session: EndedSession
    strategy: Strategy | StreamingStrategy
    warmed: Mapping[str, int]
    engine: str
    complete: bool = True
    failure: StrategyError | None = None
    warnings: Sequence[str] = ()


def _run_compiled(plan: RunPlan, strategy: Strategy | StreamingStrategy, market: MarketInput) -> MadeRun:
    with places_of(plan) as files:
        session, warmed = run_compiled(plan, strategy, market, files.outputs())
        return publish(files, plan, market, EndedRun(session, strategy, warmed, "compiled"))


def _run_reference(
    plan: RunPlan, strategy: Strategy | StreamingStrategy, market: MarketInput, made: ReferenceRun
) -> MadeRun:
    with (
        places_of(plan) as files,
        closing(session_over(plan, strategy, market, files.outputs(), made.safety_monitor)) as session,
    ):
        failure, warmed = None, dict.fromkeys(market.candles, 0)
        try:
            with _progress(plan, market, made.watch) as progress:
                warm_up_session(session, market)
                warmed = warmed_candles(session, market)
                complete = replay(session, market.window(), progress, made.interrupt)
        except StrategyError as error:
            complete, failure = False, error
        # A run cut short by an interrupt or its strategy keeps its positions: its rows begin those of the whole run.
        session.finish(flatten=complete)
        warnings = not_verified(plan, made.reason)
        ended = EndedRun(session, strategy, warmed, by_reference(made.reason), complete, failure, warnings)
        done = publish(files, plan, market, ended)
    if failure is not None:
        raise told_failure(failure, done)
    return done


def _interrupts(plan: RunPlan, watch: RunWatch | None) -> AbstractContextManager[Interrupt]:
    """Return what asks a run to end: who watches it, or interrupts of the process.

    These are held until everything is written, so that none finds outputs half done.
    """
    if watch is not None:
        return nullcontext(watch.interrupt)
    return held_interrupts() if plan.output_dir is not None else nullcontext(Interrupt())


def _progress(plan: RunPlan, market: MarketInput, watch: RunWatch | None) -> AbstractContextManager[Progress]:
    """Return what is told how far a run is: who watches it, or a bar."""
    if watch is not None:
        return nullcontext(watch)
    candles = sum(one.window.rows for one in market.candles.values())
    return ReplayProgress(candles, shown=plan.show_progress is not False)


def told_failure(failure: StrategyError, done: MadeRun) -> StrategyError:
    """Return the failure of a strategy, which says where what was done is, if that is in files."""
    if done.kept is not None:
        return failure
    told = marked_partial(failure, done.result.output_dir)
    told.__cause__ = failure
    return told


def marked_partial(failure: StrategyError, folder: object) -> StrategyError:
    """Return the failure of a strategy with where what was done until then is."""
    return StrategyError(
        f"{failure}; what was done is in {folder}, marked partial",
        strategy=failure.strategy,
        symbol=failure.symbol,
        open_time_ms=failure.open_time_ms,
    )


def publish(files: RunFiles | KeptOutputs, plan: RunPlan, market: MarketInput, ended: EndedRun) -> MadeRun:
    """Write what a run came to beside its outputs, give all files their names, and return it."""
    session, fed = ended.session, fed_to(plan, market, ended)
    if isinstance(files, KeptOutputs):
        return _kept(files, plan, market, ended, fed)
    places = _places(files, plan, session, fed.data_sha256, complete=ended.complete, failed=ended.failure is not None)
    result = build_result(session, plan.settings, fed, places, partial=not ended.complete)
    files.write_curve(fed.step_times_ms, session.outputs.curve)
    _write(files, plan, ended, result)
    return MadeRun(result, session.outputs)


def fed_to(plan: RunPlan, market: MarketInput, ended: EndedRun) -> RunInput:
    """Return what a run was fed, with all that a reader must know of it."""
    session, strategy = ended.session, ended.strategy
    ran_to_ms = None if ended.complete else session.last_step_ms or plan.start_ms
    fed = stored_input(plan, market, ended.warmed, strategy.warmup_candles, ran_to_ms=ran_to_ms)
    short = warm_up_lines(asked_by([strategy]), ended.warmed, timeframe_ms(plan.settings.live.timeframe))
    unfed = _unfed(plan, strategy, market)
    return fed._replace(warnings=[*fed.warnings, *short, *_unread(strategy), *unfed, *ended.warnings])


def _kept(kept: KeptOutputs, plan: RunPlan, market: MarketInput, ended: EndedRun, fed: RunInput) -> MadeRun:
    """Return a run that is in no file."""
    session, strategy = ended.session, ended.strategy
    result = build_result(session, plan.settings, fed, partial=not ended.complete)
    run = KeptRun(
        plan,
        StrategyFacts(strategy.name, strategy.warmup_candles),
        result,
        run_hashes(session.outputs, plan.settings, fed.data_sha256),
        kept.texts(),
        fed.step_times_ms,
        np.array(session.outputs.curve, np.float64),
        {symbol: one.window for symbol, one in market.candles.items()},
        ended.engine,
    )
    return MadeRun(result, session.outputs, run)


def session_over(
    plan: RunPlan,
    strategy: Strategy | StreamingStrategy,
    market: MarketInput,
    outputs: SessionOutputs,
    safety_monitor: SafetyMonitor | None = None,
) -> Session:
    """Return the session that a plan's market is fed to; nothing is fed yet."""
    settings, switch = plan.settings, KillSwitch(plan.kill_switch_engaged)
    return build_session(
        settings,
        strategy,
        {symbol: one.instrument for symbol, one in market.candles.items()},
        outputs,
        switch,
        safety_monitor or build_safety_monitor(settings, switch),
        market.ahead(),
    )


@contextmanager
def places_of(plan: RunPlan) -> Iterator[RunFiles | KeptOutputs]:
    """Give what takes a run's outputs; files that were begun are gone where it fails."""
    if plan.output_dir is None:
        yield KeptOutputs(plan.outputs)
        return
    files = RunFiles(plan.output_dir, run_stem(plan.start_ms, plan.end_ms))
    try:
        yield files
    finally:
        files.discard()  # Of what was published nothing is left here.


def warm_up_session(session: Session, market: MarketInput) -> None:
    """Feed a session everything from before its window, and schedule the rules of later dates."""
    for index, one in enumerate(market.candles.values()):
        if one.rule_changes:
            session.schedule_rules(index, one.rule_changes)
    stored, watched = market.candles.values(), market.watched.values()
    warm_up(session, [candles_of(one.warmup) for one in stored], [candles_of(one.warmup) for one in watched])


def _unread(strategy: Strategy | StreamingStrategy) -> list[str]:
    """Say which parameters a class of one's own was given and did not look at."""
    return [f"strategy.params.{key} was not read by {strategy.name}" for key in unread_parameters(strategy)]


def _unfed(plan: RunPlan, strategy: Strategy | StreamingStrategy, market: MarketInput) -> list[str]:
    """Say where open interest is read that nobody could be asked for."""
    asked = () if market.open_interest else open_interest_asked(plan.settings, [strategy])
    return (
        ["the program reads open interest, and was fed none: there is none beside candles in memory"] if asked else []
    )


def warmed_candles(session: Session, market: MarketInput) -> dict[str, int]:
    """Return how many candles of the segment that enters the window each symbol has seen."""
    counts = {}
    for symbol, one in market.candles.items():
        opens = one.window.open_time_ms
        counts[symbol] = session.candles_before(symbol, int(opens[0]) if len(opens) else None)
    return counts


def _places(
    files: RunFiles, plan: RunPlan, session: EndedSession, data_sha256: str | UnsetType, *, complete: bool, failed: bool
) -> OutputPlaces:
    """Return where a run's outputs go: a failed one's to its own folder alone, and an interrupted one's where a whole
    run of the same name stands."""
    hashes = run_hashes(session.outputs, plan.settings, data_sha256)
    run = run_id(hashes, plan.start_ms, plan.end_ms, kill_switch_engaged=plan.kill_switch_engaged, partial=not complete)
    if complete or not (failed or files.holds_whole_run()):
        return OutputPlaces(files.log_file, files.folder, run)
    own = files.run_folder(run)
    return OutputPlaces(own / TRADES, own, run)


def _write(files: RunFiles, plan: RunPlan, ended: EndedRun, result: RunResult) -> None:
    """Write everything that stands beside the session's own outputs, and give all files their names."""
    for name, text in documents_of(plan, ended, result, files.run_folder(str(result.run_id))).items():
        files.write(name, text)
    files.publish(str(result.run_id), latest=result.output_dir == str(files.folder))


def documents_of(plan: RunPlan, ended: EndedRun, result: RunResult, own: Path) -> dict[str, bytes]:
    """Return manifest and result of a run by their names; ``own`` is the folder that will be the run's."""
    strategy, outputs = ended.strategy, ended.session.outputs
    residual = getattr(strategy, "warmup_residual", None)
    manifest = backtest_manifest(
        plan.settings,
        Window(plan.start_ms, plan.end_ms),
        StrategyFacts(strategy.name, strategy.warmup_candles, residual),
        result,
        run_hashes(outputs, plan.settings, result.data_sha256),
        kill_switch_engaged=plan.kill_switch_engaged,
        engine=ended.engine,
    )
    manifest = msgspec.structs.replace(manifest, strategy_folder=strategy_folder(own, plan.settings))
    if ended.failure is not None:
        manifest = msgspec.structs.replace(manifest, failure=str(ended.failure))
    return {MANIFEST: manifest.text().encode() + b"\n", RESULT: to_json(result).encode()}
