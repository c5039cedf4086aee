"""``python -m strategies`` in a folder of one's own: what it writes runs with the commands it prints."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from strategies.strategy_registry import STRATEGIES
from tests.support.runs.backtest_runs import called_command
from tests.support.shared import REPOSITORY


class StrategiesCommand(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def run_line(self, line: str, where: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run one command in the folder, where the program is installed but not under the working directory."""
        return subprocess.run(
            shlex.split(line),
            check=False,
            cwd=where or self.folder,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "error"},
            capture_output=True,
            text=True,
        )

    def strategies(self, words: str) -> subprocess.CompletedProcess[str]:
        return called_command(*shlex.split(words), cwd=self.folder, module="strategies.__main__")

    def written(self) -> dict[str, str]:
        return {
            path.relative_to(self.folder).as_posix(): path.read_text()
            for path in self.folder.rglob("*")
            if path.is_file()
        }

    def refused(self, words: str) -> str:
        """Return the one line of a command that is refused and writes nothing."""
        before = self.written()
        done = self.strategies(words)
        self.assertEqual((2, ""), (done.returncode, done.stdout))
        self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)
        self.assertEqual(before, self.written())
        return done.stderr

    def test_what_new_prints_runs_and_the_session_is_proved_from_elsewhere(self) -> None:
        done = self.run_line(f"{sys.executable} -m strategies new my_idea")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        limits = ["config/risk.json", "config/trading_mode.yaml"]
        self.assertEqual([*limits, "my_idea.py", "my_idea.yaml", "test_my_idea.py"], sorted(self.written()))
        test, backtest, live = (self.run_line(line) for line in done.stdout.split("\n\n")[-1].splitlines())
        self.assertEqual(0, test.returncode, test.stderr)
        self.assertRegex(test.stderr, r"Ran [1-9]\d* tests")
        self.assertEqual(0, backtest.returncode, backtest.stderr)
        self.assertRegex(backtest.stdout, r"Trades: [1-9]")
        self.assertEqual(0, live.returncode, live.stderr)
        elsewhere = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (session,) = (self.folder / "logs" / "live").iterdir()
        self.assertNotIn(str(self.folder), (session / "manifest.json").read_text())
        parity = self.run_line(f"{sys.executable} -m backtests.parity {session} --offline", elsewhere)
        self.assertIn("journal: equal · history: 0 differences", parity.stdout, parity.stderr)
        (self.folder / "my_idea.py").write_text((self.folder / "my_idea.py").read_text() + "\n# edited\n")
        parity = self.run_line(f"{sys.executable} -m backtests.parity {session} --offline", elsewhere)
        self.assertEqual(4, parity.returncode)
        self.assertIn("my_idea.py has changed since", parity.stdout + parity.stderr)

    def test_new_replaces_nothing_and_takes_no_impossible_name(self) -> None:
        (self.folder / "test_my_idea.py").write_text("mine\n")
        self.assertIn("test_my_idea.py: there already, nothing was written", self.refused("new my_idea"))
        for name in ("MyIdea", "../idea", "1st", "class", "json", "engine", "scalping_ema_rsi", "''"):
            with self.subTest(name):
                self.assertIn(name.strip("'"), self.refused(f"new {name}"))

    def test_new_writes_beside_limits_that_are_there(self) -> None:
        (self.folder / "config").mkdir()
        for name in ("risk.json", "trading_mode.yaml"):
            (self.folder / "config" / name).write_bytes((REPOSITORY / "config" / name).read_bytes())
        done = self.strategies("new my_idea --folder ideas")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertEqual(
            ["my_idea.py", "my_idea.yaml", "test_my_idea.py"],
            sorted(path.name for path in (self.folder / "ideas").iterdir()),
        )

    def test_list_has_every_registered_strategy_with_a_line_of_what_it_does(self) -> None:
        lines = self.strategies("list").stdout.splitlines()
        self.assertEqual(sorted(STRATEGIES), [line.split()[0] for line in lines])
        for line in lines:
            self.assertRegex(line, r"^\w+  +\S+ .*\.$")

    def test_show_tells_parameters_features_and_warm_up(self) -> None:
        self.assertEqual(0, self.strategies("new my_idea").returncode)
        shown = self.strategies("show my_idea.py --timeframe 1h").stdout
        for words in (
            r"^my_idea.py  MyIdea$",
            r"Crossings of two averages",
            r"^  slow +21 +Candles of the slow EMA$",
            r"^  trend +EMA\(period=20, of='close'\), on 1h$",
            r"^Warm-up on 1h: \d+ candles$",
        ):
            self.assertTrue(re.search(words, shown, re.MULTILINE), (words, shown))
        self.assertIn("did you mean scalping_ema_rsi?", self.refused("show scalping_ema_rsj"))
        self.assertIn("none.py does not exist", self.refused("show none.py:Mine"))
        self.assertIn("--timeframe", self.refused("show my_idea.py --timeframe soon"))


if __name__ == "__main__":
    unittest.main()
