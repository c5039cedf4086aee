"""Speed of frame strategies in the reference kernel: the README's Breakout, with and without answers for a block."""

import re
import statistics
import sys
import time
from pathlib import Path

from backtests.config_backtest import ConfigBacktestRunner
from backtests.market_input import load_market
from benchmarks.market import TWO_MONTHS, configuration, import_recorded
from core.timeframe import timeframe_ms
from engine.assembly import build_strategy_of
from strategies.anchored_blocks import stored_candles_needed

SYMBOLS = ["BTCUSDT", "ETHUSDT", "SUIUSDT", "TAOUSDT"]
RUNS = 3
WITHOUT = """

class RowByRow(Breakout):
    generate_signals = None


class Rare(Breakout):
    def add_indicators(self, df):
        df = super().add_indicators(df)
        return df.assign(top=df["top"] * 1.01)
"""
"""The same without answers for a block, and the same with few signals: the price of a block itself."""


def measure_frames(folder: Path) -> None:
    """Print candles a second of each variant, three weeks of four symbols."""
    folder.mkdir(parents=True, exist_ok=True)
    import_recorded(folder / "data", "binance", *TWO_MONTHS)
    page = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
    source = next(block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "class Breakout" in block)
    (folder / "frame_benchmark.py").write_text(source + WITHOUT, encoding="utf-8")
    sys.path.insert(0, str(folder))
    print("frame strategies, by CPU after loading, decisions and outputs included:")
    for name, what in (("Breakout", "with generate_signals"), ("RowByRow", "without"), ("Rare", "with, rare signals")):
        runner = _runner(folder, f"frame_benchmark:{name}")
        result = runner.run()["statistics"]
        candles, signals = result["candles_processed"], result["signals_generated"]
        seconds = statistics.median(_cpu_seconds(runner) for _ in range(RUNS))
        per_mille = 1_000 * signals / candles
        print(f"  {what + ':':<22} {candles / seconds:>9,.0f} candles/s, {per_mille:.1f} signals per 1,000 candles")


def _cpu_seconds(runner: ConfigBacktestRunner) -> float:
    begun = time.process_time()
    live, strategy = runner.settings.live, build_strategy_of(runner.settings)
    needed = stored_candles_needed(strategy, runner.start_ms, timeframe_ms(live.timeframe))
    load_market(runner.data_provider, live, runner.start_ms, runner.end_ms, needed)
    loaded = time.process_time()
    runner.run()
    return time.process_time() - loaded - (loaded - begun)


def _runner(folder: Path, strategy: str) -> ConfigBacktestRunner:
    config = configuration(folder, "binance", SYMBOLS)
    section = f'\nstrategy: {{type: "{strategy}"}}\n'
    text = re.sub(r"\nstrategy:\n(?:  .*\n)+", section, config.read_text(encoding="utf-8"))
    config.write_text(text, encoding="utf-8")
    return ConfigBacktestRunner(
        config,
        "2024-04-01",
        "2024-04-22",
        offline=True,
        data_dir=folder / "data",
        output_dir=folder / "out",
        engine="reference",
    )
