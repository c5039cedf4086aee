"""A base over a part of its window, and nothing else changed."""

from typing import Any

import msgspec

from backtests.many.changed_base import ChangedBase
from backtests.many.run_base import RunBase
from backtests.market_input import MarketInput, stamped_from
from backtests.run_plan import RunPlan
from core.time_range import TimeRange
from research.studies.study_base import StudyBase
from strategies.strategy import Strategy, StreamingStrategy

_NEVER_MS = 2**62


class WindowedBase(ChangedBase):
    """A base of many runs over another window.

    Parameters
    ----------
    runs
        The base.
    window
        Of the runs.
    isolated
        Whether they see nothing from before it: they warm up inside it.
    **changes
        Of the plan beside the window.
    """

    def __init__(self, runs: RunBase, window: TimeRange, *, isolated: bool = False, **changes: Any) -> None:
        plan = msgspec.structs.replace(runs.plan, start_ms=window.start_ms, end_ms=window.end_ms, **changes)
        super().__init__(runs, plan)
        self._isolated = isolated

    def load(self, plan: RunPlan, strategy: Strategy | StreamingStrategy, warmup_candles: int) -> MarketInput:
        """Return what a run is fed."""
        market = super().load(plan, strategy, 0 if self._isolated else warmup_candles)
        if not self._isolated or not (market.watched or market.open_interest):
            return market
        # A longer candle of a watched series that was open at the start tells of the time before it.
        watched = {
            series: one._replace(warmup=one.warmup.slice(0, 0), window=one.window.between(plan.start_ms, _NEVER_MS))
            for series, one in market.watched.items()
        }
        interest = {symbol: stamped_from(one, plan.start_ms) for symbol, one in market.open_interest.items()}
        return market._replace(watched=watched, open_interest=interest, hashed=None)


def study_base_over(base: StudyBase, window: TimeRange, *, isolated: bool = False) -> StudyBase:
    """Return the base of a study over a part of its window."""
    return StudyBase(WindowedBase(base.runs, window, isolated=isolated), base.output_dir)
