"""Players of small runs, their plain runs, and how the files of two runs are compared."""

from pathlib import Path
from typing import Any
from unittest import mock

from backtests.backtest_result import BacktestResult
from backtests.in_memory import MemoryBacktest
from backtests.player import checkpoints
from backtests.player.session_player import SessionPlayer
from core.candle import Candle
from core.trading_signal import Signal
from runs.folder.file_names import DERIVED
from tests.support.candles import candles_of
from tests.support.market_data_sets import practice_columns

CONFIG: dict[str, Any] = {
    "execution": {"commission_rate": 0.001, "slippage": 0.0005},
    "trading_mode": {"max_daily_loss_pct": 0.002},
}
"""Costs, and a limit that losses break now and then."""


def rows(count: int, symbol: str = "BTC/USDT", timeframe: str = "1m") -> list[Candle]:
    """Return candles of the practice market."""
    return candles_of(practice_columns(symbol, timeframe, count))


class Counted:
    """A function that remembers: every seventh candle that closes high is bought."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self._high = 0

    def __call__(self, candle: Candle) -> Signal | None:
        self.asked.append(candle.open_time_ms)
        self._high += candle.close > candle.high - 0.25 * (candle.high - candle.low)
        if self._high % 7 != 6:
            return None
        distance = 0.001 * candle.close
        return Signal("LONG", sl_distance=distance, tp_distance=distance, reason="high", metadata={"high": self._high})


def parked_often(base: Any, stretch: int = 20, count: int = 5) -> SessionPlayer:
    """Return a player that parks sessions every few steps."""
    with mock.patch.object(checkpoints, "LEAST_STRETCH", stretch):
        return SessionPlayer(base, checkpoints=count)


def memory_run(count: int = 400, generator: Any = None, **options: Any) -> MemoryBacktest:
    """Return a run of two symbols in memory; a function that remembers decides, unless something else is named."""
    candles = {"BTC/USDT": rows(count), "ETH/USDT": rows(count - 7, "ETH/USDT")}
    if generator is None and "strategy" not in options:
        generator = Counted()
    return MemoryBacktest(candles, generator, config=options.pop("config", CONFIG), **options)


def told(result: BacktestResult) -> tuple[object, ...]:
    """Return all that a run in memory keeps."""
    with result.opened() as opened:
        names = {path.name: path.read_bytes() for path in Path(opened.run.folder).iterdir()}
    return result.to_dict(), result.trade_log, names


def written(folder: Path) -> dict[str, bytes]:
    """Return the files of the one run below a folder by their places."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    found = {name: path.read_bytes() for name, path in files.items() if not path.is_symlink()}
    if not any(name.endswith(DERIVED) for name in found):
        raise AssertionError(f"{folder} has no run: {sorted(found)}")
    return found
