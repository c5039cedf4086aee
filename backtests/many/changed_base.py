"""A base of many runs of which something is another."""

from collections.abc import Hashable

from backtests.many.run_base import RunBase
from backtests.market_input import MarketInput
from backtests.run_plan import RunPlan
from strategies.strategy import Strategy, StreamingStrategy
from validation.composed_settings import Settings


class ChangedBase:
    """A base with another plan; what is not said here is that of the base, which stays as it is.

    Parameters
    ----------
    base
        What is changed.
    plan
        Its run; None is that of the base.
    """

    def __init__(self, base: RunBase, plan: RunPlan | None = None) -> None:
        self._base = base
        self.plan = base.plan if plan is None else plan
        self.strategy = base.strategy

    def base_of_runs(self) -> RunBase:
        """Return what is varied: itself."""
        return self

    def decides(self, settings: Settings, called: str) -> tuple[Settings, Strategy | StreamingStrategy]:
        """Return what the base does."""
        return self._base.decides(settings, called)

    def market_of(self, plan: RunPlan, strategy: Strategy | StreamingStrategy) -> tuple[Hashable, int]:
        """Return what the base does."""
        return self._base.market_of(plan, strategy)

    def load(self, plan: RunPlan, strategy: Strategy | StreamingStrategy, warmup_candles: int) -> MarketInput:
        """Return what the base loads."""
        return self._base.load(plan, strategy, warmup_candles)
