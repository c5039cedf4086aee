"""The figures of a trial, from what a run keeps without any outputs: its result, and its equity by day."""

import functools

import msgspec

from core.time_range import TimeRange
from metrics.equity_curve import DailyCloses
from metrics.figures.performance_figures import performance_figures, unsound
from metrics.figures.risk_figures import excess_kurtosis, risk_figures, skewness
from metrics.figures.undefined import deviation, mean
from metrics.metric_settings import MetricSettings
from metrics.run_metrics import RunMetrics
from research.objectives.figure_names import figures, result_figures
from runs.documents.run_result import RunResult

Figures = dict[str, float | int | None]
"""By the names of ``figure_names``; None where one is undefined."""

_OF_TRADES = {
    "trade_quality.average_win": "average_win",
    "trade_quality.average_loss": "average_loss",
    "trade_quality.profit_factor": "profit_factor",
    "trade_quality.expectancy": "expectancy",
    "trade_quality.average_holding_minutes": "average_holding_minutes",
}
_COUNTS = {
    "trade_quality.trades": "total_trades",
    "trade_quality.wins": "winning_trades",
    "trade_quality.losses": "losing_trades",
    "trade_quality.evens": "even_trades",
    "trade_quality.longest_winning_streak": "longest_winning_streak",
    "trade_quality.longest_losing_streak": "longest_losing_streak",
    "drawdown.max_drawdown_pct": "max_drawdown_pct",
}
_OTHERS = (
    "trade_quality.win_rate_pct",
    "trade_quality.ambiguous_trades",
    "trade_quality.ambiguous_bound",
    "entry_friction.total_costs",
    "liquidation_proximity.liquidations",
)


class DailyMoments(msgspec.Struct, frozen=True):
    """What statistics of luck need of a trial's daily returns less the risk-free rate.

    ``sharpe`` is that of one day, mean over standard deviation with n − 1; ``skew`` and ``kurtosis`` are the adjusted
    estimators G1 and G2 + 3: 3 for a normal distribution. None where returns do not vary or are too few.
    """

    returns: int
    sharpe: float | None = None
    skew: float | None = None
    kurtosis: float | None = None


def moments_of(daily: DailyCloses, settings: MetricSettings) -> DailyMoments:
    """Return the moments of a trial's daily returns; of an account that was at or below 0 there are none."""
    if unsound(daily) is not None:
        return DailyMoments(0)
    excess = daily.returns() - settings.daily_rate
    count, spread = len(excess), deviation(excess)
    if not spread > 0.0:
        return DailyMoments(count)
    skew = skewness(excess) if count > 2 else None
    kurtosis = excess_kurtosis(excess) if count > 3 else None
    return DailyMoments(
        count,
        mean(excess) / spread,
        skew if isinstance(skew, float) else None,
        kurtosis + 3.0 if isinstance(kurtosis, float) else None,
    )


def figures_of(result: RunResult, daily: DailyCloses, window: TimeRange, settings: MetricSettings) -> Figures:
    """Return the figures that a run has without outputs.

    They are those of ``metrics.measure``, and the numbers of the result.

    Parameters
    ----------
    result, daily
        What the run came to, and its equity at the end of each UTC day.
    window
        Of the run.
    settings
        Conventions.
    """
    told, counted = result.performance, result.statistics
    curve = daily.curve(window.start_ms, window.end_ms)
    performance, _ = performance_figures(curve, daily, told.realized_pnl, settings)
    risk, _ = risk_figures(curve, daily, told.max_drawdown_pct, settings)
    found: Figures = {**_of_group("performance", performance), **_of_group("risk_adjusted", risk)}
    found |= {name: getattr(told, field) for name, field in _COUNTS.items()}
    found |= {name: getattr(told, field) for name, field in _OF_TRADES.items()}
    others = (
        told.win_rate if told.total_trades else None,
        counted.ambiguous_trades,
        counted.ambiguous_bound,
        told.total_costs,
        counted.liquidations,
    )
    found |= dict(zip(_OTHERS, others, strict=True))
    found |= {name: getattr(told if hasattr(told, name) else counted, name) for name in result_figures()}
    return found


@functools.cache
def known_without_outputs() -> frozenset[str]:
    """Return the names of the figures that :func:`figures_of` has."""
    of_groups = (name for name in figures() if name.startswith(("performance.", "risk_adjusted.")))
    return frozenset({*of_groups, *_COUNTS, *_OF_TRADES, *_OTHERS, *result_figures()})


def measured_figures(metrics: RunMetrics) -> Figures:
    """Return all figures of a run whose outputs were kept."""
    return {name: metrics.figure(name) for name in figures() if "." in name}


def _of_group(group: str, values: msgspec.Struct) -> Figures:
    return {name: getattr(values, figure) for name, figure in _names_of(group)}


@functools.cache
def _names_of(group: str) -> tuple[tuple[str, str], ...]:
    parts = [(one, *one.partition(".")[::2]) for one in sorted(figures())]
    return tuple((name, figure) for name, first, figure in parts if first == group)
