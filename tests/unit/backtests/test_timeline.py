"""The merged timeline against a plain merge of dictionaries."""

import unittest
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backtests import timeline
from backtests.timeline import candles_of, merged_steps
from core.candle import Candle, Step
from market_data.candle_columns import CandleColumns
from tests.support.candle_tables import APRIL, MINUTE, candles_at, minutes, rows_of
from tests.support.scale import scaled

CHUNKS = st.integers(min_value=1, max_value=7)
PRESENT = st.lists(st.sets(st.integers(min_value=0, max_value=24)), min_size=1, max_size=4)


def columns_of(numbers, price=100.0):
    return candles_at([APRIL + number * MINUTE for number in sorted(numbers)], price)


def plain_merge(columns):
    """Return the steps the plain way: look every time up in a dictionary of each symbol."""
    tables = [{row[0]: Candle(*row) for row in rows_of(one)} for one in columns]
    opens = sorted(set().union(*tables))
    return [Step(open_ms + MINUTE, tuple(table.get(open_ms) for table in tables)) for open_ms in opens]


class MergedSteps(unittest.TestCase):
    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(present=PRESENT, at_once=CHUNKS)
    def test_steps_equal_a_plain_merge_for_any_holes_and_any_number_at_once(self, present, at_once):
        columns = [columns_of(numbers, 100.0 + 50 * index) for index, numbers in enumerate(present)]
        with mock.patch.object(timeline, "STEPS_AT_ONCE", at_once):
            self.assertEqual(list(merged_steps(columns, MINUTE)), plain_merge(columns))

    def test_nothing_is_lost_or_doubled_where_one_portion_of_steps_ends_and_the_next_begins(self):
        size = timeline.STEPS_AT_ONCE
        everything = minutes(APRIL, 2 * size + 3)
        border = {size - 1, size, 2 * size - 1, 2 * size}
        holes = candles_at([time for number, time in enumerate(everything) if number not in border], 300.0)
        only_border = candles_at([everything[number] for number in sorted(border)], 500.0)
        columns = [candles_at(everything), holes, only_border]
        steps = list(merged_steps(columns, MINUTE))
        self.assertEqual(steps, plain_merge(columns))
        self.assertEqual([step.time_ms for step in steps], [time + MINUTE for time in everything])

    def test_exactly_one_portion_is_one_portion(self):
        for count in (timeline.STEPS_AT_ONCE - 1, timeline.STEPS_AT_ONCE, timeline.STEPS_AT_ONCE + 1):
            with self.subTest(count=count):
                self.assertEqual(sum(1 for _ in merged_steps([candles_at(minutes(APRIL, count))], MINUTE)), count)

    def test_a_step_is_stamped_with_the_close_of_its_candles_and_keeps_the_configured_order(self):
        first, second = columns_of({0, 1}), columns_of({1, 2}, 300.0)
        steps = list(merged_steps([second, first], MINUTE))
        self.assertEqual([step.time_ms - APRIL for step in steps], [MINUTE, 2 * MINUTE, 3 * MINUTE])
        self.assertEqual([[one is not None for one in step.candles] for step in steps], [[0, 1], [1, 1], [1, 0]])

    def test_a_symbol_without_a_candle_is_none_in_every_step(self):
        steps = list(merged_steps([CandleColumns.empty(), columns_of({0, 2})], MINUTE))
        self.assertEqual([step.candles[0] for step in steps], [None, None])

    def test_no_candle_at_all_makes_no_step(self):
        self.assertEqual(list(merged_steps([CandleColumns.empty()] * 2, MINUTE)), [])

    def test_values_are_plain_python_numbers(self):
        (candle,) = candles_of(columns_of({0}))
        self.assertIs(type(candle.open_time_ms), int)
        self.assertIs(type(candle.close), float)
        self.assertFalse(isinstance(candle.volume, np.generic))


if __name__ == "__main__":
    unittest.main()
