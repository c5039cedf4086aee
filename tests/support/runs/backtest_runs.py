"""Backtests for tests: small configurations, frames in place of an exchange, and the command in its own process."""

import contextlib
import csv
import importlib
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from market_data.perpetual.perpetual_data import PerpetualData
from tests.support.config_tree import write_config
from tests.support.shared import REPOSITORY
from tests.support.warm_starts import start

START = "2024-01-01"
END = "2024-01-01T00:10"
SCHEDULED = "tests.support.scheduled_strategy:ScheduledStrategy"

# open, high, low, close of ten minutes: a long entered at the third reaches its target in the fifth, a short entered at
# the eighth its stop in the ninth.
PATH = (
    *[(100.0, 100.0, 100.0, 100.0)] * 4,
    (105.0, 111.0, 104.0, 110.0),
    *[(110.0, 110.0, 110.0, 110.0)] * 3,
    (110.0, 116.0, 109.0, 115.0),
    (115.0, 115.0, 115.0, 115.0),
)
TRADES = {"2": "LONG", "7": "SHORT"}


def scheduled_config(base: Path, signals: Mapping[str, str] | None = None, **changes: object) -> Path:
    """Write a configuration of one symbol with a scheduled strategy and return its live.yaml.

    ``changes`` replace keys of live.yaml; ``warmup_candles`` and ``execution`` are merged into their sections.
    """
    params: dict[str, object] = {"signals": dict(TRADES if signals is None else signals), "stop": 5.0, "target": 10.0}
    params["warmup_candles"] = changes.pop("warmup_candles", 0)
    execution = {"slippage": 0.001, "commission_rate": 0.001, **changes.pop("execution", {})}
    live = {
        "exchange": "practice",
        "symbols": ["BTC/USDT"],
        "timeframe": "1m",
        "strategy": {"type": SCHEDULED, "params": params},
        "execution": execution,
        "data": {"cache_dir": str(base / "data")},
        "logging": {"directory": str(base / "logs")},
    }
    return write_config(base, live={**live, **changes})


def frame_of(path: Sequence[Sequence[float]] = PATH, start: str = START, tz: str | None = "UTC") -> pd.DataFrame:
    """Return minutes as the frame that ``fetch_ohlcv`` returns."""
    frame = pd.DataFrame(path, columns=["open", "high", "low", "close"], dtype=float)
    frame.insert(0, "timestamp", pd.date_range(start, periods=len(path), freq="min", tz=tz))
    return frame.assign(volume=1.0)


def run_command(
    *arguments: object,
    cwd: Path = REPOSITORY,
    environment: Mapping[str, str] | None = None,
    module: str = "backtests.config_backtest",
    timeout: float = 120.0,
) -> subprocess.CompletedProcess[str]:
    """Run a command of the program in a process of its own, warnings as errors; every path is importable from it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        words, surroundings = ["-m", module, *map(str, arguments)], command_environment(environment)
        process = start(*words, cwd=cwd, env=surroundings, stdout=out, stderr=errors, strict=True)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
            process.wait()
        texts = [os.pread(one.fileno(), os.fstat(one.fileno()).st_size, 0).decode() for one in (out, errors)]
    return subprocess.CompletedProcess(words, code, *texts)


def called_command(
    *arguments: object, cwd: Path = REPOSITORY, module: str = "backtests.config_backtest"
) -> subprocess.CompletedProcess[str]:
    """Run a command as :func:`run_command` does, but in this process: for what is not about the process itself."""
    output, errors = io.StringIO(), io.StringIO()
    main = importlib.import_module(module).main
    words = list(map(str, arguments))
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors), _begun_in(cwd):
        code = main(words)
    return subprocess.CompletedProcess(words, code, output.getvalue(), errors.getvalue())


@contextlib.contextmanager
def _begun_in(folder: Path) -> Iterator[None]:
    """Be in a folder as a process that begins there is: what is imported from it is forgotten again."""
    known, path, cached = set(sys.modules), list(sys.path), sys.dont_write_bytecode
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        sys.path[:], sys.dont_write_bytecode = path, cached
        for name in set(sys.modules) - known:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(f"{folder}/") and folder != REPOSITORY:
                del sys.modules[name]


def command_environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a command: this one's, with the program on the import path."""
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), **(changes or {})}


def trade_rows(log_file: str | Path) -> list[dict[str, str]]:
    """Return the rows of a trade log as text by column."""
    with Path(log_file).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def events(output_dir: str | Path) -> list[dict[str, object]]:
    """Return the records of a run's decisions.jsonl."""
    return [json.loads(line) for line in (Path(output_dir) / "decisions.jsonl").read_text().splitlines()]


class StoredContract:
    """A provider of one contract: frames by interval, and what a contract has beside them."""

    def __init__(self, frames: Mapping[str, pd.DataFrame], data: PerpetualData) -> None:
        self.frames = frames
        self.data = data
        self.asked: list[tuple[object, ...]] = []

    def fetch_ohlcv(self, symbol: str, interval: str, *window: object) -> pd.DataFrame:
        """Return the frame of an interval, whatever the window."""
        return self.frames[interval]

    def load_perpetual(self, symbols: Sequence[str], interval: str, *window: int, **wanted: object) -> object:
        """Return the same for every symbol, and note what was asked for."""
        self.asked.append((tuple(symbols), interval, *window, wanted))
        return dict.fromkeys(symbols, self.data)
