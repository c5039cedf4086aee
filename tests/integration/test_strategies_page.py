"""docs/strategies.md against the program: its strategy runs on paper and replayed, and parity is exact."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.support.shared import REPOSITORY

PAGE = (REPOSITORY / "docs" / "strategies.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```[a-z]*\n(.*?)```", PAGE, re.DOTALL)


def block_with(words: str) -> str:
    return next(block for block in BLOCKS if words in block)


class Page(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "config").mkdir()
        for name in ("risk.json", "trading_mode.yaml"):
            (self.folder / "config" / name).write_bytes((REPOSITORY / "config" / name).read_bytes())
        (self.folder / "config" / "my.yaml").write_text(block_with("exchange: practice"))
        self.code = block_with("class Trend")
        (self.folder / "trend.py").write_text(self.code)

    def command(self, words: str, *more: str) -> str:
        """Return what one of the page's commands prints, run where the page says."""
        line = next(line for line in block_with("run_live.py").splitlines() if words in line)
        arguments = [str(REPOSITORY / "run_live.py") if part == "run_live.py" else part for part in line.split()[1:]]
        arguments = [
            found
            for part in arguments
            for found in ([str(one) for one in self.folder.glob(part)] if "*" in part else [part])
        ]
        done = subprocess.run(
            [sys.executable, "-W", "error", *arguments, *more],
            check=False,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
        )
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def test_its_strategy_is_short_and_runs_live_and_replayed_with_parity_exact(self) -> None:
        self.assertLess(len(self.code.splitlines()), 40)
        self.command("run_live.py", "--speed", "60000", "--for", "3d", "--plain")
        (session,) = (self.folder / "logs" / "live" / "trend").iterdir()
        self.assertGreater(len((session / "trades.csv").read_text().splitlines()), 10)
        printed = self.command("backtests.parity").replace(str(self.folder), "")
        self.assertIn("journal: equal · history: 0 differences", printed)

    def test_with_its_mask_and_its_signals_a_backtest_has_the_same_bytes(self) -> None:
        hashes = set()
        mask, signals = (
            "".join(f"    {line}\n" for line in block_with(f"def {name}").splitlines())
            for name in ("candidates", "signals")
        )
        for code, *more in (
            (self.code,),
            (f"{self.code}\n{mask}",),
            (f"{self.code}\n{signals}", "--engine", "compiled", "--verify-engine"),
        ):
            (self.folder / "trend.py").write_text(code)
            printed = self.command("config_backtest", *more)
            hashes.add(tuple(re.findall(r"^(?:trades|orders|ledger)_sha256: (\w+)$", printed, re.MULTILINE)))
        (only,) = hashes
        self.assertEqual(3, len(only))

    def test_links_lead_somewhere(self) -> None:
        for target in re.findall(r"\]\(([^)#:]+)[)#]", PAGE):
            self.assertTrue((REPOSITORY / "docs" / target).is_file(), target)


if __name__ == "__main__":
    unittest.main()
