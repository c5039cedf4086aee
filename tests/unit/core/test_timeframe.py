"""Timeframes: their lengths, their grids and the UTC day of a step."""

import datetime as dt
import unittest

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from core.instants import to_datetime
from core.timeframe import ceil_to_grid, floor_to_grid, grid_origin_ms, timeframe_ms, trading_day
from tests.support.scale import scaled

WEEK_MS = 604_800_000
LENGTHS = (1_000, 60_000, 180_000, 900_000, 14_400_000, 18_000_000, 86_400_000, WEEK_MS)
TIMES = st.integers(-(10**12), 5 * 10**12)


class TimeframeLength(unittest.TestCase):
    def test_lengths_are_the_units_times_the_number(self) -> None:
        table = {
            "1s": 1_000,
            "1m": 60_000,
            "15m": 900_000,
            "1h": 3_600_000,
            "4h": 14_400_000,
            "1d": 86_400_000,
            "24h": 86_400_000,
            "1440m": 86_400_000,
            "1w": WEEK_MS,
        }
        for text, length in table.items():
            with self.subTest(text):
                self.assertEqual(length, timeframe_ms(text))

    def test_what_has_no_fixed_grid_or_is_longer_than_a_day_is_refused(self) -> None:
        for text in ("1M", "1y", "2d", "25h", "2w", "7d", "168h", "90000s"):
            with self.subTest(text), self.assertRaises(ConfigurationError):
                timeframe_ms(text)

    def test_what_is_no_timeframe_is_refused_with_its_text_and_what_is_allowed(self) -> None:
        for text in ("", "m", "0m", "01m", "-1m", "1.5h", " 1m", "1m ", "1m\n", "1 m", "min", "１m", None, 60, b"1m"):
            with self.subTest(text), self.assertRaises(ConfigurationError) as caught:
                timeframe_ms(text)  # type: ignore[arg-type]
            self.assertIn(repr(text), str(caught.exception))
            self.assertIn("allowed: ", str(caught.exception))


class TimeframeGrid(unittest.TestCase):
    def test_weeks_begin_on_monday_and_all_else_at_the_epoch(self) -> None:
        self.assertEqual(0, to_datetime(grid_origin_ms(WEEK_MS)).weekday())
        self.assertEqual(0, grid_origin_ms(86_400_000))
        thursday = int(dt.datetime(2024, 3, 7, 13, 30, tzinfo=dt.UTC).timestamp() * 1000)
        self.assertEqual(dt.datetime(2024, 3, 4, tzinfo=dt.UTC), to_datetime(floor_to_grid(thursday, WEEK_MS)))
        self.assertEqual(dt.datetime(2024, 3, 11, tzinfo=dt.UTC), to_datetime(ceil_to_grid(thursday, WEEK_MS)))

    def test_times_before_the_origin_round_towards_the_past_and_the_future_too(self) -> None:
        self.assertEqual(-60_000, floor_to_grid(-1, 60_000))
        self.assertEqual(0, ceil_to_grid(-1, 60_000))
        self.assertEqual(4 * 86_400_000 - WEEK_MS, floor_to_grid(0, WEEK_MS))

    @settings(max_examples=scaled(200, 5_000), deadline=None)
    @given(TIMES, st.sampled_from(LENGTHS))
    def test_floor_and_ceiling_enclose_a_time_on_neighbouring_boundaries(self, time_ms: int, length: int) -> None:
        low, high = floor_to_grid(time_ms, length), ceil_to_grid(time_ms, length)
        origin = 4 * 86_400_000 if length == WEEK_MS else 0
        self.assertEqual((0, 0), ((low - origin) % length, (high - origin) % length))
        self.assertTrue(low <= time_ms <= high)
        self.assertEqual(0 if low == time_ms else length, high - low)


class TradingDay(unittest.TestCase):
    def test_the_step_at_midnight_closes_the_old_day(self) -> None:
        midnight = int(dt.datetime(2024, 2, 29, tzinfo=dt.UTC).timestamp() * 1000)
        self.assertEqual(trading_day(midnight - 60_000), trading_day(midnight))
        self.assertEqual(trading_day(midnight) + 1, trading_day(midnight + 1))
        self.assertEqual(trading_day(midnight) + 1, trading_day(midnight + 86_400_000))


if __name__ == "__main__":
    unittest.main()
