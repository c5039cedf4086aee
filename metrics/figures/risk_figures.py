"""Return against risk: ratios and shape of daily returns.

References
----------
W. F. Sharpe, The Sharpe Ratio, Journal of Portfolio Management (1994).
F. A. Sortino and L. N. Price, Performance Measurement in a Downside Risk Framework, Journal of Investing (1994).
C. Keating and W. F. Shadwick, A Universal Performance Measure, Journal of Performance Measurement (2002).
D. N. Joanes and C. A. Gill, Comparing Measures of Sample Skewness and Kurtosis, The Statistician (1998): G1 and G2.
"""

import math

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from metrics.annualised import sharpe_ratio, sortino_ratio
from metrics.equity_curve import DailyCloses, EquityCurve
from metrics.figures.drawdown_figures import NO_DRAWDOWN
from metrics.figures.least_length import ANNUALISED, few_returns, short_run
from metrics.figures.performance_figures import compound_growth, unsound
from metrics.figures.undefined import Measured, Undefined, deviation, mean, ratio, settled, unless
from metrics.metric_settings import MetricSettings

FLAT = "the daily returns do not vary"
NO_LOSING_DAY = "no day lost"
_GROUP = "risk_adjusted"


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """What ratios of daily returns were computed from: how equity was sampled, how many returns, and how annualised."""

    sampling: str
    observations: int
    periods_per_year: int
    ddof: int
    risk_free_rate: float

    def text(self) -> str:
        """Return it as words that stand beside a ratio."""
        return (
            f"{self.sampling}, N = {self.observations}, {self.periods_per_year} a year, ddof {self.ddof}, "
            f"risk-free {100.0 * self.risk_free_rate:g} %"
        )


class RiskFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of daily returns; what is annualised is so by the square root of the periods.

    ``value_at_risk_pct`` and ``conditional_value_at_risk_pct`` are returns: a loss is below 0.
    """

    sampling: Sampling
    volatility_pct: float | None
    daily_volatility_pct: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    omega: float | None
    tail_ratio: float | None
    skew: float | None
    kurtosis: float | None
    value_at_risk_pct: float | None
    conditional_value_at_risk_pct: float | None


def sampling_of(daily: DailyCloses, settings: MetricSettings) -> Sampling:
    """Return how the ratios of a run are computed."""
    return Sampling(
        sampling="daily closes at 00:00 UTC, the start equity first",
        observations=len(daily.equity),
        periods_per_year=settings.periods_per_year,
        ddof=1,
        risk_free_rate=settings.risk_free_rate,
    )


def risk_figures(
    curve: EquityCurve, daily: DailyCloses, max_drawdown_pct: float | None, settings: MetricSettings
) -> tuple[RiskFigures, dict[str, str]]:
    """Return return against risk, and why some figures are undefined.

    Parameters
    ----------
    daily
        The curve's daily closes.
    max_drawdown_pct
        The deepest draw-down of the curve.
    """
    wrong, short = unsound(daily), short_run(curve.days, settings)
    names = [name for name in RiskFigures.__struct_fields__ if name != "sampling"]
    if wrong is not None:
        figures: dict[str, Measured] = dict.fromkeys(names, Undefined(wrong))
    else:
        returns = daily.returns()
        figures = _of_returns(returns, settings)
        if short is not None:
            figures.update({name: Undefined(short) for name in names if f"{_GROUP}.{name}" in ANNUALISED})
        growth = compound_growth(curve, settings)
        figures["calmar"] = (
            growth if isinstance(growth, Undefined) else ratio(growth, (max_drawdown_pct or 0.0) / 100.0, NO_DRAWDOWN)
        )
    return settled(RiskFigures, _GROUP, {"sampling": sampling_of(daily, settings), **figures})


def _of_returns(returns: Float64Array, settings: MetricSettings) -> dict[str, Measured]:
    """Return all figures of at least one daily return but those that need more than them."""
    count = len(returns)
    few = {
        one: few_returns(f"{_GROUP}.{one}", count)
        for one in ("daily_volatility_pct", "sharpe", "sortino", "skew", "kurtosis")
    }
    excess = (returns - settings.daily_rate).tolist()
    root = math.sqrt(settings.periods_per_year)
    spread = unless(few["daily_volatility_pct"], lambda: deviation(returns))
    sharpe, sortino = sharpe_ratio(excess), sortino_ratio(excess)
    risk = value_at_risk(returns, settings.tail)
    return {
        "volatility_pct": spread if isinstance(spread, Undefined) else 100.0 * spread * root,
        "daily_volatility_pct": spread if isinstance(spread, Undefined) else 100.0 * spread,
        "sharpe": Undefined(few["sharpe"] or FLAT) if sharpe is None else sharpe,
        "sortino": Undefined(few["sortino"] or NO_LOSING_DAY) if sortino is None else sortino,
        "omega": omega_ratio(np.asarray(excess)),
        "tail_ratio": tail_ratio(returns),
        "skew": unless(few["skew"], lambda: skewness(returns)),
        "kurtosis": unless(few["kurtosis"], lambda: excess_kurtosis(returns)),
        "value_at_risk_pct": 100.0 * risk,
        "conditional_value_at_risk_pct": 100.0 * mean(returns[returns <= risk]),
    }


def omega_ratio(excess: Float64Array) -> Measured:
    """Return the sum of gains over the sum of losses, of returns less the risk-free rate."""
    return ratio(math.fsum(excess[excess > 0.0].tolist()), -math.fsum(excess[excess < 0.0].tolist()), NO_LOSING_DAY)


def tail_ratio(returns: Float64Array) -> Measured:
    """Return the 95th percentile over the 5th, both without their signs; percentiles between two days are linear."""
    high, low = np.percentile(returns, (95, 5))
    return ratio(abs(float(high)), abs(float(low)), "the 5th percentile of the daily returns is 0")


def value_at_risk(returns: Float64Array, tail: float) -> float:
    """Return the return that the worst ``tail`` of all days do not exceed; between two days it is linear."""
    return float(np.percentile(returns, 100.0 * tail))


def skewness(returns: Float64Array) -> Measured:
    """Return the adjusted sample skewness G1 of at least three returns."""
    count, off = len(returns), returns - mean(returns)
    second, third = mean(off * off), mean(off * off * off)
    if not second > 0.0 or deviation(returns) == 0.0:
        return Undefined(FLAT)
    return math.sqrt(count * (count - 1)) / (count - 2) * third / (second * math.sqrt(second))


def excess_kurtosis(returns: Float64Array) -> Measured:
    """Return the adjusted sample excess kurtosis G2 of at least four returns; 0 is that of the normal distribution."""
    count, off = len(returns), returns - mean(returns)
    squares = off * off
    second, fourth = mean(squares), mean(squares * squares)
    if not second > 0.0 or deviation(returns) == 0.0:
        return Undefined(FLAT)
    plain = fourth / (second * second) - 3.0
    return (count - 1) / ((count - 2) * (count - 3)) * ((count + 1) * plain + 6.0)
