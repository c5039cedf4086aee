"""MAE and MFE from candles: worked by hand, and against a slow model that walks them."""

import math
import unittest

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle_columns import CandleColumns
from metrics import TradeColumns
from metrics.figures.excursions import with_excursions
from tests.support.curves import START_MS, trades
from tests.support.scale import scaled
from tests.support.times import HOUR_MS

A = "A/USDT"


def candles(*rows: tuple[float, float]) -> CandleColumns:
    """Return hourly candles from lows and highs."""
    return CandleColumns.from_rows(
        (START_MS + HOUR_MS * number, low, high, low, high, 1.0) for number, (low, high) in enumerate(rows)
    )


Pair = tuple[float, float]


def trade(entry: Pair, leave: Pair, prices: Pair, **columns: list[object]) -> TradeColumns:
    """Return one trade of two units: hours of fill and of the step that shows it, for entry and exit; and prices."""
    given = {
        "quantity": [2.0],
        "entry_price": [prices[0]],
        "exit_price": [prices[1]],
        "entry_time_ms": [START_MS + int(entry[0] * HOUR_MS)],
        "entry_seen_ms": [START_MS + int(entry[1] * HOUR_MS)],
        "exit_time_ms": [START_MS + int(leave[0] * HOUR_MS)],
        "exit_seen_ms": [START_MS + int(leave[1] * HOUR_MS)],
        "reason": ["exit_signal"],
    }
    return trades([0.0], **{**given, **columns})


MARKET = candles((95, 105), (90, 103), (97, 120), (80, 130))
"""Four hours; entered at the open of the first at 100 unless a test says otherwise."""


class ByHand(unittest.TestCase):
    def assert_excursions(self, columns: TradeColumns, mae: float, mfe: float) -> None:
        told = with_excursions(columns, A, MARKET, HOUR_MS)
        self.assertEqual((told.mae.tolist(), told.mfe.tolist()), ([mae], [mfe]))

    def test_a_position_lives_through_the_candles_from_its_entry_to_its_exit(self) -> None:
        # Left at the open of the third hour: two candles, lows to 90 and highs to 105, two units.
        self.assert_excursions(trade((0, 1), (2, 3), (100.0, 98.0)), 20.0, 10.0)
        # The exit's own price counts, the candle at whose open it was left does not.
        self.assert_excursions(trade((0, 1), (2, 3), (100.0, 110.0)), 20.0, 20.0)

    def test_a_short_is_mirrored(self) -> None:
        self.assert_excursions(trade((0, 1), (2, 3), (100.0, 98.0), side=["SHORT"]), 10.0, 20.0)

    def test_left_at_a_close_the_last_candle_counts_whole(self) -> None:
        self.assert_excursions(trade((0, 1), (3, 3), (100.0, 120.0), reason=["end"]), 20.0, 40.0)

    def test_what_lies_beyond_the_stop_that_closed_it_came_after(self) -> None:
        # Stopped at 85 in the fourth hour, whose low is 80; what that hour had for it may have come before.
        self.assert_excursions(trade((0, 1), (4, 4), (100.0, 85.0), reason=["stop"]), 30.0, 60.0)
        short = trade((0, 1), (4, 4), (100.0, 125.0), side=["SHORT"], reason=["liquidation"])
        self.assert_excursions(short, 50.0, 40.0)

    def test_what_lies_beyond_the_target_that_closed_it_came_after(self) -> None:
        self.assert_excursions(trade((0, 1), (4, 4), (100.0, 125.0), reason=["target"]), 40.0, 50.0)

    def test_in_the_candle_of_a_resting_entry_only_what_went_against_it_counts(self) -> None:
        # Entered inside the second hour: its low of 90 counts, its high of 103 does not, the third hour's 120 does.
        self.assert_excursions(trade((2, 2), (3, 3), (95.0, 100.0)), 10.0, 50.0)
        self.assert_excursions(trade((2, 2), (3, 4), (95.0, 119.0)), 10.0, 50.0)
        self.assert_excursions(trade((2, 2), (3, 4), (101.0, 118.0), side=["SHORT"]), 38.0, 8.0)

    def test_entered_and_left_in_one_candle(self) -> None:
        self.assert_excursions(trade((0, 1), (1, 1), (100.0, 96.0), reason=["stop"]), 8.0, 10.0)
        self.assert_excursions(trade((1, 1), (1, 1), (100.0, 97.0), reason=["stop"]), 6.0, 0.0)
        self.assert_excursions(trade((0, 1), (0, 1), (100.0, 99.0)), 2.0, 0.0)

    def test_without_its_candles_a_trade_has_none(self) -> None:
        for columns in (
            trade((-1, 0), (2, 3), (100.0, 98.0)),
            trade((0, 1), (9, 9), (100.0, 98.0)),
            trade((0, 1), (2, 3), (100.0, 98.0), symbol=["B/USDT"]),
        ):
            told = with_excursions(columns, A, MARKET, HOUR_MS)
            self.assertTrue(math.isnan(told.mae[0]) and math.isnan(told.mfe[0]))
        none = with_excursions(trade((0, 1), (2, 3), (100.0, 98.0)), A, CandleColumns.empty(), HOUR_MS)
        self.assertTrue(math.isnan(none.mae[0]))

    def test_one_symbol_after_the_other(self) -> None:
        both = trades(
            [0.0, 0.0],
            symbol=[A, "B/USDT"],
            entry_seen_ms=[START_MS + HOUR_MS] * 2,
            entry_time_ms=[START_MS] * 2,
            exit_time_ms=[START_MS + HOUR_MS] * 2,
            exit_price=[100.0, 100.0],
        )
        told = with_excursions(both, A, MARKET, HOUR_MS)
        told = with_excursions(told, "B/USDT", candles((70, 101)), HOUR_MS)
        self.assertEqual((told.mae.tolist(), told.mfe.tolist()), ([5.0, 30.0], [5.0, 1.0]))


PRICES = st.integers(50, 150).map(float)
RANGES = st.lists(st.tuples(PRICES, PRICES).map(lambda pair: (min(pair), max(pair))), min_size=6, max_size=12)


def slow(low_high: list[tuple[float, float]], side: str, entry: tuple, leave: tuple, prices: tuple, reason: str):
    """Return MAE and MFE of one unit, candle by candle."""
    lows, highs = [min(prices)], [max(prices)]
    first, last = entry[1] - 1, leave[1] - 1
    for number in range(first, last + 1):
        low, high = low_high[number]
        takes_low = takes_high = True
        if number == first and entry[0] == entry[1]:
            takes_low, takes_high = side == "LONG", side == "SHORT"
        if number == last:
            if leave[0] < leave[1]:
                continue
            if reason == "stop":
                takes_low, takes_high = takes_low and side == "SHORT", takes_high and side == "LONG"
            if reason == "target":
                takes_low, takes_high = takes_low and side == "LONG", takes_high and side == "SHORT"
        lows += [low] * takes_low
        highs += [high] * takes_high
    down, up = prices[0] - min(lows), max(highs) - prices[0]
    return (down, up) if side == "LONG" else (up, down)


class AgainstASlowModel(unittest.TestCase):
    @settings(max_examples=scaled(150, 3_000), deadline=None)
    @given(RANGES, st.data())
    def test_any_trade_in_any_candles(self, ranges: list[tuple[float, float]], data: st.DataObject) -> None:
        drawn, columns = [], []
        start = 0
        while start < len(ranges) - 1 and len(drawn) < 4:
            first = data.draw(st.integers(start, len(ranges) - 1))
            last = data.draw(st.integers(first, len(ranges) - 1))
            inside, at_open = data.draw(st.booleans()), data.draw(st.booleans())
            entry = (first + inside, first + 1)
            leave = (last + (not at_open or last == first), last + 1)
            told = data.draw(st.sampled_from(("LONG", "SHORT"))), data.draw(st.sampled_from(("stop", "target", "end")))
            drawn.append((told[0], entry, leave, (data.draw(PRICES), data.draw(PRICES)), told[1]))
            start = last + 1
        for side, entry, leave, prices, reason in drawn:
            columns.append(trade(entry, leave, prices, side=[side], reason=[reason], quantity=[1.0]))
        joined = TradeColumns.of(
            **{name: [getattr(one, name)[0] for one in columns] for name in TradeColumns.__struct_fields__}
        )
        told = with_excursions(joined, A, candles(*ranges), HOUR_MS)
        expected = [slow(ranges, *one) for one in drawn]
        self.assertEqual(list(zip(told.mae.tolist(), told.mfe.tolist(), strict=True)), expected)
        self.assertFalse(np.isnan(told.mae).any())


if __name__ == "__main__":
    unittest.main()
