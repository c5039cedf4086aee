"""Whole processes as a user waits for them: a day, a year, and the first run on a machine."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.market import configuration
from benchmarks.measure import BACKTEST, ROOT, ended
from benchmarks.workloads import START_MS
from core.instants import format_ms
from core.timeframe import DAY_MS, MINUTE_MS
from market_data.instruments.inferred_rules import infer_instrument
from market_data.instruments.instrument_store import InstrumentStore
from market_data.store.candle_store import CandleStore
from practice.market.wide_market import practice_source

EXCHANGE = "binance"
NAMES = ("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "LTC", "LINK", "BNB", "AVAX")
_NO_SOURCE = shutil.ignore_patterns("__pycache__", ".*", "data", "logs", "tests", "test-results")


def measure_cold(folder: Path, runs: int, days: int) -> Iterator[Figure]:
    """Yield figures of whole processes over stored candles: of the practice market, and of ten symbols like its own."""
    folder.mkdir(parents=True, exist_ok=True)
    two = ("--symbols", "BTC/USDT,ETH/USDT", "--interval", "1m", "--start", "2024-01-01", "--end", "2024-01-02")
    places = ("--data-dir", str(folder / "data"), "--out", str(folder / "out"))
    day = (*BACKTEST, "--quiet", "--config", "config/practice.yaml", *two, *places)
    whole = {"nothing: python -c pass": ("-c", "pass"), "--help": (*BACKTEST, "--help"), "a day, 2 symbols, cold": day}
    for name, arguments in whole.items():
        ended(arguments)
        yield Figure.of(name, "whole process", "s", [ended(arguments).wall for _ in range(runs)])
    store(folder / "data", days)
    config = configuration(folder, EXCHANGE, [f"{name}/USDT" for name in NAMES])
    end = format_ms(START_MS + days * DAY_MS)
    year = (*BACKTEST, "--quiet", "--config", str(config), "--offline", "--start", "2024-01-01", "--end", end, *places)
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
        day = (*BACKTEST, "--quiet", "--config", "config/practice.yaml", "--start", "2024-01-01", "--end", "2024-01-02")
        places = ("--data-dir", str(folder / "data"), "--out", str(folder / "out"), "--engine", "compiled")
        first, second = (ended((*day, *places), tree, {"PYTHONPATH": str(tree)}) for _ in range(2))
    yield Figure.of("first compiled run on a machine", "CPU of the process", "s", [first.cpu])
    yield Figure.of("next compiled run", "CPU of the process", "s", [second.cpu])
