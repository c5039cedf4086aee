"""All figures of a run, from its trades and its equity."""

import math

from metrics.equity_curve import EquityCurve
from metrics.exposure_path import ExposurePath
from metrics.figures.benchmark_figures import benchmark_figures
from metrics.figures.drawdown_figures import drawdown_figures
from metrics.figures.exposure_figures import exposure_figures
from metrics.figures.friction_figures import friction_figures
from metrics.figures.liquidation_figures import liquidation_figures
from metrics.figures.margin_figures import margin_figures
from metrics.figures.open_value import open_value
from metrics.figures.performance_figures import monthly_returns, performance_figures
from metrics.figures.risk_figures import risk_figures
from metrics.figures.trade_figures import trade_figures
from metrics.figures.trade_groups import trade_groups
from metrics.metric_settings import MetricSettings
from metrics.run_metrics import RunMetrics
from metrics.trade_columns import TradeColumns

USUAL = MetricSettings()


def measure(
    trades: TradeColumns,
    curve: EquityCurve,
    benchmark: EquityCurve | None = None,
    margin: ExposurePath | None = None,
    settings: MetricSettings = USUAL,
) -> RunMetrics:
    """Return all figures of a run.

    Parameters
    ----------
    trades
        Positions that were closed entirely; with excursions where the candles are at hand.
    curve
        The account over time.
    benchmark
        What was to be beaten, on the same steps; without it those figures are undefined.
    margin
        What was open at every moment; without it exposure and margin are undefined.
    settings
        Conventions.
    """
    daily = curve.daily()
    value = None if margin is None else open_value(curve, margin)
    reasons: dict[str, str] = {}
    performance, why = performance_figures(curve, daily, math.fsum(trades.realized_pnl.tolist()), settings)
    reasons |= why
    drawdown, why = drawdown_figures(curve)
    reasons |= why
    risk, why = risk_figures(curve, daily, drawdown.max_drawdown_pct, settings)
    reasons |= why
    quality, why = trade_figures(trades)
    reasons |= why
    stress, why = margin_figures(curve, value)
    reasons |= why
    friction, why = friction_figures(trades)
    reasons |= why
    proximity, why = liquidation_figures(trades)
    reasons |= why
    exposure, why = exposure_figures(curve, margin, value)
    reasons |= why
    against, why = benchmark_figures(curve, daily, benchmark, settings)
    reasons |= why
    return RunMetrics(
        performance=performance,
        drawdown=drawdown,
        trade_quality=quality,
        risk_adjusted=risk,
        margin_stress=stress,
        entry_friction=friction,
        liquidation_proximity=proximity,
        exposure=exposure,
        benchmark=against,
        trades_by=trade_groups(trades),
        months=tuple(monthly_returns(daily)),
        undefined=reasons,
    )
