"""A run held still at every trade, then a look back at the one that lost most, and another way from there."""

from backtests import MemoryBacktest, SessionPlayer
from core.instants import format_ms
from market_data import HistoricalDataProvider

candles = HistoricalDataProvider("practice").fetch_ohlcv("BTC/USDT", "5m", "2024-01-01", "2024-01-04")
player = SessionPlayer(MemoryBacktest({"BTC/USDT": candles}, strategy="scalping_ema_rsi"))

trades = []
while player.run_to_event("trade").control != "ended":
    trade = player.state.now.trades[-1]
    trades.append(trade)
    print(f"{format_ms(trade.exit_time_ms)}  {trade.side:5}  {trade.reason:6}  {trade.realized_pnl:+9.4f}")

worst = min(trades, key=lambda trade: trade.realized_pnl)
state = player.seek(worst.entry_time_ms)
said = state.now.signals[-1]
inputs = {name: round(value, 2) if isinstance(value, float) else value for name, value in said.inputs.items()}
print(f"worst: {said.direction} said at {format_ms(said.time_ms)} of {inputs}")

fork = player.fork({"strategy.params.sl_atr_multiple": 3.0}, at=said.time_ms)
print(f"from there with a wider stop: {fork.play().now.equity:.2f}; as it was: {player.play().now.equity:.2f}")
