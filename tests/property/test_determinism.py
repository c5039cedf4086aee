"""The same input gives the same bytes in any process: other hash seeds, time zones, languages, folders and threads."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.support.scale import scaled
from tests.support.shared import REPOSITORY

START, END = "2024-03-08", scaled("2024-03-13", "2024-04-08")
"""New York's clocks go forward within the range."""

STEM = f"config_backtest_{START.replace('-', '')}_{END.replace('-', '')}"
OUTPUTS = (
    f"{STEM}.csv",
    f"{STEM}/equity.csv",
    f"{STEM}/equity.npy",
    f"{STEM}/steps.npy",
    f"{STEM}/decisions.jsonl",
    f"{STEM}/manifest.json",
    f"{STEM}/result.json",
)
SURROUNDINGS = (
    {"PYTHONHASHSEED": "0", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "TZ": "America/New_York", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4242", "TZ": "Asia/Kolkata", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"},
    {"PYTHONHASHSEED": "99", "TZ": "Pacific/Apia", "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3", "PYTHONUTF8": "1"},
)


class DeterminismTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_in(self, name: str, surroundings: dict[str, str], *more: str) -> dict[str, bytes]:
        """Run the command in a process and a folder of its own, paths given relative to it; return its outputs."""
        working = self.folder / name
        working.mkdir(exist_ok=True)
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "SYSTEMROOT", "TMPDIR")}
        # The hash of the outputs must not lean on the folder either: each run starts in a folder of its own.
        command = [sys.executable, "-m", "backtests.config_backtest", "--config"]
        command += [str(REPOSITORY / "config" / "practice.yaml"), "--start", START, "--end", END, "--quiet"]
        done = subprocess.run(
            [*command, "--data-dir", "data", "--out", "out", *more],
            check=False,
            cwd=working,
            env={**kept, "PYTHONPATH": str(REPOSITORY), **surroundings},
            capture_output=True,
            text=True,
        )
        self.assertEqual((0, ""), (done.returncode, done.stdout), done.stderr)
        return {output: (working / "out" / output).read_bytes() for output in OUTPUTS}

    def assert_same(self, expected: dict[str, bytes], got: dict[str, bytes]) -> None:
        for output, data in expected.items():
            self.assertEqual(data, got[output], output)

    def test_hash_seeds_time_zones_and_languages_change_no_byte(self) -> None:
        first, *others = (self.run_in(str(number), one) for number, one in enumerate(SURROUNDINGS))
        self.assertGreater(first[OUTPUTS[0]].count(b"\n"), 10, "too few trades to say anything")
        for surroundings, other in zip(SURROUNDINGS[1:], others, strict=True):
            with self.subTest(**surroundings):
                self.assert_same(first, other)

    def test_a_second_run_from_the_cache_gives_the_same_bytes(self) -> None:
        first = self.run_in("cached", {"TZ": "UTC"})
        self.assert_same(first, self.run_in("cached", {"TZ": "UTC"}, "--offline"))

    def test_outputs_name_neither_the_machine_nor_the_clock(self) -> None:
        for output, data in self.run_in("anywhere", {"TZ": "UTC"}).items():
            for text in (str(self.folder), str(REPOSITORY), str(Path.home())):
                if len(text) > 1:
                    self.assertNotIn(text.encode(), data, output)


if __name__ == "__main__":
    unittest.main()
