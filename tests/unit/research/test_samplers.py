"""Samplers: what they draw, and what they are told."""

import math
import unittest

from core.errors import ConfigurationError
from research.objectives.objective import objectives_of
from research.samplers.listed_samplers import GridSampler, RandomSampler
from research.samplers.sampler_choice import SAMPLERS, require_sampler, sampler_of
from research.spaces.ranges import parameter_of
from research.spaces.space import Space
from research.studies.told_values import ToldValues

SPACE = Space(tuple(parameter_of(name, one) for name, one in {
    "whole": "3..7", "stepped": "0.1..0.5:0.1", "any": "-1.0..1.0", "ratio": "0.001..1 log", "count": "1..1000 log",
    "word": "a,b,c", "number": "1,10,100", "fixed": "4",
}.items()))  # fmt: skip
SHARPE = objectives_of("sharpe")


class Drawn(unittest.TestCase):
    def test_every_sampler_stays_in_the_space(self) -> None:
        for name in SAMPLERS[1:]:
            sampler = sampler_of(name, SPACE, SHARPE, 5)
            for number in range(60):
                proposal = sampler.ask()
                point = proposal.point
                sampler.tell(proposal, None if number % 5 == 0 else (float(point["whole"]),))
                with self.subTest(name, point=point):
                    self.assertEqual([one.name for one in SPACE.parameters], list(point))
                    for one in SPACE.parameters:
                        if one.count is not None:
                            self.assertIn(
                                (type(point[one.name]), point[one.name]), [(type(v), v) for v in one.values()]
                            )
                        else:
                            self.assertTrue(one.low <= point[one.name] <= one.high)

    def test_chance_is_even_in_the_range_or_in_its_logarithm(self) -> None:
        sampler = RandomSampler(SPACE, 1)
        points = [sampler.ask().point for _ in range(4000)]
        self.assertEqual(set("abc"), {one["word"] for one in points})
        middles = {"any": 0.0, "ratio": math.sqrt(0.001), "count": math.sqrt(0.5 * 1000.5), "whole": 4.99}
        for name, middle in middles.items():
            share = sum(one[name] <= middle for one in points) / len(points)
            self.assertLess(abs(share - (0.4 if name == "whole" else 0.5)), 0.03, name)
        counts = [one["count"] for one in points]
        self.assertTrue(min(counts) == 1 and max(counts) > 900)

    def test_a_shuffled_grid_has_every_point_once(self) -> None:
        space = Space(tuple(parameter_of(name, f"0..{last}") for name, last in (("a", 6), ("b", 4), ("c", 2))))
        for seed in (0, 1, None):
            sampler = GridSampler(space, seed)
            found = []
            while (proposal := sampler.ask()) is not None:
                found.append(tuple(proposal.point.values()))
            self.assertEqual(seed is None, found == sorted(found))
            self.assertEqual([tuple(one.values()) for one in space.grid()], sorted(found))

    def test_a_seed_gives_the_same_points_and_another_seed_others(self) -> None:
        space = Space(tuple(parameter_of(name, "1..50") for name in "ab"))
        for name in SAMPLERS:
            samplers = [sampler_of(name, space, SHARPE, seed) for seed in (1, 1, 2)]
            one, again, other = ([sampler.ask().point for _ in range(8)] for sampler in samplers)
            with self.subTest(name):
                self.assertEqual(one, again)
                self.assertNotEqual(one, other)

    def test_a_point_that_was_chosen_elsewhere_is_taken_as_it_is(self) -> None:
        elsewhere = RandomSampler(SPACE, 2)
        for name in SAMPLERS[1:]:
            sampler = sampler_of(name, SPACE, SHARPE, 5)
            for _ in range(30):
                point = elsewhere.ask().point
                taken = sampler.take(point)
                with self.subTest(name):
                    self.assertEqual([repr(one) for one in point.items()], [repr(one) for one in taken.point.items()])
                sampler.tell(taken, (1.0,))

    def test_tpe_keeps_away_from_where_points_are_refused(self) -> None:
        space = Space(tuple(parameter_of(name, one) for name, one in {"a": "5..60", "b": "5..60"}.items()))
        sampler = sampler_of("tpe", space, SHARPE, 3)
        made = refused = 0
        while made < 60:
            proposal = sampler.ask()
            a, b = proposal.point["a"], proposal.point["b"]
            # What is worth most lies beside what may not be tried.
            if a * 8 < b:
                made += 1
                sampler.tell(proposal, (float(a),))
            else:
                refused += 1
                sampler.refuse(proposal)
            self.assertLess(refused, 1000)

    def test_samplers_that_learn_go_where_it_is_good(self) -> None:
        for name in ("tpe", "cmaes", "genetic"):
            sampler = sampler_of(name, SPACE, objectives_of("max_drawdown"), 2)
            found = []
            for _ in range(120):
                proposal = sampler.ask()
                found.append(abs(proposal.point["any"] - 0.6) + abs(proposal.point["whole"] - 6))
                sampler.tell(proposal, (found[-1],))
            with self.subTest(name):
                self.assertLess(sum(found[-30:]), 0.75 * sum(found[:30]))


class Choice(unittest.TestCase):
    def test_a_grid_of_a_million_points_is_one_and_of_more_needs_trials(self) -> None:
        fits = Space(tuple(parameter_of(name, "1..1000") for name in "ab"))
        beyond = Space((*fits.parameters, parameter_of("c", "1..2")))
        require_sampler("grid", fits, SHARPE, None)
        require_sampler("grid", beyond, SHARPE, 10)
        with self.assertRaisesRegex(ConfigurationError, "the grid has 2,000,000 points, above 1,000,000"):
            require_sampler("grid", beyond, SHARPE, None)
        some = GridSampler(beyond, 3)
        self.assertEqual(10, len({tuple(some.ask().point.values()) for _ in range(10)}))


class Told(unittest.TestCase):
    def test_what_is_not_ranked_is_told_as_the_worst_until_then_in_each_objective(self) -> None:
        told = ToldValues(objectives_of(["sharpe", "max_drawdown"]))
        trials = [None, [1.0, 5.0], None, [2.0, 9.0], None, [0.5, 1.0], None]
        expected = [None, [1.0, 5.0], [1.0, 5.0], [2.0, 9.0], [1.0, 9.0], [0.5, 1.0], [0.5, 9.0]]
        self.assertEqual(expected, [None if (one := told.of(row)) is None else list(one) for row in trials])


if __name__ == "__main__":
    unittest.main()
