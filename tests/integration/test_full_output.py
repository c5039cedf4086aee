"""Commands whose output cannot be written say so in one line, whichever they are."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.support.shared import REPOSITORY

COMMANDS = (
    ("runs", "list"),
    ("strategies", "list"),
    ("systems", "list", "--systems", str(REPOSITORY / "config" / "systems")),
)


class FullOutput(unittest.TestCase):
    def test_a_full_disk_under_the_output_is_one_line_and_exit_1(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        for command in COMMANDS:
            with self.subTest(command), tempfile.TemporaryDirectory() as folder, Path("/dev/full").open("w") as full:
                words = [sys.executable, "-m", *command]
                done = subprocess.run(
                    words, cwd=folder, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False
                )
                self.assertEqual((1, "error: cannot write the output (No space left on device)\n"),
                                 (done.returncode, done.stderr))  # fmt: skip

    def test_a_reader_that_went_away_is_told_nothing(self) -> None:
        words = [sys.executable, "-m", *COMMANDS[1]]
        with subprocess.Popen(words, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            self.assertEqual((141, b""), (process.wait(60), process.stderr.read()))


if __name__ == "__main__":
    unittest.main()
