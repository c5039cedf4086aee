"""Candles that come one by one, and who is called while they do."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from backtests import BacktestState, BacktestTrade, run_backtest_async
from core.candle import Candle
from core.trading_signal import Signal
from market_data import HistoricalDataProvider

frame = HistoricalDataProvider("practice").fetch_ohlcv("BTC/USDT", "5m", "2024-01-01", "2024-01-03")


async def feed() -> AsyncIterator[Any]:
    """Give the candles as a feed would."""
    for row in frame.itertuples(index=False):
        await asyncio.sleep(0)
        yield tuple(row)


def dip(candle: Candle) -> Signal | None:
    """Buy a candle that falls by more than 0.45 %."""
    if candle.close < 0.9955 * candle.open:
        return Signal("LONG", sl_distance=0.004 * candle.close, tp_distance=0.004 * candle.close, reason="dip")
    return None


async def on_state(state: BacktestState) -> None:
    print(f"{state.index:4} candles  equity {state.equity:.2f}")


def on_trade(trade: BacktestTrade) -> None:
    print(f"     {trade.side} closed by {trade.reason}: {trade.realized_pnl:+.4f}")


result = asyncio.run(
    run_backtest_async(feed(), dip, symbol="BTC/USDT", emit_interval=144, on_state=on_state, on_trade=on_trade)
)
print(result)
