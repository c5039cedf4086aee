"""Speed of the compiled rules beside the reference kernel: the same candles, outputs written, CPU time after loading.

``python -m benchmarks.compiled_path [CANDLES]``. Both engines make the same run in one process, in turn.
"""

import sys
import tempfile
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import numpy as np

from backtests.engines.engine_choice import EngineChoice
from backtests.market_input import MarketInput
from backtests.run import run_loaded
from backtests.run_plan import RunPlan
from core.candle_columns import CandleColumns
from core.instrument import Instrument
from core.timeframe import MINUTE_MS
from engine.assembly import build_strategy_of
from execution.execution_settings import ExecutionSettings, TradingModeSettings
from market_data.history.loaded_candles import LoadedCandles
from risk_management.risk_config import RiskConfig
from runs.documents.run_result import RunResult
from strategies.strategy_settings import StrategySettings
from validation.composed_settings import Settings, SettingsFiles
from validation.live_settings import LiveSettings

START_MS = 1_704_067_200_000
DENSE = {"ema_fast": 2, "ema_slow": 4, "rsi_period": 3, "rsi_extreme_low": 1, "rsi_extreme_high": 99,
         "rsi_long_min": 30, "rsi_long_max": 98, "rsi_short_min": 2, "rsi_short_max": 70, "volume_multiplier": 0.5,
         "atr_period": 5, "sl_atr_multiple": 2.5, "tp_atr_multiple": 2.5}  # fmt: skip
WORKLOADS: Mapping[str, Mapping[str, float]] = {
    "dense": DENSE,
    "moderate": {**DENSE, "volume_multiplier": 1.85},
    "shipped": {},
}


def candles_of_seed(rows: int, seed: int) -> CandleColumns:
    """Return synthetic one-minute candles with two decimals."""
    chance = np.random.default_rng(seed)
    close = np.round(30_000 * np.exp(np.cumsum(chance.normal(0, 0.0006, rows) - 2e-8)), 2)
    opened = np.concatenate((close[:1], close[:-1]))
    high = np.round(np.maximum(opened, close) * (1 + np.abs(chance.normal(0, 0.0004, rows))), 2)
    low = np.round(np.minimum(opened, close) * (1 - np.abs(chance.normal(0, 0.0004, rows))), 2)
    times = START_MS + MINUTE_MS * np.arange(rows, dtype=np.int64)
    return CandleColumns(times, opened, high, low, close, np.round(chance.random(rows) * 100, 3))


def market_of(symbols: int, rows: int) -> MarketInput:
    """Return candles of several symbols as a run gets them."""
    found = {}
    for number in range(symbols):
        name = f"S{number}/USDT"
        rules = Instrument(name, Decimal("0.01"), Decimal("0.00001"), Decimal(5), source="synthetic")
        found[name] = LoadedCandles(
            name, CandleColumns.empty(), candles_of_seed(rows, number), rules, {"candles": rows}
        )
    return MarketInput(found, "1m")


def plan_of(market: MarketInput, params: Mapping[str, float], engine: EngineChoice, folder: Path) -> RunPlan:
    """Return a run of the shipped strategy over a market."""
    live = LiveSettings(
        exchange="practice",
        symbols=tuple(market.candles),
        timeframe="1m",
        strategy=StrategySettings(type="scalping_ema_rsi", params=dict(params)),
        execution=ExecutionSettings(slippage=0.0, commission_rate=0.00001, starting_balance=1_000_000.0),
    )
    mode = TradingModeSettings(max_daily_loss_pct=1.0, max_drawdown_pct=1.0)
    files = SettingsFiles("live.yaml", "risk.json", "mode.yaml")
    rows = next(iter(market.candles.values())).window.rows
    return RunPlan(
        settings=Settings(live, RiskConfig(max_exposure=0.05), mode, files),
        start_ms=START_MS,
        end_ms=START_MS + rows * MINUTE_MS,
        output_dir=folder,
        engine=engine,
    )


def measured(market: MarketInput, params: Mapping[str, float], engine: EngineChoice) -> tuple[float, RunResult]:
    """Return the CPU seconds of a run after loading, and its result."""
    with tempfile.TemporaryDirectory() as name:
        plan = plan_of(market, params, engine, Path(name))
        strategy = build_strategy_of(plan.settings)
        begun = time.process_time()
        result = run_loaded(plan, strategy, market).result
        return time.process_time() - begun, result


def measure_compiled(rows: int) -> None:
    """Print candles a second of both engines for each workload."""
    measured(market_of(1, 2_000), DENSE, "compiled")
    print(f"compiled rules beside the reference kernel, {rows:,} candles, CPU time after loading, outputs written:")
    for name, params in WORKLOADS.items():
        for symbols in (1, 10):
            market = market_of(symbols, rows // symbols)
            slow, expected = measured(market, params, "reference")
            fast, got = min((measured(market, params, "compiled") for _ in range(3)), key=lambda one: one[0])
            same = expected.trades_sha256 == got.trades_sha256
            trips = 1_000 * got.performance.total_trades / got.statistics.candles_processed
            print(
                f"  {name} × {symbols}: {trips:.2f} round trips per 1,000; reference {rows / slow:,.0f}/s, "
                f"compiled {rows / fast:,.0f}/s, {slow / fast:.1f} times{'' if same else ' — OTHER TRADES'}"
            )


if __name__ == "__main__":
    measure_compiled(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
