"""Which rows are refused, and why: against a judge that looks at one row at a time."""

import itertools
import math
import unittest

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle_columns import CandleColumns
from core.candle_move import candle_move
from core.timeframe import floor_to_grid
from market_data.quality.candle_quality import REASONS, Hole, QualityReport, check_candles, find_holes, moves
from tests.support.candle_tables import APRIL, candles_at, minutes, row_at, rows_of
from tests.support.scale import scaled
from tests.support.times import MINUTE_MS

WEEK = 7 * 86_400_000


def judged_one_by_one(rows, length_ms, off_grid, now_ms):
    """Judge row after row with plain comparisons; return accepted rows, counts by reason, and how many were snapped."""
    accepted, refused, snapped = [], dict.fromkeys(REASONS, 0), 0
    for time_ms, open_, high, low, close, volume in rows:
        prices = (open_, high, low, close)
        floored = floor_to_grid(time_ms, length_ms)
        times = [row[0] for row in accepted]
        if not all(1e-12 <= price <= 1e12 for price in prices):
            reason = "bad_price"
        elif not math.isfinite(volume) or volume < 0:
            reason = "bad_volume"
        elif high < open_ or high < close:
            reason = "high_below_body"
        elif low > open_ or low > close:
            reason = "low_above_body"
        elif floored != time_ms and off_grid == "refuse":
            reason = "off_grid"
        elif floored in times:
            reason = "duplicate"
        elif times and floored < times[-1]:
            reason = "out_of_order"
        elif now_ms is not None and time_ms + length_ms > now_ms:
            reason = "unclosed"
        else:
            accepted.append((floored, *prices, volume))
            snapped += floored != time_ms
            continue
        refused[reason] += 1
    return accepted, {reason: count for reason, count in refused.items() if count}, snapped


_price = st.sampled_from([1.0, 1.5, 2.0, 3.0, 0.0, -1.0, math.nan, math.inf, -math.inf])
_volume = st.sampled_from([0.0, 1.0, -0.5, math.nan, math.inf])
_row = st.tuples(st.integers(-3, 12).map(lambda n: n * 20_000), _price, _price, _price, _price, _volume)
_sound_row = st.integers(0, 30).map(lambda n: row_at(n * 20_000))


class Judgement(unittest.TestCase):
    @settings(max_examples=scaled(400, 10_000), deadline=None)
    @given(
        st.lists(_row | _sound_row, max_size=25),
        st.sampled_from(["snap", "refuse"]),
        st.none() | st.integers(0, 20).map(lambda n: n * 30_000),
    )
    def test_rows_are_judged_as_one_at_a_time(self, rows, off_grid, now_ms):
        accepted, report = check_candles(CandleColumns.from_rows(rows), MINUTE_MS, off_grid=off_grid, now_ms=now_ms)
        expected, refused, snapped = judged_one_by_one(rows, MINUTE_MS, off_grid, now_ms)
        self.assertEqual(rows_of(accepted), expected)
        self.assertEqual(dict(report.refused), refused)
        self.assertEqual(report.snapped, snapped)
        self.assertEqual((report.rows, report.accepted), (len(rows), len(expected)))
        self.assertEqual(report.refused_rows + report.accepted, report.rows)

    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(st.lists(st.integers(0, 10**13), max_size=20))
    def test_weekly_candles_snap_to_mondays(self, times):
        rows = [row_at(time_ms) for time_ms in times]
        accepted, report = check_candles(CandleColumns.from_rows(rows), WEEK)
        expected, refused, _ = judged_one_by_one(rows, WEEK, "snap", None)
        self.assertEqual((rows_of(accepted), dict(report.refused)), (expected, refused))
        self.assertTrue(all((time_ms // 86_400_000 + 3) % 7 == 0 for time_ms in accepted.open_time_ms.tolist()))

    def test_a_row_that_breaks_several_rules_counts_under_the_first(self):
        rows = [(APRIL + 1, math.nan, 1.0, 2.0, 1.0, -1.0), (APRIL + 1, 2.0, 1.0, 3.0, 2.0, -1.0)]
        report = check_candles(CandleColumns.from_rows(rows), MINUTE_MS, off_grid="refuse")[1]
        self.assertEqual(report.refused, {"bad_price": 1, "bad_volume": 1})

    def test_a_candle_of_the_far_future_does_not_put_the_following_ones_out_of_order(self):
        rows = [row_at(APRIL), row_at(APRIL + 10**9), row_at(APRIL + MINUTE_MS)]
        accepted, report = check_candles(CandleColumns.from_rows(rows), MINUTE_MS, now_ms=APRIL + 10 * MINUTE_MS)
        self.assertEqual(accepted.open_time_ms.tolist(), [APRIL, APRIL + MINUTE_MS])
        self.assertEqual(report.refused, {"unclosed": 1})

    def test_a_shifted_candle_is_closed_only_when_its_own_end_has_passed(self):
        rows = [row_at(APRIL + 20_000)]
        before = check_candles(CandleColumns.from_rows(rows), MINUTE_MS, now_ms=APRIL + 79_999)[0]
        after = check_candles(CandleColumns.from_rows(rows), MINUTE_MS, now_ms=APRIL + 80_000)[0]
        self.assertEqual((before.rows, after.rows), (0, 1))

    def test_the_first_examples_of_each_finding_are_kept_as_they_came(self):
        rows = [row_at(APRIL), *((APRIL + n * MINUTE_MS, -1.0 * n, 2.0, 0.5, 1.0, 3.0) for n in range(1, 6))]
        examples = check_candles(CandleColumns.from_rows(rows), MINUTE_MS)[1].examples["bad_price"]
        self.assertEqual([example.row for example in examples], [1, 2, 3])
        self.assertEqual(tuple(examples[1][1:]), rows[2])

    def test_nothing_comes_of_nothing(self):
        accepted, report = check_candles(CandleColumns.empty(), MINUTE_MS, now_ms=0)
        self.assertEqual((accepted.rows, report), (0, QualityReport()))

    def test_the_given_columns_are_not_changed(self):
        candles = CandleColumns.from_rows([row_at(APRIL + 5), row_at(APRIL + MINUTE_MS + 5)])
        before = rows_of(candles)
        check_candles(candles, MINUTE_MS)
        self.assertEqual(rows_of(candles), before)

    def test_prices_at_the_edges_of_what_is_allowed_and_of_floats_give_no_warning(self):
        widest = (APRIL, 1e-12, 1e12, 1e-12, 1e12, 0.0)
        beyond = (APRIL + MINUTE_MS, 5e-324, 1e308, 5e-324, 1e308, 0.0)
        accepted, report = check_candles(CandleColumns.from_rows([widest, beyond]), MINUTE_MS)
        self.assertEqual((rows_of(accepted), report.refused), ([widest], {"bad_price": 1}))


class Outliers(unittest.TestCase):
    def _with_spike(self, high, joined=True):
        rows = [list(row) for row in rows_of(candles_at(minutes(APRIL, 400)))]
        for row in rows:
            row[1:5] = [100.0, 100.05, 99.95, 100.0]
        rows[200][2] = high
        if not joined:
            del rows[199]
        return CandleColumns.from_rows(tuple(row) for row in rows)

    def test_a_wide_candle_is_flagged_and_kept(self):
        accepted, report = check_candles(self._with_spike(110.0), MINUTE_MS)
        self.assertEqual((accepted.rows, report.outliers), (400, 1))
        self.assertEqual(report.examples["outlier"][0].high, 110.0)

    def test_a_candle_within_twenty_five_usual_ranges_is_not_flagged(self):
        self.assertEqual(check_candles(self._with_spike(102.0), MINUTE_MS)[1].outliers, 0)

    def test_a_jump_between_closes_is_flagged_unless_candles_are_missing_between(self):
        for price, joined, flagged in ((120.0, True, 1), (120.0, False, 0), (80.0, True, 1), (80.0, False, 0)):
            rows = [[time_ms, 100.0, 100.05, 99.95, 100.0, 1.0] for time_ms in minutes(APRIL, 400)]
            for row in rows[200:]:
                row[1:5] = [price, price + 0.05, price - 0.05, price]
            if not joined:
                del rows[199]
            candles = CandleColumns.from_rows(tuple(row) for row in rows)
            self.assertEqual(check_candles(candles, MINUTE_MS)[1].outliers, flagged, (price, joined))

    def test_still_markets_flag_only_what_moves_by_two_per_cent(self):
        rows = [(time_ms, 100.0, 100.0, 100.0, 100.0, 0.0) for time_ms in minutes(APRIL, 100)]
        rows[50] = (rows[50][0], 100.0, 101.9, 100.0, 100.0, 1.0)
        rows[70] = (rows[70][0], 100.0, 102.1, 100.0, 100.0, 1.0)
        report = check_candles(CandleColumns.from_rows(rows), MINUTE_MS)[1]
        self.assertEqual([example.row for example in report.examples["outlier"]], [70])


class Moves(unittest.TestCase):
    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(st.lists(st.tuples(st.floats(0.001, 1000.0), st.floats(1.0, 30.0)), min_size=1, max_size=30))
    def test_columns_move_by_the_factors_of_single_candles(self, drawn):
        rows = [(APRIL + n * MINUTE_MS, low, low * wide, low, low, 1.0) for n, (low, wide) in enumerate(drawn)]
        closes = [None, *(row[4] for row in rows)]
        factors = [candle_move(before, row[2], row[3]) for before, row in zip(closes, rows, strict=False)]
        candles = CandleColumns.from_rows(rows)
        self.assertEqual(moves(candles).tolist(), factors)
        report = check_candles(candles, MINUTE_MS)[1]
        self.assertEqual(report.moves, sum(factor > 5.0 for factor in factors))

    def test_a_redenomination_is_told_with_its_row_though_a_pause_lies_before_it_and_is_kept(self):
        rows = [row_at(APRIL + n * MINUTE_MS, 0.001 if n < 3 else 1.0) for n in (0, 1, 2, 60, 61)]
        accepted, report = check_candles(CandleColumns.from_rows(rows), MINUTE_MS)
        self.assertEqual((accepted.rows, report.moves), (5, 1))
        self.assertEqual([example.row for example in report.examples["move"]], [3])


class Holes(unittest.TestCase):
    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(st.sets(st.integers(0, 60), max_size=40))
    def test_holes_name_their_neighbours_and_count_what_is_missing(self, present):
        order = sorted(present)
        holes = find_holes(np.array(order, np.int64) * MINUTE_MS, MINUTE_MS)
        expected = [
            Hole(left * MINUTE_MS, right * MINUTE_MS, right - left - 1)
            for left, right in itertools.pairwise(order)
            if right - left > 1
        ]
        self.assertEqual(holes, expected)


class Merging(unittest.TestCase):
    def test_reports_of_two_batches_add_up_and_keep_the_first_examples(self):
        rows = [(APRIL + n * MINUTE_MS, -1.0, 2.0, 0.5, 1.0, 3.0) for n in range(2)]
        first = check_candles(CandleColumns.from_rows([row_at(APRIL - MINUTE_MS), *rows]), MINUTE_MS)[1]
        second = check_candles(CandleColumns.from_rows([*rows, row_at(APRIL + 1), row_at(APRIL)]), MINUTE_MS)[1]
        both = first.merged(second)
        self.assertEqual((both.rows, both.accepted, both.snapped, both.off_grid), (7, 2, 1, 1))
        self.assertEqual(both.refused, {"bad_price": 4, "duplicate": 1})
        self.assertEqual(len(both.examples["bad_price"]), 3)


if __name__ == "__main__":
    unittest.main()
