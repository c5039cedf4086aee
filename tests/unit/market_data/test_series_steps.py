"""Steps between funding payments: what is a change of the interval and what is a hole, on made and recorded rates."""

import csv
import gzip
import itertools
import unittest

import numpy as np

from market_data.quality.series_steps import (
    funding_holes,
    funding_intervals,
    holes_of,
    intervals_text,
    missing_payments,
)
from market_data.series_names import Series
from tests.support.candle_tables import APRIL
from tests.support.shared import CANDLES, needs_shared
from tests.support.times import HOUR_MS, MINUTE_MS


def stamps(*hours: float, late_ms: int = 0) -> np.ndarray:
    """Return payments at hours after the first of April, each some milliseconds late."""
    return np.array(
        [APRIL + round(hour * HOUR_MS) + (late_ms * place) % 20 for place, hour in enumerate(hours)], np.int64
    )


def recorded(path: str) -> np.ndarray:
    """Return the stamps of a recorded file, read with nothing but the standard library."""
    with gzip.open(CANDLES / path, "rt", newline="") as lines:
        return np.array([int(row["timestamp"]) for row in csv.DictReader(lines)], np.int64)


class Holes(unittest.TestCase):
    def test_a_change_of_the_interval_is_no_hole_in_either_direction(self):
        for hours in ((0, 4, 8, 9, 10, 11), (0, 1, 2, 3, 7, 11, 15), (0, 8, 12, 13), (0, 4), (0,), ()):
            with self.subTest(hours):
                self.assertEqual(funding_holes(stamps(*hours, late_ms=7)), [])

    def test_a_step_that_stands_out_on_both_sides_is_a_hole(self):
        for hours, before, after, missing in (
            ((0, 8, 16, 32, 40, 48), 16, 32, 1),
            ((0, 1, 2, 5, 6, 7), 2, 5, 2),
            ((0, 4, 8, 20, 21, 22), 8, 20, 11),
            ((0, 4, 8, 9, 11, 12, 13), 9, 11, 1),
        ):
            with self.subTest(hours):
                (hole,) = funding_holes(stamps(*hours, late_ms=7))
                self.assertEqual(
                    (hole.last_before_ms, hole.first_after_ms), (APRIL + before * HOUR_MS, APRIL + after * HOUR_MS)
                )
                self.assertEqual(hole.missing, missing)

    def test_a_step_longer_than_any_usual_interval_is_a_hole_at_an_edge_and_beside_another(self):
        self.assertEqual([hole.missing for hole in funding_holes(stamps(0, 24, 32, 40, 48))], [2])
        self.assertEqual([hole.missing for hole in funding_holes(stamps(0, 8, 16, 24, 72))], [5])
        self.assertEqual([hole.missing for hole in funding_holes(stamps(0, 8, 16, 32, 48, 56, 64, 72))], [1, 1])

    def test_a_contract_that_pays_once_a_day_has_none(self):
        self.assertEqual(funding_holes(stamps(0, 24, 48, 72)), [])

    def test_open_interest_and_candles_are_judged_by_their_period(self):
        times = stamps(0, 1, 3)
        self.assertEqual(holes_of(Series("e", "A/B", "funding"), times), [])
        for name in ("open-interest-1h", "mark-1h", "1h"):
            self.assertEqual([hole.missing for hole in holes_of(Series("e", "A/B", name), times)], [1], name)


class Intervals(unittest.TestCase):
    def test_they_are_told_in_order_of_time_without_the_holes(self):
        self.assertEqual(intervals_text(stamps(0, 4, 8, 9, 10, late_ms=3)), "4h->1h")
        self.assertEqual(intervals_text(stamps(0, 8, 16, 32, 40)), "8h")
        self.assertEqual(intervals_text(stamps(0, 8, 12, 16, 24)), "8h->4h->8h")
        self.assertEqual(intervals_text(stamps(0, 0.5, 1)), "0.5h")
        self.assertEqual((intervals_text(stamps(0)), intervals_text(stamps())), ("-", "-"))


class Missing(unittest.TestCase):
    def test_a_window_is_covered_from_its_first_possible_payment_to_its_last(self):
        times = stamps(8, 16, 24, late_ms=7)
        for start, end, expected in (
            (0, 31, []),
            (0, 32, [(32, 32)]),
            (-1, 24, [(0, 0)]),
            (8, 24, []),
            (20, 60, [(32, 56)]),
            (32, 60, [(40, 56)]),
            (33, 39, []),
            (-20, -1, [(-16, -8)]),
            (-15, -9, []),
        ):
            with self.subTest((start, end)):
                found = missing_payments(times, APRIL + start * HOUR_MS, APRIL + end * HOUR_MS)
                self.assertEqual([((a - APRIL) / HOUR_MS, (b - APRIL) / HOUR_MS) for a, b in found], expected)

    def test_a_hole_counts_where_a_payment_of_it_falls_into_the_window(self):
        times = stamps(0, 8, 16, 40, 48, 56)
        for start, end, expected in (
            (17, 23, []),
            (17, 24, [(24, 24)]),
            (23, 30, [(24, 24)]),
            (24, 31, []),
            (25, 33, [(32, 32)]),
            (32, 47, []),
            (0, 56, [(24, 32)]),
        ):
            with self.subTest((start, end)):
                found = missing_payments(times, APRIL + start * HOUR_MS, APRIL + end * HOUR_MS)
                self.assertEqual([((a - APRIL) / HOUR_MS, (b - APRIL) / HOUR_MS) for a, b in found], expected)

    def test_without_a_payment_the_whole_window_is_missing_and_one_alone_is_taken_to_be_of_eight_hours(self):
        self.assertEqual(missing_payments(stamps(), 5, 9), [(5, 9)])
        alone = stamps(8)
        self.assertEqual(missing_payments(alone, APRIL, APRIL + 15 * HOUR_MS), [])
        self.assertEqual(
            missing_payments(alone, APRIL, APRIL + 16 * HOUR_MS), [(APRIL + 16 * HOUR_MS, APRIL + 16 * HOUR_MS)]
        )

    def test_every_payment_taken_out_of_a_steady_series_is_found(self):
        hours = list(range(0, 100, 4))
        # The second and the last but one leave a single longer step at an edge, as a change of the interval would.
        for gone in range(2, len(hours) - 2):
            with self.subTest(gone):
                times = stamps(*hours[:gone], *hours[gone + 1 :], late_ms=11)
                due = APRIL + hours[gone] * HOUR_MS
                self.assertEqual(missing_payments(times, APRIL, APRIL + 99 * HOUR_MS), [(due, due)])


@needs_shared
class Recorded(unittest.TestCase):
    def test_layers_interval_changes_once_and_nothing_is_missing(self):
        times = recorded("binance-perp/LAYER-USDT/funding.csv.gz")
        self.assertEqual((funding_intervals(times), funding_holes(times)), ([4 * HOUR_MS, HOUR_MS], []))
        change = 1_746_518_400_000  # 2025-05-06T08:00Z
        due = (times - times % MINUTE_MS).tolist()
        longer = [before for before, after in itertools.pairwise(due) if after - before == 4 * HOUR_MS]
        self.assertEqual(max(longer) + 4 * HOUR_MS, change)
        self.assertEqual(missing_payments(times, due[0], due[-1]), [])

    def test_a_payment_taken_out_on_either_side_of_layers_change_is_found(self):
        times = recorded("binance-perp/LAYER-USDT/funding.csv.gz")
        change = int(np.searchsorted(times, 1_746_518_400_000))
        for gone in (change - 3, change - 1, change, change + 5):
            with self.subTest(gone - change):
                left = np.delete(times, gone)
                due = int(times[gone] - times[gone] % MINUTE_MS)
                ((first, last),) = missing_payments(left, int(times[0]), int(times[-1]))
                self.assertTrue(first <= due <= last)

    def test_the_other_recorded_sets_have_no_hole(self):
        for path in CANDLES.glob("*-perp*/*/funding.csv.gz"):
            with self.subTest(path.parent):
                self.assertEqual(funding_holes(recorded(str(path.relative_to(CANDLES)))), [])


if __name__ == "__main__":
    unittest.main()
