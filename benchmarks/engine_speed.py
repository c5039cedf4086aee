"""Speed of both engines, in turn on the same candles: CPU time after loading, all outputs written."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pandas as pd

from backtests import MemoryBacktest, run_many
from backtests.config_backtest import ConfigBacktestRunner
from backtests.engines.engine_choice import EngineChoice
from backtests.market_input import MarketInput, load_market
from backtests.run import run_loaded
from backtests.run_plan import RunPlan
from benchmarks.figures import Figure
from benchmarks.market import RECORDED, TWO_MONTHS, configuration, import_recorded
from benchmarks.workloads import DENSE, WORKLOADS, Workload, begun, hashed_market, market_of, plan_of, rows_of
from core.candle_columns import CandleColumns
from engine.assembly import build_strategy_of
from runs.documents.run_result import RunResult

REFERENCE_SHARE = 10
"""The reference kernel runs this part of the candles: its cost a candle does not depend on their number."""
_SWEEPS = 3
"""How often the sweep is made."""


def measured(market: MarketInput, params: Mapping[str, float], engine: EngineChoice) -> tuple[float, RunResult]:
    """Return the CPU seconds of a workload's run, and its result."""
    with tempfile.TemporaryDirectory() as name:
        return timed(plan_of(market, params, engine, Path(name)), market)


def timed(plan: RunPlan, market: MarketInput) -> tuple[float, RunResult]:
    """Return the CPU seconds of a plan's run over what was loaded, and its result."""
    strategy = build_strategy_of(plan.settings)
    begun_at = time.process_time()
    result = run_loaded(plan, strategy, market).result
    return time.process_time() - begun_at, result


def trips_of(result: RunResult) -> float:
    """Return the round trips of 1,000 candles."""
    return 1_000 * result.performance.total_trades / result.statistics.candles_processed


def measure_engines(rows: int, runs: int) -> Iterator[Figure]:
    """Yield candles a second of both engines for each workload."""
    for workload in WORKLOADS:
        market = market_of(workload.symbols, rows // workload.symbols)
        yield from _in_turn(workload, market, runs)


def _in_turn(workload: Workload, market: MarketInput, runs: int) -> Iterator[Figure]:
    part = begun(market, rows_of(market) // workload.symbols // REFERENCE_SHARE)
    rates: dict[EngineChoice, list[float]] = {"compiled": [], "reference": []}
    _, expected = measured(part, workload.params, "reference")
    _, got = measured(part, workload.params, "compiled")
    if expected.trades_sha256 != got.trades_sha256:
        raise SystemExit(f"{workload.name}: the engines write other trades")
    turns: tuple[tuple[EngineChoice, MarketInput], ...] = (("compiled", market), ("reference", part))
    for _ in range(runs):
        for engine, candles in turns:
            seconds, result = measured(candles, workload.params, engine)
            rates[engine].append(rows_of(candles) / seconds)
            if engine == "compiled":
                trips = trips_of(result)
    for name, own in rates.items():
        yield Figure.of(workload.name, name, "candles/s", own, trips)


def measure_growth(rows: int, runs: int) -> Iterator[Figure]:
    """Yield how many times as long twice the candles take, with many trades."""
    whole = market_of(1, 2 * rows)
    half = begun(whole, rows)
    ratios = []
    for run in range(runs + 1):
        short, long = (measured(market, DENSE, "compiled")[0] for market in (half, whole))
        # The first of all also takes the memory that later ones find.
        if run:
            ratios.append(long / short)
    yield Figure.of(f"dense, time of {2 * rows:,} candles over that of {rows:,}", "compiled", "times", ratios)


def measure_sweep(rows: int, count: int) -> Iterator[Figure]:
    """Yield candles a second of all runs of a sweep in two processes, by the clock; nothing is written.

    What it takes until the first result is there, beside candles and settings the start of the processes, is part of
    that, and told apart. A first turn that is not counted leaves these their bytecode, as a user's find it from the
    second on.
    """
    (one,) = market_of(1, rows).candles.values()
    times = pd.to_datetime(one.window.open_time_ms, unit="ms", utc=True)
    frame = pd.DataFrame(
        {"timestamp": times, **{name: getattr(one.window, name) for name in CandleColumns._fields[1:]}}
    )
    config = {
        "strategy": {"type": "scalping_ema_rsi", "params": DENSE},
        "execution": {"slippage": 0.0, "commission_rate": 0.00001, "starting_balance": 1_000_000.0},
        "trading_mode": {"max_daily_loss_pct": 1.0, "max_drawdown_pct": 1.0},
    }
    base = MemoryBacktest({one.symbol: frame}, config=config, instruments=one.instrument, engine="compiled")
    varied = [{"strategy.params.sl_atr_multiple": 2.0 + number / count} for number in range(count)]
    rates: list[float] = []
    starts: list[float] = []
    trades = 0
    list(run_many(base, varied[:2], processes=2))
    for turn in range(_SWEEPS):
        begun_at = time.perf_counter()
        for done in run_many(base, varied, processes=2):
            if len(starts) == turn:
                starts.append(time.perf_counter() - begun_at)
            if done.result is None:
                raise SystemExit(f"sweep: {done.error}")
            trades += done.result.result.performance.total_trades
        rates.append(count * rows / (time.perf_counter() - begun_at))
    trips = 1_000 * trades / (_SWEEPS * count * rows)
    name = f"sweep of {count} × {rows:,} dense, 2 processes, by the clock"
    yield Figure.of(name, "compiled", "candles/s", rates, trips)
    yield Figure.of(f"{name}: until the first result", "compiled", "s", starts)


def measure_shipped(folder: Path, runs: int) -> Iterator[Figure]:
    """Yield candles a second of both engines for the shipped strategy on real candles, where they are."""
    if not RECORDED.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    import_recorded(folder / "data", "binance", *TWO_MONTHS)
    config = configuration(folder, "binance", ["BTCUSDT", "ETHUSDT", "SUIUSDT", "TAOUSDT"])
    data, out = folder / "data", folder / "out"
    runner = ConfigBacktestRunner(config, "2024-04-01", "2024-06-01", offline=True, data_dir=data, output_dir=out)
    plan = runner.plan
    needed = build_strategy_of(plan.settings).warmup_candles
    market = hashed_market(load_market(runner.data_provider, plan.settings.live, plan.start_ms, plan.end_ms, needed))
    rates: dict[EngineChoice, list[float]] = {"compiled": [], "reference": []}
    trips = 0.0
    for run in range(runs + 1):
        for engine, own in rates.items():
            seconds, result = timed(msgspec.structs.replace(plan, engine=engine), market)
            trips = trips_of(result)
            if run:
                own.append(result.statistics.candles_processed / seconds)
    for name, own in rates.items():
        yield Figure.of("shipped, 4 real symbols", name, "candles/s", own, trips)
