"""Candles followed by others: the same rows, and no copy where they are neighbours in memory."""

import unittest

import numpy as np

from core.candle_columns import CandleColumns, one_after_the_other
from tests.support.candle_tables import APRIL, candles_at, minutes, rows_of


class OneAfterTheOther(unittest.TestCase):
    whole = candles_at(minutes(APRIL, 20))

    def test_the_rows_are_those_of_both(self) -> None:
        apart = CandleColumns._make(column.copy() for column in self.whole.slice(12, 20))
        for first, second in (
            (self.whole.slice(2, 9), self.whole.slice(9, 20)),
            (self.whole.slice(0, 5), self.whole.slice(8, 20)),
            (self.whole.slice(5, 9), self.whole.slice(0, 5)),
            (self.whole.slice(2, 12), apart),
            (self.whole.slice(2, 9), CandleColumns._make(column[9::2] for column in self.whole)),
            (CandleColumns._make(column[2:9:2] for column in self.whole), self.whole.slice(6, 20)),
            (self.whole.slice(3, 3), self.whole),
            (self.whole, self.whole.slice(20, 20)),
        ):
            self.assertEqual(rows_of(first) + rows_of(second), rows_of(one_after_the_other(first, second)))

    def test_neighbours_are_not_copied(self) -> None:
        joined = one_after_the_other(self.whole.slice(2, 9), self.whole.slice(9, 20))
        for column, whole in zip(joined, self.whole, strict=True):
            self.assertTrue(np.shares_memory(column, whole))


if __name__ == "__main__":
    unittest.main()
