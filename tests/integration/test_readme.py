"""README.md against the program: its files exist, its strategy trades, and its rehearsal prints what it quotes."""

import re
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from backtests import run_backtest
from core.candle import Candle
from market_data.practice.practice_market import PracticeMarket
from strategies.open_stream import open_stream
from strategies.strategy_registry import build_strategy
from tests.support.shared import REPOSITORY
from validation.loading import load_settings

PAGE = (REPOSITORY / "README.md").read_text(encoding="utf-8")
JANUARY_MS = 1_704_067_200_000
BLOCKS = re.findall(r"```[a-z]*\n(.*?)```", PAGE, re.DOTALL)


def block_with(words: str) -> str:
    return next(block for block in BLOCKS if words in block)


class ReadMe(unittest.TestCase):
    def test_every_configuration_it_names_is_there_and_valid(self) -> None:
        named = set(re.findall(r"(?:config|examples)/[\w-]+\.yaml", PAGE))
        self.assertIn("examples/practice-1m.yaml", named)
        with tempfile.TemporaryDirectory() as store:
            Path(store, "binance-perp").mkdir()
            for name in named - {"config/trading_mode.yaml"}:
                with self.subTest(name):
                    load_settings(REPOSITORY / name, data_dir=store)
        for configuration in re.findall(r"--config (\S+)", PAGE):
            self.assertIn(configuration, named)

    def test_links_lead_somewhere(self) -> None:
        for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
            self.assertTrue((REPOSITORY / target).is_file(), target)

    def test_the_strategy_it_begins_with_trades(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "cross.py").write_text(block_with("class Cross"), encoding="utf-8")
            self.addCleanup(sys.modules.pop, "cross", None)
            sys.path.insert(0, folder)
            self.addCleanup(sys.path.remove, folder)
            candles = PracticeMarket().candles("BTC/USDT", "15m", JANUARY_MS, JANUARY_MS + 600 * 900_000)
            rows = list(zip(*(column.tolist() for column in candles), strict=True))
            result = run_backtest(rows, strategy="cross:Cross", symbol="BTC/USDT", timeframe="15m")
        self.assertGreater(result.result.performance.total_trades, 5)
        self.assertEqual({"LONG"}, set(result.trades["side"]))

    def test_the_strategy_it_shows_trades(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "my_strategy.py").write_text(block_with("class Breakout"))
            self.addCleanup(sys.modules.pop, "my_strategy", None)
            sys.path.insert(0, folder)
            self.addCleanup(sys.path.remove, folder)
            strategy = build_strategy("my_strategy:Breakout", {"multiple": 3.0})
        stream = open_stream(strategy, "BTC/USDT", timeframe_ms=60_000)
        flat = [stream.update(Candle(at * 60_000, 100.0, 101.0, 99.0, 100.0, 1.0)) for at in range(490)]
        self.assertEqual({"FLAT"}, {signal.direction for signal in flat})
        self.assertEqual(("", "no_breakout"), (flat[479].reason, flat[480].reason))
        signal = stream.update(Candle(490 * 60_000, 100.0, 103.0, 100.0, 102.0, 1.0))
        mean_range = (49 * 2 + 3) / 50
        self.assertEqual("LONG", signal.direction)
        self.assertAlmostEqual(3 * mean_range, signal.sl_distance)
        self.assertAlmostEqual(6 * mean_range, signal.tp_distance)


class Rehearsal(unittest.TestCase):
    def test_the_session_with_faults_and_its_parity_print_what_is_quoted(self) -> None:
        commands, _, quoted = block_with("cat faults.yaml").partition("…\n")
        script = commands.partition("\n")[2].partition("$ ")[0]
        asked = re.search(r"\$ python (run_live\.py .*) --speed \d+ (.*)", commands)
        self.assertIsNotNone(asked)
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "faults.yaml").write_text(script)
            # Faster than the page has it: what a session does is a matter of the exchange's time alone.
            arguments = f"{asked[1]} --speed 3000 {asked[2]} --out sessions".split()
            arguments = [
                str(REPOSITORY / part) if part.endswith(("run_live.py", "1m.yaml")) else part for part in arguments
            ]
            self.run_in(folder, *arguments, "--plain")
            session = Path(folder, "sessions", "practice_1m_20240101T000000")
            printed = self.run_in(folder, "-m", "backtests.parity", str(session), expected=4)
        place = 0
        for line in textwrap.dedent(quoted).splitlines():
            if line.strip() != "…":
                found = printed.find(f"{line}\n", place)
                self.assertGreaterEqual(found, 0, line)
                place = found + len(line)

    def run_in(self, folder: str, *arguments: str, expected: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            cwd=folder, env={"PYTHONPATH": str(REPOSITORY), "PATH": ""}, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip
        self.assertEqual(expected, done.returncode, done.stderr)
        return done.stdout


if __name__ == "__main__":
    unittest.main()
