"""Runs the compiled rules on candles given in a test, and compares what they write with the kernel's."""

import json
import unittest
from array import array
from collections.abc import Mapping
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

from backtests.engines.compiled_session import CompiledSession
from backtests.engines.engine_choice import reference_reason, run_compiled
from backtests.market_input import MarketInput
from backtests.run_plan import RunPlan
from compiled.driving.compiled_run import CompiledRun, Sinks
from compiled.driving.contracts import Contract
from compiled.driving.core_builder import SymbolMarket, build_core
from compiled.driving.coverage import uncovered_reasons
from compiled.driving.opinion_rows import WordedRows
from compiled.layout import SIGNAL_ROW, Records
from compiled.text.words import TextRows
from core.candle_columns import CandleColumns
from core.errors import Uncovered
from core.event_lines import EQUITY_HEADER, LEDGER_HEADER, ORDER_HEADER, TRADE_HEADER, details_of
from core.events import Decision
from core.trading_signal import Signal
from engine.renderer import SessionOutputs
from engine.session import Session
from execution.money.account_totals import AccountTotals
from strategies.strategy import StreamingStrategy
from tests.support.candles import columns_of
from tests.support.oracles.slow_model import Case
from tests.support.runs.kernel_runs import Candles, FundingRates, KernelRun, settings_from

OUTPUTS = ("trades", "equity", "decisions", "orders", "ledger")


class CompiledOutputs(NamedTuple):
    """What the compiled rules wrote."""

    trades: bytes
    equity: bytes
    decisions: bytes
    orders: bytes
    ledger: bytes
    curve: list[float]


CANDLES_AT_ONCE = 50
"""So few that even short cases are fed piece by piece."""


def opinions_on(window: CandleColumns, signals: Mapping[int, Signal], rows_of: WordedRows) -> tuple[Records, list[str]]:
    """Return the scripted signals of a window as records, and as JSON."""
    rows, texts = [], []
    for row, open_ms in enumerate(window.open_time_ms.tolist()):
        signal = signals.get(open_ms)
        if signal is not None and signal.direction != "FLAT":
            rows.append(rows_of.row(row, signal))
            told = details_of(Decision(0, "", signal, {}, ()))["signal"]
            texts.append(json.dumps(told, sort_keys=True, separators=(",", ":")))
    return np.array(rows, SIGNAL_ROW), texts


def run_compiled_on(
    case: Case,
    timeframe: str,
    detail: Candles | None = None,
    marks: Candles | None = None,
    funding: FundingRates | None = None,
) -> CompiledOutputs:
    """Run the compiled rules on a case of the model, with finer candles or none; Uncovered if they do not cover it."""
    settings = settings_from(case.settings, case.symbols, timeframe)
    rules = [(case.instruments[symbol], False) for symbol in case.symbols]
    for reason in uncovered_reasons(settings.live.execution, rules):
        raise Uncovered(reason)
    market, texts, rows_of = [], [], WordedRows()
    for symbol in case.symbols:
        candles = case.candles.get(symbol, ())
        stored = [one for one in candles if one.open_time_ms < case.start_ms]
        window = columns_of([one for one in candles if one.open_time_ms >= case.start_ms])
        opinions, told = opinions_on(window, case.signals.get(symbol, {}), rows_of)
        contract = Contract(columns_of((marks or {}).get(symbol, ())), (funding or {}).get(symbol, ()))
        warmup = columns_of(stored[len(stored) - min(len(stored), case.warmup_candles) :])
        fine = columns_of([one for one in (detail or {}).get(symbol, ()) if one.open_time_ms >= case.start_ms])
        rules = case.instruments[symbol]
        market.append(SymbolMarket(symbol, rules, warmup, window, opinions, None, fine, contract))
        texts.append(TextRows(told))
    said = rows_of.said
    with patch("compiled.driving.candle_feed.CANDLES_AT_ONCE", CANDLES_AT_ONCE):
        core, feed = build_core(settings, case.warmup_candles, market, case.kill_switch, said)
    headers = (TRADE_HEADER, EQUITY_HEADER, "", ORDER_HEADER, LEDGER_HEADER)
    written = [bytearray(header.encode()) for header in headers]
    curve = array("d")
    sinks = Sinks(*(one.extend for one in written), curve.frombytes)
    CompiledRun(core, feed, case.symbols, "scripted", texts, said.tags).run(sinks)
    return CompiledOutputs(*(bytes(one) for one in written), curve.tolist())


def run_compiled_plan(
    plan: RunPlan, strategy: StreamingStrategy, market: MarketInput
) -> tuple[CompiledSession, CompiledOutputs]:
    """Run the compiled rules as a backtest does, into memory; Uncovered where they do not cover it."""
    reason = reference_reason(plan, market)
    if reason is not None:
        raise Uncovered(reason)
    written = [bytearray() for _ in OUTPUTS]
    outputs = SessionOutputs(*(one.extend for one in written))
    session, _ = run_compiled(plan, strategy, market, outputs)
    return session, CompiledOutputs(*(bytes(one) for one in written), list(outputs.curve))


def require_same_bytes(test: unittest.TestCase, expected: KernelRun, got: CompiledOutputs) -> None:
    """Fail with the first line that differs."""
    for name in OUTPUTS:
        theirs, ours = getattr(expected, name), getattr(got, name)
        if theirs != ours:
            for number, lines in enumerate(zip(theirs.splitlines(), ours.splitlines(), strict=False), 1):
                test.assertEqual(*(line.decode() for line in lines), f"{name}, line {number}")
            test.assertEqual(len(theirs.splitlines()), len(ours.splitlines()), name)
    test.assertEqual(list(expected.session.outputs.curve), got.curve)


def require_same_figures(test: unittest.TestCase, expected: Session, got: CompiledSession) -> None:
    """Fail with the first figure of the result that differs; some of them stand in no output."""
    for name in expected.statistics.__slots__:
        test.assertEqual(getattr(expected.statistics, name), getattr(got.statistics, name), name)
    for name in ("performance", "exits", "rung_fills", "funding_net", "funding_paid", "open_funding"):
        test.assertEqual(getattr(expected.account, name), getattr(got.account, name), name)
    test.assertEqual(told_totals(expected.account.totals), told_totals(got.account.totals))
    test.assertEqual(list(expected.candle_moves), got.candle_moves)


def told_totals(totals: AccountTotals) -> dict[str, Any]:
    """Return what fills and trades add up to as plain values; a symbol without a fill is left out."""
    trades = totals.trades
    figures = (trades.profit_factor, trades.expectancy, trades.average_win, trades.average_loss, trades.streaks)
    results = {"": trades.all, **trades.by_symbol, **{f"tag {name}": one for name, one in trades.by_tag.items()}}
    fills = {name: one for name, one in totals.by_symbol.items() if one.fills}
    rungs = any(one.rungs for one in fills.values())
    return {
        "costs": totals.costs,
        "fills": totals.fills,
        "figures": [one.value for one in (*figures, trades.held)],
        "ambiguous": (trades.ambiguous, trades.ambiguous_bound),
        "results": {name: (one.trades, one.won, one.even, one.realized) for name, one in results.items() if one.trades},
        "symbols": {name: (one.fills, dict(one.exits), one.funding) for name, one in fills.items()},
        "rungs": {
            name: (one.positions, {n: (r.fills, r.positions, r.quantity, r.realized) for n, r in one.rungs.items()})
            for name, one in fills.items()
            if rungs
        },
    }
