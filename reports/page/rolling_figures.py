"""Figures over a window that moves along a run."""

from typing import NamedTuple

import numpy as np

from core.candle_columns import Float64Array, Int64Array
from core.timeframe import DAY_MS
from metrics.equity_curve import EquityCurve
from metrics.metric_settings import MetricSettings
from metrics.trade_columns import TradeColumns

_DAYS, _FEW_DAYS = 30, 10
_TRADES, _FEW_TRADES = 50, 20


class Rolling(NamedTuple):
    """A figure over the last ``window`` days or trades, at the times given; nan where it is undefined."""

    window: int
    times_ms: Int64Array
    values: Float64Array


def rolling_sharpe(curve: EquityCurve, settings: MetricSettings) -> Rolling:
    """Return the annualised Sharpe ratio of the daily returns, over 30 days; over 10 in a run of less than 60.

    Returns are of equity at UTC midnight, ddof 1. No point where a return is undefined.
    """
    daily = curve.daily()
    returns = daily.returns() if daily.sound else np.empty(0)
    window = _DAYS if len(returns) >= 2 * _DAYS else _FEW_DAYS
    if len(returns) < window:
        return Rolling(window, np.empty(0, np.int64), np.empty(0))
    parts = np.lib.stride_tricks.sliding_window_view(returns, window)
    spread = parts.std(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(spread > 1e-12, (parts.mean(axis=1) - settings.daily_rate) / spread, np.nan)
    ratios *= np.sqrt(settings.periods_per_year)
    ends_ms = (daily.days[window - 1 :] + 1) * DAY_MS
    return Rolling(window, ends_ms, ratios)


def rolling_win_rate(trades: TradeColumns) -> Rolling:
    """Return the share of trades that won, in per cent, over 50 trades; over 20 in a run of less than 200."""
    window = _TRADES if trades.rows >= 4 * _TRADES else _FEW_TRADES
    if trades.rows < window:
        return Rolling(window, np.empty(0, np.int64), np.empty(0))
    won = np.concatenate([[0], np.cumsum(trades.realized_pnl > 0.0)])
    rates = 100.0 * (won[window:] - won[:-window]) / window
    return Rolling(window, trades.exit_time_ms[window - 1 :], rates)
