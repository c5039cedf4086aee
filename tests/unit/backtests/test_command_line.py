"""Arguments of the command."""

import contextlib
import io
import unittest

from backtests.backtest_command import parse_arguments
from core.errors import ConfigurationError


class Arguments(unittest.TestCase):
    def test_without_arguments_everything_comes_from_the_configuration(self):
        asked = vars(parse_arguments([]))
        self.assertEqual(asked.pop("config"), "config/live.yaml")
        switches = {name: asked.pop(name) for name in ("offline", "json", "quiet", "verify_engine")}
        self.assertEqual(switches, dict.fromkeys(switches, False))
        self.assertEqual(asked.pop("engine"), "auto")
        self.assertEqual(set(asked.values()), {None})

    def test_every_argument_is_taken_over(self):
        line = (
            "--start 2024-01-01 --end 2024-01-02T03:04 --interval 5m --config c.yaml --symbols BTCUSDT,ETH/USDT "
            "--offline --json --quiet --data-dir d --out o "
            "--engine compiled --verify-engine"
        )
        self.assertEqual(
            vars(parse_arguments(line.split())),
            {
                "start": "2024-01-01",
                "end": "2024-01-02T03:04",
                "interval": "5m",
                "config": "c.yaml",
                "symbols": ["BTCUSDT", "ETH/USDT"],
                "offline": True,
                "json": True,
                "quiet": True,
                "data_dir": "d",
                "out": "o",
                "engine": "compiled",
                "verify_engine": True,
            },
        )

    def test_blanks_and_empty_places_between_symbols_do_not_count(self):
        self.assertEqual(parse_arguments(["--symbols", " BTCUSDT , ,ETHUSDT,"]).symbols, ["BTCUSDT", "ETHUSDT"])

    def test_what_cannot_be_understood_is_one_line_that_points_to_the_help(self):
        for line in ("--bogus", "--start", "extra", "--sta 2024-01-01", "--offline=1"):
            with self.subTest(line=line), self.assertRaises(ConfigurationError) as caught:
                parse_arguments(line.split())
            self.assertIn("--help)", str(caught.exception))
            self.assertNotIn("\n", str(caught.exception))

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
