"""The scripts in ``examples/streaming`` run offline from any folder and print what docs/playback.md shows."""

import contextlib
import io
import os
import runpy
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.support.shared import REPOSITORY

SCRIPTS = sorted((REPOSITORY / "examples" / "streaming").glob("*.py"))


class StreamingExamples(unittest.TestCase):
    def test_each_prints_what_the_page_shows(self) -> None:
        page = (REPOSITORY / "docs" / "playback.md").read_text(encoding="utf-8")
        self.assertEqual(5, len(SCRIPTS))
        for script in SCRIPTS:
            with self.subTest(script.name), tempfile.TemporaryDirectory() as folder:
                printed = self.alone(script, folder) if script == SCRIPTS[0] else self.here(script, folder)
                self.assertIn(f"$ python examples/streaming/{script.name}\n{printed}```", page)

    def alone(self, script: Path, folder: str) -> str:
        """Return what a script prints in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-W", "error", script],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        return done.stdout

    def here(self, script: Path, folder: str) -> str:
        """Return what a script prints in this process, which has loaded what it needs."""
        printed = io.StringIO()
        with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
            runpy.run_path(str(script), run_name="__main__")
        return printed.getvalue()


if __name__ == "__main__":
    unittest.main()
