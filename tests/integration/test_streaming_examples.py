"""The scripts in ``examples/streaming`` run offline from any folder and print what docs/playback.md shows."""

import os
import subprocess
import sys
import tempfile
import unittest

from tests.support.shared import REPOSITORY

SCRIPTS = sorted((REPOSITORY / "examples" / "streaming").glob("*.py"))


class StreamingExamples(unittest.TestCase):
    def test_each_prints_what_the_page_shows(self) -> None:
        page = (REPOSITORY / "docs" / "playback.md").read_text(encoding="utf-8")
        self.assertEqual(5, len(SCRIPTS))
        for script in SCRIPTS:
            with self.subTest(script.name), tempfile.TemporaryDirectory() as folder:
                done = subprocess.run(
                    [sys.executable, "-W", "error", script],
                    cwd=folder,
                    env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
                    capture_output=True,
                    text=True,
                    check=False,
                )
                self.assertEqual((0, ""), (done.returncode, done.stderr))
                self.assertIn(f"$ python examples/streaming/{script.name}\n{done.stdout}```", page)


if __name__ == "__main__":
    unittest.main()
