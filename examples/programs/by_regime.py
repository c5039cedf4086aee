"""Goes with a trend, against the edges of a range, and out of what is neither.

The regime is that of one-hour candles; three pools wake it, and the schedule has it look after its positions every
hour.
"""

TRIGGERS = {"pools": ["range_breakout", "rsi_oversold"], "schedule": "1h"}
READS = {"regimes": ["1h"]}


def decide(market, account, trigger):
    symbol = trigger.symbol
    regime = market.get_regime(symbol, "1h")["regime"]
    position = account.positions.get(symbol)

    if trigger.trigger_type == "scheduled":
        if position and regime == "volatile":
            return Decision("close", reason="the market has become volatile")
        return None
    if position or regime is None:
        return None

    spread = market.get_indicator(symbol, "atr(14)")["value"]
    if regime == "trend" and trigger.pool_id == "range_breakout":
        upwards = trigger.signals[0]["op"] == ">"
        action = "buy" if upwards else "sell"
        return Decision(action, stop_distance=2 * spread, target_distance=5 * spread, reason="breakout in a trend")
    if regime == "range" and trigger.pool_id == "rsi_oversold":
        return Decision(
            "buy", size=0.5, stop_distance=1.5 * spread, target_distance=2 * spread, reason="low of a range"
        )
    return None
