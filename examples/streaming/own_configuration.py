"""The shipped strategy under settings of one's own; what the run has is asked of it afterwards."""

import asyncio

from backtests import BacktestConfig, BacktestEngine
from market_data import HistoricalDataProvider

candles = HistoricalDataProvider("practice").fetch_ohlcv("ETH/USDT", "5m", "2024-01-01", "2024-01-04")
config = BacktestConfig(
    initial_capital=5_000,
    commission_rate=0.001,
    risk_per_trade=0.005,
    strategy="scalping_ema_rsi",
    strategy_params={"ema_fast": 5, "ema_slow": 13, "volume_multiplier": 1.0},
    further={"execution.on_opposite_signal": "close"},
)


async def main() -> None:
    engine = BacktestEngine(config)
    async for state in engine.run({"ETH/USDT": candles}, emit_interval=288):
        print(f"{state.progress_percent:5.1f} %  equity {state.equity:9.2f}  trades {state.metrics.total_trades}")
    used = engine.config
    if used is not None and used.strategy_params is not None:
        print(f"{used.strategy}: fast {used.strategy_params['ema_fast']}, commission {used.commission_rate}")
    print(engine.result)


asyncio.run(main())
