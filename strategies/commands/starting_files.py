"""What ``new`` writes, with ``@NAME@`` and ``@CLASS@`` in the place of the strategy's names."""

STRATEGY = '''"""A strategy to start from: change a line, then run its test and a month of history."""

from pydantic import BaseModel, Field

from indicators import ATR, EMA
from strategies import Feature, FeatureStrategy


class @CLASS@(FeatureStrategy):
    """Crossings of two averages, in the direction of the hour."""

    class Params(BaseModel):
        """What a configuration may set under strategy.params; a value out of bounds is refused before the start."""

        fast: int = Field(8, ge=1, description="Candles of the fast EMA")
        slow: int = Field(21, ge=2, description="Candles of the slow EMA")
        hours: int = Field(20, ge=2, description="Hours of the EMA that says where the market goes")
        stop: float = Field(2.0, gt=0, description="The stop's distance, in ATR")
        reward: float = Field(2.0, gt=0, description="The target's distance, in stops")

    def features(self, params):
        # By name, what is computed. How many candles must come first follows from it.
        return {
            "fast": EMA(params.fast),
            "slow": EMA(params.slow),
            "atr": ATR(14),
            # An hour is seen from the candle that closes it, never before.
            "trend": Feature(EMA(params.hours), timeframe="1h"),
        }

    def decide(self, now):
        # At each candle's close. now.before is the candle before; what is undefined is nan, and compares as false.
        crossed_up = now.before.fast <= now.before.slow and now.fast > now.slow
        crossed_down = now.before.fast >= now.before.slow and now.fast < now.slow
        stop = now.params.stop * now.atr
        if now.position is not None:
            # Its stop and its target work by themselves; a cross against it ends it at the next open.
            against = crossed_down if now.position.side == "LONG" else crossed_up
            return self.exit(tag="crossed back") if against else None
        # An entry fills at the next open. The risk settings say how much, from how far the stop is.
        if crossed_up and now.close > now.trend:
            return self.long(stop_distance=stop, target_distance=now.params.reward * stop, tag="with the hour")
        if crossed_down and now.close < now.trend:
            return self.short(stop_distance=stop, target_distance=now.params.reward * stop, tag="with the hour")
        return None
'''

TEST = '''"""@CLASS@ on a made-up market: a rise with a dip in it. Needs no network and no stored candles."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from @NAME@ import @CLASS@

from backtests import run_backtest
from core.candle import Candle

MINUTES = 15
RISE, DIP = 900, 16


def candles():
    """Return candles that rise by 0.1 % each, but for a dip after the first 900."""
    made, price = [], 100.0
    for number in range(RISE + DIP + 100):
        close = price * (0.999 if RISE <= number < RISE + DIP else 1.001)
        high, low = max(price, close) * 1.001, min(price, close) * 0.999
        made.append(Candle(number * MINUTES * 60_000, price, high, low, close, 1_000.0))
        price = close
    return made


class @CLASS@Test(unittest.TestCase):
    def test_it_buys_when_the_dip_is_over_and_wins(self):
        result = run_backtest(candles(), strategy=@CLASS@())
        self.assertEqual("LONG", result.trades.iloc[0]["side"])
        self.assertGreater(result.equity["equity"].iloc[-1], 10_000)

    def test_a_parameter_out_of_bounds_is_refused(self):
        with self.assertRaisesRegex(ValueError, "fast"):
            @CLASS@({"fast": 0})


if __name__ == "__main__":
    unittest.main()
'''

CONFIGURATION = """# Runs @CLASS@ on the embedded practice market, which needs no network.
# With another exchange, binance perhaps, the same strategy runs on its candles.
exchange: practice
symbols: [BTC/USDT, ETH/USDT]
timeframe: 15m

strategy:
  type: @NAME@.py:@CLASS@ # the path begins in the folder of this file
  params:
    fast: 8
    slow: 21

risk:
  config_file: config/risk.json

execution:
  starting_balance: 10000
  slippage: 0.0005
  commission_rate: 0.0005
"""
