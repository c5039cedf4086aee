"""What the account came to: returns over the run, the year, days and months."""

import datetime as dt
from collections.abc import Sequence

import msgspec
import numpy as np

from metrics.annualised import annual_growth
from metrics.equity_curve import DailyCloses, EquityCurve
from metrics.figures.least_length import short_run
from metrics.figures.undefined import NO_DAY, Measured, Undefined, per_cent, ratio, settled, unless
from metrics.metric_settings import MetricSettings

_EPOCH = dt.date(1970, 1, 1)
BLOWN = "equity is not above 0 at the end of a day"
NO_BALANCE = "the starting balance is not above 0"


class PerformanceFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Money in quote currency, returns in per cent. Days and months are UTC; the first and the last may be partial."""

    starting_balance: float
    final_equity: float
    net_profit: float
    realized_pnl: float
    total_return_pct: float | None
    cagr_pct: float | None
    best_day_pct: float | None
    worst_day_pct: float | None
    best_month_pct: float | None
    worst_month_pct: float | None
    positive_days_pct: float | None
    positive_months_pct: float | None
    days: float


class MonthReturn(msgspec.Struct, frozen=True):
    """What equity did in a calendar month, in per cent of what it was before; None where that was not above 0."""

    year: int
    month: int
    return_pct: float | None


def unsound(daily: DailyCloses) -> str | None:
    """Return why daily returns are undefined; None where they are not."""
    if not len(daily.equity):
        return NO_DAY
    if daily.starting_balance <= 0.0:
        return NO_BALANCE
    return None if daily.sound and daily.equity[-1] > 0.0 else BLOWN


def monthly_returns(daily: DailyCloses) -> list[MonthReturn]:
    """Return what equity did in each calendar month of a run, in order."""
    months = [(day.year, day.month) for day in (_EPOCH + dt.timedelta(int(one)) for one in daily.days)]
    found = []
    before = daily.starting_balance
    for index, month in enumerate(months):
        if index + 1 < len(months) and months[index + 1] == month:
            continue
        after = float(daily.equity[index])
        found.append(MonthReturn(*month, 100.0 * (after / before - 1.0) if before > 0.0 else None))
        before = after
    return found


def performance_figures(
    curve: EquityCurve, daily: DailyCloses, realized_pnl: float, settings: MetricSettings
) -> tuple[PerformanceFigures, dict[str, str]]:
    """Return what the account came to, and why some figures are undefined.

    Parameters
    ----------
    daily
        The curve's daily closes.
    realized_pnl
        Result of the closed trades.
    """
    wrong = unsound(daily)
    returns = np.empty(0) if wrong else daily.returns()
    months = [] if wrong else [one.return_pct for one in monthly_returns(daily) if one.return_pct is not None]
    start = curve.starting_balance
    return settled(
        PerformanceFigures,
        "performance",
        {
            "starting_balance": start,
            "final_equity": curve.final_equity,
            "net_profit": curve.net_profit,
            "realized_pnl": realized_pnl,
            "total_return_pct": per_cent(ratio(curve.net_profit, start, NO_BALANCE)),
            "cagr_pct": per_cent(compound_growth(curve, settings)),
            "best_day_pct": unless(wrong, lambda: 100.0 * float(returns.max())),
            "worst_day_pct": unless(wrong, lambda: 100.0 * float(returns.min())),
            "best_month_pct": unless(wrong, lambda: max(months)),
            "worst_month_pct": unless(wrong, lambda: min(months)),
            "positive_days_pct": unless(wrong, lambda: _positive(returns.tolist())),
            "positive_months_pct": unless(wrong, lambda: _positive(months)),
            "days": curve.days,
        },
    )


def compound_growth(curve: EquityCurve, settings: MetricSettings) -> Measured:
    """Return the compound annual growth rate, a fraction: growth ^ (365 / calendar days) − 1."""
    short = short_run(curve.days, settings)
    if short is not None:
        return Undefined(short)
    if not (curve.starting_balance > 0.0 and curve.final_equity > 0.0):
        return Undefined("equity is not above 0 at the end of the run")
    rate = annual_growth(curve.final_equity / curve.starting_balance, curve.days)
    return Undefined("its value is beyond what a float64 holds") if rate is None else rate


def _positive(values: Sequence[float]) -> float:
    return 100.0 * sum(value > 0.0 for value in values) / len(values)
