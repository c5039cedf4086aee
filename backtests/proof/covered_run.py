"""A session's candles by the compiled rules, which are loaded only where they are wanted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backtests.market_input import MarketInput
from backtests.proof.indexed_outputs import IndexedOutputs
from backtests.proof.journal_columns import Stretch
from core.errors import StrategyError, Uncovered
from validation.composed_settings import Settings

if TYPE_CHECKING:
    from backtests.engines.compiled_session import CompiledSession
    from backtests.proof.compiled_proof import StepDigests


def run_covered(
    settings: Settings, market: MarketInput, stretches: Sequence[Stretch], out: IndexedOutputs, *, kill_switch: bool
) -> "tuple[CompiledSession, StepDigests]":
    """Run a session as ``compiled_proof.run_by_step`` does, whose settings and trading rules are looked at first.

    Raises
    ------
    Uncovered
        If the compiled rules do not cover it; what was written is of no use then.
    """
    from backtests.proof.compiled_proof import run_by_step
    from compiled.driving.coverage import uncovered_reasons

    rules = ((one.instrument, bool(one.rule_changes)) for one in market.candles.values())
    for reason in uncovered_reasons(settings.live.execution, rules):
        raise Uncovered(reason)
    try:
        return run_by_step(settings, market, stretches, out, kill_switch=kill_switch)
    except StrategyError as error:
        # What is wrong with opinions in columns is nothing to a session, which has asked for each.
        raise Uncovered(str(error)) from error
