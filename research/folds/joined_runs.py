"""The figures of several runs as of one account: what each earned day by day, one after the other.

Every run began with the same balance and ended with nothing open: its daily returns can follow those of another.
"""

import functools
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from metrics.equity_curve import DailyCloses
from metrics.figures.drawdown_figures import drawdown_figures
from metrics.figures.performance_figures import performance_figures
from metrics.figures.risk_figures import risk_figures
from metrics.metric_settings import MetricSettings
from research.objectives.figure_names import figures
from research.objectives.trial_figures import Figures

_COUNTS = ("trade_quality.trades", "trade_quality.wins", "trade_quality.losses", "trade_quality.evens")
_OF_TRADES = ("trade_quality.win_rate_pct", "trade_quality.profit_factor")
_DRAWDOWN = "drawdown.max_drawdown_pct"


@functools.cache
def joined_names() -> frozenset[str]:
    """Return the figures that runs have together; the draw-down is seen at the ends of days."""
    of_groups = (name for name in figures() if name.startswith(("performance.", "risk_adjusted.")))
    return frozenset({*of_groups, *_COUNTS, *_OF_TRADES, _DRAWDOWN})


class RunPart(msgspec.Struct, frozen=True):
    """A run that is joined to others: how long its window is, its equity by day, and its figures."""

    length_ms: int
    daily: DailyCloses
    figures: Mapping[str, float | int | None]


def joined_figures(parts: Sequence[RunPart], settings: MetricSettings) -> Figures:
    """Return the figures of at least one run, in order; those of an account that was gone in one of them are None."""
    joined = joined_days([one.daily for one in parts])
    if joined is None:
        return dict.fromkeys(sorted(joined_names()))
    curve = joined.curve(0, sum(one.length_ms for one in parts))
    deepest = drawdown_figures(curve)[0].max_drawdown_pct
    performance, _ = performance_figures(curve, joined, curve.net_profit, settings)
    risk, _ = risk_figures(curve, joined, deepest, settings)
    groups = {"performance": performance, "risk_adjusted": risk}
    found: Figures = {
        f"{group}.{name}": value
        for group, values in groups.items()
        for name, value in msgspec.structs.asdict(values).items()
        if f"{group}.{name}" in joined_names()
    }
    return {**found, _DRAWDOWN: deepest, **_of_trades([one.figures for one in parts])}


def joined_days(parts: Sequence[DailyCloses]) -> DailyCloses | None:
    """Return equity day by day as if each run had begun with what the one before left; None where one lost it all."""
    start = parts[0].starting_balance
    returns: list[Float64Array] = []
    for one in parts:
        if not (one.sound and (not len(one.equity) or one.equity[-1] > 0.0)):
            return None
        returns.append(one.returns())
    growth: Float64Array = np.asarray(np.cumprod(1.0 + np.concatenate(returns)), np.float64)
    return DailyCloses(0, start, np.float64(start) * growth)


def _of_trades(parts: Sequence[Mapping[str, float | int | None]]) -> Figures:
    found: Figures = {name: sum(int(one.get(name) or 0) for one in parts) for name in _COUNTS}
    trades, wins = found["trade_quality.trades"], found["trade_quality.wins"]
    won, lost = _sum(parts, "average_win", "wins"), _sum(parts, "average_loss", "losses")
    win_rate = 100.0 * (wins or 0) / trades if trades else None
    return {**found, **dict(zip(_OF_TRADES, (win_rate, won / abs(lost) if lost else None), strict=True))}


def _sum(parts: Sequence[Mapping[str, float | int | None]], mean: str, count: str) -> float:
    pairs = [(one.get(f"trade_quality.{mean}"), one.get(f"trade_quality.{count}")) for one in parts]
    return sum(float(value or 0.0) * int(times or 0) for value, times in pairs)
