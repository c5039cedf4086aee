"""Goes with an hour's move that new positions pay for, and leaves when open interest falls.

It needs perpetual contracts: elsewhere there is no open interest, and it never trades.
"""

TRIGGERS = {"schedule": "1h"}


def decide(market, account, trigger):
    symbol = trigger.symbol
    interest = market.get_flow(symbol, "open_interest_change", "1h")
    if interest["value"] is None:
        return None

    if symbol in account.positions:
        return Decision("close", reason="positions are given up") if interest["ratio"] < -0.002 else None
    if interest["ratio"] < 0.004:
        return None
    hour = market.get_klines(symbol, "1h", 1)[0]
    spread = market.get_indicator(symbol, "atr(14)", "1h")["value"]
    action = "buy" if hour["close"] > hour["open"] else "sell"
    return Decision(action, stop_distance=2 * spread, target_distance=3 * spread, reason="new money")
