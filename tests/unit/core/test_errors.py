"""Errors carry their facts as fields beside their sentence, and keep them on the way to another process."""

import pickle
import tempfile
import unittest
from pathlib import Path

from core.errors import (
    ConfigurationError,
    DataUnavailableError,
    HarnessError,
    ParityError,
    StoreError,
    StrategyError,
)
from core.settings_file import read_settings_file
from core.settings_problem import SettingsProblem
from strategies.scalping_params import ScalpingParams
from strategies.strategy_registry import build_strategy


class Facts(unittest.TestCase):
    def test_every_error_of_the_tree_is_its_sentence_and_survives_a_process(self) -> None:
        for kind in (one for one in HarnessError.__subclasses__() if one.__module__ == HarnessError.__module__):
            with self.subTest(kind.__name__):
                there = pickle.loads(pickle.dumps(kind("one line")))
                self.assertEqual((kind, "one line"), (type(there), str(there)))
                self.assertEqual(vars(kind("one line")), vars(there))

    def test_facts_survive_too(self) -> None:
        problem = SettingsProblem("execution.slippage", "2", "allowed: less", file="live.yaml")
        for error in (
            ConfigurationError.of(problem),
            DataUnavailableError("x", symbols=("BTC/USDT",), timeframe="1m", start_ms=1, end_ms=2),
            StrategyError("x", strategy="idea", symbol="BTC/USDT", open_time_ms=3),
            StoreError.of("write", Path("there"), OSError(28, "No space left on device"), "; stop"),
            ParityError("x", step_ms=4),
        ):
            with self.subTest(type(error).__name__):
                there = pickle.loads(pickle.dumps(error))
                self.assertEqual((str(error), vars(error)), (str(there), vars(there)))
                self.assertTrue(any(vars(error).values()))

    def test_a_problem_of_the_settings_names_file_and_key(self) -> None:
        with self.assertRaises(ConfigurationError) as caught:
            ScalpingParams.from_dict({"ema_fast": 30, "rsi_period": 0})
        self.assertEqual([("ScalpingParams", "rsi_period")], [(one.file, one.key) for one in caught.exception.facts])
        self.assertEqual("ScalpingParams: rsi_period: 0 — allowed: a whole number at least 1 and at most 10000",
                         str(caught.exception))  # fmt: skip

    def test_a_file_that_cannot_be_read_is_named(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "live.yaml"
            for text, wrong in (
                ("a: 1\na: 2\n", "line 2, column 1: the key 'a' stands twice"),
                ("", "the file is empty"),
            ):
                path.write_text(text)
                with self.assertRaises(ConfigurationError) as caught:
                    read_settings_file(path)
                (problem,) = caught.exception.facts
                self.assertEqual((str(path), "", wrong), (problem.file, problem.key, problem.wrong))
                self.assertEqual(problem.line(), str(caught.exception))

    def test_the_system_says_why_a_file_cannot_be_written(self) -> None:
        error = StoreError.of("write", Path("there"), OSError(28, "No space left on device"), "; stop")
        self.assertEqual(("cannot write there: No space left on device; stop", Path("there")), (str(error), error.path))

    def test_a_strategy_that_cannot_be_built_is_named(self) -> None:
        with self.assertRaises(StrategyError) as caught:
            build_strategy(f"{__name__}:Unbuildable", {})
        self.assertEqual(f"{__name__}:Unbuildable", caught.exception.strategy)


class Unbuildable:
    def __init__(self, config: dict[str, object]) -> None:
        raise KeyError("period")

    def stream(self, symbol: str) -> None: ...


if __name__ == "__main__":
    unittest.main()
