"""Whole processes as a user waits for them: a day, a year, and the first run on a machine."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.figures import Figure
from benchmarks.market import configuration
from benchmarks.workloads import START_MS
from core.instants import format_ms
from core.timeframe import DAY_MS, MINUTE_MS
from market_data.instruments.inferred_rules import infer_instrument
from market_data.instruments.instrument_store import InstrumentStore
from market_data.store.candle_store import CandleStore
from practice.market.wide_market import practice_source

ROOT = Path(__file__).resolve().parents[1]
EXCHANGE = "binance"
BACKTEST = ("-m", "backtests.config_backtest", "--quiet")
NAMES = ("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "LTC", "LINK", "BNB", "AVAX")
_NO_SOURCE = shutil.ignore_patterns("__pycache__", ".*", "data", "logs", "tests", "test-results")


class Ended(NamedTuple):
    """What a process took: wall time, CPU time, and the most memory that it held, in MB."""

    wall: float
    cpu: float
    memory: float


def ended(arguments: Sequence[str], root: Path = ROOT, environment: Mapping[str, str] | None = None) -> Ended:
    """Run ``python ARGUMENTS…`` to its end."""
    begun_at = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=root,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        complaint = process.stderr.read() if process.stderr else b""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(
            f"{' '.join(arguments)} ended with exit code {process.returncode}: {complaint.decode()[-500:]}"
        )
    return Ended(time.perf_counter() - begun_at, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measure_cold(folder: Path, runs: int, days: int) -> Iterator[Figure]:
    """Yield figures of whole processes over stored candles: of the practice market, and of ten symbols like its own."""
    folder.mkdir(parents=True, exist_ok=True)
    two = ("--symbols", "BTC/USDT,ETH/USDT", "--interval", "1m", "--start", "2024-01-01", "--end", "2024-01-02")
    places = ("--data-dir", str(folder / "data"), "--out", str(folder / "out"))
    day = (*BACKTEST, "--config", "config/practice.yaml", *two, *places)
    for name, arguments in (("nothing: python -c pass", ("-c", "pass")), ("a day, 2 symbols, cold", day)):
        ended(arguments)
        yield Figure.of(name, "whole process", "s", [ended(arguments).wall for _ in range(runs)])
    store(folder / "data", days)
    config = configuration(folder, EXCHANGE, [f"{name}/USDT" for name in NAMES])
    end = format_ms(START_MS + days * DAY_MS)
    year = (*BACKTEST, "--config", str(config), "--offline", "--start", "2024-01-01", "--end", end, *places)
    ended(year)
    done = [ended(year) for _ in range(max(2, runs // 2))]
    name = f"{days} days, {len(NAMES)} symbols, cold"
    yield Figure.of(name, "whole process", "s", [one.wall for one in done])
    yield Figure.of(f"{name}: memory", "whole process", "MB", [one.memory for one in done])


def store(root: Path, days: int) -> None:
    """Store minutes of ten symbols, with their trading rules."""
    kept, rules, symbols = CandleStore(root), InstrumentStore(root), [f"{name}/USDT" for name in NAMES]
    market, end_ms = practice_source(1, symbols), START_MS + days * DAY_MS
    for name in symbols:
        columns = market.candles(name, "1m", START_MS, end_ms)
        kept.write(EXCHANGE, name, "1m", columns, source="practice")
        kept.add_coverage(EXCHANGE, name, "1m", START_MS, end_ms)
        rules.save_inferred(EXCHANGE, infer_instrument(name, columns, MINUTE_MS))


def measure_first_compile(folder: Path) -> Iterator[Figure]:
    """Yield the CPU time of the first compiled run on a machine, beside that of the next."""
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "tree"
        shutil.copytree(ROOT, tree, ignore=_NO_SOURCE)
        day = (*BACKTEST, "--config", "config/practice.yaml", "--start", "2024-01-01", "--end", "2024-01-02")
        places = ("--data-dir", str(folder / "data"), "--out", str(folder / "out"), "--engine", "compiled")
        first, second = (ended((*day, *places), tree, {"PYTHONPATH": str(tree)}) for _ in range(2))
    yield Figure.of("first compiled run on a machine", "CPU of the process", "s", [first.cpu])
    yield Figure.of("next compiled run", "CPU of the process", "s", [second.cpu])
