"""A run that can be folded as often as it is asked: its plan, what it is fed, and a strategy for each fold."""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from backtests.engines.engine_choice import reference_reason
from backtests.engines.kept_answers import KeptAnswers
from backtests.in_memory import MemoryBacktest
from backtests.many.run_base import Base, RunBase, base_of
from backtests.market_input import MarketInput
from backtests.run import AnyStrategy
from backtests.run_plan import RunPlan
from backtests.timeline import step_times
from core.candle_columns import Int64Array
from core.errors import ConfigurationError
from core.instants import format_ms
from strategies.features.feature_strategy import FeatureStrategy
from strategies.strategy import StreamingStrategy
from validation.composed_settings import Settings
from validation.varied_settings import varied_settings

BY_HAND = "it is driven by hand"
"""Why the reference kernel makes a run that the compiled rules would make else."""


class Playback:
    """Loads what a run is fed; a strategy object is asked about each candle once, however often the run is folded.

    Parameters
    ----------
    base
        A :class:`~backtests.config_backtest.ConfigBacktestRunner` or its plan, or a
        :class:`~backtests.in_memory.MemoryBacktest`.

    Raises
    ------
    ConfigurationError, DataUnavailableError
        As of a run.
    """

    def __init__(self, base: Base) -> None:
        self._base = base_of(base)
        self._load(self._base.plan, _strategies(self._base))

    def _load(self, plan: RunPlan, strategies: Callable[[], AnyStrategy]) -> None:
        self.plan, self.strategy = plan, strategies
        first = strategies()
        needed = self._base.market_of(plan, first)[1]
        self.market: MarketInput = self._base.load(plan, first, needed)
        self.times_ms: Int64Array = step_times(self.market.window())
        self.reason = reference_reason(plan, self.market) or BY_HAND

    def varied(self, changes: Mapping[str, Any], start_ms: int | None, output_dir: Path | None) -> "Playback":
        """Return the run of other settings, or of a later start.

        Parameters
        ----------
        changes
            As a variation of :func:`~backtests.many.run_many.run_many`.
        start_ms
            Where its window begins; None where this one's does.
        output_dir
            Where its files go; None keeps it in memory.

        Raises
        ------
        ConfigurationError
            If a setting is wrong, or the strategy is a function.
        """
        called = "the fork"
        settings, _ = self._base.decides(varied_settings(self.plan.settings, changes, called), called)
        plan = msgspec.structs.replace(self.plan, settings=settings, output_dir=output_dir)
        if start_ms is not None:
            if not plan.start_ms <= start_ms < plan.end_ms:
                window = f"{format_ms(plan.start_ms)} to {format_ms(plan.end_ms)}"
                raise ConfigurationError(f"a fork at {format_ms(start_ms)} — allowed: a time of the window, {window}")
            plan = msgspec.structs.replace(plan, start_ms=start_ms)
        other = copy.copy(self)
        other._load(plan, _anew(self._base, settings, called))
        return other


def _strategies(base: RunBase) -> Callable[[], AnyStrategy]:
    """Return what gives each fold its strategy."""
    own = base.own_strategy if isinstance(base, MemoryBacktest) else None
    named = _anew(base, base.plan.settings, "the settings")
    return named if own is None else asked_again(own)


def asked_again(own: AnyStrategy) -> Callable[[], AnyStrategy]:
    """Return what gives each fold of a run the strategy object of a program.

    In the streaming form it is asked about each candle once. In the others what it keeps follows from what it was
    shown, and each fold has a copy that has been shown nothing.
    """
    given: Any = own
    if isinstance(given, StreamingStrategy) and not isinstance(given, FeatureStrategy):
        return KeptAnswers(given).begin
    unasked = copy.deepcopy(own)
    return lambda: copy.deepcopy(unasked)


def _anew(base: RunBase, settings: Settings, called: str) -> Callable[[], AnyStrategy]:
    return lambda: base.decides(settings, called)[1]
