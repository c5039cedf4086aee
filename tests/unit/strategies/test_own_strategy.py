"""What the registry makes of an incomplete class of one's own."""

import contextlib
import re
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

from core.candle import Candle
from core.errors import ConfigurationError, StrategyError
from strategies.open_stream import open_stream
from strategies.own_code import failure_in_one_line
from strategies.strategy_registry import build_strategy, canonical_strategy, strategy_class

HERE = __name__


class Nameless:
    warmup_candles = 3

    def __init__(self, config: dict[str, object]) -> None:
        self.config = config

    def stream(self, symbol: str) -> None: ...


class Named(Nameless):
    name = "my idea"


class Unready(Nameless):
    def __init__(self, config: dict[str, object]) -> None:
        super().__init__(config)
        self.warmup_candles = config.get("warmup")


class Broken:
    """Fails in a line of its own, in a library below one, or in what it answers."""

    warmup_candles = 0

    def __init__(self, config: dict[str, object]) -> None:
        self.config = config
        if config.get("where") == "at once":
            raise ValueError("no\n  way")

    def add_indicators(self, df: Any) -> Any:
        return df

    def generate_signal(self, df: Any) -> Any:
        if self.config["where"] == "own":
            return int(None)  # type: ignore[call-overload]
        if self.config["where"] == "library":
            return df["atr"]
        return {"signal": "UP"}


def line_of(text: str) -> int:
    return next(at for at, line in enumerate(Path(__file__).read_text().splitlines(), start=1) if text in line)


class WhereItFails(unittest.TestCase):
    def failure(self, where: str) -> str:
        """Return the line of the error; ``assertRaises`` would throw its traceback away."""
        stream = open_stream(build_strategy(f"{HERE}:Broken", {"where": where}), "BTC/USDT", timeframe_ms=60_000)
        candle = Candle(0, 1.0, 1.0, 1.0, 1.0, 1.0)
        stream.update(candle)
        try:
            stream.update(candle)
        except Exception as error:
            return failure_in_one_line(error)
        raise AssertionError("nothing was raised")

    def test_a_failure_names_the_line_of_the_users_own_code(self) -> None:
        place = f"(test_own_strategy.py:{line_of('return int(None)')})"
        self.assertRegex(self.failure("own"), rf"^TypeError: int\(\) argument .* {re.escape(place)}$")

    def test_a_failure_inside_a_library_names_the_users_line_that_called_it(self) -> None:
        expected = f"KeyError: 'atr' (test_own_strategy.py:{line_of('return df[')})"
        self.assertEqual(expected, self.failure("library"))

    def test_an_answer_that_is_no_signal_has_no_line(self) -> None:
        self.assertRegex(self.failure("answer"), r"^StrategyError: generate_signal returned .*'FLAT'\)$")

    def test_a_constructor_that_fails_is_named_with_its_line_too(self) -> None:
        with self.assertRaises(StrategyError) as caught:
            build_strategy(f"{HERE}:Broken", {"where": "at once"})
        expected = f"cannot be built: ValueError: no way (test_own_strategy.py:{line_of('raise ValueError(')})"
        self.assertTrue(str(caught.exception).endswith(expected), caught.exception)

    def test_a_module_that_fails_while_it_is_imported_is_named_with_its_line(self) -> None:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            Path("own_broken_import.py").write_text("import math\n\nmath.sqrt(-1)\n")
            self.addCleanup(sys.path.__setitem__, slice(None), list(sys.path))
            with self.assertRaisesRegex(ConfigurationError, r"math domain error \(own_broken_import.py:3\)$"):
                strategy_class("own_broken_import:Idea")
            with self.assertRaisesRegex(ConfigurationError, "No module named 'own_missing'$"):
                strategy_class("own_missing:Idea")


class OwnStrategyTest(unittest.TestCase):
    def test_without_a_name_it_goes_by_the_name_of_its_class(self) -> None:
        self.assertEqual("Nameless", build_strategy(f"{HERE}:Nameless", {}).name)
        self.assertEqual("my idea", build_strategy(f"{HERE}:Named", {}).name)

    def test_without_a_usable_warm_up_it_is_refused_in_one_line(self) -> None:
        for warmup in (None, -1, 2.5, "5", True):
            with self.subTest(warmup=warmup), self.assertRaises(StrategyError) as caught:
                build_strategy(f"{HERE}:Unready", {"warmup": warmup})
            text = str(caught.exception)
            self.assertIn(f"strategy {HERE}:Unready: warmup_candles is ", text)
            self.assertNotIn("\n", text)
        self.assertEqual(0, build_strategy(f"{HERE}:Unready", {"warmup": 0}).warmup_candles)

    def test_its_class_path_is_its_name_in_the_settings(self) -> None:
        self.assertEqual(f"{HERE}:Named", canonical_strategy(f"{HERE}:Named"))
        self.assertIs(Named, strategy_class(f"{HERE}:Named"))


if __name__ == "__main__":
    unittest.main()
