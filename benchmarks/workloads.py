"""Synthetic candles and the runs that are measured on them, from many trades to none."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np

from backtests.engines.engine_choice import EngineChoice
from backtests.market_input import MarketInput
from backtests.run_plan import RunPlan
from core.candle_columns import CandleColumns
from core.instrument import Instrument
from core.timeframe import MINUTE_MS
from execution.execution_settings import ExecutionSettings, TradingModeSettings
from market_data.history.loaded_candles import LoadedCandles
from risk_management.risk_config import RiskConfig
from runs.identity.market_hash import hash_beside
from strategies.strategy_settings import StrategySettings
from validation.composed_settings import Settings, SettingsFiles
from validation.live_settings import LiveSettings

START_MS = 1_704_067_200_000
DENSE = {"ema_fast": 2, "ema_slow": 4, "rsi_period": 3, "rsi_extreme_low": 1, "rsi_extreme_high": 99,
         "rsi_long_min": 30, "rsi_long_max": 98, "rsi_short_min": 2, "rsi_short_max": 70, "volume_multiplier": 0.5,
         "atr_period": 5, "sl_atr_multiple": 2.5, "tp_atr_multiple": 2.5}  # fmt: skip


class Workload(NamedTuple):
    """The shipped strategy with some parameters, over so many symbols on one account."""

    name: str
    params: Mapping[str, float]
    symbols: int = 1


WORKLOADS = (
    Workload("dense", DENSE),
    Workload("dense, 10 symbols", DENSE, 10),
    Workload("moderate", {**DENSE, "volume_multiplier": 2.03}),
    Workload("sparse", {**DENSE, "volume_multiplier": 2.44}),
    Workload("idle", {**DENSE, "volume_multiplier": 19.0}),
)


def candles_of_seed(rows: int, seed: int) -> CandleColumns:
    """Return synthetic one-minute candles with two decimals."""
    chance = np.random.default_rng(seed)
    close = np.round(30_000 * np.exp(np.cumsum(chance.normal(0, 0.0006, rows) - 2e-8)), 2)
    opened = np.concatenate((close[:1], close[:-1]))
    high = np.round(np.maximum(opened, close) * (1 + np.abs(chance.normal(0, 0.0004, rows))), 2)
    low = np.round(np.minimum(opened, close) * (1 - np.abs(chance.normal(0, 0.0004, rows))), 2)
    times = START_MS + MINUTE_MS * np.arange(rows, dtype=np.int64)
    return CandleColumns(times, opened, high, low, close, np.round(chance.random(rows) * 100, 3))


def market_of(symbols: int, rows: int) -> MarketInput:
    """Return candles of several symbols as a run gets them."""
    found = {}
    for number in range(symbols):
        name = f"S{number}/USDT"
        rules = Instrument(name, Decimal("0.01"), Decimal("0.00001"), Decimal(5), source="synthetic")
        columns = candles_of_seed(rows, number)
        found[name] = LoadedCandles(name, CandleColumns.empty(), columns, rules, {"candles": rows})
    return hashed_market(MarketInput(found, "1m"))


def begun(market: MarketInput, rows: int) -> MarketInput:
    """Return the first candles of every symbol of a market."""
    first = {
        name: one._replace(window=one.window.slice(0, rows), quality={"candles": rows})
        for name, one in market.candles.items()
    }
    return hashed_market(market._replace(candles=first))


def hashed_market(market: MarketInput) -> MarketInput:
    """Return a market with its hash, as after loading: found, so that its thread takes no time of what is measured."""
    hashed = hash_beside(market)
    if hashed is not None:
        hashed.of(market)
    return market._replace(hashed=hashed)


def rows_of(market: MarketInput) -> int:
    """Return the candles of all symbols."""
    return sum(one.window.rows for one in market.candles.values())


def plan_of(
    market: MarketInput,
    params: Mapping[str, float],
    engine: EngineChoice,
    folder: Path,
    strategy: str = "scalping_ema_rsi",
) -> RunPlan:
    """Return a run of a strategy over a market."""
    live = LiveSettings(
        exchange="practice",
        symbols=tuple(market.candles),
        timeframe="1m",
        strategy=StrategySettings(type=strategy, params=dict(params)),
        execution=ExecutionSettings(slippage=0.0, commission_rate=0.00001, starting_balance=1_000_000.0),
    )
    mode = TradingModeSettings(max_daily_loss_pct=1.0, max_drawdown_pct=1.0)
    files = SettingsFiles("live.yaml", "risk.json", "mode.yaml")
    rows = next(iter(market.candles.values())).window.rows
    return RunPlan(
        settings=Settings(live, RiskConfig(max_exposure=0.05), mode, files),
        start_ms=START_MS,
        end_ms=START_MS + rows * MINUTE_MS,
        output_dir=folder,
        engine=engine,
    )
