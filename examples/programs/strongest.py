"""Holds the two symbols that have risen most in a day, and looks again every four hours.

The schedule wakes it once for each symbol: each time it decides about that one alone.
"""

TRIGGERS = {"schedule": "4h"}
HELD = 2


def strength(market, symbol):
    candles = market.get_klines(symbol, "1h", 24)
    return candles[-1]["close"] / candles[0]["open"] - 1 if len(candles) == 24 else None


def decide(market, account, trigger):
    found = {symbol: strength(market, symbol) for symbol in market.symbols}
    known = sorted([symbol for symbol in found if found[symbol] is not None], key=lambda symbol: -found[symbol])
    best = [symbol for symbol in known[:HELD] if found[symbol] > 0]
    held = trigger.symbol in account.positions

    memory["turns"] = memory.get("turns", 0) + 1
    if held and trigger.symbol not in best:
        return Decision("close", reason="no longer among the strongest")
    if not held and trigger.symbol in best:
        spread = market.get_indicator(trigger.symbol, "atr(14)", "1h")["value"]
        place = best.index(trigger.symbol) + 1
        return Decision("buy", stop_distance=3 * spread, reason=f"number {place} of {len(known)}")
    return None
