"""What was said at other candles: everything but the moments stays."""

import unittest

from core.candle_columns import CandleColumns
from core.trading_signal import At, Signal
from research.luck.turned_signals import scaled, turned
from tests.support.candles import candle, columns_of
from tests.support.times import MINUTE_MS

AAA, BBB = "AAA", "BBB"


def market(minutes: range) -> CandleColumns:
    """Return minutes whose closes double from one to the next."""
    return columns_of(candle(minute, close=2.0**minute, open_=2.0**minute) for minute in minutes)


class TurnedSignals(unittest.TestCase):
    def test_all_that_is_said_of_all_symbols_turns_as_one(self) -> None:
        candles = {AAA: market(range(10)), BBB: market(range(10))}
        said = {
            AAA: {2: Signal("LONG", sl_distance=4.0), 5: Signal("EXIT"), 9: Signal("SHORT", sl_distance=512.0)},
            BBB: {2: Signal("SHORT", sl_distance=8.0), 4: Signal("ADJUST", move_stop=24.0)},
        }
        # By three: 2, 5 and 9 become 5, 8 and 2, 4 becomes 7; prices are eightfold, and of 9 a hundred-and-28th.
        expected = {
            AAA: {2: Signal("SHORT", sl_distance=4.0), 5: Signal("LONG", sl_distance=32.0), 8: Signal("EXIT")},
            BBB: {5: Signal("SHORT", sl_distance=64.0), 7: Signal("ADJUST", move_stop=192.0)},
        }
        found = turned(at_minutes(said), candles, 3)
        self.assertEqual(at_minutes(expected), found)
        self.assertEqual([sorted(one) for one in found.values()], [list(one) for one in found.values()])
        self.assertEqual(at_minutes(said), turned(found, candles, 7))

    def test_what_has_no_candle_is_left_out(self) -> None:
        candles = {AAA: market(range(2, 10)), BBB: market(range(6, 10))}
        said = {
            AAA: {1: Signal("EXIT"), 3: Signal("LONG", sl_distance=8.0)},
            BBB: {6: Signal("EXIT"), 9: Signal("EXIT")},
        }
        expected = {AAA: {5: Signal("LONG", sl_distance=32.0)}, BBB: {8: Signal("EXIT")}}
        self.assertEqual(at_minutes(expected), turned(at_minutes(said), candles, 2))

    def test_every_price_and_distance_of_a_signal_is_scaled(self) -> None:
        ladder, twice = ((0.5, 7.0), (0.25, At(8.0)), (0.25, "2R")), ((0.5, 14.0), (0.25, At(16.0)), (0.25, "2R"))
        prices = {"stop_price": 4.0, "target_price": 5.0, "entry_price": 6.0, "move_stop": 9.0, "move_target": 10.0}
        signal = Signal("LONG", 1.0, 2.0, 3.0, size=0.5, targets=ladder, **prices)
        doubled = {name: 2.0 * price for name, price in prices.items()}
        expected = Signal("LONG", 2.0, 4.0, 6.0, size=0.5, targets=twice, **doubled)
        self.assertEqual(expected, scaled(signal, 2.0))


def at_minutes(said: dict[str, dict[int, Signal]]) -> dict[str, dict[int, Signal]]:
    return {symbol: {minute * MINUTE_MS: one for minute, one in told.items()} for symbol, told in said.items()}


if __name__ == "__main__":
    unittest.main()
