"""Performance figures: streaming forms (``update``, ``value``) and batch twins, pure numbers in and out.

What is not defined is None, never 0.0; only ``win_rate_pct`` is 0.0 without a trade, as the public ``performance`` has
it.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metrics.annualised import calmar_ratio, daily_equity, daily_returns, sharpe_ratio, sortino_ratio
    from metrics.benchmark import buy_and_hold, equal_weighted
    from metrics.holding_times import HoldingTime, HoldingTimeRange, holding_time
    from metrics.streaks import LongestStreaks, Streaks, longest_streaks
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
    "Expectancy",
    "HoldingTime",
    "HoldingTimeRange",
    "LongestStreaks",
    "ProfitFactor",
    "Streaks",
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
    "profit_factor",
    "sharpe_ratio",
    "sortino_ratio",
    "win_rate_pct",
]

# No module may bear the name of something listed here: importing it would put the module in the name's place.
_HOMES = {
    "AverageLoss": "metrics.trade_results",
    "AverageWin": "metrics.trade_results",
    "Expectancy": "metrics.trade_results",
    "HoldingTime": "metrics.holding_times",
    "HoldingTimeRange": "metrics.holding_times",
    "LongestStreaks": "metrics.streaks",
    "ProfitFactor": "metrics.trade_results",
    "Streaks": "metrics.streaks",
    "WinRate": "metrics.trade_results",
    "average_loss": "metrics.trade_results",
    "average_win": "metrics.trade_results",
    "buy_and_hold": "metrics.benchmark",
    "calmar_ratio": "metrics.annualised",
    "daily_equity": "metrics.annualised",
    "daily_returns": "metrics.annualised",
    "equal_weighted": "metrics.benchmark",
    "expectancy": "metrics.trade_results",
    "holding_time": "metrics.holding_times",
    "longest_streaks": "metrics.streaks",
    "profit_factor": "metrics.trade_results",
    "sharpe_ratio": "metrics.annualised",
    "sortino_ratio": "metrics.annualised",
    "win_rate_pct": "metrics.trade_results",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
