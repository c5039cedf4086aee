"""Which engine makes a run: the compiled rules where they cover it and it is long enough, else the reference kernel."""

import functools
import importlib.util
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from core.candle_columns import CandleColumns
from core.errors import ConfigurationError, ParityError
from core.instrument import Instrument
from core.settings_problem import shown
from strategies.strategy_registry import PROGRAM

if TYPE_CHECKING:
    from backtests.engines.compiled_session import CompiledSession
    from backtests.engines.compiled_totals import CompiledTotals
    from backtests.kept_run import KeptRun
    from backtests.market_input import MarketInput
    from backtests.run_plan import RunPlan
    from compiled.driving.compiled_run import CompiledRun
    from engine.kernel_rules import KernelRules
    from engine.renderer import SessionOutputs
    from runs.documents.run_result import RunResult
    from strategies.strategy import Strategy, StreamingStrategy
    from validation.composed_settings import Settings

EngineChoice = Literal["auto", "reference", "compiled"]

CANDLES_WORTH_IT = 200_000
"""Candles from which loading the compiled rules costs less than they save."""
CANDLES_WORTH_COMPILING = 5_000_000
"""The same where they have to be compiled first."""

CANDLES_KEPT_AS_UNITS = 2_000_000
"""Up to so many candles a process that makes many runs keeps their prices as whole numbers, 32 bytes each."""

VERIFIED = "it is verified"
"""Why the reference kernel makes a run that the compiled rules have made, too."""
NOT_VERIFIED = "nothing was verified"
"""How the warning begins that a run was to be verified and was not."""


def engine_named(given: EngineChoice) -> EngineChoice:
    """Return an engine as it was named; ConfigurationError where it is none."""
    if given not in get_args(EngineChoice):
        raise ConfigurationError(f"engine: {shown(given)} — allowed: {', '.join(get_args(EngineChoice))}")
    return given


def reference_reason(plan: "RunPlan", market: "MarketInput") -> str | None:
    """Return why the reference kernel has to make a run, as far as that is known before; None where it has not."""
    return next(_reasons(plan, market), None)


def _reasons(plan: "RunPlan", market: "MarketInput") -> Iterator[str]:
    series = (*market.candles.values(), *market.detail.values())
    candles = sum(one.window.rows for one in series) * (market.memory.runs if market.memory else 1)
    # Who has the engines compared wants both, however long the run is and whichever is named.
    asked: EngineChoice = "compiled" if plan.verify_engine else plan.engine
    yield from strategy_reasons(asked, plan.settings)
    yield from engine_reasons(asked, candles)
    if importlib.util.find_spec("numba") is None:
        return
    from compiled.driving.coverage import uncovered_reasons

    rules = ((one.instrument, bool(one.rule_changes)) for one in market.candles.values())
    yield from uncovered_reasons(plan.settings.live.execution, rules)


def strategy_reasons(engine: EngineChoice, settings: "Settings") -> Iterator[str]:
    """Yield why the reference kernel has to make a run because of its strategy, where that is known by the name."""
    if engine != "reference" and settings.live.strategy.type == PROGRAM:
        yield "the strategy is a program"


def engine_reasons(engine: EngineChoice, candles: int) -> Iterator[str]:
    """Yield why the reference kernel has to make a run of so many candles, whatever its rules are."""
    if engine == "reference":
        yield "it was asked for"
    if engine == "auto" and candles < CANDLES_WORTH_IT:
        yield f"the run is shorter than {CANDLES_WORTH_IT:,} candles"
    if importlib.util.find_spec("numba") is None:
        yield "numba is not installed"
        return
    from compiled.compiling.sources import is_compiled

    if engine == "auto" and candles < CANDLES_WORTH_COMPILING and not is_compiled():
        yield "the compiled rules are not compiled on this machine yet, which --engine compiled does in a minute"


def run_compiled(
    plan: "RunPlan", strategy: "Strategy | StreamingStrategy", market: "MarketInput", outputs: "SessionOutputs"
) -> "tuple[CompiledSession, dict[str, int]]":
    """Run a plan by the compiled rules; return the session, and how many warm-up candles each symbol has seen.

    Raises
    ------
    Uncovered
        If they do not cover it after all; outputs are of no use then, and the strategy may have been asked already.
    """
    from compiled.driving.compiled_run import Sinks

    begun = begin_compiled(plan, strategy, market, outputs)
    texts = (part.append_bytes if part.kept else None for part in outputs.parts)
    begun.run.run(Sinks._make((*texts, outputs.mark_all)), begun.totals.take)
    return begun.ended(), begun.warmed


class BegunRun(NamedTuple):
    """A run by the compiled rules that may begin, and what becomes its session."""

    plan: "RunPlan"
    run: "CompiledRun"
    totals: "CompiledTotals"
    rules: "KernelRules"
    instruments: Mapping[str, Instrument]
    warmed: dict[str, int]
    outputs: "SessionOutputs"

    def ended(self) -> "CompiledSession":
        """Return what the run came to, once it has been run."""
        from backtests.engines.compiled_session import CompiledSession

        core, engaged = self.run.core, self.plan.kill_switch_engaged
        self.totals.finish()
        return CompiledSession(
            core, self.totals, self.rules, self.instruments, self.outputs, kill_switch_engaged=engaged
        )


def begin_compiled(
    plan: "RunPlan",
    strategy: "Strategy | StreamingStrategy",
    market: "MarketInput",
    outputs: "SessionOutputs",
    *,
    by_step: bool = False,
) -> BegunRun:
    """Hear a strategy and return the run of a plan by the compiled rules; ``by_step`` lets it note its steps.

    Raises
    ------
    Uncovered
        If they do not cover it; the strategy may have been asked already.
    """
    from backtests.engines.compiled_totals import CompiledTotals
    from backtests.engines.opinions import opinions_of
    from compiled.driving.compiled_run import CompiledRun
    from compiled.driving.contracts import NO_CONTRACT, Contract
    from compiled.driving.core_builder import SymbolMarket, build_core, price_scale, warmed_candles
    from compiled.driving.scaled_market import units_of
    from compiled.driving.told_steps import told_by_step
    from engine.assembly import kernel_rules, prepare_strategy

    prepare_strategy(strategy, plan.settings)
    rules = kernel_rules(plan.settings, strategy)
    contracts = {symbol: Contract(one.marks, one.funding) for symbol, one in market.perpetual.items()}
    memory = market.memory
    opinions = opinions_of(strategy, plan.settings, rules, market, told=outputs.decisions.kept)
    brought = []
    few = sum(one.window.rows for one in market.candles.values()) <= CANDLES_KEPT_AS_UNITS
    for (symbol, one), said in zip(market.candles.items(), opinions.rows, strict=True):
        finer = market.detail[symbol].window if symbol in market.detail else CandleColumns.empty()
        scaled = functools.partial(price_scale, (one.window, finer), one.instrument)
        scale, units = None, None
        if memory is not None:
            scale = memory.once(("price scale", symbol), scaled)
            if few:
                units = memory.once(("units", symbol), functools.partial(units_of, one.window, scale.decimals))
        contract = contracts.get(symbol, NO_CONTRACT)
        brought.append(
            SymbolMarket(symbol, one.instrument, one.warmup, one.window, said, scale, finer, contract, units)
        )
    core, feed = build_core(plan.settings, rules.warmup_candles, brought, plan.kill_switch_engaged, opinions.said)
    warmed = warmed_candles(brought, core)
    core = told_by_step(core) if by_step else core
    run = CompiledRun(core, feed, tuple(market.candles), rules.strategy_name, opinions.told, opinions.said.tags)
    totals = CompiledTotals(core, tuple(market.candles), run.tags)
    instruments = {symbol: one.instrument for symbol, one in market.candles.items()}
    return BegunRun(plan, run, totals, rules, instruments, warmed, outputs)


def require_compiled(engine: EngineChoice, reason: str | None) -> None:
    """Refuse a run that was asked of the compiled rules and that they do not cover."""
    if engine == "compiled" and reason is not None:
        raise ConfigurationError(f"--engine compiled: {reason} — allowed: auto or reference for such a run")


def by_reference(reason: str) -> str:
    """Return how manifests and reports name the reference kernel, and why it was chosen."""
    return f"reference (because {reason})"


def not_verified(plan: "RunPlan", reason: str) -> list[str]:
    """Return the warning of a run that was to be verified, and that the reference kernel alone makes for a reason."""
    if not plan.verify_engine or reason == VERIFIED:
        return []
    return [f"{NOT_VERIFIED}: the reference kernel alone made the run, because {reason}"]


class MadeRun(NamedTuple):
    """A run that an engine has made: its result, its outputs, and the run itself where it is in no file."""

    result: "RunResult"
    outputs: "SessionOutputs"
    kept: "KeptRun | None" = None


def require_same(reference: MadeRun, compiled: MadeRun) -> None:
    """Refuse a run of which the two engines wrote different bytes.

    Raises
    ------
    ParityError
        Naming what differs.
    """
    differing = [
        name
        for name in ("trades", "orders", "ledger", "equity", "decisions")
        if getattr(reference.outputs, name).sha256 != getattr(compiled.outputs, name).sha256
    ]
    if list(reference.outputs.curve) != list(compiled.outputs.curve):
        differing.append("the equity of every step")
    expected, got = reference.result.to_dict(), compiled.result.to_dict()
    differing += [f"{key} of the result" for key in expected if expected[key] != got.get(key)]
    if differing:
        where = "" if reference.kept else f"; the reference kernel's run is in {reference.result.output_dir}"
        raise ParityError(f"the engines differ in {', '.join(differing)}{where}")
