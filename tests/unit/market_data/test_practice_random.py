import unittest

import numpy as np

from market_data.practice.practice_random import BELL_SD, TRIANGLE_SD, bell, stream, triangles, words


class PracticeRandomTest(unittest.TestCase):
    def test_words_are_the_published_splitmix64_outputs(self) -> None:
        # The first five outputs for the state 1234567, as printed with the reference implementation.
        published = [
            6457827717110365317,
            3203168211198807973,
            9817491932198370423,
            4593380528125082431,
            16408922859458223821,
        ]
        self.assertEqual(words(1234567, 1, 5).tolist(), published)

    def test_a_word_depends_on_its_counter_only(self) -> None:
        key = stream(7, "market/steps")
        whole = words(key, -50, 120)
        self.assertEqual(whole[33:60].tolist(), words(key, -17, 27).tolist())

    def test_streams_differ_by_seed_and_by_label(self) -> None:
        keys = {stream(seed, label) for seed in (0, 1, 2, 2**64 - 1) for label in ("", "a", "b", "ab", "ba", "a/b")}
        self.assertEqual(len(keys), 24)

    def test_every_bit_is_set_half_of_the_time(self) -> None:
        drawn = words(stream(1, "bits"), 0, 40_000)
        for bit in range(64):
            ones = int(((drawn >> np.uint64(bit)) & np.uint64(1)).sum())
            self.assertLess(abs(ones - 20_000), 500, f"bit {bit}")  # 5 standard deviations

    def test_bell_draws_have_the_moments_of_a_sum_of_four_uniforms(self) -> None:
        drawn = bell(words(stream(1, "bell"), 0, 100_000)) / BELL_SD
        self.assertAlmostEqual(float(drawn.mean()), 0.0, delta=0.02)
        self.assertAlmostEqual(float(drawn.std()), 1.0, delta=0.02)
        self.assertAlmostEqual(float((drawn**4).mean()), 2.7, delta=0.1)
        self.assertLessEqual(float(np.abs(drawn).max()), 12**0.5)

    def test_the_two_triangle_draws_of_a_word_are_independent(self) -> None:
        first, second = triangles(words(stream(1, "triangles"), 0, 100_000))
        self.assertAlmostEqual(float(first.std()) / TRIANGLE_SD, 1.0, delta=0.02)
        self.assertAlmostEqual(float(second.std()) / TRIANGLE_SD, 1.0, delta=0.02)
        self.assertLess(abs(float(np.corrcoef(first, second)[0, 1])), 0.02)
        self.assertLess(abs(float(np.corrcoef(first * first, second * second)[0, 1])), 0.02)

    def test_neighbouring_draws_are_not_correlated(self) -> None:
        drawn = bell(words(stream(3, "neighbours"), 0, 100_000))
        other = bell(words(stream(4, "neighbours"), 0, 100_000))
        for lag in (1, 2, 60, 1_440):
            self.assertLess(abs(float(np.corrcoef(drawn[lag:], drawn[:-lag])[0, 1])), 0.02)
        self.assertLess(abs(float(np.corrcoef(drawn, other)[0, 1])), 0.02)


if __name__ == "__main__":
    unittest.main()
