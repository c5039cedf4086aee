"""A run that is in no file, as plain values: it can be sent to another process."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from backtests.run_plan import RunPlan
from core.candle_columns import CandleColumns, Float64Array, Int64Array
from metrics.equity_curve import DailyCloses, EquityCurve
from runs.documents.manifest import StrategyFacts
from runs.documents.run_result import RunResult
from runs.identity.run_hashes import RunHashes


class KeptRun(NamedTuple):
    """A run whose outputs were kept in memory: those in ``texts`` by the names of their files, and its curve.

    Without ``values`` the equity of its steps was not kept, but in ``closes`` that at the end of each UTC day.
    """

    plan: RunPlan
    strategy: StrategyFacts
    result: RunResult
    hashes: RunHashes
    texts: Mapping[str, bytes]
    step_times_ms: Int64Array
    values: Float64Array | None
    candles: Mapping[str, CandleColumns]
    engine: str
    closes: DailyCloses | None = None

    def without_candles(self) -> "KeptRun":
        """Return it as it is sent to another process, which has the candles; of a run without outputs the figures."""
        if self.plan.outputs != "none":
            return self._replace(candles={})
        return self._replace(candles={}, values=None, step_times_ms=self.step_times_ms[:0], closes=self.daily())

    def daily(self) -> DailyCloses:
        """Return the equity at the end of each UTC day; the last is after the end has closed what was open."""
        if self.closes is not None or self.values is None:
            return self.closes or DailyCloses(0, self.result.performance.starting_balance, np.empty(0))
        times_ms, equity = self.step_times_ms[: len(self.values)], self.values[: len(self.step_times_ms)].copy()
        if len(equity):
            equity[-1] = self.values[-1]
        return EquityCurve.of(times_ms, equity, self.result.performance.starting_balance).daily()
