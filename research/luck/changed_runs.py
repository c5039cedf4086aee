"""What many changed runs of one base come to beside the run itself."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np

from backtests.backtest_result import BacktestResult
from backtests.many.changed_base import ChangedBase
from backtests.many.run_base import RunBase
from backtests.many.run_many import VariationResult, run_many
from engine.renderer import OutputsKept
from metrics.figures.undefined import Undefined

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

Score = Callable[[BacktestResult], float | None]


def total_return_pct(result: BacktestResult) -> float | None:
    """Return what a run earned, in per cent of the starting balance."""
    return float(result.result.performance.total_return_pct)


def return_per_trade_pct(result: BacktestResult) -> float | None:
    """Return what a run earned by trade, in per cent of the starting balance; None without a trade."""
    performance = result.result.performance
    return performance.total_return_pct / performance.total_trades if performance.total_trades else None


class ChangedRuns(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of changed runs: their quantiles, and where the run itself stands among them.

    ``as_good`` is how many did at least as well, ``trades`` the mean number of trades. Runs without a score, or that
    failed, are ``without_score`` and neither among ``runs`` nor those that did.
    """

    actual: float
    actual_trades: int
    runs: int
    without_score: int
    as_good: int
    trades: float
    quantiles: tuple[float, ...]
    seed: int


def compared(
    actual: BacktestResult, changed: Iterable[VariationResult], score: Score, seed: int
) -> ChangedRuns | Undefined:
    """Return how changed runs compare with the run itself; undefined where either has no score."""
    own = score(actual)
    if own is None:
        return Undefined("the run has no score")
    found, trades, without = [], [], 0
    why = ""
    for one in changed:
        reached = None if one.result is None else score(one.result)
        if one.result is None or reached is None:
            without += 1
            why = why or f": {one.error}"
            continue
        found.append(reached)
        trades.append(one.result.result.performance.total_trades)
    if not found:
        return Undefined(f"no changed run has a score{why}")
    scores = np.array(found)
    return ChangedRuns(
        actual=own,
        actual_trades=actual.result.performance.total_trades,
        runs=len(found),
        without_score=without,
        as_good=int((scores >= own).sum()),
        trades=float(np.mean(trades)),
        quantiles=tuple(np.quantile(scores, QUANTILES).tolist()),
        seed=seed,
    )


def run_alone(
    base: RunBase, variation: Mapping[str, Any] = MappingProxyType({}), outputs: OutputsKept = "none"
) -> BacktestResult:
    """Return the run of one variation; its error is raised."""
    (made,) = run_many(ChangedBase(base), [variation], processes=1, outputs=outputs)
    return made.required()
