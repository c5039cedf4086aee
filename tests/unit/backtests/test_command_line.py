"""Arguments of the command."""

import contextlib
import io
import json
import tempfile
import unittest

from backtests.backtest_command import parse_arguments
from backtests.config_backtest import main
from core.errors import ConfigurationError
from tests.support.shared import REPOSITORY


class Arguments(unittest.TestCase):
    def test_without_arguments_everything_comes_from_the_configuration(self):
        asked = vars(parse_arguments([]))
        self.assertEqual(asked.pop("config"), "config/live.yaml")
        switches = {name: asked.pop(name) for name in ("offline", "json", "report", "quiet", "verify_engine")}
        self.assertEqual(switches, dict.fromkeys(switches, False))
        self.assertEqual(asked.pop("engine"), "auto")
        self.assertEqual(set(asked.values()), {None})

    def test_every_argument_is_taken_over(self):
        line = (
            "--start 2024-01-01 --end 2024-01-02T03:04 --interval 5m --config c.yaml --symbols BTCUSDT,ETH/USDT "
            "--offline --json --report --quiet --data-dir d --out o "
            "--engine compiled --verify-engine"
        )
        self.assertEqual(
            vars(parse_arguments(line.split())),
            {
                "start": "2024-01-01",
                "end": "2024-01-02T03:04",
                "window": None,
                "interval": "5m",
                "config": "c.yaml",
                "symbols": ["BTCUSDT", "ETH/USDT"],
                "offline": True,
                "json": True,
                "report": True,
                "quiet": True,
                "data_dir": "d",
                "out": "o",
                "engine": "compiled",
                "verify_engine": True,
            },
        )

    def test_a_window_stands_in_the_place_of_start_and_end(self):
        self.assertEqual(parse_arguments(["--window", "2024-01"]).window, "2024-01")
        for other in (["--start", "2024-01-01"], ["--end", "2024-01-01"]):
            with self.subTest(other), self.assertRaisesRegex(ConfigurationError, "two ranges; allowed: one of the two"):
                parse_arguments(["--window", "2024-01", *other])

    def test_blanks_and_empty_places_between_symbols_do_not_count(self):
        self.assertEqual(parse_arguments(["--symbols", " BTCUSDT , ,ETHUSDT,"]).symbols, ["BTCUSDT", "ETHUSDT"])

    def test_what_cannot_be_understood_is_one_line_that_points_to_the_help(self):
        for line in ("--bogus", "--start", "extra", "--sta 2024-01-01", "--offline=1"):
            with self.subTest(line=line), self.assertRaises(ConfigurationError) as caught:
                parse_arguments(line.split())
            self.assertIn("--help)", str(caught.exception))
            self.assertNotIn("\n", str(caught.exception))

    def test_a_window_is_run_as_the_range_that_it_names_and_one_to_come_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            places = ["--data-dir", f"{folder}/data", "--out", f"{folder}/out", "--json"]
            practice = ["--config", str(REPOSITORY / "config" / "practice.yaml"), "--symbols", "BTC/USDT", *places]
            output, errors = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
                codes = [main([*practice, "--window", window]) for window in ("2024-01-01", "2999")]
        self.assertEqual(([0, 2], True), (codes, errors.getvalue().startswith("error: 2999-01-01T00:00:00.000Z to ")))
        config = json.loads(output.getvalue())["config"]
        self.assertEqual(
            ("2024-01-01T00:00:00.000Z", "2024-01-02T00:00:00.000Z"), (config["start_date"], config["end_date"])
        )

    def test_the_help_has_examples_and_exit_codes(self):
        output = io.StringIO()
        with contextlib.redirect_stdout(output), self.assertRaises(SystemExit) as caught:
            parse_arguments(["--help"])
        self.assertEqual(caught.exception.code, 0)
        text = output.getvalue()
        self.assertIn("examples:\n  python -m backtests.config_backtest\n", text)
        self.assertIn("exit codes: 0 done, 2 bad arguments or configuration, 3 data not available", text)


if __name__ == "__main__":
    unittest.main()
