"""Buys what has fallen far, and leaves when it has recovered.

Two pools wake it: ``rsi_oversold`` (RSI 14 falls below 30) and ``rsi_recovered`` (RSI 14 rises above 55). A fall is
bought unless the market falls as a whole, with a stop of two and a target of three average ranges.
"""

TRIGGERS = {"pools": ["rsi_oversold", "rsi_recovered"]}


def decide(market, account, trigger):
    position = account.positions.get(trigger.symbol)
    if trigger.pool_id == "rsi_recovered":
        return Decision("close", reason="recovered") if position else None
    if position or account.halted:
        return None

    candles = market.get_klines(trigger.symbol, count=50)
    spread = market.get_indicator(trigger.symbol, "atr(14)")["value"]
    average = market.get_indicator(trigger.symbol, "ema(50)")["value"]
    price = candles[-1]["close"]
    fallen = (average - price) / spread
    if fallen > 4:
        return None  # That is no dip any more.

    worst = min(candle["low"] for candle in candles[-10:])
    stop = min(worst, price - 2 * spread)
    reason = f"{fallen:.1f} ranges below its average"
    return Decision("buy", size=0.5, stop=stop, targets=[price + 3 * spread], reason=reason)
