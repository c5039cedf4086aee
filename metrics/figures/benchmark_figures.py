"""A run against holding its symbols: alpha, beta, correlation, information ratio.

References
----------
M. C. Jensen, The Performance of Mutual Funds in the Period 1945-1964, Journal of Finance (1968).
T. H. Goodwin, The Information Ratio, Financial Analysts Journal (1998).
"""

import math

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from metrics.equity_curve import DailyCloses, EquityCurve
from metrics.figures.drawdown_figures import drawdown_figures
from metrics.figures.least_length import few_returns, short_run
from metrics.figures.performance_figures import compound_growth, unsound
from metrics.figures.undefined import Measured, Undefined, deviation, mean, ratio, settled
from metrics.metric_settings import MetricSettings

NO_BENCHMARK = "the candles of the benchmark are not at hand"
NAME = "equal amounts of every symbol, bought at its first open and held"


class BenchmarkFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A run against a benchmark, on the same days. ``alpha_pct`` is a year's, of excess daily returns; ``beta`` and
    ``correlation`` are of daily returns. Per cent, ratios annualised by the square root of the periods.
    """

    name: str
    observations: int
    total_return_pct: float | None
    cagr_pct: float | None
    max_drawdown_pct: float | None
    excess_return_pct: float | None
    alpha_pct: float | None
    beta: float | None
    correlation: float | None
    tracking_error_pct: float | None
    information_ratio: float | None


def benchmark_figures(
    curve: EquityCurve, daily: DailyCloses, benchmark: EquityCurve | None, settings: MetricSettings
) -> tuple[BenchmarkFigures, dict[str, str]]:
    """Return a run against a benchmark, and why some figures are undefined.

    Parameters
    ----------
    daily
        The curve's daily closes.
    benchmark
        What its value was, on the same steps; None where that is not known.
    """
    told: dict[str, object] = {"name": NAME, "observations": len(daily.equity)}
    names = [name for name in BenchmarkFigures.__struct_fields__ if name not in told]
    if benchmark is None or not len(benchmark.equity):
        nothing = dict.fromkeys(names, Undefined(NO_BENCHMARK))
        return settled(BenchmarkFigures, "benchmark", {**told, **nothing})
    held = benchmark.final_equity / benchmark.starting_balance - 1.0
    own = ratio(curve.net_profit, curve.starting_balance, "the starting balance is 0")
    growth = compound_growth(benchmark, settings)
    figures: dict[str, object] = {
        "total_return_pct": 100.0 * held,
        "cagr_pct": growth if isinstance(growth, Undefined) else 100.0 * growth,
        "max_drawdown_pct": drawdown_figures(benchmark)[0].max_drawdown_pct,
        "excess_return_pct": own if isinstance(own, Undefined) else 100.0 * (own - held),
    }
    theirs = benchmark.daily()
    wrong = unsound(daily) or unsound(theirs)
    if wrong is None and (theirs.first_day, len(theirs.equity)) != (daily.first_day, len(daily.equity)):
        wrong = "the benchmark has other days"
    wrong = wrong or few_returns("benchmark.beta", len(daily.equity))
    if wrong is None:
        figures.update(_together(daily.returns(), theirs.returns(), short_run(curve.days, settings), settings))
    else:
        figures.update(dict.fromkeys(names[4:], Undefined(wrong)))
    return settled(BenchmarkFigures, "benchmark", {**told, **figures})


def _together(
    own: Float64Array, held: Float64Array, short: str | None, settings: MetricSettings
) -> dict[str, Measured]:
    """Return what two series of at least two daily returns have in common, and how they differ."""
    root = math.sqrt(settings.periods_per_year)
    together = math.fsum(((own - mean(own)) * (held - mean(held))).tolist()) / (len(own) - 1)
    mine, theirs = deviation(own), deviation(held)
    beta = ratio(together, theirs * theirs, "the benchmark's daily returns do not vary")
    apart = own - held
    off = deviation(apart)
    figures: dict[str, Measured] = {
        "beta": beta,
        "correlation": ratio(together, mine * theirs, "the daily returns of one of the two do not vary"),
    }
    if short is not None:
        return {**figures, **dict.fromkeys(("alpha_pct", "tracking_error_pct", "information_ratio"), Undefined(short))}
    rate = settings.daily_rate
    figures["alpha_pct"] = (
        beta
        if isinstance(beta, Undefined)
        else 100.0 * settings.periods_per_year * (mean(own) - rate - beta * (mean(held) - rate))
    )
    figures["tracking_error_pct"] = 100.0 * off * root
    figures["information_ratio"] = ratio(mean(apart) * root, off, "the run never differed from the benchmark")
    return figures


def held_curve(curve: EquityCurve, opens: Float64Array, closes: Float64Array) -> EquityCurve:
    """Return what equal amounts of symbols were worth at each point of a curve, from 1.

    Parameters
    ----------
    opens
        First open of each symbol, shape (symbols,).
    closes
        Its last close at each point, shape (symbols, points); nan before there is one, where its amount is not yet
        invested.
    """
    grown = np.where(np.isfinite(closes), closes, opens[:, None]) / opens[:, None]
    return EquityCurve(
        times_ms=curve.times_ms,
        equity=grown.sum(axis=0) / len(opens),
        starting_balance=1.0,
        start_ms=curve.start_ms,
        end_ms=curve.end_ms,
    )
