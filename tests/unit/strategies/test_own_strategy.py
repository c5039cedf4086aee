"""What the registry makes of an incomplete class of one's own."""

import unittest

from core.errors import StrategyError
from strategies.registry import build_strategy, canonical_strategy, strategy_class

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
