"""A run that is in no file, as plain values: it can be sent to another process."""

from collections.abc import Mapping
from typing import NamedTuple

from backtests.run_plan import RunPlan
from core.candle_columns import CandleColumns, Float64Array, Int64Array
from runs.documents.manifest import StrategyFacts
from runs.documents.run_result import RunResult
from runs.identity.run_hashes import RunHashes


class KeptRun(NamedTuple):
    """A run whose outputs were kept in memory: those in ``texts`` by the names of their files, and its curve.

    Without ``values`` the equity of its steps was not kept.
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

    def without_candles(self) -> "KeptRun":
        """Return it as it is sent to another process, which has the candles; of a run without outputs the figures."""
        if self.plan.outputs != "none":
            return self._replace(candles={})
        return self._replace(candles={}, values=None, step_times_ms=self.step_times_ms[:0])
