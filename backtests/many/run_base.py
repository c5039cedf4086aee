"""What many runs have in common: settings, window and candles of the store, or those of a program's own."""

from collections.abc import Hashable
from typing import Any, Protocol

import msgspec

from backtests.market_input import MarketInput, load_market
from backtests.run_plan import RunPlan
from core.errors import ConfigurationError
from core.settings_problem import shortly
from core.timeframe import timeframe_ms
from engine.assembly import build_strategy_of, with_own_strategy
from engine.open_interest import open_interest_asked
from engine.watched import watched_series_of
from market_data.history.settled_provider import settled_provider
from strategies.anchored_blocks import stored_candles_needed
from strategies.strategy import Strategy, StreamingStrategy
from validation.composed_settings import Settings


class RunBase(Protocol):
    """What is varied."""

    @property
    def plan(self) -> RunPlan:
        """The run of the base itself."""

    @property
    def strategy(self) -> bytes | None:
        """The strategy, taken apart, where it is an object of a program's own; None where the settings name it."""

    def decides(self, settings: Settings, called: str) -> tuple[Settings, Strategy | StreamingStrategy]:
        """Return varied settings, the parameters of the strategy complete, and the strategy.

        ``called`` is what problems are said to be of.
        """

    def market_of(self, plan: RunPlan, strategy: Strategy | StreamingStrategy) -> tuple[Hashable, int]:
        """Return what tells the candles of a run from those of others, and how many it needs from before the window."""

    def load(self, plan: RunPlan, strategy: Strategy | StreamingStrategy, warmup_candles: int) -> MarketInput:
        """Return what a run is fed, with so many candles from before the window."""


class StoredBase(msgspec.Struct, frozen=True):
    """Runs over candles that a data provider has."""

    plan: RunPlan
    provider: Any
    strategy: None = None

    def decides(self, settings: Settings, called: str) -> tuple[Settings, Strategy | StreamingStrategy]:
        """Return the settings with all parameters, and the strategy that they name."""
        complete = with_own_strategy(settings)
        return complete, build_strategy_of(complete)

    def market_of(self, plan: RunPlan, strategy: Strategy | StreamingStrategy) -> tuple[Hashable, int]:
        """Return all that the candles depend on, and how many are needed from before the window."""
        live, perpetual = plan.settings.live, plan.settings.live.execution.perpetual
        beside = None if perpetual is None else (perpetual.funding, perpetual.mark_price, perpetual.missing_funding)
        watched = watched_series_of(plan.settings, strategy)
        needed = stored_candles_needed(strategy, plan.start_ms, timeframe_ms(live.timeframe))
        interest = open_interest_asked(plan.settings, [strategy])
        return (live.symbols, live.timeframe, live.detail_interval, beside, watched, interest), needed

    def load(self, plan: RunPlan, strategy: Strategy | StreamingStrategy, warmup_candles: int) -> MarketInput:
        """Return what the provider has."""
        watched = watched_series_of(plan.settings, strategy)
        live, interest = plan.settings.live, open_interest_asked(plan.settings, [strategy])
        return load_market(self.provider, live, plan.start_ms, plan.end_ms, warmup_candles, watched, interest)


class BaseOfRuns(Protocol):
    """What can be varied: a runner, or a backtest of candles in memory."""

    def base_of_runs(self) -> RunBase:
        """Return what its runs have in common."""


Base = BaseOfRuns | RunPlan


def base_of(given: Base) -> RunBase:
    """Return what is varied; ConfigurationError for anything that is none."""
    if isinstance(given, RunPlan):
        live = given.settings.live
        return StoredBase(
            given,
            settled_provider(
                live.exchange, live.data, given.end_ms, offline=given.offline, progress=given.show_progress
            ),
        )
    if not hasattr(given, "base_of_runs"):
        allowed = "allowed: a ConfigBacktestRunner, its plan, or a MemoryBacktest"
        raise ConfigurationError(f"base is {shortly(given)} — {allowed}")
    return given.base_of_runs()
