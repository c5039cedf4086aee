"""Where folds lie: lengths as they are written, ranges by hand, and what cannot be."""

import unittest

from core.errors import ConfigurationError
from core.time_range import TimeRange
from core.timeframe import DAY_MS, HOUR_MS, WEEK_MS
from research.folds.fold_times import FoldScheme, folds_of
from research.folds.lengths import length_ms


class Lengths(unittest.TestCase):
    def test_lengths_are_time_or_candles(self) -> None:
        table = (("90d", 90 * DAY_MS), ("12h", 12 * HOUR_MS), ("4w", 4 * WEEK_MS), ("2000c", 2000 * HOUR_MS), (" 3 d ",
                 3 * DAY_MS), ("120m", 2 * HOUR_MS), ("7200s", 2 * HOUR_MS))  # fmt: skip
        for text, expected in table:
            with self.subTest(text):
                self.assertEqual(expected, length_ms("train", text, HOUR_MS))
        self.assertEqual(0, length_ms("purge", "0d", HOUR_MS, least=0))

    def test_what_is_no_length_is_one_clear_line(self) -> None:
        table = (
            ("90", "train: '90' is no length — allowed: 90d, 12h, 4w, 30m, or 2000c for candles"),
            ("-3d", "train: '-3d' is no length"),
            ("1.5d", "train: '1.5d' is no length"),
            ("3M", "train: '3M' is no length"),
            ("", "train: '' is no length"),
            (None, "train: null is no length"),
            (90, "train: 90 is no length"),
            ("٣d", "is no length"),
            ("90m", "train: '90m' is no whole number of candles of 1h — allowed: multiples of that, or candles such "
                    "as 2c"),
            ("0d", "train: '0d' — allowed: at least 1c"),
        )  # fmt: skip
        for text, words in table:
            with self.subTest(text), self.assertRaises(ConfigurationError) as caught:
                length_ms("train", text, HOUR_MS)
            self.assertIn(words, str(caught.exception))
            self.assertNotIn("\n", str(caught.exception))


class Folds(unittest.TestCase):
    def test_ranges_by_hand(self) -> None:
        # 100 days: searches of 40 less 5 purged, 3 days between, tests of 20: they begin on days 43 and 63, and the
        # 17 days from day 83 on are too few for a third.
        window = TimeRange(0, 100 * DAY_MS)
        scheme = {"train_ms": 40 * DAY_MS, "test_ms": 20 * DAY_MS, "purge_ms": 5 * DAY_MS, "embargo_ms": 3 * DAY_MS}
        for anchored, expected in (
            (False, [(1, (0, 35), (43, 63)), (2, (20, 55), (63, 83))]),
            (True, [(1, (0, 35), (43, 63)), (2, (0, 55), (63, 83))]),
        ):
            with self.subTest(anchored=anchored):
                found = folds_of(window, FoldScheme(**scheme, anchored=anchored), HOUR_MS)
                days = [
                    (
                        one.number,
                        *(tuple(edge / DAY_MS for edge in span.to_tuple_ms()) for span in (one.train, one.test)),
                    )
                    for one in found
                ]
                self.assertEqual(expected, days)

    def test_a_window_off_the_grid_begins_at_the_next_candle(self) -> None:
        [one] = folds_of(TimeRange(1, 5 * HOUR_MS), FoldScheme(train_ms=2 * HOUR_MS, test_ms=2 * HOUR_MS), HOUR_MS)
        self.assertEqual((HOUR_MS, 3 * HOUR_MS, 3 * HOUR_MS, 5 * HOUR_MS),
                         (*one.train.to_tuple_ms(), *one.test.to_tuple_ms()))  # fmt: skip

    def test_what_does_not_fit_is_one_clear_line(self) -> None:
        window = TimeRange(0, 30 * DAY_MS)
        table = (
            ({"train_ms": 20 * DAY_MS, "test_ms": 11 * DAY_MS}, "train 20d + test 11d do not fit into the window"),
            ({"train_ms": 20 * DAY_MS, "test_ms": 10 * DAY_MS, "embargo_ms": HOUR_MS}, "train 20d + embargo 1h + test"),
            ({"train_ms": DAY_MS, "test_ms": DAY_MS, "purge_ms": DAY_MS}, "purge: 1d leaves nothing of train 1d"),
            ({"train_ms": DAY_MS, "test_ms": HOUR_MS // 2}, "test: 30m makes 1,392 folds"),
        )
        for lengths, words in table:
            with self.subTest(words), self.assertRaises(ConfigurationError) as caught:
                folds_of(window, FoldScheme(**lengths), HOUR_MS // 2)
            self.assertIn(words, str(caught.exception))
            self.assertIn(" — allowed: ", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
