"""Speed of the reference path, where every candle is stepped: candles a second, memory, and cost against length."""

import functools
import time
from pathlib import Path
from typing import Any

from backtests.config_backtest import ConfigBacktestRunner
from backtests.market_input import MarketInput, load_market
from backtests.timeline import candles_of
from benchmarks.market import TWO_MONTHS, TWO_YEARS, configuration, import_recorded
from benchmarks.measure import call_seconds, peak_memory_mb
from core.instants import format_ms
from core.timeframe import MINUTE_MS
from engine.assembly import build_strategy_of
from strategies.open_stream import open_stream

SYMBOLS = ["BTCUSDT", "ETHUSDT", "SUIUSDT", "TAOUSDT"]
LENGTHS = (10_000, 30_000, 100_000, 300_000, 1_000_000)


def measure_throughput(folder: Path) -> None:
    """Print candles a second of the whole run after loading, and of the bare strategy streams beside it."""
    import_recorded(folder / "data", "binance", *TWO_MONTHS)
    config = configuration(folder, "binance", SYMBOLS)
    runner = _runner(config, folder, "2024-04-01", "2024-06-01", SYMBOLS)
    loading = call_seconds(lambda: _loaded(runner), 3)
    result: dict[str, Any] = runner.run()
    whole = call_seconds(runner.run, 5)
    streams = call_seconds(lambda: _bare_streams(runner), 3)
    candles = result["statistics"]["candles_processed"]
    trips = 1_000 * result["performance"]["total_trades"] / candles
    after_loading = whole - loading
    print(f"reference path: {candles:,} candles, {trips:.2f} round trips per 1,000 candles")
    print(f"  after loading, decisions and outputs included: {candles / after_loading:,.0f} candles/s")
    print(f"  loading included:                              {candles / whole:,.0f} candles/s")
    print(f"  bare strategy streams, no kernel:              {candles / streams:,.0f} candles/s")
    print(f"  whole run / bare streams:                      {after_loading / streams:.2f}")
    print(f"  peak memory of the process:                    {peak_memory_mb():.0f} MB")


def measure_lengths(folder: Path) -> None:
    """Print the cost per candle for runs of growing length on one symbol."""
    import_recorded(folder / "data", "binance-2017", TWO_YEARS)
    config = configuration(folder, "binance-2017", ["BTCUSDT"])
    start_ms = 1_502_942_400_000
    print("cost per candle against length (one symbol, after loading):")
    for length in LENGTHS:
        runner = _runner(config, folder, format_ms(start_ms), format_ms(start_ms + length * MINUTE_MS), ["BTCUSDT"])
        loading = call_seconds(functools.partial(_loaded, runner), 1)
        result = runner.run()
        begun = time.perf_counter()
        runner.run()
        seconds = time.perf_counter() - begun - loading
        candles = result["statistics"]["candles_processed"]
        print(f"  {candles:>9,} candles: {1e6 * seconds / candles:.2f} microseconds a candle")


def _runner(config: Path, folder: Path, start: str, end: str, symbols: list[str]) -> ConfigBacktestRunner:
    return ConfigBacktestRunner(
        config,
        start,
        end,
        None,
        symbols,
        offline=True,
        data_dir=folder / "data",
        output_dir=folder / "out",
        engine="reference",
    )


def _loaded(runner: ConfigBacktestRunner) -> MarketInput:
    warmup_candles = build_strategy_of(runner.settings).warmup_candles
    return load_market(runner.data_provider, runner.settings.live, runner.start_ms, runner.end_ms, warmup_candles)


def _bare_streams(runner: ConfigBacktestRunner) -> None:
    strategy = build_strategy_of(runner.settings)
    for symbol, one in _loaded(runner).candles.items():
        update = open_stream(strategy, symbol, timeframe_ms=MINUTE_MS).update
        for candle in candles_of(one.window):
            update(candle)
