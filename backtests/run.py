"""One backtest from a runner's settings to its outputs and its result."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from backtests.market_input import MarketInput, data_sha256, load_market
from backtests.replay import held_interrupts, replay, warm_up
from backtests.result import FinishedRun, build_result, manifest
from backtests.run_files import RunFiles, run_stem
from backtests.run_plan import RunPlan
from core.errors import StrategyError
from engine.assembly import build_session, build_strategy_of
from engine.session import Session
from reports.console.progress import ReplayProgress
from reports.json_report import to_json


def run_backtest(plan: RunPlan) -> dict[str, Any]:
    """Load, warm up, replay, end and write; errors as ``ConfigBacktestRunner.run`` names them."""
    settings, live = plan.settings, plan.settings.live
    strategy = build_strategy_of(settings)
    market = load_market(plan.data_provider, live, plan.start_ms, plan.end_ms, strategy.warmup_candles)
    loaded = market.candles
    files = RunFiles(plan.output_dir, run_stem(plan.start_ms, plan.end_ms))
    # Held until everything is written, so that an interrupt never finds outputs half done.
    with held_interrupts() as interrupt, _discarded_on_failure(files):
        session = build_session(
            settings,
            strategy,
            {symbol: one.instrument for symbol, one in loaded.items()},
            files.outputs(),
            plan.kill_switch,
            plan.safety_monitor,
        )
        failure, warmed = None, dict.fromkeys(loaded, 0)
        try:
            for index, one in enumerate(loaded.values()):
                if one.rule_changes:
                    session.schedule_rules(index, one.rule_changes)
            warm_up(session, [one.warmup for one in loaded.values()])
            warmed = _warmed(session, market)
            complete = _run_session(session, market, plan.show_progress, interrupt)
        except StrategyError as error:
            complete, failure = False, error
        # A run cut short by an interrupt or its strategy keeps its positions: its rows begin those of the whole run.
        session.finish(flatten=complete)
        run = FinishedRun(
            plan,
            session,
            market,
            warmed,
            data_sha256(market),
            getattr(strategy, "warmup_residual", None),
            partial=not complete,
        )
        result = _write(run, files)
    if failure is not None:
        raise StrategyError(
            f"{failure}; what was done is in {result['output_dir']}, marked partial",
            strategy=failure.strategy,
            symbol=failure.symbol,
            open_time_ms=failure.open_time_ms,
        ) from failure
    return result


@contextmanager
def _discarded_on_failure(files: RunFiles) -> Iterator[None]:
    try:
        yield
    except BaseException:
        files.discard()
        raise


def _run_session(session: Session, market: MarketInput, show_progress: bool | None, interrupt: threading.Event) -> bool:
    candles = sum(one.window.rows for one in market.candles.values())
    with ReplayProgress(candles, shown=show_progress is not False) as progress:
        return replay(session, market.window(), progress, interrupt)


def _warmed(session: Session, market: MarketInput) -> dict[str, int]:
    """Return how many candles of the segment that enters the window each symbol has seen."""
    counts = {}
    for symbol, one in market.candles.items():
        opens = one.window.open_time_ms
        counts[symbol] = session.candles_before(symbol, int(opens[0]) if len(opens) else None)
    return counts


def _write(run: FinishedRun, files: RunFiles) -> dict[str, Any]:
    """Write everything that stands beside the session's own outputs, and give all files their names."""
    result = build_result(run, files)
    files.write_curve(np.array(run.session.outputs.curve, np.float64))
    files.write("manifest.json", _lines(manifest(run)))
    files.write("result.json", to_json(result).encode())
    files.publish()
    return result


def _lines(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"
