"""Combinatorial purged cross-validation: which candles are searched, against a listing candle by candle."""

import itertools
import unittest

from core.errors import ConfigurationError
from core.time_range import TimeRange
from research.folds.combinations import GroupScheme, groups_of, paths_of, splits_of

SHAPES = ((6, 2), (5, 3), (4, 1), (8, 4), (3, 2), (2, 1))
S = 1000
"""A candle of a second."""
CUTS = ((0, 0), (3, 0), (0, 4), (2, 5), (7, 1), (30, 0))


def rows_of(span: TimeRange) -> range:
    return range(span.start_ms // S, span.end_ms // S)


def runs_of(candles: list[int]) -> list[tuple[int, int]]:
    """Return numbers as ranges, ends exclusive."""
    found: list[tuple[int, int]] = []
    for one in candles:
        if found and found[-1][1] == one:
            found[-1] = (found[-1][0], one + 1)
        else:
            found.append((one, one + 1))
    return found


class Splits(unittest.TestCase):
    def test_every_split_against_a_listing_candle_by_candle(self) -> None:
        for (groups, tests), (purge, embargo), candles in itertools.product(SHAPES, CUTS, (97, 120)):
            size = candles // groups
            group = [min(row // size, groups - 1) for row in range(candles)]
            scheme = GroupScheme(groups=groups, test_groups=tests, purge_ms=purge * S, embargo_ms=embargo * S)
            cut = groups_of(TimeRange(0, candles * S), groups, S)
            self.assertEqual([group.count(one) for one in range(groups)], [one.length_ms // S for one in cut])
            expected = []
            for left in itertools.combinations(range(groups), tests):
                seen = [
                    row for row in range(candles)
                    if not {*group[max(0, row - purge - embargo) : row + purge + 1]} & {*left}
                ]  # fmt: skip
                expected.append((left, runs_of(seen)))
            with self.subTest(groups=groups, tests=tests, purge=purge, embargo=embargo, candles=candles):
                if any(not seen for _, seen in expected):
                    with self.assertRaisesRegex(ConfigurationError, "leave nothing to search where groups "):
                        splits_of(cut, scheme)
                    continue
                found = splits_of(cut, scheme)
                self.assertEqual(list(range(scheme.splits)), [one.number for one in found])
                told = [(one.tests, runs_of([row for span in one.train for row in rows_of(span)]))
                        for one in found]  # fmt: skip
                self.assertEqual(expected, told)
                for one in found:
                    # A range is of one group: a run ends with it.
                    self.assertTrue(all(len({group[row] for row in rows_of(span)}) == 1 for span in one.train))

    def test_every_path_has_every_group_once_and_every_test_is_on_one_path(self) -> None:
        for groups, tests in SHAPES:
            scheme = GroupScheme(groups=groups, test_groups=tests)
            paths = paths_of(scheme)
            self.assertEqual((scheme.paths, scheme.splits * tests // groups), (len(paths),) * 2)
            left = list(itertools.combinations(range(groups), tests))
            used = [(split, own) for path in paths for own, split in enumerate(path)]
            self.assertEqual(sorted((number, own) for number, one in enumerate(left) for own in one), sorted(used))

    def test_six_groups_two_left_out_as_the_book_draws_it(self) -> None:
        # López de Prado (2018), figures 12.1 and 12.2: 15 splits, 5 paths, the first of splits 1, 1, 2, 3, 4, 5.
        paths = paths_of(GroupScheme(groups=6, test_groups=2))
        self.assertEqual(5, len(paths))
        self.assertEqual((0, 0, 1, 2, 3, 4), paths[0])
        self.assertEqual((1, 5, 5, 6, 7, 8), paths[1])

    def test_what_cannot_be_is_one_clear_line(self) -> None:
        table = (
            ({"groups": 1, "test_groups": 1}, "groups: 1 — allowed: a whole number from 2 to 20"),
            ({"groups": 21, "test_groups": 2}, "groups: 21 — allowed"),
            ({"groups": 6, "test_groups": 6}, "test_groups: 6 — allowed: a whole number from 1 to 5"),
            ({"groups": 6, "test_groups": 0}, "test_groups: 0 — allowed"),
            ({"groups": 20, "test_groups": 10}, "test_groups: 10 of 20 groups can be left out in 184,756 ways"),
        )
        for given, words in table:
            with self.subTest(words), self.assertRaisesRegex(ConfigurationError, words):
                GroupScheme(**given)
        with self.assertRaisesRegex(ConfigurationError, "groups: the window from .* has not 6 candles"):
            groups_of(TimeRange(0, 5), 6, 1)


if __name__ == "__main__":
    unittest.main()
