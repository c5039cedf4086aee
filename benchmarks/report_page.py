"""CPU time, memory and size of a long run's page: ``python -m benchmarks.report_page``.

A year of one-minute candles and 10,000 trades. Asked for: figures and page in less than 3 s of CPU, below 300 MB and
below 3 MB.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from backtests import run_backtest
from core.candle import Candle
from core.trading_signal import Signal
from market_data.history.historical_data_provider import HistoricalDataProvider
from market_data.practice.practice_market import PracticeMarket
from reports.page import write_page
from runs.reading import read_run

START_MS, MINUTES, EVERY = 1_672_531_200_000, 525_600, 38
SYMBOL = "BTC/USDT"
_LIMITS = {"max_daily_loss_pct": 0.9, "max_drawdown_pct": 0.9, "max_exposure_pct": 0.9}


def main() -> int:
    """Make the run, then its page in a process of its own, and print what that took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trades = make_run(folder)
        page = folder / "page.html"
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.report_page", str(folder), str(page)],
            capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )  # fmt: skip
        print(f"{MINUTES:,} steps, {trades:,} trades; figures and page as a whole process")
        print(done.stdout, end="")
        print(f"page {page.stat().st_size / 1e6:.2f} MB")
    return 0


def make_run(folder: Path) -> int:
    """Trade every 38th minute of a year for a few of them, and return how many trades that made."""
    columns = PracticeMarket().candles(SYMBOL, "1m", START_MS, START_MS + MINUTES * 60_000)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    config = {
        "exchange": "practice",
        "timeframe": "1m",
        "data": {"cache_dir": str(folder / "data")},
        "trading_mode": _LIMITS,
        "execution": {"commission_rate": 0.00002, "slippage": 0.00001},
    }
    result = run_backtest(
        {SYMBOL: rows}, opinion, config=config, output_dir=folder, instruments=PracticeMarket().markets()
    )
    # A backtest by the command leaves its candles in the store.
    HistoricalDataProvider("practice", folder / "data").load([SYMBOL], "1m", START_MS, START_MS + MINUTES * 60_000)
    return int(result.metrics["total_trades"])


def opinion(candle: Candle) -> Signal | None:
    """Go long and short in turns."""
    number, rest = divmod(candle.open_time_ms // 60_000, EVERY)
    if rest:
        return None
    distance = candle.close * 0.002
    return Signal("LONG" if number % 2 else "SHORT", sl_distance=distance, tp_distance=distance)


def make_page(folder: Path, page: Path) -> None:
    """Write the page of the run in a folder and print what that took."""
    (log,) = (one for one in folder.glob("*.csv") if re.match("config_backtest_", one.name))
    write_page([read_run(log)], page)
    # What getrusage tells would be the peak of the process that started this one.
    (peak_kb,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(f"CPU time {time.process_time():.2f} s, peak memory {int(peak_kb) / 1024:.0f} MB")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        make_page(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        sys.exit(main())
