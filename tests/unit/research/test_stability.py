"""Plateau or needle: shapes by hand."""

import math
import unittest

from metrics.figures.undefined import Undefined
from research.luck.stability import parameter_stability

GRID = [{"fast": fast, "slow": slow} for fast in (5, 10, 15, 20, 25) for slow in (30, 40, 50, 60, 70)]


def hill(width: float) -> list[float]:
    """Return values over the grid that fall from its middle, at (15, 50), with the distance in steps."""
    return [math.exp(-(((one["fast"] - 15) / 5) ** 2 + ((one["slow"] - 50) / 10) ** 2) / width) for one in GRID]


class Stability(unittest.TestCase):
    def test_the_neighbours_of_a_grid_point_are_the_next_values(self) -> None:
        found = parameter_stability(GRID, hill(2.0))
        self.assertEqual((GRID.index({"fast": 15, "slow": 50}), 8), (found.best, found.neighbours))
        # By hand: of 8 neighbours four are a step away, four a step in both; of all 25 the middle one is √4 or √5 away.
        beside, all_values = (math.exp(-0.5) + math.exp(-1.0)) / 2, sorted(hill(2.0))[12]
        self.assertAlmostEqual(beside, found.median, 15)
        self.assertAlmostEqual(math.exp(-1.0), found.worst, 15)
        self.assertAlmostEqual((beside - all_values) / (1 - all_values), found.kept, 15)

    def test_a_broad_hill_is_a_plateau_and_a_narrow_one_a_needle(self) -> None:
        flat = [1.0 if abs(one["fast"] - 15) <= 5 and abs(one["slow"] - 50) <= 10 else 0.0 for one in GRID]
        flat[12] = 1.1
        shapes = [parameter_stability(GRID, values).shape for values in (flat, hill(8.0), hill(0.3))]
        self.assertEqual(["plateau", "slope", "needle"], shapes)
        self.assertIn("stand on a plateau: the middle one of 8 trials", parameter_stability(GRID, flat).sentence)
        worse = parameter_stability([{"length": at} for at in range(5)], [3.0, 0.0, 9.0, 1.0, 4.0])
        self.assertRegex(
            worse.sentence, "needle: the middle one of 2 trials near them is worse than the middle of all$"
        )

    def test_between_drawn_values_a_share_of_the_range_is_near(self) -> None:
        points = [{"length": value} for value in (0.0, 40.0, 49.0, 50.0, 59.0, 61.0, 100.0)]
        found = parameter_stability(points, [0, 1, 8, 9, 7, 2, 0])
        self.assertEqual((3, 7.0), (found.neighbours, found.median))
        wider = parameter_stability(points, [0, 1, 8, 9, 7, 2, 0], reach=0.2)
        self.assertEqual(4, wider.neighbours)

    def test_logarithms_are_compared_where_the_range_is_logarithmic(self) -> None:
        points = [{"alpha": value} for value in (0.001, 0.0095, 0.01, 0.0105, 0.1, 1.0)]
        values = [0, 8, 9, 8, 0, 0]
        self.assertEqual(2, parameter_stability(points, values, logarithmic={"alpha"}).neighbours)
        self.assertEqual(4, parameter_stability(points, values).neighbours)

    def test_texts_must_be_equal_and_failed_neighbours_keep_nothing(self) -> None:
        points = [{"side": side, "n": n} for side in ("long", "both") for n in (1, 2, 3)]
        found = parameter_stability(points, [0.0, 5.0, None, 4.9, 4.9, 4.9])
        self.assertEqual((1, 2, 1, 0.0), (found.best, found.neighbours, found.undefined_near, found.worst))

    def test_what_has_no_value_says_why(self) -> None:
        points = [{"n": n} for n in (1, 2, 3)]
        self.assertEqual(
            Undefined("2 of 3 trials have a value; it needs 3"), parameter_stability(points, [1.0, None, 2.0])
        )
        self.assertIn("no better than the middle", parameter_stability(points, [1.0, 1.0, 1.0]).reason)
        alone = [{"kind": kind} for kind in ("a", "b", "c")]
        self.assertIn("no other trial", parameter_stability(alone, [1.0, 2.0, 3.0]).reason)
        with self.assertRaises(ValueError):
            parameter_stability(points, [1.0])


if __name__ == "__main__":
    unittest.main()
