"""The figures that a trial may be judged by: their names, and which way each is better."""

import functools
from typing import Literal

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shown
from metrics.run_metrics import ALIASES, FIGURE_NAMES, GROUPS, RunMetrics, full_name
from runs.documents.run_result import Performance, RunStatistics

Direction = Literal["maximise", "minimise"]

_LESS = """
    drawdown.max_drawdown_pct drawdown.max_drawdown_abs drawdown.max_drawdown_length_days
    drawdown.max_drawdown_recovery_days drawdown.longest_drawdown_days drawdown.average_drawdown_pct drawdown.drawdowns
    drawdown.current_drawdown_pct drawdown.time_under_water_pct drawdown.ulcer_index_pct
    trade_quality.losses trade_quality.loss_rate_pct trade_quality.longest_losing_streak trade_quality.average_mae
    trade_quality.average_mae_r trade_quality.ambiguous_trades trade_quality.ambiguous_share
    risk_adjusted.volatility_pct risk_adjusted.daily_volatility_pct
    margin_stress.average_leverage margin_stress.high_leverage margin_stress.maximum_leverage
    margin_stress.average_margin_used_pct margin_stress.high_margin_used_pct margin_stress.maximum_margin_used_pct
    entry_friction.commission entry_friction.slippage entry_friction.spread entry_friction.total_costs
    entry_friction.commission_share_pct entry_friction.slippage_share_pct entry_friction.spread_share_pct
    entry_friction.funding_share_pct entry_friction.total_share_pct entry_friction.cost_per_trade
    entry_friction.cost_bps liquidation_proximity.liquidations benchmark.tracking_error_pct
    benchmark.max_drawdown_pct losing_trades commission_paid liquidation_fees slippage_paid funding_paid
    signals_refused orders_rejected orders_expired orders_cancelled gaps halts
"""
_EITHER = """
    performance.starting_balance performance.days benchmark.observations benchmark.beta benchmark.correlation
    benchmark.total_return_pct benchmark.cagr_pct trade_quality.trades trade_quality.evens
    trade_quality.trades_with_risk trade_quality.shortest_holding_minutes trade_quality.average_holding_minutes
    trade_quality.median_holding_minutes trade_quality.longest_holding_minutes trade_quality.trades_with_excursions
    trade_quality.ambiguous_bound risk_adjusted.kurtosis liquidation_proximity.trades_with_price
    exposure.time_in_market_pct exposure.long_time_pct exposure.short_time_pct exposure.average_positions
    exposure.maximum_positions exposure.average_exposure_pct exposure.maximum_exposure_pct
    exposure.average_net_exposure_pct exposure.turnover even_trades open_positions unrealized_pnl
    buy_and_hold_return_pct candles_processed steps signals_generated orders_submitted risk_asked_pct risk_taken_pct
    entries_filled partial_fills funding_payments candle_moves exposure_time_pct break_even_exits time_stops
"""
LESS_IS_BETTER = frozenset(_LESS.split())
"""Figures that are minimised where nothing else is said."""
NEITHER = frozenset(_EITHER.split())
"""Figures of which neither more nor less is better: the direction has to be said."""


@functools.cache
def figures() -> frozenset[str]:
    """Return every figure of a run that is a number: ``group.figure`` of its metrics, and names of its result alone."""
    kinds = {field.name: field.type for field in msgspec.structs.fields(RunMetrics)}
    measured = {
        f"{group}.{field.name}" for group in GROUPS for field in msgspec.structs.fields(kinds[group]) if _number(field)
    }
    return frozenset(measured | set(result_figures()))


@functools.cache
def result_figures() -> tuple[str, ...]:
    """Return the numbers of a result that are no figure of its metrics under any name."""
    found = [one for kind in (Performance, RunStatistics) for one in msgspec.structs.fields(kind) if _number(one)]
    return tuple(one.name for one in found if not _is_measured(one.name))


@functools.cache
def every_name() -> frozenset[str]:
    """Return every name that a figure goes by."""
    return frozenset({*figures(), *ALIASES, *(one.rpartition(".")[2] for one in figures())})


def figure_of(name: str) -> str:
    """Return the figure that a name is; ConfigurationError with the nearest name where it is none.

    Examples
    --------
    >>> figure_of("sharpe"), figure_of("roi"), figure_of("peak_equity")
    ('risk_adjusted.sharpe', 'performance.total_return_pct', 'peak_equity')
    """
    if _is_measured(name) and full_name(name) in figures():
        return full_name(name)
    if name in figures():
        return name
    hint = did_you_mean(name, every_name())
    raise ConfigurationError(
        f"metric: there is no figure {shown(name)}{hint} — allowed: composite, a figure of docs/metrics.md, or an "
        "expression such as 0.6*sharpe - 0.4*max_drawdown_pct/10"
    )


def sense(figure: str) -> Direction | None:
    """Return which way a figure is better; None where it has to be said."""
    return "minimise" if figure in LESS_IS_BETTER else None if figure in NEITHER else "maximise"


def _number(field: msgspec.structs.FieldInfo) -> bool:
    return field.type in (int, float, int | None, float | None)


def _is_measured(name: str) -> bool:
    return name in FIGURE_NAMES
