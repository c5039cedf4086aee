"""Folders of real runs for tests: made once a process, copied for each test that changes them."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from backtests.config_backtest import ConfigBacktestRunner
from tests.support.shared import REPOSITORY

PRACTICE = REPOSITORY / "config" / "practice.yaml"
ONE_DAY = "config_backtest_20240101_20240102"
TWO_DAYS = "config_backtest_20240101_20240103"


@functools.cache
def made_runs() -> Path:
    """Return a folder whose ``logs/backtests`` has a run of one day and one of two days, of two symbols."""
    folder = Path(tempfile.mkdtemp(prefix="runs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for end in ("2024-01-02", "2024-01-03"):
        ConfigBacktestRunner(
            PRACTICE, "2024-01-01", end, symbols=["BTC/USDT", "ETH/USDT"],
            data_dir=folder / "cache", output_dir=folder / "logs" / "backtests", show_progress=False,
        ).run()  # fmt: skip
    return folder


def copy_runs(target: Path) -> Path:
    """Copy the runs below a folder, times and links kept; return their ``logs/backtests``."""
    copied = target / "logs" / "backtests"
    shutil.copytree(made_runs() / "logs" / "backtests", copied, symlinks=True)
    return copied


def own_folder(backtests: Path, name: str) -> Path:
    """Return the folder of the newest run of a name."""
    return backtests / name / (backtests / name / "latest").readlink()
