"""The equity curve of a run as it grows, drawn as text."""

import asyncio

from backtests import BacktestEngine
from market_data import HistoricalDataProvider

candles = HistoricalDataProvider("practice").fetch_ohlcv("SOL/USDT", "15m", "2024-01-01", "2024-01-08")
config = {"strategy": {"type": "scalping_ema_rsi"}, "risk": {"max_exposure": 0.2}}


async def main() -> None:
    curve: list[float] = []
    async for state in BacktestEngine(config).run({"SOL/USDT": candles}, emit_interval=48):
        metrics = state.metrics
        del curve[metrics.equity_curve_from :]
        curve.extend(equity for _, equity in metrics.equity_curve)
        start = metrics.starting_balance
        bar = "#" * round(4_000 * abs(curve[-1] / start - 1))
        print(f"{state.to_dict()['time']:%m-%d %H:%M}  {curve[-1]:9.2f}  {'-' if curve[-1] < start else '+'}{bar}")
    print(f"{len(curve)} points, lowest {min(curve):.2f}, highest {max(curve):.2f}")


asyncio.run(main())
