"""The account of a walk-forward: tests one after the other, each with what the one before left."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from core.timeframe import DAY_MS
from metrics.equity_curve import DailyCloses
from metrics.figures.performance_figures import performance_figures
from metrics.figures.risk_figures import risk_figures
from metrics.metric_settings import MetricSettings
from research.folds.walk_plan import FoldNotes
from runs.store.store_rows import Trial

_COUNTS = ("trade_quality.trades", "trade_quality.wins", "trade_quality.losses")


class Depth(msgspec.Struct, frozen=True):
    """The peak of an account so far, and its deepest draw-down from one, in per cent."""

    peak: float
    max_drawdown_pct: float = 0.0

    def after(self, equity: Float64Array) -> "Depth":
        """Return both after further steps."""
        if not len(equity):
            return self
        peaks = np.maximum.accumulate(np.maximum(equity, self.peak))
        deepest = float((100.0 * ((peaks - equity) / peaks)).max())
        return Depth(float(peaks[-1]), max(self.max_drawdown_pct, deepest))


def stitched_days(folds: Sequence[Trial]) -> DailyCloses:
    """Return equity at the end of each UTC day over the tests of folds, at least one, in order.

    A day in which one test ends and the next begins ends with the latter; a day without a candle, as one in which
    nothing was traded for want of parameters, ends as the one before.
    """
    notes = [FoldNotes.of(one) for one in folds]
    first = notes[0].test.start_ms // DAY_MS
    last = (notes[-1].test.end_ms - 1) // DAY_MS
    equity = np.full(last - first + 1, np.nan)
    for trial, own in zip(folds, notes, strict=True):
        days = np.frombuffer(trial.daily_equity or b"", "<f8")
        begins = (trial.first_day or 0) - first
        equity[begins : begins + len(days)] = days
        if not len(days):
            equity[own.test.start_ms // DAY_MS - first] = own.final_balance
    known = np.where(np.isnan(equity), 0, np.arange(len(equity)))
    filled = equity[np.maximum.accumulate(known)]
    return DailyCloses(first, notes[0].starting_balance, np.where(np.isnan(filled), notes[0].starting_balance, filled))


def stitched_figures(folds: Sequence[Trial], settings: MetricSettings) -> dict[str, Any]:
    """Return the figures of the whole account: performance, return against risk, draw-down, and counts of trades."""
    notes, daily = [FoldNotes.of(one) for one in folds], stitched_days(folds)
    curve = daily.curve(notes[0].test.start_ms, notes[-1].test.end_ms)
    deepest = notes[-1].max_drawdown_pct
    performance, _ = performance_figures(curve, daily, curve.net_profit, settings)
    risk, _ = risk_figures(curve, daily, deepest, settings)
    counted = {
        name: sum(int((one.figures or {}).get(name) or 0) for one in folds if one.figures is not None)
        for name in _COUNTS
    }
    return {
        **{f"performance.{name}": value for name, value in msgspec.to_builtins(performance).items()},
        **{f"risk_adjusted.{name}": value for name, value in msgspec.to_builtins(risk).items() if name != "sampling"},
        "drawdown.max_drawdown_pct": deepest,
        **counted,
    }


Earned = tuple[float | None, float]
"""A return in per cent, None where it is undefined, and the days that it took."""


def efficiency(outside: Sequence[Earned], inside: Sequence[Earned]) -> float | None:
    """Return what a day of the tests earned for each part that a day of the searches did.

    R. Pardo, The Evaluation and Optimization of Trading Strategies (2008), annualises both; the year cancels.

    Parameters
    ----------
    outside, inside
        Of each test, and of the best trial of each search.

    Returns
    -------
    float or None
        None where a return is undefined or the searches earned nothing: less of a loss is no efficiency.
    """
    out, inn = _rate(outside), _rate(inside)
    return None if out is None or inn is None or inn <= 0.0 else out / inn


def _rate(parts: Sequence[Earned]) -> float | None:
    returns = [one for one, _ in parts if one is not None]
    days = math.fsum(length for _, length in parts)
    return math.fsum(returns) / days if len(returns) == len(parts) and days > 0.0 else None
