"""The result of a backtest and its manifest, as plain values. Nothing in them depends on the machine or the clock."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np

from backtests.market_input import MarketInput
from backtests.run_files import RunFiles
from backtests.run_plan import RunPlan
from backtests.timeline import step_times
from core.code_version import code_version
from core.timeframe import timeframe_ms
from engine.session import Session
from market_data.candle_columns import Int64Array
from market_data.history.historical_data_provider import LoadedCandles
from reports.console.contract_facts import contract_facts, instrument_facts, mark_warning
from reports.console.run_facts import config_facts
from reports.figures.missing_candles import end_facts, ends_warning, slots_of
from reports.figures.session_figures import (
    Period,
    as_per_cent,
    held_return,
    performance_of,
    statistics_of,
    trades_by_symbol,
)

_NOT_ASKED = {"mark": "last price (mark prices are switched off)", "mark_candles": 0}
_LIBRARIES = ("numpy", "msgspec", "pydantic", "duckdb", "pyarrow", "pandas", "ccxt")


class FinishedRun(NamedTuple):
    """A session that has ended, and what it was made of.

    ``warmed`` counts the warm-up candles by symbol, ``warmup_residual`` is the share that an indicator's start may
    still have in its value after them (None where the strategy does not say).
    """

    plan: RunPlan
    session: Session
    market: MarketInput
    warmed: dict[str, int]
    data_sha256: str
    warmup_residual: float | None
    partial: bool


def build_result(run: FinishedRun, files: RunFiles) -> dict[str, Any]:
    """Return the result of a run, as ``ConfigBacktestRunner.run`` hands it out."""
    times, plan = _run_times(run), run.plan
    ran_to_ms = int(times[-1]) if len(times) else None
    strategy = run.session.rules.strategy_name
    return {
        "config": config_facts(plan.settings.live, strategy, plan.start_ms, plan.end_ms, ran_to_ms),
        "statistics": statistics_of(run.session),
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
    strategy = run.session.rules
    return {
        "window": {"start_ms": run.plan.start_ms, "end_ms": run.plan.end_ms},
        "settings": run.plan.settings.resolved(),
        "strategy": {
            "name": strategy.strategy_name,
            "warmup_candles": strategy.warmup_candles,
            "warmup_residual": run.warmup_residual,
        },
        "symbols": _symbols(run),
        "kill_switch_engaged": run.plan.kill_switch.engaged,
        "libraries": {name: version(name) for name in _LIBRARIES},
        "partial": run.partial,
        **_hashes(run),
        "equity_sha256": run.session.outputs.equity.sha256,
        "decisions_sha256": run.session.outputs.decisions.sha256,
    }


def _hashes(run: FinishedRun) -> dict[str, str]:
    return {
        "trades_sha256": run.session.outputs.trades.sha256,
        "orders_sha256": run.session.outputs.orders.sha256,
        "ledger_sha256": run.session.outputs.ledger.sha256,
        "settings_sha256": run.plan.settings.settings_sha256,
        "data_sha256": run.data_sha256,
        "code_version": code_version(),
    }


def _performance(run: FinishedRun) -> dict[str, Any]:
    times = _run_times(run)
    # What was cut short is judged by the time it covers.
    end_ms = int(times[-1]) if run.partial and len(times) else run.plan.end_ms
    returns = (_held_return(one) for one in run.market.candles.values())
    return performance_of(
        run.session, Period(run.plan.start_ms, end_ms, times), [one for one in returns if one is not None]
    )


def _run_times(run: FinishedRun) -> Int64Array:
    """Return the times of the steps that were run; the closing at the end adds a value to the curve and no step."""
    return step_times(run.market.window())[: len(run.session.outputs.curve)]


def _symbols(run: FinishedRun) -> dict[str, Any]:
    needed = run.session.rules.warmup_candles
    trades, described = trades_by_symbol(run.session), {}
    for symbol, one in run.market.candles.items():
        described[symbol] = {
            "canonical": one.symbol,
            "candles": one.window.rows,
            "warmup_candles": run.warmed[symbol],
            "warmup_missing": max(0, needed - run.warmed[symbol]),
            "missing_candles": one.quality.get("missing", 0),
            **_ends(run, symbol),
            "quality": {finding: n for finding, n in one.quality.items() if finding != "candles" and n},
            **_detail(run, symbol),
            "instrument": instrument_facts(one.instrument, run.plan.start_ms),
            "rule_changes": [instrument_facts(rules) for rules in one.rule_changes],
            **contract_facts(run.plan.settings, symbol, one.instrument, _contract(run.market, symbol)),
            **trades[symbol],
            "buy_and_hold_return_pct": as_per_cent(_held_return(one)),
        }
    return described


def _warnings(run: FinishedRun) -> list[str]:
    needed = run.session.rules.warmup_candles
    warnings = []
    for symbol, one in run.market.candles.items():
        if not one.window.rows:
            warnings.append(f"{symbol}: no candle in the window; it takes no part")
        elif run.warmed[symbol] < needed:
            warnings.append(
                f"{symbol}: {run.warmed[symbol]} of {needed} warm-up candles were stored before the window; "
                "the rest is warmed inside it, and no order is made until then"
            )
        ends = ends_warning(_ends(run, symbol))
        warnings += [] if ends is None else [f"{symbol}: {ends}"]
        refused = one.quality.get("refused", 0)
        if refused:
            warnings.append(f"{symbol}: {refused} rows were refused on the way into the store")
        warnings += _of_detail(run.market, symbol)
        warnings += _of_contract(run, symbol)
    if run.plan.kill_switch.engaged:
        warnings.append("the kill switch is engaged: every entry is refused")
    if run.plan.settings.live.execution.entry_fill == "close":
        warnings.append("entry_fill: close fills entries inside the candle that decided them")
    if run.partial:
        warnings.append("PARTIAL: the run was cut short; positions that were open then are still open in its result")
    return warnings


def _ends(run: FinishedRun, symbol: str) -> dict[str, Any]:
    """Return from when to when a symbol has candles, and how many are missing before and after."""
    opens = run.market.candles[symbol].window.open_time_ms
    span = (int(opens[0]), int(opens[-1])) if len(opens) else None
    return end_facts(span, run.plan.start_ms, run.plan.end_ms, timeframe_ms(run.market.timeframe))


def _detail(run: FinishedRun, symbol: str) -> dict[str, Any]:
    """Return how many detail candles there were, and how many were missing; nothing where the run uses none."""
    one, interval = run.market.detail.get(symbol), run.market.detail_interval
    if one is None or interval is None:
        return {}
    wanted = slots_of(run.plan.start_ms, run.plan.end_ms, timeframe_ms(interval))
    return {"detail_candles": one.window.rows, "missing_detail_candles": wanted - one.window.rows}


def _contract(market: MarketInput, symbol: str) -> Mapping[str, Any]:
    one = market.perpetual.get(symbol)
    return _NOT_ASKED if one is None else one.facts


def _of_contract(run: FinishedRun, symbol: str) -> list[str]:
    """Return the warnings about a contract's mark prices and funding, the symbol as configured."""
    contract = run.market.perpetual.get(symbol)
    if contract is None:
        return []
    unified = f"{contract.symbol}: "
    warnings = [f"{symbol}: {text.removeprefix(unified)}" for text in contract.warnings]
    detail = run.market.detail.get(symbol)
    steps = run.market.candles[symbol] if detail is None or not detail.window.rows else detail
    opens = steps.window.open_time_ms
    missing = int(np.isin(opens, contract.marks.open_time_ms, invert=True).sum())
    wanted = run.market.detail_interval or run.market.timeframe
    marks = mark_warning(run.plan.settings, missing, len(opens), wanted=wanted)
    return warnings if marks is None else [*warnings, f"{symbol}: {marks}"]


def _of_detail(market: MarketInput, symbol: str) -> list[str]:
    one = market.detail.get(symbol)
    if one is None or one.window.rows or not market.candles[symbol].window.rows:
        return []
    return [
        f"{symbol}: no candle of the detail interval {market.detail_interval} in the window; its orders are matched by "
        f"the candles of {market.timeframe}"
    ]


def _held_return(one: LoadedCandles) -> float | None:
    window = one.window
    return held_return(float(window.open[0]), float(window.close[-1])) if window.rows else None
