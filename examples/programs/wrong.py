"""RSI strategy: buys oversold assets with dynamic position sizing. (Wrong in three ways, for ``check`` to find.)"""

import numpy as np

TRIGGERS = {"pools": ["rsi_oversold"]}


class Strategy:
    risk = 0.5


class RsiStrategy(Strategy):
    def size(self, rsi):
        return min(1.0, self.risk + (30 - rsi) / 60)


def decide(market, account, trigger):
    rsi = market.get_indicator(trigger.symbol, "rsi(14)")["value"]
    closes = np.array([candle["close"] for candle in market.get_klines(trigger.symbol)])
    if rsi < 30 and closes[-1] < closes.mean():
        return {"action": "long", "size": RsiStrategy().size(rsi), "reason": "oversold"}
    return {"action": "hold"}
