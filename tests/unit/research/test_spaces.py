"""Spaces: what ranges mean, how points are numbered, and what is refused before anything is run."""

import itertools
import unittest
from typing import Any

from core.errors import ConfigurationError
from research.spaces.parameter import Parameter
from research.spaces.ranges import parameter_argument, parameter_of
from research.spaces.settings_names import SettingsNames
from research.spaces.space import Conditions, Space
from tests.support.studies import planted_base


def values(written: Any) -> list[Any]:
    """Return the values of a parameter."""
    return list(parameter_of("p", written).values())


class Ranges(unittest.TestCase):
    def test_ranges_and_choices_are_what_they_say(self) -> None:
        table: tuple[tuple[Any, list[Any]], ...] = (
            ("5..8", [5, 6, 7, 8]),
            (" 5 .. 20 : 5 ", [5, 10, 15, 20]),
            ("5..21:5", [5, 10, 15, 20]),
            ("-2..2:2", [-2, 0, 2]),
            ("1_000..3_000:1_000", [1000, 2000, 3000]),
            ("0.1..0.5:0.1", [0.1, 0.2, 0.3, 0.4, 0.5]),
            ("1..2:0.5", [1.0, 1.5, 2.0]),
            (".5..1e0:.25", [0.5, 0.75, 1.0]),
            ("7..7", [7]),
            ("0.5..0.5", [0.5]),
            ("14,20, 25", [14, 20, 25]),
            ("0.5,1", [0.5, 1.0]),
            ("true,false", [True, False]),
            ("limit,stop", ["limit", "stop"]),
            ("15m,1h", ["15m", "1h"]),
            ([3, 1], [3, 1]),
            (4, [4]),
            ({"low": 1, "high": 3}, [1, 2, 3]),
            ({"low": 1.0, "high": 2.0, "step": 0.5}, [1.0, 1.5, 2.0]),
            ({"choices": ["a", "b"]}, ["a", "b"]),
        )
        for written, expected in table:
            with self.subTest(written):
                found = values(written)
                self.assertEqual(expected, found)
                self.assertEqual(list(map(type, expected)), list(map(type, found)))

    def test_a_float_without_a_step_takes_any_value(self) -> None:
        for written in ("0.5..3", "0.0001..0.01 log", "1e-4..1e-2:log", {"low": 0.5, "high": 3.0, "log": True}):
            one = parameter_of("p", written)
            self.assertIsNone(one.count)
            self.assertEqual("float", one.kind)
            self.assertEqual(one, parameter_of("p", one.text))

    def test_what_is_no_range_is_one_line(self) -> None:
        table: tuple[tuple[Any, str], ...] = (
            ("20..5", "20..5 is empty: 20 is above 5 — allowed: 5..20"),
            ("1..2:0", "the step of 1..2:0"),
            ("1..2:5", "the step of 1..2:5"),
            ("0..3 log", "allowed: a range above 0"),
            ("1..4:2 log", "without a step"),
            ("1...3", "'1...3'"),
            ("nan..3", "'nan..3'"),
            ("1..1e999", "beyond what can be counted"),
            ("0.0..1.0:1e-300", "has more values than can be counted — allowed: larger steps"),
            ({"low": 10**400, "high": 10**401}, "p: it is beyond what can be counted"),
            ([1.5, 10**400], "the choice a number of more than 60 digits"),
            ("", "has no values"),
            ("1,,2", "the choice ''"),
            ("1,1", "has a choice twice"),
            ("a b,c", "the choice 'a b'"),
            ("14,2O", "14, 2O — allowed: numbers, or words"),
            ([], "has no values"),
            ([float("nan")], "the choice nan"),
            (None, "null"),
            ({"low": 1}, "p.high: is missing"),
            ({"low": "1", "high": 2}, "p.low: '1'"),
            ({"low": 1, "high": 2, "stpe": 1}, "unknown key 'stpe' (did you mean step?)"),
            ({"low": 1, "high": 2, "log": 1}, "p.log: 1"),
            ({"choices": [1], "low": 1}, "choices stand beside a range"),
        )
        for written, words in table:
            with self.subTest(written), self.assertRaises(ConfigurationError) as raised:
                parameter_of("p", written)
            self.assertIn(words, str(raised.exception))
            self.assertNotIn("\n", str(raised.exception))
        for text in ("ema_fast", "=1..2", "1a=1..2", "a..b=1", "a b=1..2"):
            with self.subTest(text), self.assertRaisesRegex(ConfigurationError, "^parameter "):
                parameter_argument(text)


class Spaces(unittest.TestCase):
    def setUp(self) -> None:
        self.names = SettingsNames(planted_base(2).plan.settings)

    def space(self, conditions: tuple[str, ...] = (), **ranges: Any) -> Space:
        return self.names.space(tuple(parameter_of(name, one) for name, one in ranges.items()), conditions)

    def test_the_grid_is_every_combination_the_last_fastest(self) -> None:
        space = self.space(hour="1..3", target="0.01,0.02", stop=0.1)
        expected = [dict(zip(("hour", "target", "stop"), row, strict=True))
                    for row in itertools.product((1, 2, 3), (0.01, 0.02), (0.1,))]  # fmt: skip
        self.assertEqual((6, expected), (space.size, list(space.grid())))
        self.assertEqual(["hour", "target", "stop"], list(space.point_at(4)))
        self.assertIsNone(self.space(hour="1..3", target="0.01..0.02").size)

    def test_names_are_those_of_the_strategy_or_dotted_keys(self) -> None:
        space = self.names.space(
            (parameter_argument("hour=1..3"), parameter_argument("execution.slippage=0.0..0.001"),
             parameter_argument("risk.default_risk_per_trade=0.01,0.02")), ()
        )  # fmt: skip
        keys = ["strategy.params.hour", "execution.slippage", "risk.default_risk_per_trade"]
        self.assertEqual(keys, [one.key for one in space.parameters])
        point = {"hour": 1, "execution.slippage": 0.0, "risk.default_risk_per_trade": 0.01}
        self.assertEqual({keys[0]: 1, keys[1]: 0.0, keys[2]: 0.01}, space.variation(point))

    def test_unknown_names_are_told_with_the_nearest(self) -> None:
        table = (
            ({"huor": "1..2"}, (), r"'huor': .* \(did you mean hour\?\) — allowed: "),
            ({"slipage": "0.0..0.1"}, (), r"\(did you mean execution.slippage\?\)"),
            ({"hour": "1..2"}, ("huor < 3",), r"condition: there is no parameter 'huor' \(did you mean hour\?\)"),
            ({"hour": "1..2"}, ("hour > 5", "exchange < 3"), "and 3 have no order"),
            ({}, (), "nothing is varied"),
            ({"hour": "1..2", "strategy.params.hour": "1..2"}, (), "'strategy.params.hour' stands twice"),
        )
        for ranges, conditions, words in table:
            with self.subTest(words), self.assertRaisesRegex(ConfigurationError, words):
                self.space(conditions, **ranges)
        twice: tuple[Parameter, ...] = (parameter_argument("hour=1..2"), parameter_argument("hour=3..4"))
        with self.assertRaisesRegex(ConfigurationError, "'hour' stands twice"):
            self.names.space(twice, ())

    def test_conditions_read_parameters_and_what_the_settings_say(self) -> None:
        conditions = Conditions(("hour < 5", "stop > 2 * target", "execution.slippage < 0.1"), self.names.values)
        self.assertIsNone(conditions.broken_by({"hour": 4}))
        self.assertEqual("hour < 5", conditions.broken_by({"hour": 5}))
        self.assertEqual("stop > 2 * target", conditions.broken_by({"hour": 4, "target": 0.03}))


if __name__ == "__main__":
    unittest.main()
