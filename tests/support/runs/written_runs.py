"""Runs over candles of the practice market with their files, and the sessions that wrote them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from backtests import run as backtest_run
from backtests.in_memory import run_backtest
from core.candle_columns import CandleColumns
from engine.session import Session
from execution.money.closed_trade import ClosedTrade
from market_data.practice.practice_market import PracticeMarket
from runs.reading import StoredRun, read_run
from tests.support.market_data_sets import practice_columns
from tests.support.runs.kernel_runs import kept_trades

SYMBOLS = ("BTC/USDT", "ETH/USDT")
EAGER = {
    "type": "scalping_ema_rsi",
    "params": {"volume_multiplier": 0.8, "sl_atr_multiple": 0.5, "tp_atr_multiple": 0.5},
}
"""A strategy that trades often, with levels near enough for candles that hold both."""


def candles(timeframe: str = "1h", count: int = 1_200) -> dict[str, CandleColumns]:
    """Return candles of two symbols."""
    return {symbol: practice_columns(symbol, timeframe, count) for symbol in SYMBOLS}


class WrittenRun(NamedTuple):
    """A run read back, the session that wrote it, its candles, and the round trips as they closed."""

    run: StoredRun
    session: Session
    candles: dict[str, CandleColumns]
    closed: list[ClosedTrade]


def written_run(
    folder: Path, execution: Mapping[str, Any] | None = None, **live: Any
) -> tuple[StoredRun, Session, dict[str, CandleColumns]]:
    """Run 50 days of hourly candles and return the run read back, the session that wrote it, and the candles."""
    return heard_run(folder, execution, **live)[:3]


def heard_run(folder: Path, execution: Mapping[str, Any] | None = None, **live: Any) -> WrittenRun:
    """Run as :func:`written_run`, with the closed round trips heard beside it."""
    fed = live.pop("candles", None) or candles()
    sessions, heard = [], []
    build = backtest_run.session_over

    def kept(*arguments: Any) -> Session:
        session = build(*arguments)
        sessions.append(session)
        heard.append(kept_trades(session))
        return session

    config = {"strategy": EAGER, "execution": dict(execution or {}), "risk": {"max_exposure": 0.3}, **live}
    config["trading_mode"] = {"max_exposure_pct": 0.9, "max_daily_loss_pct": 0.5, "max_drawdown_pct": 0.9}
    with mock.patch.object(backtest_run, "session_over", kept):
        result = run_backtest(fed_rows(fed), config=config, output_dir=folder, instruments=PracticeMarket().markets())
    return WrittenRun(read_run(str(result.to_dict()["log_file"])), sessions[0], fed, heard[0])


def fed_rows(columns: Mapping[str, CandleColumns]) -> dict[str, list[tuple[Any, ...]]]:
    """Return candles as rows."""
    return {symbol: list(zip(*(column.tolist() for column in one), strict=True)) for symbol, one in columns.items()}
