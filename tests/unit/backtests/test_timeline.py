"""The merged timeline against a plain merge of dictionaries."""

import unittest
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backtests import timeline
from backtests.timeline import MarketWindow, candles_of, merged_steps, step_times, steps_of
from core.candle import OPEN_INTEREST_KNOWN_AFTER_MS, Candle, FundingRate, OpenInterest, Step
from core.candle_columns import CandleColumns
from tests.support.candle_tables import APRIL, candles_at, minutes, rows_of
from tests.support.scale import scaled
from tests.support.times import MINUTE_MS

CHUNKS = st.integers(min_value=1, max_value=7)
PRESENT = st.lists(st.sets(st.integers(min_value=0, max_value=24)), min_size=1, max_size=4)


def columns_of(numbers, price=100.0):
    return candles_at([APRIL + number * MINUTE_MS for number in sorted(numbers)], price)


def plain_merge(columns):
    """Return the steps the plain way: look every time up in a dictionary of each symbol."""
    tables = [{row[0]: Candle(*row) for row in rows_of(one)} for one in columns]
    opens = sorted(set().union(*tables))
    return [Step(open_ms + MINUTE_MS, tuple(table.get(open_ms) for table in tables)) for open_ms in opens]


class MergedSteps(unittest.TestCase):
    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(present=PRESENT, at_once=CHUNKS)
    def test_steps_equal_a_plain_merge_for_any_holes_and_any_number_at_once(self, present, at_once):
        columns = [columns_of(numbers, 100.0 + 50 * index) for index, numbers in enumerate(present)]
        with mock.patch.object(timeline, "STEPS_AT_ONCE", at_once):
            self.assertEqual(list(merged_steps(columns, MINUTE_MS)), plain_merge(columns))

    def test_nothing_is_lost_or_doubled_where_one_portion_of_steps_ends_and_the_next_begins(self):
        size = timeline.STEPS_AT_ONCE
        everything = minutes(APRIL, 2 * size + 3)
        border = {size - 1, size, 2 * size - 1, 2 * size}
        holes = candles_at([time for number, time in enumerate(everything) if number not in border], 300.0)
        only_border = candles_at([everything[number] for number in sorted(border)], 500.0)
        columns = [candles_at(everything), holes, only_border]
        steps = list(merged_steps(columns, MINUTE_MS))
        self.assertEqual(steps, plain_merge(columns))
        self.assertEqual([step.time_ms for step in steps], [time + MINUTE_MS for time in everything])

    def test_exactly_one_portion_is_one_portion(self):
        for count in (timeline.STEPS_AT_ONCE - 1, timeline.STEPS_AT_ONCE, timeline.STEPS_AT_ONCE + 1):
            with self.subTest(count=count):
                self.assertEqual(sum(1 for _ in merged_steps([candles_at(minutes(APRIL, count))], MINUTE_MS)), count)

    def test_a_step_is_stamped_with_the_close_of_its_candles_and_keeps_the_configured_order(self):
        first, second = columns_of({0, 1}), columns_of({1, 2}, 300.0)
        steps = list(merged_steps([second, first], MINUTE_MS))
        self.assertEqual([step.time_ms - APRIL for step in steps], [MINUTE_MS, 2 * MINUTE_MS, 3 * MINUTE_MS])
        self.assertEqual([[one is not None for one in step.candles] for step in steps], [[0, 1], [1, 1], [1, 0]])

    def test_a_symbol_without_a_candle_is_none_in_every_step(self):
        steps = list(merged_steps([CandleColumns.empty(), columns_of({0, 2})], MINUTE_MS))
        self.assertEqual([step.candles[0] for step in steps], [None, None])

    def test_no_candle_at_all_makes_no_step(self):
        self.assertEqual(list(merged_steps([CandleColumns.empty()] * 2, MINUTE_MS)), [])

    def test_values_are_plain_python_numbers(self):
        (candle,) = candles_of(columns_of({0}))
        self.assertIs(type(candle.open_time_ms), int)
        self.assertIs(type(candle.close), float)
        self.assertFalse(isinstance(candle.volume, np.generic))


DETAIL = 5
"""Detail candles of one strategy candle, in the tests below: minutes of five minutes."""

HOLES = st.sets(st.integers(min_value=0, max_value=24))
COARSE = st.sets(st.integers(min_value=0, max_value=4))
STAMPS = st.sets(st.integers(min_value=1, max_value=30 * MINUTE_MS))


def coarse_of(numbers, price):
    return candles_at([APRIL + number * DETAIL * MINUTE_MS for number in sorted(numbers)], price)


def rates_of(stamps):
    """Return payments a minute or more apart, as the store keeps them."""
    kept = {}
    for stamp in sorted(stamps):
        kept.setdefault((APRIL + stamp) // MINUTE_MS, FundingRate(APRIL + stamp, stamp / 1e9))
    return tuple(kept.values())


def interest_of(stamps):
    """Return open interest by stamps of milliseconds, known some minutes later."""
    return tuple(OpenInterest(APRIL + stamp, stamp / 1e3) for stamp in sorted(stamps))


def brute_force(window):
    """Return the steps by asking at every millisecond boundary of a minute what closes then."""
    lengths = (window.timeframe_ms, window.finest_ms, window.finest_ms)
    tables = [
        [{row[0] + length: Candle(*row) for row in rows_of(one)} for one in columns]
        for columns, length in zip((window.candles, window.detail, window.marks), lengths, strict=True)
    ]
    waiting, steps = [list(rates) for rates in window.funding], []
    unknown = [list(rows) for rows in window.open_interest]
    hidden = [[(row[0] + length, Candle(*row)) for row in rows_of(one)] for one, length in window.watched]
    for time_ms in range(APRIL + MINUTE_MS, APRIL + 40 * MINUTE_MS, MINUTE_MS):
        candles, detail, marks = [tuple(table.get(time_ms) for table in of_kind) for of_kind in tables]
        if not any(candles) and not any(detail):
            continue
        known = tuple(tuple(rate for rate in rates if rate.due_ms <= time_ms) for rates in waiting)
        waiting = [[rate for rate in rates if rate.due_ms > time_ms] for rates in waiting]
        watched = tuple(tuple(candle for closed, candle in one if closed <= time_ms) for one in hidden)
        hidden = [[(closed, candle) for closed, candle in one if closed > time_ms] for one in hidden]
        interest = tuple(tuple(row for row in rows if row.known_ms <= time_ms) for rows in unknown)
        unknown = [[row for row in rows if row.known_ms > time_ms] for rows in unknown]
        parts = [part if any(part) else () for part in (detail, marks, known, watched, interest)]
        steps.append(Step(time_ms, candles, *parts))
    return steps


class TwoTimeframes(unittest.TestCase):
    @settings(max_examples=scaled(150, 3_000), deadline=None)
    @given(data=st.data(), symbols=st.integers(1, 3), with_detail=st.booleans(), at_once=CHUNKS)
    def test_steps_equal_a_brute_force_merge_of_candles_detail_marks_payments_and_watched_series(
        self, data, symbols, with_detail, at_once
    ):
        def each(strategy):
            return [data.draw(strategy) for _ in range(symbols)]

        finest = columns_of if with_detail else coarse_of
        numbers = HOLES if with_detail else COARSE
        window = MarketWindow(
            [coarse_of(one, 100.0 + 50 * index) for index, one in enumerate(each(COARSE))],
            DETAIL * MINUTE_MS,
            [columns_of(one, 300.0 + 50 * index) for index, one in enumerate(each(HOLES))] if with_detail else (),
            MINUTE_MS if with_detail else None,
            [finest(one, 600.0 + 50 * index) for index, one in enumerate(each(numbers))],
            [rates_of(one) for one in each(STAMPS)],
            [
                (make(data.draw(drawn), price), length * MINUTE_MS)
                for make, drawn, price, length in ((columns_of, HOLES, 700.0, 1), (coarse_of, COARSE, 800.0, DETAIL))
                if data.draw(st.booleans())
            ],
            [interest_of(one) for one in each(STAMPS)],
        )
        with mock.patch.object(timeline, "STEPS_AT_ONCE", at_once):
            steps = list(steps_of(window))
        self.assertEqual(steps, brute_force(window))
        self.assertEqual(step_times(window).tolist(), [step.time_ms for step in steps])

    def test_without_detail_marks_and_payments_the_steps_are_those_of_the_plain_merge(self):
        columns = [columns_of({0, 1, 4}), columns_of({1, 2}, 300.0)]
        self.assertEqual(list(steps_of(MarketWindow(columns, MINUTE_MS))), plain_merge(columns))
        self.assertEqual(
            step_times(MarketWindow(columns, MINUTE_MS)).tolist(), [one.time_ms for one in plain_merge(columns)]
        )

    def test_a_step_between_strategy_closes_has_detail_candles_alone(self):
        window = MarketWindow([coarse_of({0}, 100.0)], 5 * MINUTE_MS, [columns_of(range(5))], MINUTE_MS)
        steps = list(steps_of(window))
        self.assertEqual([step.time_ms - APRIL for step in steps], [MINUTE_MS * n for n in range(1, 6)])
        self.assertEqual([step.candles[0] is not None for step in steps], [False, False, False, False, True])
        self.assertTrue(all(step.detail[0] is not None for step in steps))
        self.assertEqual({(step.marks, step.funding) for step in steps}, {((), ())})

    def test_a_strategy_candle_without_any_detail_candle_has_its_step(self):
        window = MarketWindow([coarse_of({0, 1}, 100.0)], 5 * MINUTE_MS, [columns_of({5})], MINUTE_MS)
        steps = list(steps_of(window))
        self.assertEqual([step.time_ms - APRIL for step in steps], [5 * MINUTE_MS, 6 * MINUTE_MS, 10 * MINUTE_MS])
        self.assertEqual([bool(step.detail) for step in steps], [False, True, False])

    def test_a_payment_comes_with_the_first_step_at_or_after_its_minute_however_late_its_stamp(self):
        def delivered(stamp):
            rates = (FundingRate(APRIL + stamp, 1e-4),)
            steps = steps_of(MarketWindow([columns_of({0, 1, 4})], MINUTE_MS, funding=[rates]))
            return [(step.time_ms - APRIL) // MINUTE_MS for step in steps if step.funding]

        self.assertEqual(delivered(2 * MINUTE_MS), [2])
        self.assertEqual(delivered(2 * MINUTE_MS + 59_999), [2])
        self.assertEqual(delivered(2 * MINUTE_MS - 1), [1])
        # No candle closes at 3 or 4: the payment waits, and after the last step it is never told.
        self.assertEqual(delivered(3 * MINUTE_MS), [5])
        self.assertEqual(delivered(6 * MINUTE_MS), [])

    def test_open_interest_comes_with_the_first_step_at_which_it_is_known_and_makes_none(self):
        def delivered(known):
            rows = (OpenInterest(APRIL + known - OPEN_INTEREST_KNOWN_AFTER_MS, 1.0),)
            steps = steps_of(MarketWindow([columns_of({0, 1, 4})], MINUTE_MS, open_interest=[rows]))
            return [(step.time_ms - APRIL) // MINUTE_MS for step in steps if step.open_interest]

        # What was known before the first step comes with it.
        self.assertEqual(delivered(-600 * MINUTE_MS), [1])
        self.assertEqual(delivered(2 * MINUTE_MS), [2])
        self.assertEqual(delivered(2 * MINUTE_MS + 1), [5])
        self.assertEqual(delivered(5 * MINUTE_MS + 1), [])

    def test_payments_of_one_step_are_told_oldest_first_and_beside_their_symbol(self):
        rates = (FundingRate(APRIL + 2 * MINUTE_MS, 1e-4), FundingRate(APRIL + 3 * MINUTE_MS, 2e-4))
        window = MarketWindow([columns_of({0, 3}), CandleColumns.empty()], MINUTE_MS, funding=[(), rates])
        self.assertEqual([step.funding for step in steps_of(window)], [(), ((), rates)])

    def test_a_watched_candle_comes_with_the_first_step_at_or_after_its_close_and_makes_none(self):
        minutes_of, long = columns_of({0, 1, 2, 3, 5}, 700.0), coarse_of({0}, 800.0)
        window = MarketWindow(
            [columns_of({0, 3, 4})], MINUTE_MS, watched=[(minutes_of, MINUTE_MS), (long, 5 * MINUTE_MS)]
        )
        shown = [
            (
                (step.time_ms - APRIL) // MINUTE_MS,
                [[(one.open_time_ms - APRIL) // MINUTE_MS for one in of_series] for of_series in step.watched],
            )
            for step in steps_of(window)
        ]
        # By hand: the candle of minute 5 closes at 6, after the last step at 5, which the long one closes at.
        self.assertEqual(shown, [(1, [[0], []]), (4, [[1, 2, 3], []]), (5, [[], [0]])])

    def test_a_mark_candle_where_no_candle_closes_is_told_to_nobody(self):
        window = MarketWindow([columns_of({0, 2})], MINUTE_MS, marks=[columns_of({0, 1}, 600.0)])
        self.assertEqual([len(step.marks) for step in steps_of(window)], [1, 0])


if __name__ == "__main__":
    unittest.main()
