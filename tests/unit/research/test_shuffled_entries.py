"""Entries at other candles: everything but their moments stays."""

import itertools
import unittest
from collections import Counter

import scipy.stats

from core.candle_columns import CandleColumns
from core.trading_signal import At, Signal
from market_data.practice.practice_random import stream
from research.luck.shuffled_entries import scaled, shuffled_places, with_shuffled_entries
from tests.support.candles import candle, columns_of
from tests.support.times import MINUTE_MS

KEY = stream(1, "entries")


def market(count: int) -> CandleColumns:
    """Return minutes whose closes double from one to the next."""
    return columns_of(candle(minute, close=2.0**minute, open_=2.0**minute) for minute in range(count))


class ShuffledEntries(unittest.TestCase):
    def test_three_entries_on_a_line_have_every_place_that_their_gaps_allow(self) -> None:
        # Gaps 1, 2 and 0, and opinions of one candle and of two: 3! orders of gaps times 2! of opinions.
        found = Counter(tuple(shuffled_places([1, 4, 5], {}, 6, KEY, number).values()) for number in range(12_000))
        allowed = set()
        for gaps in itertools.permutations((1, 2, 0)):
            first, second = gaps[0], gaps[0] + gaps[1]
            allowed |= {(first, second + 1, second + 2), (second + 2, first, first + 1)}
        self.assertEqual(allowed, set(found))
        self.assertGreater(scipy.stats.chisquare(list(found.values())).pvalue, 0.001)

    def test_an_entry_goes_with_the_candles_for_which_its_trade_was_held(self) -> None:
        # Held from 1 to 3, with a second entry asked for at 2; from 5 to 9, cut by the trade that begins at 7.
        places, trades = [1, 2, 5, 7], {1: 3, 5: 9, 7: 7}
        for number in range(200):
            moved = shuffled_places(places, trades, 12, KEY, number)
            self.assertEqual(places, list(moved))
            self.assertEqual(moved[1] + 1, moved[2])
            taken = sorted([(moved[1], 3), (moved[5], 2), (moved[7], 1)])
            ends = [-1, *(first + length - 1 for first, length in taken)]
            gaps = [first - end - 1 for (first, _), end in zip([*taken, (12, 0)], ends, strict=True)]
            self.assertEqual([0, 1, 1, 4], sorted(gaps))

    def test_numbers_sides_and_what_is_no_entry_stay(self) -> None:
        said = {
            minute * MINUTE_MS: Signal("LONG" if minute % 3 else "SHORT", sl_distance=1.0) for minute in (2, 3, 9, 20)
        }
        said |= {4 * MINUTE_MS: Signal("EXIT"), 21 * MINUTE_MS: Signal("ADJUST", move_stop=5.0)}
        for number in range(50):
            moved = with_shuffled_entries(said, {}, market(40), KEY, number)
            self.assertEqual(len(said), len(moved))
            self.assertEqual(sorted(moved), list(moved))
            self.assertEqual(Counter(one.direction for one in said.values()),
                             Counter(one.direction for one in moved.values()))  # fmt: skip
            for minute in (4, 21):
                self.assertEqual(said[minute * MINUTE_MS], moved[minute * MINUTE_MS])
            self.assertEqual(moved, with_shuffled_entries(said, {}, market(40), KEY, number))

    def test_distances_grow_with_the_price(self) -> None:
        said = {5 * MINUTE_MS: Signal("LONG", sl_distance=0.25, target_r=2.0)}
        for number in range(20):
            ((open_ms, moved),) = with_shuffled_entries(said, {}, market(12), KEY, number).items()
            self.assertEqual(0.25 / 32.0, moved.sl_distance / 2.0 ** (open_ms // MINUTE_MS))
            self.assertEqual(2.0, moved.target_r)

    def test_every_price_and_distance_of_a_signal_is_scaled(self) -> None:
        ladder, twice = ((0.5, 7.0), (0.25, At(8.0)), (0.25, "2R")), ((0.5, 14.0), (0.25, At(16.0)), (0.25, "2R"))
        prices = {"stop_price": 4.0, "target_price": 5.0, "entry_price": 6.0, "move_stop": 9.0, "move_target": 10.0}
        signal = Signal("LONG", 1.0, 2.0, 3.0, size=0.5, targets=ladder, **prices)
        doubled = {name: 2.0 * price for name, price in prices.items()}
        expected = Signal("LONG", 2.0, 4.0, 6.0, size=0.5, targets=twice, **doubled)
        self.assertEqual(expected, scaled(signal, 2.0))

    def test_without_entries_nothing_changes(self) -> None:
        said = {MINUTE_MS: Signal("EXIT")}
        self.assertEqual(said, with_shuffled_entries(said, {}, market(3), KEY, 0))


if __name__ == "__main__":
    unittest.main()
