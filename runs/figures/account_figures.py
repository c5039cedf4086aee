"""What a session came to, as plain figures: the same for a session over live candles and for one over stored ones."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from core.candle_columns import Float64Array, Int64Array
from core.exact import EXACT
from core.timeframe import DAY_MS, MINUTE_MS
from execution.money.account_totals import ResultSum
from execution.money.cash_transfer import CashTransfer
from execution.money.performance import units_of
from metrics import (
    calmar_ratio,
    daily_equity,
    daily_returns,
    equal_weighted,
    sharpe_ratio,
    sortino_ratio,
)
from metrics.medians import medians_of
from runs.documents.run_result import Performance, RunStatistics
from runs.documents.symbol_result import SymbolInput, SymbolResult
from runs.ended_session import EndedSession
from runs.figures.exit_figures import exits_by_symbol, exits_of
from runs.run_input import FedSymbol


class Period(NamedTuple):
    """The time that a session's figures cover; ``step_times_ms`` are the times of its steps, increasing."""

    start_ms: int
    end_ms: int
    step_times_ms: Int64Array


def statistics_of(session: EndedSession, risk_per_trade: float) -> RunStatistics:
    """Return the session's counts, the risk that was asked and the risk taken, and the bound of its ambiguous trades.

    Parameters
    ----------
    session
        Ended, or as it stands.
    risk_per_trade
        The fraction of equity that the settings ask to risk.
    """
    taken = session.statistics.risks_taken
    trades = session.account.totals.trades
    return RunStatistics(
        **session.statistics.to_dict(),
        risk_asked_pct=100.0 * risk_per_trade,
        risk_taken_pct=100.0 * float(medians_of(np.array([taken]))[0]) if taken else None,
        ambiguous_trades=trades.ambiguous,
        ambiguous_bound=float(trades.ambiguous_bound),
        **msgspec.structs.asdict(exits_of(session.account)),
    )


def performance_of(session: EndedSession, period: Period | None, held_returns: Iterable[float]) -> Performance:
    """Return balances, returns, trade figures, costs and ratios.

    Parameters
    ----------
    session
        Ended, or as it stands.
    period
        What the annualised ratios refer to; they are None without one.
    held_returns
        The buy-and-hold return of each symbol that has one, fractions.
    """
    account = session.account
    trades, costs = account.totals.trades, account.totals.costs
    held, streaks = trades.held.value, trades.streaks.value
    performance = Performance(
        **account.performance,
        profit_factor=trades.profit_factor.value,
        expectancy=trades.expectancy.value,
        average_win=trades.average_win.value,
        average_loss=trades.average_loss.value,
        longest_winning_streak=streaks.wins,
        longest_losing_streak=streaks.losses,
        average_holding_minutes=None if held is None else held.average_ms / MINUTE_MS,
        commission_paid=float(costs.commission),
        liquidation_fees=float(costs.liquidation_fees),
        slippage_paid=float(costs.slippage),
        funding_net=float(account.funding_net),
        total_costs=float(EXACT.subtract(EXACT.add(costs.commission, costs.slippage), account.funding_net)),
        buy_and_hold_return_pct=as_per_cent(equal_weighted(held_returns)),
        sharpe_ratio=None,
        sortino_ratio=None,
        calmar_ratio=None,
    )
    if period is None:
        return performance
    curve = np.array(session.outputs.curve, np.float64)
    units = without_transfers(period.step_times_ms, curve, account.transfers)
    growth = performance.equity / (performance.starting_balance * units_of(account.transfers))
    return _annualised(performance, units, period, growth)


def symbol_results(session: EndedSession, fed: Mapping[str, FedSymbol]) -> dict[str, SymbolResult]:
    """Return what each symbol was fed, joined with what its trades came to."""
    left = exits_by_symbol(session.account, fed)
    results = {symbol: session.account.totals.trades.by_symbol.get(symbol, ResultSum()) for symbol in fed}
    return {
        symbol: SymbolResult(
            **{name: getattr(one.told, name) for name in SymbolInput.__struct_fields__},
            trades=results[symbol].trades,
            realized_pnl=float(results[symbol].realized),
            win_rate=results[symbol].win_rate_pct,
            **msgspec.structs.asdict(left[symbol]),
            buy_and_hold_return_pct=as_per_cent(one.held_return),
        )
        for symbol, one in fed.items()
    }


def as_per_cent(fraction: float | None) -> float | None:
    """Return a fraction in per cent; None stays None."""
    return None if fraction is None else 100.0 * fraction


def without_transfers(times_ms: Int64Array, curve: Float64Array, transfers: Sequence[CashTransfer]) -> Float64Array:
    """Return a curve of equity as it were had no cash come from other accounts or gone to them.

    Each such transfer follows the equity of its step: what comes after is divided by the factor of it.

    Parameters
    ----------
    times_ms
        Of the steps; a last value of the curve that has none is that after everything was closed.
    curve, transfers
        Of the account.
    """
    units = curve.copy()
    for one in transfers:
        units[int(np.searchsorted(times_ms, one.time_ms, side="right")) :] /= one.factor
    return units


def _annualised(performance: Performance, curve: Float64Array, period: Period, growth: float) -> Performance:
    """Add the ratios from equity at the end of each UTC day, where they are defined."""
    times = period.step_times_ms[: len(curve)]
    closing = daily_equity(times, curve[: len(times)])
    if len(curve) > len(times) and closing:
        closing[-1] = float(curve[-1])
    if min(closing, default=0.0) <= 0.0:
        return performance
    returns = daily_returns(performance.starting_balance, closing)
    days = (period.end_ms - period.start_ms) / DAY_MS
    drawdown = performance.max_drawdown_pct / 100.0
    return msgspec.structs.replace(
        performance,
        sharpe_ratio=sharpe_ratio(returns),
        sortino_ratio=sortino_ratio(returns),
        calmar_ratio=calmar_ratio(growth, days, drawdown) if days >= 1.0 else None,
    )
