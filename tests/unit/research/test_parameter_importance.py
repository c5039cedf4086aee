"""What each parameter explains of what trials reached, against scipy's H and against what was planted."""

import unittest

import numpy as np
from scipy.stats import kruskal

from metrics.figures.undefined import Undefined
from research.pictures.parameter_importance import Importance, parameter_importance
from research.spaces.ranges import parameter_of

HOUR = parameter_of("hour", "0..5")
FREE = parameter_of("stop", "0.0..1.0")
SIDE = parameter_of("side", "long,short,both")


def found(parameter: object, column: list[object], values: list[float]) -> Importance:
    """Return an importance that is defined."""
    share = parameter_importance(parameter, column, values)
    if isinstance(share, Undefined):
        raise AssertionError(share.reason)
    return share


class ParameterImportance(unittest.TestCase):
    def test_it_is_the_effect_of_the_test_of_kruskal_and_wallis(self) -> None:
        random = np.random.default_rng(1)
        for parameter, groups in ((HOUR, 6), (SIDE, 3)):
            places = random.integers(0, groups, 200)
            column = [parameter.value_at(int(one)) for one in [*places, 0]]
            # Rounded, so that there are ties; one outlier weighs no more than its rank.
            values = [*(0.3 * places + random.normal(size=200)).round(1).tolist(), -1e9]
            kinds = sorted(set(map(str, column)))
            apart = [[value for own, value in zip(column, values, strict=True) if str(own) == kind] for kind in kinds]
            h = kruskal(*apart).statistic
            expected = (h - groups + 1) / (len(values) - groups)
            share = found(parameter, column, values)
            self.assertEqual(groups, share.groups)
            self.assertAlmostEqual(max(0.0, expected), share.share, places=12)

    def test_what_was_planted_is_found_and_what_does_nothing_is_near_0(self) -> None:
        random = np.random.default_rng(2)
        nothing = []
        for _ in range(200):
            hours, stops = random.integers(0, 6, 120), random.random(120)
            values = (-abs(hours - 3) + 0.3 * random.normal(size=120)).tolist()
            planted = found(HOUR, hours.tolist(), values)
            self.assertGreater(planted.share, 0.6)
            self.assertEqual((3,), planted.best)
            nothing.append(found(FREE, stops.tolist(), values).share)
        self.assertLess(np.mean(nothing), 0.03)

    def test_a_range_without_steps_is_cut_into_stretches_with_as_many_trials_each(self) -> None:
        stops = [0.9 * place / 99 for place in range(100)]
        share = found(FREE, stops, [abs(one - 0.2) for one in stops])
        self.assertEqual(10, share.groups)
        self.assertEqual((stops[90], stops[99]), share.best)
        # Equal values stay in one group, however many they are.
        gathered = [0.5] * 80 + stops[:20]
        self.assertEqual(3, found(FREE, gathered, [float(one) for one in range(100)]).groups)

    def test_what_says_nothing_is_undefined(self) -> None:
        table = (
            ([1, 2] * 4, list(range(8)), "8 points have a value; it needs 10"),
            ([1] * 12, list(range(12)), "it has one value in all trials"),
            ([1, 2] * 6, [3.0] * 12, "all trials reached the same"),
        )
        for column, values, reason in table:
            share = parameter_importance(HOUR, column, [float(one) for one in values])
            self.assertEqual(Undefined(reason), share)
        every = parameter_of("word", [str(one) for one in range(12)])
        share = parameter_importance(every, list(every.values()), [float(one) for one in range(12)])
        self.assertEqual(Undefined("every trial has a value of its own"), share)


if __name__ == "__main__":
    unittest.main()
