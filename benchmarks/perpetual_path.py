"""Speed of perpetual contracts in the reference kernel, against the same candles traded as spot."""

from collections.abc import Callable
from pathlib import Path

import yaml

from backtests.config_backtest import ConfigBacktestRunner
from backtests.market_input import load_market
from benchmarks.market import PERPETUALS, configuration, import_recorded
from benchmarks.measure import interleaved_seconds
from engine.assembly import build_strategy_of

SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "LAYERUSDT"]
START, END = "2025-05-05", "2025-06-03"


def measure_perpetuals(folder: Path) -> None:
    """Print candles a second after loading: spot, perpetuals, and perpetuals with the example's ladder."""
    folder.mkdir(parents=True, exist_ok=True)
    import_recorded(folder / "data", "binance-perp", *PERPETUALS)
    spot = configuration(folder, "binance-perp", SYMBOLS)
    example = yaml.safe_load((Path(__file__).resolve().parents[1] / "examples" / "binance-perp.yaml").read_text())
    settings = yaml.safe_load(spot.read_text(encoding="utf-8"))
    settings["execution"] = {"perpetual": {**example["execution"]["perpetual"], "mark_price": True}}
    perpetual = folder / "perpetual.yaml"
    perpetual.write_text(yaml.safe_dump(settings), encoding="utf-8")
    settings["execution"] = example["execution"]
    ladder = folder / "ladder.yaml"
    ladder.write_text(yaml.safe_dump(settings), encoding="utf-8")
    runners = {
        "spot": _runner(spot, folder),
        "perpetual": _runner(perpetual, folder),
        "perpetual, with a ladder": _runner(ladder, folder),
    }
    candles = runners["spot"].run()["statistics"]["candles_processed"]
    loading = interleaved_seconds([_loading(runner) for runner in runners.values()], 3)
    whole = interleaved_seconds([runner.run for runner in runners.values()], 7)
    seconds = [run - load for run, load in zip(whole, loading, strict=True)]
    print(f"perpetual contracts: {candles:,} candles, after loading, outputs included:")
    for name, own in zip(runners, seconds, strict=True):
        print(f"  {name + ':':<26} {candles / own:>9,.0f} candles/s, {seconds[0] / own:.2f} of spot's speed")


def _runner(config: Path, folder: Path) -> ConfigBacktestRunner:
    return ConfigBacktestRunner(
        config,
        START,
        END,
        offline=True,
        data_dir=folder / "data",
        output_dir=folder / config.stem,
        engine="reference",
    )


def _loading(runner: ConfigBacktestRunner) -> Callable[[], object]:
    strategy = build_strategy_of(runner.settings)

    def load() -> object:
        live = runner.settings.live
        return load_market(runner.data_provider, live, runner.start_ms, runner.end_ms, strategy.warmup_candles)

    return load
