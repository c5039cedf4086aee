"""``examples/ported_script.py`` runs as its comments say."""

import re
import subprocess
import sys
import unittest

from tests.support.shared import REPOSITORY

SCRIPT = REPOSITORY / "examples" / "ported_script.py"


class PortedScript(unittest.TestCase):
    def test_it_prints_what_stands_behind_each_arrow(self) -> None:
        promised = re.findall(r"# -> (.*)$", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)
        self.assertGreater(len(promised), 15)
        done = subprocess.run(
            [sys.executable, "-W", "error", SCRIPT], cwd=REPOSITORY.parent, capture_output=True, text=True, check=False
        )
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertEqual(promised, done.stdout.splitlines())


if __name__ == "__main__":
    unittest.main()
