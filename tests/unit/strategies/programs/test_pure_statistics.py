"""The statistics of programs are those of CPython, to the last digit."""

import random
import statistics
import unittest

from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.program_check import check_program
from strategies.programs.sandbox.program_text import parsed
from strategies.programs.sandbox.pure_statistics import FUNCTIONS, with_statistics
from tests.support.programs import Bench, given, program
from tests.support.scale import SEED, scaled

ALL = f"import statistics\nfrom statistics import (\n    {', '.join(FUNCTIONS)},\n)\n" + program(
    "data = memory['data']",
    f"said = [one(data) for one in ({', '.join(FUNCTIONS)})]",
    "return {'action': said + [statistics.mean(data)]}",
)


class Statistics(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.bench = Bench(ProgramLimits(call_seconds=5))
        cls.addClassCleanup(cls.bench.worker.end)

    def test_they_are_those_of_cpython(self) -> None:
        chance = random.Random(SEED)
        draws = (
            lambda: chance.uniform(1, 2),
            lambda: chance.uniform(-1, 1) * 10 ** chance.randrange(-100, 100),
            lambda: chance.randrange(-50, 50),
            lambda: chance.choice([1, 2.5, 1e10, -3, 0.1]),
        )
        lists = [[draw() for _ in range(chance.randrange(2, 60))] for draw in draws for _ in range(scaled(15, 2000))]
        answers = self.bench.calls(ALL, *(given({"data": data}) for data in lists))
        for data, answer in zip(lists, answers, strict=True):
            expected = [getattr(statistics, name)(data) for name in (*FUNCTIONS, "mean")]
            self.assertEqual(
                repr(expected), repr(answer.decision and answer.decision["action"]), (data, answer.problem)
            )

    def test_too_few_values_and_what_is_no_number_are_errors(self) -> None:
        for lines, said in (
            (("statistics.stdev([1])",), "ValueError: stdev requires at least two data points"),
            (("statistics.mean([])",), "ValueError: mean requires at least one data point"),
            (("statistics.mean(['a'])",), "TypeError: mean: allowed: numbers"),
        ):
            (answer,) = self.bench.calls("import statistics\n" + program(*lines), given())
            self.assertEqual((said, 3), (answer.problem.text, answer.problem.line))

    def test_lines_stay_where_they_are(self) -> None:
        for text, expected in (
            ("import math, statistics as st\nx=1", "import math; st = _harness_statistics\nx=1"),
            ("from statistics import (\n mean as m,\n)\ny=2", "m = _harness_statistics.mean\n\n\ny=2"),
            ("é='é'; import statistics # c", "é='é'; statistics = _harness_statistics # c"),
            ("import json\n", "import json\n"),
        ):
            self.assertEqual(expected, with_statistics(text, parsed(text))[1])

    def test_the_check_knows_them(self) -> None:
        self.assertEqual((), check_program(ALL))


if __name__ == "__main__":
    unittest.main()
