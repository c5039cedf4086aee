"""Waits between attempts."""

import statistics
import unittest

from market_data.exchanges.backoff import Backoff, counter_uniform
from market_data.exchanges.request_failures import TransientError


class BackoffTest(unittest.TestCase):
    def test_a_wait_is_at_least_as_long_as_the_exchange_asks(self) -> None:
        waits = Backoff(lambda: 0.0, first_s=1.0, limit_s=4.0)
        asked = [None, 7.0, 0.0, 3.0]
        self.assertEqual([waits.after(TransientError("no", pause_s)) for pause_s in asked], [1.0, 7.0, 4.0, 4.0])

    def test_waits_double_up_to_the_limit_and_begin_anew_after_a_success(self) -> None:
        waits = Backoff(lambda: 0.0, first_s=0.5, limit_s=3.0)
        self.assertEqual([waits.next_s() for _ in range(5)], [0.5, 1.0, 2.0, 3.0, 3.0])
        waits.reset()
        self.assertEqual(waits.next_s(), 0.5)

    def test_jitter_shortens_a_wait_by_up_to_a_half(self) -> None:
        waits = Backoff(iter((0.0, 0.5, 1.0)).__next__, first_s=4.0, limit_s=4.0)
        self.assertEqual([waits.next_s() for _ in range(3)], [4.0, 3.0, 2.0])

    def test_a_first_wait_above_the_limit_is_the_limit(self) -> None:
        self.assertEqual(Backoff(lambda: 0.0, first_s=9.0, limit_s=2.0).next_s(), 2.0)


class CounterUniformTest(unittest.TestCase):
    def test_draws_are_those_of_splitmix64(self) -> None:
        # The first outputs of SplitMix64 from the state 1234567, from the generator's published test values.
        words = (6457827717110365317, 3203168211198807973, 9817491932198370423)
        draw = counter_uniform(1234567)
        self.assertEqual([draw() for _ in words], [(word >> 11) / 2.0**53 for word in words])

    def test_draws_fill_the_unit_interval_evenly(self) -> None:
        draw = counter_uniform(7)
        draws = [draw() for _ in range(4_000)]
        self.assertTrue(all(0.0 <= value < 1.0 for value in draws))
        self.assertAlmostEqual(statistics.fmean(draws), 0.5, delta=0.02)
        self.assertAlmostEqual(statistics.pvariance(draws), 1.0 / 12.0, delta=0.005)


if __name__ == "__main__":
    unittest.main()
