"""A compiled run has few candles beside it at once, whatever there are; other tests hold what it writes with them."""

import unittest
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.workloads import candles_of_seed
from compiled import layout
from compiled.codes import NONE
from compiled.driving.candle_feed import CandleFeed, FedSeries
from compiled.driving.contracts import NO_MARKS
from compiled.driving.scaled_market import are_multiples, put_whole, scale_of, units_of
from core.candle_columns import CandleColumns
from core.timeframe import HOUR_MS, MINUTE_MS


def hours_of(minutes: CandleColumns) -> CandleColumns:
    """Return a candle at the open of each hour."""
    return CandleColumns._make(column[::60] for column in minutes)


class FedCandles(unittest.TestCase):
    def test_what_reads_prices_is_compiled_once_whether_they_may_be_written_to_or_not(self) -> None:
        own, frames = candles_of_seed(50, 1), candles_of_seed(50, 1)
        for column in frames:
            column.setflags(write=False)
        self.assertEqual(scale_of([own], 2, "own"), scale_of([frames], 2, "of a frame"))
        self.assertEqual(units_of(own, 2).tolist(), units_of(frames, 2).tolist())
        self.assertEqual([1, 1], [len(one.signatures) for one in (are_multiples, put_whole)])  # type: ignore[attr-defined]

    def test_candles_come_in_order_of_their_closes_each_once_and_few_at_a_time(self) -> None:
        minutes = [candles_of_seed(600, 1), candles_of_seed(600, 2).slice(250, 600)]
        own = [FedSeries(hours_of(one), HOUR_MS, 2, NO_MARKS) for one in minutes]
        finer = [FedSeries(one, MINUTE_MS, 2, NO_MARKS) for one in minutes]
        with patch("compiled.driving.candle_feed.CANDLES_AT_ONCE", 200):
            feed = CandleFeed(own, finer, volumes=False)
        core = _core(2)
        came: list[list[int]] = [[], [], [], []]
        last_ms, follow = int(NONE), 1
        while follow:
            core, follow = feed.next(core), 1
            self.assertLessEqual(len(core.open_ms), 200 + 4)
            self.assertEqual(np.rint(core.close * 100).tolist(), core.units[:, 3].tolist())
            closes = []
            for s in range(2):
                for place, (row, end, length_ms) in enumerate(
                    (("own_row", "end_row", HOUR_MS), ("fine_row", "end_fine", MINUTE_MS))
                ):
                    opens = core.open_ms[core.states[row][s] : core.symbols[end][s]]
                    came[2 * place + s] += opens.tolist()
                    closes += (opens + length_ms).tolist()
            self.assertGreater(min(closes), last_ms)
            last_ms, follow = max(closes), int(core.account["follow"][0])
        self.assertEqual([one.candles.open_time_ms.tolist() for one in (*own, *finer)], came)

    def test_prices_that_are_whole_numbers_already_are_those_that_are_found(self) -> None:
        series = [candles_of_seed(500, 1), candles_of_seed(500, 2).slice(100, 400)]
        none = FedSeries(CandleColumns.empty(), MINUTE_MS, 2, NO_MARKS)
        for symbols in (1, 2):
            found = [FedSeries(one, MINUTE_MS, 2, NO_MARKS) for one in series[:symbols]]
            known = [one._replace(units=units_of(one.candles, 2)) for one in found]
            turns = []
            for own in (found, known):
                with patch("compiled.driving.candle_feed.CANDLES_AT_ONCE", 120):
                    turns.append(_units(CandleFeed(own, [none] * symbols, volumes=False), symbols))
            self.assertEqual(*turns)
            self.assertGreater(len(turns[0]), 3)


def _core(symbols: int) -> layout.Core:
    empty = {name: np.empty(0) for name in layout.Core._fields}
    return layout.Core(**empty)._replace(
        symbols=np.zeros(symbols, layout.SYMBOL),
        states=np.zeros(symbols, layout.STATE),
        account=np.zeros(1, layout.ACCOUNT),
    )


def _units(feed: CandleFeed, symbols: int) -> list[Any]:
    """Return the whole numbers of each turn."""
    core, turns, follow = _core(symbols), [], 1
    while follow:
        core = feed.next(core)
        turns.append(core.units.tolist())
        follow = int(core.account["follow"][0])
    return turns


if __name__ == "__main__":
    unittest.main()
