"""Values over those of the three files: what they change, and where a mistake in them is said to stand."""

import tempfile
import unittest
from pathlib import Path

from tests.support.config_tree import write_config
from validation import ConfigValidationError, load_settings
from validation.overrides import Overrides

LIVE = {
    "exchange": "practice",
    "symbols": ["BTC/USDT", "ETH/USDT"],
    "timeframe": "15m",
    "strategy": {"type": "scalping_ema_rsi", "params": {"ema_fast": 5, "ema_slow": 30}},
}


class LaidOver(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = write_config(Path(folder.name), live=LIVE)

    def loaded(self, values: dict[str, object], **arguments: object):
        return load_settings(self.file, overrides=Overrides(values, "over.yaml"), **arguments)

    def problems(self, values: dict[str, object], **arguments: object) -> list[str]:
        with self.assertRaises(ConfigValidationError) as caught:
            self.loaded(values, **arguments)
        return [line.replace(f"{self.file.parent}/", "") for line in caught.exception.problems]

    def test_they_make_the_settings_of_files_that_say_the_same(self) -> None:
        over = {
            "symbols": ["SOL/USDT"],
            "strategy": {"params": {"ema_slow": 40}},
            "execution": {"starting_balance": 500},
            "risk": {"max_exposure": 0.1},
            "trading_mode": {"max_open_trades": 2},
        }
        strategy = {"type": "scalping_ema_rsi", "params": {"ema_fast": 5, "ema_slow": 40}}
        live = {**LIVE, "symbols": ["SOL/USDT"], "strategy": strategy, "execution": {"starting_balance": 500}}
        with tempfile.TemporaryDirectory() as folder:
            same = write_config(Path(folder), live=live, risk={"max_exposure": 0.1}, mode={"max_open_trades": 2})
            expected = load_settings(same)
        self.assertEqual(expected.settings_sha256, self.loaded(over).settings_sha256)
        self.assertEqual(expected.resolved(), self.loaded(over).resolved())
        self.assertEqual(load_settings(self.file), self.loaded({}))

    def test_arguments_stand_over_them(self) -> None:
        self.assertEqual("1h", self.loaded({"timeframe": "5m"}, interval="1h").live.timeframe)

    def test_another_strategy_leaves_the_parameters_of_the_first_behind(self) -> None:
        settings = self.loaded({"strategy": {"type": "donchian_breakout"}})
        self.assertNotIn("ema_fast", settings.live.strategy.params)

    def test_a_key_of_a_file_that_is_no_path_is_named_in_the_file(self) -> None:
        for key in (".", "execution.", ".risk"):
            file = write_config(self.file.parent, live={**LIVE, key: None})
            with self.assertRaises(ConfigValidationError) as caught:
                load_settings(file, overrides=Overrides({"execution": {"slippage": 0.0}}, "over.yaml"))
            self.assertTrue(caught.exception.problems[0].startswith(f"{file}: {key}: unknown"), caught.exception)

    def test_what_is_wrong_in_them_is_named_there_and_what_is_wrong_in_a_file_in_the_file(self) -> None:
        table = (
            ({"timefram": "1h"}, "over.yaml: overrides.timefram: unknown key (did you mean timeframe?)"),
            ({"strategy": {"params": {"ema_fst": 3}}}, "over.yaml: overrides.strategy.params.ema_fst: unknown"),
            ({"execution": {"slipage": 1}}, "over.yaml: overrides.execution.slipage: unknown key (did you mean slip"),
            ({"execution": 5}, "over.yaml: overrides.execution: 5"),
            ({"symbols": ["BTC/USDT", 5]}, "over.yaml: overrides.symbols"),
            ({"risk": {"max_exposur": 1}}, "over.yaml: overrides.risk.max_exposur: unknown key (did you mean max_exp"),
            ({"trading_mode": {"max_open_trades": -1}}, "over.yaml: overrides.trading_mode.max_open_trades: -1"),
            ({"risk": {"max_exposure": 0.9}}, "over.yaml: overrides.risk.max_exposure: 0.9"),
        )
        for values, expected in table:
            with self.subTest(values):
                self.assertEqual([expected], [line[: len(expected)] for line in self.problems(values)])
        self.assertIn("argument: interval: ", self.problems({"timeframe": "5m"}, interval="7x")[0])
        write_config(self.file.parent.parent, live={**LIVE, "exchang": "practice"})
        self.assertIn("live.yaml: exchang: unknown key", self.problems({"timeframe": "5m"})[0])


if __name__ == "__main__":
    unittest.main()
