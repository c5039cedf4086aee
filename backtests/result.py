"""The result of a backtest and its manifest, as plain values. Nothing in them depends on the machine or the clock."""

from collections.abc import Iterable
from decimal import Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from backtests.run_files import RunFiles
from backtests.timeline import step_opens
from core.code_version import code_version
from core.exact import EXACT, ZERO, plain
from core.instants import format_ms
from core.timeframe import DAY_MS
from engine.session import Session
from execution.closed_trade import ClosedTrade
from market_data.historical_data_provider import LoadedCandles
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

if TYPE_CHECKING:
    from backtests.config_backtest import ConfigBacktestRunner

_LIBRARIES = ("numpy", "msgspec", "pydantic", "duckdb", "pyarrow", "pandas", "ccxt")


class FinishedRun(NamedTuple):
    """A session that has ended, and what it was made of.

    ``warmed`` counts the warm-up candles by symbol, ``warmup_residual`` is the share that an indicator's start may
    still have in its value after them (None where the strategy does not say).
    """

    runner: "ConfigBacktestRunner"
    session: Session
    loaded: dict[str, LoadedCandles]
    warmed: dict[str, int]
    data_sha256: str
    warmup_residual: float | None
    partial: bool


def build_result(run: FinishedRun, files: RunFiles) -> dict[str, Any]:
    """Return the result of a run, as ``ConfigBacktestRunner.run`` hands it out."""
    live = run.runner.settings.live
    return {
        "config": {
            "start_date": format_ms(run.runner.start_ms),
            "end_date": format_ms(run.runner.end_ms),
            "interval": run.runner.interval,
            "symbols": list(run.runner.symbols),
            "starting_balance": live.execution.starting_balance,
            "exchange": live.exchange,
            "strategy": run.session.parts.rules.strategy_name,
            "entry_fill": live.execution.entry_fill,
        },
        "statistics": _statistics(run),
        "performance": _performance(run),
        "symbols": _symbols(run),
        "log_file": str(files.log_file),
        "output_dir": str(files.folder),
        **_hashes(run),
        "partial": run.partial,
        "warnings": _warnings(run),
    }


def manifest(run: FinishedRun) -> dict[str, Any]:
    """Return what the run was made of: resolved settings, data, trading rules, code and library versions, hashes."""
    strategy = run.session.parts.rules
    return {
        "window": {"start_ms": run.runner.start_ms, "end_ms": run.runner.end_ms},
        "settings": run.runner.settings.resolved(),
        "strategy": {
            "name": strategy.strategy_name,
            "warmup_candles": strategy.warmup_candles,
            "warmup_residual": run.warmup_residual,
        },
        "symbols": _symbols(run),
        "kill_switch_engaged": run.runner.kill_switch.engaged,
        "libraries": {name: version(name) for name in _LIBRARIES},
        "partial": run.partial,
        **_hashes(run),
        "equity_sha256": run.session.parts.outputs.equity.rows.sha256,
        "decisions_sha256": run.session.parts.outputs.decisions.lines.sha256,
    }


def _hashes(run: FinishedRun) -> dict[str, str]:
    return {
        "trades_sha256": run.session.parts.outputs.trades.sha256,
        "settings_sha256": run.runner.settings.settings_sha256,
        "data_sha256": run.data_sha256,
        "code_version": code_version(),
    }


def _statistics(run: FinishedRun) -> dict[str, Any]:
    parts = run.session.parts
    ambiguous = [trade for trade in parts.account.closed if trade.ambiguous]
    bound = _total(EXACT.subtract(trade.best_case_pnl, trade.realized_pnl) for trade in ambiguous)
    return {**parts.statistics.to_dict(), "ambiguous_trades": len(ambiguous), "ambiguous_bound": float(bound)}


def _performance(run: FinishedRun) -> dict[str, Any]:
    parts = run.session.parts
    summary = parts.trader.get_performance_summary()
    closed, rows = parts.account.closed, parts.account.rows
    results = [trade.realized_pnl for trade in closed]
    commission, slippage = _total(row.commission for row in rows), _total(row.slippage for row in rows)
    held = holding_time(trade.exit_time_ms - trade.entry_time_ms for trade in closed)
    streaks = longest_streaks(results)
    returns = [one for one in (_buy_and_hold(loaded) for loaded in run.loaded.values()) if one is not None]
    held_return = equal_weighted(returns)
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
        "slippage_paid": float(slippage),
        "total_costs": float(EXACT.add(commission, slippage)),
        "buy_and_hold_return_pct": None if held_return is None else 100.0 * held_return,
        **_annualised(run, summary),
    }


def _annualised(run: FinishedRun, summary: dict[str, Any]) -> dict[str, float | None]:
    """Return Sharpe, Sortino and Calmar ratios from equity at the end of each UTC day."""
    curve = np.frombuffer(run.session.parts.outputs.equity.curve, np.float64)
    times = _step_times(run)[: len(curve)]
    closing = daily_equity(times, curve[: len(times)])
    if len(curve) > len(times) and closing:
        closing[-1] = float(curve[-1])
    if min(closing, default=0.0) <= 0.0:
        return {"sharpe_ratio": None, "sortino_ratio": None, "calmar_ratio": None}
    returns = daily_returns(summary["starting_balance"], closing)
    # What was cut short is judged by the time it covers.
    end_ms = int(times[-1]) if run.partial and len(times) else run.runner.end_ms
    days = (end_ms - run.runner.start_ms) / DAY_MS
    growth = summary["equity"] / summary["starting_balance"]
    return {
        "sharpe_ratio": sharpe_ratio(returns),
        "sortino_ratio": sortino_ratio(returns),
        "calmar_ratio": calmar_ratio(growth, days, summary["max_drawdown_pct"] / 100.0),
    }


def _step_times(run: FinishedRun) -> "np.typing.NDArray[np.int64]":
    opens = step_opens([one.window for one in run.loaded.values()])
    return opens + run.session.parts.rules.timeframe_ms


def _symbols(run: FinishedRun) -> dict[str, Any]:
    needed = run.session.parts.rules.warmup_candles
    by_symbol: dict[str, list[ClosedTrade]] = {symbol: [] for symbol in run.loaded}
    for trade in run.session.parts.account.closed:
        by_symbol[trade.symbol].append(trade)
    described = {}
    for symbol, one in run.loaded.items():
        results = [trade.realized_pnl for trade in by_symbol[symbol]]
        rules, held = one.instrument, _buy_and_hold(one)
        described[symbol] = {
            "canonical": one.symbol,
            "candles": one.window.rows,
            "warmup_candles": run.warmed[symbol],
            "warmup_missing": max(0, needed - run.warmed[symbol]),
            "missing_candles": one.quality.get("missing", 0),
            "quality": {finding: n for finding, n in one.quality.items() if finding != "candles" and n},
            "instrument": {
                "tick_size": plain(rules.tick_size),
                "lot_size": plain(rules.lot_size),
                "min_notional": plain(rules.min_notional),
                "min_quantity": plain(rules.min_quantity),
                "source": rules.source,
                "as_of": None if rules.as_of_ms is None else format_ms(rules.as_of_ms),
            },
            "trades": len(results),
            "realized_pnl": float(_total(results)),
            "win_rate": win_rate_pct(results),
            "buy_and_hold_return_pct": None if held is None else 100.0 * held,
        }
    return described


def _warnings(run: FinishedRun) -> list[str]:
    needed = run.session.parts.rules.warmup_candles
    warnings = []
    for symbol, one in run.loaded.items():
        if not one.window.rows:
            warnings.append(f"{symbol}: no candle in the window; it takes no part")
        elif run.warmed[symbol] < needed:
            warnings.append(
                f"{symbol}: {run.warmed[symbol]} of {needed} warm-up candles were stored before the window; "
                "the rest is warmed inside it, and no order is made until then"
            )
        refused = one.quality.get("refused", 0)
        if refused:
            warnings.append(f"{symbol}: {refused} rows were refused on the way into the store")
    if run.runner.kill_switch.engaged:
        warnings.append("the kill switch is engaged: every entry is refused")
    if run.runner.settings.live.execution.entry_fill == "close":
        warnings.append("entry_fill: close fills entries inside the candle that decided them")
    if run.partial:
        warnings.append("PARTIAL: the run was cut short; positions that were open then are still open in its result")
    return warnings


def _buy_and_hold(one: LoadedCandles) -> float | None:
    window = one.window
    return buy_and_hold(float(window.open[0]), float(window.close[-1])) if window.rows else None


def _total(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
