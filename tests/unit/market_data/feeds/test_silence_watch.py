"""When a silence is too long."""

import unittest

from market_data.feeds.delivery.silence_watch import SilenceWatch
from market_data.feeds.feed_limits import FeedLimits
from tests.support.times import MINUTE_MS

LIMITS = FeedLimits(stale_candles=3, stale_seconds=100.0, quiet_seconds=30.0, least_stale_seconds=2.0)


def watch(limits: FeedLimits = LIMITS) -> SilenceWatch:
    """Return a watch of two symbols that was started at second 0."""
    made = SilenceWatch(("A", "B"), MINUTE_MS, limits)
    made.restart(0.0, 0)
    return made


class SilenceWatchTest(unittest.TestCase):
    def test_a_symbol_left_behind_by_the_exchange_s_time_is_stale(self) -> None:
        one = watch()
        one.hear("A", 5.0, 3 * MINUTE_MS)
        self.assertEqual(one.stale(5.0), [])
        one.hear("A", 5.0, 3 * MINUTE_MS + 1)
        self.assertEqual(one.stale(5.0), [("B", 5.0)])

    def test_a_symbol_silent_for_so_many_seconds_is_stale_whatever_the_exchange_s_time(self) -> None:
        one = watch()
        for second in range(0, 110, 10):
            one.hear("A", float(second), 0)
        self.assertEqual(one.stale(100.0), [])
        self.assertEqual(one.stale(100.5), [("B", 100.5)])

    def test_a_connection_on_which_nothing_moves_is_stale_as_a_whole(self) -> None:
        one = watch()
        self.assertEqual(one.stale(30.0), [])
        self.assertEqual(one.stale(30.5), [("A", 30.5), ("B", 30.5)])

    def test_a_step_of_the_exchange_s_clock_is_no_silence(self) -> None:
        one = watch()
        one.hear("B", 4.0, 0)
        one.hear("A", 5.0, 60 * MINUTE_MS)
        self.assertEqual(one.stale(5.0), [])
        one.hear("B", 5.5, 60 * MINUTE_MS)
        one.hear("A", 9.0, 0)
        self.assertEqual(one.stale(9.0), [])

    def test_each_silence_found_doubles_the_patience_until_the_symbol_is_heard_of(self) -> None:
        one = watch()
        found = []
        for second in range(1, 1_000):
            one.hear("A", float(second), 0)
            if one.stale(float(second)):
                found.append(second)
                one.restart(float(second))
        self.assertEqual(found, [101, 302, 703])
        one.hear("B", 1_000.0, 0)
        one.hear("A", 1_101.0, 0)
        self.assertEqual(one.stale(1_101.0), [("B", 101.0)])

    def test_without_a_setting_a_symbol_is_given_some_timeframes_and_at_least_a_minute(self) -> None:
        limits = FeedLimits(quiet_seconds=1e9)
        for length_ms, seconds in ((1_000, 60.0), (MINUTE_MS, 180.0)):
            one = SilenceWatch(("A",), length_ms, limits)
            one.restart(0.0, 0)
            self.assertEqual(one.stale(seconds), [])
            self.assertTrue(one.stale(seconds + 0.1))


if __name__ == "__main__":
    unittest.main()
