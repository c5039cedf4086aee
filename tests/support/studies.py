"""Studies for tests: a base with a planted optimum, and a store of their own."""

from pathlib import Path
from typing import Any

from backtests import MemoryBacktest
from runs.store.run_store import RunStore, open_store
from runs.store.store_rows import Trial
from tests.support.candles import candles_of
from tests.support.hour_strategy import RISES_IN, planted_candles

BEST_HOUR = RISES_IN - 1
CONFIG: dict[str, Any] = {
    "strategy": {"type": "tests.support.hour_strategy:Hour"},
    "execution": {"exits": {"max_holding": 1}, "commission_rate": 0.0001, "slippage": 0.0001},
}
SPACE = {"hour": "0..23", "target": "0.002..0.014:0.004"}
_KEPT = ("number", "status", "params", "value", "objectives", "fingerprint", "trades", "figures", "daily_equity")


def planted_base(days: int = 12, **config: Any) -> MemoryBacktest:
    """Return a backtest of the strategy with a planted optimum."""
    return MemoryBacktest({"BTC/USDT": candles_of(planted_candles(days))}, config={**CONFIG, **config})


def store_in(folder: str | Path, name: str = "runs") -> RunStore:
    """Return a store in a folder."""
    return open_store(f"sqlite:///{folder}/{name}.sqlite")


def told(trials: list[Trial]) -> list[tuple[object, ...]]:
    """Return what two studies of one plan have to agree in."""
    return [tuple(getattr(one, name) for name in _KEPT) for one in trials]
