"""Sharpe, Sortino and Calmar ratio of an equity curve sampled once a UTC day.

Crypto trades every day, so a year has 365 days, and a day without a step keeps the equity of the day before. The
risk-free rate is 0. Sums are ``math.fsum`` and powers decimal, whose digits are the same on every machine and Python
version.

References
----------
W. F. Sharpe, The Sharpe Ratio, Journal of Portfolio Management (1994).
F. A. Sortino and L. N. Price, Performance Measurement in a Downside Risk Framework, Journal of Investing (1994).
T. W. Young, Calmar Ratio: A Smoother Tool, Futures (1991); here over the whole run, not over 36 months.
"""

import decimal
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.timeframe import DAY_MS

DAYS_PER_YEAR = 365
_POWER = decimal.Context(prec=28, rounding=decimal.ROUND_HALF_EVEN)


def daily_equity(
    times_ms: Sequence[int] | npt.NDArray[np.int64], equity: Sequence[float] | npt.NDArray[np.float64]
) -> list[float]:
    """Return the last equity of each UTC day from the first step's day to the last one's.

    Parameters
    ----------
    times_ms
        Times of the steps, shape (n,), increasing; the step at 00:00 belongs to the day that it closes.
    equity
        Equity after each step, shape (n,).

    Returns
    -------
    list of float
        One value a day, empty without a step; the first and the last day may be partial.

    Raises
    ------
    ValueError
        If the two differ in length or time goes backwards.
    """
    times, values = np.asarray(times_ms, np.int64), np.asarray(equity, np.float64)
    if len(times) != len(values):
        raise ValueError(f"{len(times)} times and {len(values)} values of equity do not belong together")
    if not len(times):
        return []
    if (times[1:] < times[:-1]).any():
        raise ValueError("the times of an equity curve must not go backwards")
    first, last = (int(times[place] - 1) // DAY_MS for place in (0, -1))
    ends_ms = DAY_MS * np.arange(first + 1, last + 2)
    closing: list[float] = values[np.searchsorted(times, ends_ms, side="right") - 1].tolist()
    return closing


def daily_returns(starting_balance: float, closing_equity: Sequence[float]) -> list[float]:
    """Return the fraction by which equity changed each day; the first day is measured from the starting balance.

    Raises
    ------
    ValueError
        If equity is not above 0 at the start of a day: its change is then no fraction.
    """
    opening = [starting_balance, *closing_equity[:-1]]
    for value in opening:
        if not value > 0.0:
            raise ValueError(f"a daily return needs equity above 0, got {value!r}")
    return [after / before - 1.0 for before, after in zip(opening, closing_equity, strict=False)]


def sharpe_ratio(returns: Sequence[float]) -> float | None:
    """Return mean over standard deviation (n − 1) of daily returns, times the square root of 365.

    None for fewer than two days or returns that do not vary.
    """
    if len(returns) < 2 or min(returns) == max(returns):
        return None
    mean = math.fsum(returns) / len(returns)
    variance = math.fsum((one - mean) ** 2 for one in returns) / (len(returns) - 1)
    return mean / math.sqrt(variance) * math.sqrt(DAYS_PER_YEAR) if variance > 0.0 else None


def sortino_ratio(returns: Sequence[float]) -> float | None:
    """Return mean over downside deviation of daily returns, times the square root of 365.

    The downside deviation is the root of the mean, over all days, of squared returns below 0. None for fewer than two
    days or without a losing day.
    """
    if len(returns) < 2:
        return None
    mean = math.fsum(returns) / len(returns)
    downside = math.fsum(one * one for one in returns if one < 0.0) / len(returns)
    return mean / math.sqrt(downside) * math.sqrt(DAYS_PER_YEAR) if downside > 0.0 else None


def calmar_ratio(growth: float, days: float, drawdown: float) -> float | None:
    """Return the compound annual growth rate over the maximum drawdown.

    Parameters
    ----------
    growth
        Final equity over the starting balance.
    days
        Length of the run in days.
    drawdown
        Depth of the maximum drawdown, a fraction.

    Returns
    -------
    float or None
        None without a drawdown, for a run of no length, equity not above 0 at the end, or a rate that is not finite.
    """
    if not drawdown > 0.0:
        return None
    rate = annual_growth(growth, days)
    return None if rate is None else rate / drawdown


def annual_growth(growth: float, days: float) -> float | None:
    """Return the compound annual growth rate, a fraction: growth ^ (365 / days) − 1.

    None for a run of no length, growth that is not above 0, or a rate that is not finite.
    """
    if not (days > 0.0 and growth > 0.0):
        return None
    try:
        a_year = float(_POWER.power(decimal.Decimal(growth), _POWER.divide(DAYS_PER_YEAR, decimal.Decimal(days))))
    except decimal.DecimalException:
        return None
    return a_year - 1.0 if math.isfinite(a_year) else None


def daily_rate(annual: float, periods: int) -> float:
    """Return the return of one of ``periods`` that compounds to an annual one above −1; fractions."""
    grown = _POWER.power(decimal.Decimal(1) + decimal.Decimal(repr(annual)), _POWER.divide(1, periods))
    return float(_POWER.subtract(grown, 1))
