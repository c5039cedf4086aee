"""What a session came to, as plain figures: the same for a session over live candles and for one over stored ones."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from core.code_version import code_version
from core.exact import EXACT, ZERO
from core.timeframe import DAY_MS
from engine.session import Session
from metrics import (
    average_loss,
    average_win,
    buy_and_hold,
    calmar_ratio,
    daily_equity,
    daily_returns,
    equal_weighted,
    expectancy,
    holding_time,
    longest_streaks,
    profit_factor,
    sharpe_ratio,
    sortino_ratio,
    win_rate_pct,
)
from reports.console.contract_facts import contract_facts, instrument_facts, mark_warning
from reports.console.run_facts import config_facts
from reports.figures.exit_figures import exit_statistics, exits_by_symbol

if TYPE_CHECKING:
    from reports.figures.session_window import SessionWindow
    from validation.composed_settings import Settings


class Period(NamedTuple):
    """The time that a session's figures cover; ``step_times_ms`` are the times of its steps, increasing."""

    start_ms: int
    end_ms: int
    step_times_ms: npt.NDArray[np.int64]


def session_result(
    session: Session,
    settings: "Settings",
    window: "SessionWindow",
    canonical: Mapping[str, str],
    *,
    output_dir: str | None = None,
    log_file: str | None = None,
    partial: bool = False,
) -> dict[str, Any]:
    """Return the result of a session whose inputs are in its journal, with the keys that a backtest's result has.

    Parameters
    ----------
    session
        Ended, or as it stands.
    settings
        Those it ran with.
    window
        What its journal says about its steps and candles.
    canonical
        Unified symbol of every configured spelling.
    output_dir, log_file
        Where its files are; left out of the result when None.
    partial
        Whether the session was cut short.

    Returns
    -------
    dict
        Buy and hold is from the first open to the last close of the session's own candles, and undefined for a symbol
        without one. There is no ``data_sha256``: the data is the journal.
    """
    live = settings.live
    period, trades = None, trades_by_symbol(session)
    if window.start_ms is not None and window.end_ms is not None:
        period = Period(window.start_ms, window.end_ms, np.array(window.step_times_ms, np.int64))
    returns = {symbol: window.held_return(symbol) for symbol in live.symbols}
    places = {"log_file": log_file, "output_dir": output_dir}
    return {
        "config": config_facts(live, session.rules.strategy_name, window.start_ms, window.end_ms, window.end_ms),
        "statistics": statistics_of(session),
        "performance": performance_of(session, period, [one for one in returns.values() if one is not None]),
        "symbols": {
            symbol: {
                "canonical": canonical.get(symbol, symbol),
                **window.candle_facts(symbol, session.rules.warmup_candles),
                "instrument": instrument_facts(instrument),
                "rule_changes": [],
                **contract_facts(settings, symbol, instrument, window.contract_input(symbol)),
                **trades[symbol],
                "buy_and_hold_return_pct": as_per_cent(returns[symbol]),
            }
            for symbol, instrument in session.instruments.items()
        },
        **{name: place for name, place in places.items() if place is not None},
        "trades_sha256": session.outputs.trades.sha256,
        "orders_sha256": session.outputs.orders.sha256,
        "ledger_sha256": session.outputs.ledger.sha256,
        "settings_sha256": settings.settings_sha256,
        "code_version": code_version(),
        "partial": partial,
        "warnings": _warnings(session, settings, window, partial=partial),
    }


def statistics_of(session: Session) -> dict[str, Any]:
    """Return the session's counts, and what its ambiguous trades could have brought at best beyond their results."""
    ambiguous = [trade for trade in session.account.closed if trade.ambiguous]
    bound = _total(EXACT.subtract(trade.best_case_pnl, trade.realized_pnl) for trade in ambiguous)
    return {
        **session.statistics.to_dict(),
        "ambiguous_trades": len(ambiguous),
        "ambiguous_bound": float(bound),
        **exit_statistics(session),
    }


def performance_of(session: Session, period: Period | None, held_returns: Iterable[float]) -> dict[str, Any]:
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
    summary, closed, rows = account.performance, account.closed, account.rows
    results = [trade.realized_pnl for trade in closed]
    commission, slippage = _total(row.commission for row in rows), _total(row.slippage for row in rows)
    held = holding_time(trade.exit_time_ms - trade.entry_time_ms for trade in closed)
    streaks = longest_streaks(results)
    return {
        **summary,
        "profit_factor": profit_factor(results),
        "expectancy": expectancy(results),
        "average_win": average_win(results),
        "average_loss": average_loss(results),
        "longest_winning_streak": streaks.wins,
        "longest_losing_streak": streaks.losses,
        "average_holding_minutes": None if held is None else held.average_ms / 60_000,
        "commission_paid": float(commission),
        "liquidation_fees": float(_total(row.commission for row in rows if row.reason == "liquidation")),
        "slippage_paid": float(slippage),
        "funding_net": float(account.funding_net),
        "total_costs": float(EXACT.subtract(EXACT.add(commission, slippage), account.funding_net)),
        "buy_and_hold_return_pct": as_per_cent(equal_weighted(held_returns)),
        **_annualised(session, period, summary),
    }


def trades_by_symbol(session: Session) -> dict[str, dict[str, Any]]:
    """Return what each symbol's trades came to.

    Their number, their result in quote currency and how many per cent of them won; their exits by reason, its
    liquidations and its funding.
    """
    left = exits_by_symbol(session)
    results: dict[str, list[Decimal]] = {symbol: [] for symbol in session.instruments}
    for trade in session.account.closed:
        results[trade.symbol].append(trade.realized_pnl)
    return {
        symbol: {
            "trades": len(own),
            "realized_pnl": float(_total(own)),
            "win_rate": win_rate_pct(own),
            **left[symbol],
        }
        for symbol, own in results.items()
    }


def held_return(first_open: float | None, last_close: float | None) -> float | None:
    """Return the return of holding a symbol, a fraction; None where either price is missing."""
    return None if first_open is None or last_close is None else buy_and_hold(first_open, last_close)


def as_per_cent(fraction: float | None) -> float | None:
    """Return a fraction in per cent; None stays None."""
    return None if fraction is None else 100.0 * fraction


def _annualised(session: Session, period: Period | None, summary: dict[str, Any]) -> dict[str, float | None]:
    """Return Sharpe, Sortino and Calmar ratios from equity at the end of each UTC day."""
    undefined: dict[str, float | None] = {"sharpe_ratio": None, "sortino_ratio": None, "calmar_ratio": None}
    if period is None:
        return undefined
    # A copy: the curve of a session that goes on could not grow while a view of its memory exists.
    curve = np.array(session.outputs.curve, np.float64)
    times = period.step_times_ms[: len(curve)]
    closing = daily_equity(times, curve[: len(times)])
    if len(curve) > len(times) and closing:
        closing[-1] = float(curve[-1])
    if min(closing, default=0.0) <= 0.0:
        return undefined
    returns = daily_returns(summary["starting_balance"], closing)
    days = (period.end_ms - period.start_ms) / DAY_MS
    growth = summary["equity"] / summary["starting_balance"]
    return {
        "sharpe_ratio": sharpe_ratio(returns),
        "sortino_ratio": sortino_ratio(returns),
        "calmar_ratio": calmar_ratio(growth, days, summary["max_drawdown_pct"] / 100.0) if days >= 1.0 else None,
    }


def _warnings(session: Session, settings: "Settings", window: "SessionWindow", *, partial: bool) -> list[str]:
    """Return what the reader of a live session's result must know."""
    needed = session.rules.warmup_candles
    warnings = []
    for symbol in session.instruments:
        ends = window.warning_of(symbol)
        warnings += [] if ends is None else [f"{symbol}: {ends}"]
        interval = settings.live.detail_interval or settings.live.timeframe
        marks = mark_warning(settings, *window.missing_marks(symbol), wanted=interval)
        warnings += [] if marks is None else [f"{symbol}: {marks}"]
        if not window.candles.get(symbol):
            warnings.append(f"{symbol}: no candle came in; it took no part")
        elif window.warmed.get(symbol, 0) < needed:
            warnings.append(
                f"{symbol}: {window.warmed.get(symbol, 0)} of {needed} warm-up candles were there at the "
                "start; the rest was warmed inside the session, and no order was made until then"
            )
    if window.missed_steps:
        warnings.append(f"{window.missed_steps} steps were missed while the session was down and refused every entry")
    if session.kill_switch_engaged:
        warnings.append("the kill switch is engaged: every entry is refused")
    if session.paused:
        warnings.append("an operator has paused the session: every entry is refused")
    if session.rules.entry_fill == "close":
        warnings.append("entry_fill: close fills entries inside the candle that decided them")
    if partial:
        warnings.append("PARTIAL: the session was cut short; positions that were open then are still open")
    return warnings


def _total(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
