"""Parameters of a class of one's own: what it does not declare, or reads nowhere, is said and not passed over."""

import copy
import pickle
import sys
import types
import unittest

from pydantic import BaseModel

from core.errors import ConfigurationError
from strategies.params_check import checked_params
from strategies.read_parameters import ReadParameters, unread_parameters
from strategies.strategy_registry import build_strategy


class Idea:
    name = "idea"
    warmup_candles = 0

    def __init__(self, params: dict[str, object]) -> None:
        self.fast = params.get("fast", 5)

    def stream(self, symbol: str) -> object:
        return None


class Keeping(Idea):
    def __init__(self, params: dict[str, object]) -> None:
        super().__init__(params)
        self.params = params


class Copying(Idea):
    def __init__(self, params: dict[str, object]) -> None:
        self.params = {**params}


class Declared(BaseModel):
    fast: int = 5


class Modelled(Idea):
    params_model = Declared


class OwnParameters(unittest.TestCase):
    def setUp(self) -> None:
        module = types.ModuleType("own_ideas")
        for one in (Idea, Keeping, Copying, Modelled):
            setattr(module, one.__name__, one)
        sys.modules["own_ideas"] = module
        self.addCleanup(sys.modules.pop, "own_ideas", None)

    def test_one_that_the_constructor_reads_nowhere_is_refused(self) -> None:
        self.assertEqual(9, build_strategy("own_ideas:Idea", {"fast": 9}).fast)
        with self.assertRaisesRegex(
            ConfigurationError, r"own_ideas:Idea: params: fsat \(did you mean fast\?\): unknown to it"
        ):
            build_strategy("own_ideas:Idea", {"fsat": 9})

    def test_of_a_class_that_keeps_them_nobody_knows_yet(self) -> None:
        strategy = build_strategy("own_ideas:Keeping", {"fast": 9, "slwo": 3, "late": 4})
        self.assertEqual(["slwo", "late"], unread_parameters(strategy))
        self.assertEqual(4, strategy.params["late"])
        self.assertEqual(["slwo"], unread_parameters(strategy))

    def test_who_takes_them_all_has_read_them_all(self) -> None:
        strategy = build_strategy("own_ideas:Copying", {"fast": 9, "slow": 3})
        self.assertEqual(([], dict), (unread_parameters(strategy), type(strategy.params)))

    def test_one_that_the_model_does_not_declare_is_refused(self) -> None:
        self.assertEqual(9, build_strategy("own_ideas:Modelled", {"fast": 9}).fast)
        with self.assertRaisesRegex(ConfigurationError, r"params.slow: unknown key — allowed keys: fast"):
            build_strategy("own_ideas:Modelled", {"fast": 9, "slow": 3})
        for extra, taken in (("allow", True), ("ignore", False), ("forbid", False)):
            model = type("Model", (Declared,), {"model_config": {"extra": extra}})
            self.assertEqual(taken, checked_params(model, {"fast": 1, "slow": 2}, "")[0] is not None, extra)


class WhatIsRead(unittest.TestCase):
    def test_every_way_of_asking_counts(self) -> None:
        for ask in (
            lambda given: given["a"],
            lambda given: given.get("a"),
            lambda given: given.pop("a"),
            lambda given: given.setdefault("a", 1),
            lambda given: "a" in given,
        ):
            given = ReadParameters({"a": 1, "b": 2})
            ask(given)
            self.assertEqual(["b"], given.unread)
        for take in (
            dict, list, lambda given: {**given}, lambda given: given.copy(), lambda given: list(given.items()),
            lambda given: sum(given.values()), lambda given: (lambda **named: named)(**given), copy.deepcopy, copy.copy,
            pickle.dumps, lambda given: given | {"c": 3},
        ):  # fmt: skip
            given = ReadParameters({"a": 1, "b": 2})
            take(given)
            self.assertEqual([], given.unread, take)

    def test_it_is_a_dict_of_the_same_values(self) -> None:
        given = ReadParameters({"a": 1, "b": 2})
        self.assertEqual({"a": 1, "b": 2}, given)
        self.assertEqual((2, {"a": 1, "b": 2}), (len(given), given.copy()))
        with self.assertRaises(KeyError):
            given["c"]


if __name__ == "__main__":
    unittest.main()
