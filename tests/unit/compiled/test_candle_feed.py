"""A compiled run has few candles beside it at once, whatever there are; other tests hold what it writes with them."""

import unittest
from unittest.mock import patch

import numpy as np

from benchmarks.workloads import candles_of_seed
from compiled import layout
from compiled.codes import NONE
from compiled.driving.candle_feed import CandleFeed, FedSeries
from compiled.driving.contracts import NO_MARKS
from core.candle_columns import CandleColumns
from core.timeframe import HOUR_MS, MINUTE_MS


def hours_of(minutes: CandleColumns) -> CandleColumns:
    """Return a candle at the open of each hour."""
    return CandleColumns._make(column[::60] for column in minutes)


class FedCandles(unittest.TestCase):
    def test_candles_come_in_order_of_their_closes_each_once_and_few_at_a_time(self) -> None:
        minutes = [candles_of_seed(600, 1), candles_of_seed(600, 2).slice(250, 600)]
        own = [FedSeries(hours_of(one), HOUR_MS, 2, NO_MARKS) for one in minutes]
        finer = [FedSeries(one, MINUTE_MS, 2, NO_MARKS) for one in minutes]
        with patch("compiled.driving.candle_feed.CANDLES_AT_ONCE", 200):
            feed = CandleFeed(own, finer, volumes=False)
        empty = {name: np.empty(0) for name in layout.Core._fields}
        core = layout.Core(**empty)._replace(
            symbols=np.zeros(2, layout.SYMBOL), states=np.zeros(2, layout.STATE), account=np.zeros(1, layout.ACCOUNT)
        )
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


if __name__ == "__main__":
    unittest.main()
