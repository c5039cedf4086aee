"""Wall time of commands on the candle store, as a user waits for them."""

from pathlib import Path

from benchmarks.market import RECORDED, TWO_YEARS
from benchmarks.measure import process_seconds


def measure_store(folder: Path) -> None:
    """Print the wall time of importing the largest recorded file and of listing its gaps."""
    store = ["--exchange", "binance", "--data-dir", str(folder / "import")]
    imported = process_seconds(["-m", "market_data", "import", *store, str(RECORDED / TWO_YEARS)], 3)
    gaps = process_seconds(["-m", "market_data", "gaps", *store, "--symbol", "BTC/USDT", "--timeframe", "1m"], 5)
    print("candle store, whole process, median:")
    print(f"  import of 1,006,587 rows: {imported:.2f} s")
    print(f"  gaps on them:             {gaps:.2f} s")
