"""Performance figures: streaming forms (``update``, ``value``) and batch twins, pure numbers in and out; and
``measure``, all figures of a run.

What is not defined is None, never 0.0; only ``win_rate_pct`` is 0.0 without a trade, as the public ``performance`` has
it.
"""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from metrics.annualised import calmar_ratio, daily_equity, daily_returns, sharpe_ratio, sortino_ratio
    from metrics.benchmark import buy_and_hold, equal_weighted
    from metrics.equity_curve import EquityCurve
    from metrics.exposure_path import ExposurePath
    from metrics.holding_times import HoldingTime, HoldingTimeRange, holding_time
    from metrics.metric_settings import MetricSettings
    from metrics.run_measurement import measure
    from metrics.run_metrics import RunMetrics
    from metrics.streaks import LongestStreaks, Streaks, longest_streaks
    from metrics.trade_columns import TradeColumns
    from metrics.trade_results import (
        AverageLoss,
        AverageWin,
        Expectancy,
        ProfitFactor,
        WinRate,
        average_loss,
        average_win,
        expectancy,
        profit_factor,
        win_rate_pct,
    )

__all__ = [
    "AverageLoss",
    "AverageWin",
    "EquityCurve",
    "Expectancy",
    "ExposurePath",
    "HoldingTime",
    "HoldingTimeRange",
    "LongestStreaks",
    "MetricSettings",
    "ProfitFactor",
    "RunMetrics",
    "Streaks",
    "TradeColumns",
    "WinRate",
    "average_loss",
    "average_win",
    "buy_and_hold",
    "calmar_ratio",
    "daily_equity",
    "daily_returns",
    "equal_weighted",
    "expectancy",
    "holding_time",
    "longest_streaks",
    "measure",
    "profit_factor",
    "sharpe_ratio",
    "sortino_ratio",
    "win_rate_pct",
]

# No module may bear the name of something listed here: importing it would put the module in the name's place.
_HOMES = {
    "metrics.annualised": "calmar_ratio daily_equity daily_returns sharpe_ratio sortino_ratio",
    "metrics.benchmark": "buy_and_hold equal_weighted",
    "metrics.equity_curve": "EquityCurve",
    "metrics.exposure_path": "ExposurePath",
    "metrics.holding_times": "HoldingTime HoldingTimeRange holding_time",
    "metrics.metric_settings": "MetricSettings",
    "metrics.run_measurement": "measure",
    "metrics.run_metrics": "RunMetrics",
    "metrics.streaks": "LongestStreaks Streaks longest_streaks",
    "metrics.trade_columns": "TradeColumns",
    "metrics.trade_results": (
        "AverageLoss AverageWin Expectancy ProfitFactor WinRate average_loss average_win expectancy "
        "profit_factor win_rate_pct"
    ),
}

__getattr__ = lazy_names(__name__, _HOMES)
