import unittest

from reports.console.result_warnings import warnings_of
from runs.figures.missing_candles import candle_ends, slots_of
from tests.support.times import HOUR_MS, JANUARY_MS
from tests.unit.reports.result_example import example_result, symbol_result

DAY = JANUARY_MS


class EndsTest(unittest.TestCase):
    def test_a_whole_window_lacks_nothing_and_gives_no_warning(self) -> None:
        ends = candle_ends((DAY, DAY + 23 * HOUR_MS), DAY, DAY + 24 * HOUR_MS, HOUR_MS)
        self.assertEqual((ends.missing_before, ends.missing_after), (0, 0))
        self.assertIsNone(ends.warning())

    def test_bounds_inside_a_candle_ask_for_whole_candles_alone(self) -> None:
        ends = candle_ends((DAY + HOUR_MS, DAY + 22 * HOUR_MS), DAY + 1, DAY + 24 * HOUR_MS - 1, HOUR_MS)
        self.assertEqual((ends.missing_before, ends.missing_after), (0, 0))
        self.assertEqual(slots_of(DAY + 1, DAY + HOUR_MS + 5, HOUR_MS), 0)
        self.assertEqual(slots_of(DAY + 1, DAY + 2, HOUR_MS), 0)

    def test_every_candle_lacking_at_either_end_is_counted_and_the_warning_says_where(self) -> None:
        for hours, counts, told in (
            ((3, 23), (3, 0), "candles only from 2024-01-01T03:00:00.000Z on: 3 missing before"),
            ((0, 21), (0, 2), "candles only up to 2024-01-01T22:00:00.000Z: 2 missing after; a position still open"),
            (
                (1, 1),
                (1, 22),
                "candles only from 2024-01-01T01:00:00.000Z to 2024-01-01T02:00:00.000Z: 1 missing before, 22 after; a",
            ),
        ):
            with self.subTest(hours):
                ends = candle_ends(
                    (DAY + hours[0] * HOUR_MS, DAY + hours[1] * HOUR_MS),
                    DAY,
                    DAY + 24 * HOUR_MS,
                    HOUR_MS,
                )
                self.assertEqual((ends.missing_before, ends.missing_after), counts)
                self.assertTrue((ends.warning() or "").startswith(told), ends.warning())

    def test_without_a_candle_all_are_missing_and_another_warning_says_so(self) -> None:
        ends = candle_ends(None, DAY, DAY + 24 * HOUR_MS, HOUR_MS)
        self.assertEqual((ends.candles_from, ends.missing_before, ends.missing_after), (None, 24, 0))
        self.assertIsNone(ends.warning())


class DetailTest(unittest.TestCase):
    def test_missing_detail_candles_are_warned_of_where_there_are_some(self) -> None:
        for found, missing, told in (
            (5, 17853, "detail candles missing in the range: 17,853"),
            (5, 0, None),
            (0, 5, None),
        ):
            with self.subTest(found=found, missing=missing):
                one = symbol_result(detail_candles=found, missing_detail_candles=missing)
                warnings = warnings_of(example_result(symbols={"A": one}, warnings=[]))
                self.assertEqual(warnings, [] if told is None else [f"A: {told}"])


if __name__ == "__main__":
    unittest.main()
