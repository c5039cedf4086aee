"""Speed of the shipped examples through the compiled rules: all rows said at once, and asked for one by one."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backtests.market_input import MarketInput
from backtests.run import run_loaded
from backtests.run_plan import RunPlan
from benchmarks.measure import least_cpu_seconds
from benchmarks.workloads import START_MS, plan_of
from core.timeframe import MINUTE_MS
from engine.assembly import build_strategy_of
from market_data.history.loaded_candles import LoadedCandles
from market_data.practice.practice_market import PracticeMarket
from runs.documents.run_result import RunResult
from strategies.features.feature_strategy import FeatureStrategy

EXAMPLES = ("trend_filter", "vwap_reversion", "rsi_reversion", "confluence", "btc_regime")
SYMBOLS = ("BTC/USDT", "ETH/USDT")
CANDLES = 100_000
WARM = 5_000
"""Stored candles before the first, of each symbol; no example needs more."""


def measure_examples() -> None:
    """Print candles a second (CPU after loading, all outputs written) of each example, and its round trips."""
    market = _market()
    print(f"shipped examples, compiled: {len(SYMBOLS) * CANDLES:,} practice candles of two symbols, candles a second:")
    for name in EXAMPLES:
        with tempfile.TemporaryDirectory() as folder:
            plan = plan_of(market, {}, "compiled", Path(folder), name)
            kind: Any = type(build_strategy_of(plan.settings))
            asking = type(kind.__name__, (kind,), {"signals": FeatureStrategy.signals})
            at_once, trades = _rate(plan, kind, market, 5)
            asked, _ = _rate(plan, asking, market, 2)
        trips = f"{1_000 * trades / (len(SYMBOLS) * CANDLES):.1f} round trips per 1,000"
        print(
            f"  {name + ':':<16} asked {asked:>9,.0f}, at once {at_once:>9,.0f}, {at_once / asked:.1f} times; {trips}"
        )


def _rate(plan: RunPlan, kind: Callable[[], FeatureStrategy], market: MarketInput, runs: int) -> tuple[float, int]:
    """Return candles a second of a strategy with its default parameters, the best of some runs, and its trades."""
    made: list[RunResult] = []
    seconds = least_cpu_seconds(lambda: made.append(run_loaded(plan, kind(), market).result), runs)
    return len(SYMBOLS) * CANDLES / seconds, made[0].performance.total_trades


def _market() -> MarketInput:
    practice, found = PracticeMarket(), {}
    for symbol in SYMBOLS:
        columns = practice.candles(symbol, "1m", START_MS - WARM * MINUTE_MS, START_MS + CANDLES * MINUTE_MS)
        warm, window = columns.slice(0, WARM), columns.slice(WARM, WARM + CANDLES)
        found[symbol] = LoadedCandles(symbol, warm, window, practice.markets()[symbol], {"candles": CANDLES})
    return MarketInput(found, "1m")
