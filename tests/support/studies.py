"""Studies for tests: a base with a planted optimum, and a store of their own."""

import functools
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from backtests import MemoryBacktest
from research.studies.study import Study
from runs.store.run_store import RunStore, open_store
from runs.store.store_rows import Trial
from tests.support.candles import candles_of
from tests.support.hour_strategy import RISES_IN, planted_candles

BEST_HOUR = RISES_IN - 1
DAYS = 5
"""As few as a study needs: each of its trials runs them all."""
CONFIG: dict[str, Any] = {
    "strategy": {"type": "tests.support.hour_strategy:Hour"},
    "execution": {"exits": {"max_holding": 1}, "commission_rate": 0.0001, "slippage": 0.0001},
}
SPACE = {"hour": "0..23", "target": "0.002..0.014:0.004"}
_KEPT = ("number", "status", "params", "value", "objectives", "fingerprint", "trades", "figures", "daily_equity")


def planted_base(days: int = 12, **config: Any) -> MemoryBacktest:
    """Return a backtest of the strategy with a planted optimum."""
    return MemoryBacktest({"BTC/USDT": candles_of(planted_candles(days))}, config={**CONFIG, **config})


@functools.cache
def empty_store() -> bytes:
    """Return what a store that has its tables, and nothing in them, is as a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite"
        open_store(f"sqlite:///{path}").close()
        return path.read_bytes()


def write_empty_store(path: Path) -> None:
    """Write a store that has its tables already: to make them costs more than most that is done in it."""
    path.write_bytes(empty_store())


def store_in(folder: str | Path, name: str = "runs") -> RunStore:
    """Return a store in a folder, of whoever opened it first."""
    path = Path(folder) / f"{name}.sqlite"
    if not path.exists():
        write_empty_store(path)
    return open_store(f"sqlite:///{path}")


def told(trials: list[Trial]) -> list[tuple[object, ...]]:
    """Return what two studies of one plan have to agree in."""
    return [tuple(getattr(one, name) for name in _KEPT) for one in trials]


def many_trials(study: Study, count: int) -> Study:
    """Return a study with so many trials of other points, made up of those that were made."""
    trials = []
    for number in range(count):
        known = study.ranked[number * 7 % len(study.ranked)]
        target = round(0.001 + number * 1e-6, 6)
        params = {**(known.params or {}), "hour": number * 11 % 24, "target": target}
        values = [value * (1.0 + target) for value in known.objectives or []]
        changed = {"number": number, "fingerprint": str(number), "params": params, "objectives": values}
        trials.append(msgspec.structs.replace(known, id=None, same_as=None, **changed))
    return Study(study.row, study.plan, study.objectives, trials)
