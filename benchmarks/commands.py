"""Wall time of whole commands, as a user waits for them."""

from pathlib import Path

from benchmarks.market import RECORDED, TWO_YEARS
from benchmarks.measure import process_seconds

BACKTEST = ["-m", "backtests.config_backtest"]


def measure_start_up(folder: Path) -> None:
    """Print the wall time of ``--help`` and of a cached one-day run of two symbols, beside an empty interpreter's."""
    day = ["--config", "config/practice.yaml", "--start", "2024-01-01", "--end", "2024-01-02", "--interval", "1m"]
    places = ["--symbols", "BTC/USDT,ETH/USDT", "--data-dir", str(folder / "data"), "--out", str(folder / "out")]
    empty = process_seconds(["-c", "pass"])
    helped = process_seconds([*BACKTEST, "--help"])
    cached = process_seconds([*BACKTEST, *day, *places])
    print("start-up, whole process, median:")
    print(f"  python -c pass:                    {empty:.3f} s")
    print(f"  --help:                            {helped:.3f} s ({helped / empty:.1f} × the empty interpreter)")
    print(f"  one cached day of two symbols, 1m: {cached:.3f} s ({cached / empty:.1f} ×)")


def measure_store(folder: Path) -> None:
    """Print the wall time of importing the largest recorded file and of listing its gaps."""
    store = ["--exchange", "binance", "--data-dir", str(folder / "import")]
    imported = process_seconds(["-m", "market_data", "import", *store, str(RECORDED / TWO_YEARS)], 3)
    gaps = process_seconds(["-m", "market_data", "gaps", *store, "--symbol", "BTC/USDT", "--timeframe", "1m"], 5)
    print("candle store, whole process, median:")
    print(f"  import of 1,006,587 rows: {imported:.2f} s")
    print(f"  gaps on them:             {gaps:.2f} s")
