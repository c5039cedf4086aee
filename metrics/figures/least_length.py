"""How long a run has to be for its figures to be defined: of one table, for what measures and for what searches."""

from collections.abc import Sequence

from core.time_range import TimeRange
from core.timeframe import DAY_MS
from metrics.metric_settings import MetricSettings

_ANNUALISED = """
    performance.cagr_pct risk_adjusted.volatility_pct risk_adjusted.sharpe risk_adjusted.sortino risk_adjusted.calmar
    benchmark.cagr_pct benchmark.alpha_pct benchmark.tracking_error_pct benchmark.information_ratio
"""
_OF_TWO_RETURNS = """
    risk_adjusted.volatility_pct risk_adjusted.daily_volatility_pct risk_adjusted.sharpe risk_adjusted.sortino
    benchmark.beta benchmark.correlation benchmark.alpha_pct benchmark.tracking_error_pct benchmark.information_ratio
"""
ANNUALISED = frozenset(_ANNUALISED.split())
"""Figures that need a run of ``MetricSettings.shortest_days``."""
DAILY_RETURNS = {**dict.fromkeys(_OF_TWO_RETURNS.split(), 2), "risk_adjusted.skew": 3, "risk_adjusted.kurtosis": 4}
"""Figures that need more than one daily return, and how many."""


def short_run(days: float, settings: MetricSettings) -> str | None:
    """Return why annualised figures are undefined of a run of so many days; None where they are not."""
    needed = settings.shortest_days
    return f"the run covers {days:.4g} days; annualised figures need {needed}" if days < needed else None


def few_returns(figure: str, returns: int) -> str | None:
    """Return why a figure is undefined of so many daily returns; None where it is not, or has no least number."""
    needed = DAILY_RETURNS.get(figure, 0)
    return f"{returns} daily return{'' if returns == 1 else 's'}; it needs {needed}" if returns < needed else None


def too_short(figure: str, ranges: Sequence[TimeRange], settings: MetricSettings) -> str | None:
    """Return why a figure is undefined of whatever run over ranges of time; None where it may be defined.

    Parameters
    ----------
    figure
        By its full name.
    ranges
        Of one run, or of several that are joined.
    settings
        Conventions.

    Examples
    --------
    >>> two_days = [TimeRange(0, 2 * DAY_MS)]
    >>> too_short("risk_adjusted.sharpe", two_days, MetricSettings())
    'the run covers 2 days; annualised figures need 30'
    >>> too_short("risk_adjusted.skew", two_days, MetricSettings())
    '2 daily returns; it needs 3'
    >>> too_short("performance.total_return_pct", two_days, MetricSettings()) is None
    True
    """
    if figure in ANNUALISED:
        short = short_run(sum(one.length_ms for one in ranges) / DAY_MS, settings)
        if short is not None:
            return short
    # A step closes at the earliest a candle after the start, so that no day before it has one.
    return few_returns(figure, sum((one.end_ms - 1) // DAY_MS - one.start_ms // DAY_MS + 1 for one in ranges))
