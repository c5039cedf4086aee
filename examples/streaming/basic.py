"""A strategy in one function, on two days of the embedded practice market: no network, no files."""

from backtests import run_backtest
from core.candle import Candle
from core.trading_signal import Signal
from market_data import HistoricalDataProvider

candles = HistoricalDataProvider("practice").fetch_ohlcv("BTC/USDT", "5m", "2024-01-01", "2024-01-03")
closes: list[float] = []


def breakout(candle: Candle) -> Signal | None:
    """Buy a close above all of the last two hours."""
    closes.append(candle.close)
    if len(closes) > 24 and candle.close > max(closes[-25:-1]):
        return Signal("LONG", sl_distance=0.005 * candle.close, tp_distance=0.01 * candle.close)
    return None


result = run_backtest({"BTC/USDT": candles}, breakout)
print(result)
print(f"won {result.metrics['win_rate']:.1f} %, drawdown {result.metrics['max_drawdown_pct']:.2f} %")
