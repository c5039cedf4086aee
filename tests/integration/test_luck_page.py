"""docs/luck.md against the program: its code prints what it quotes."""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.support.shared import REPOSITORY

PAGE = (REPOSITORY / "docs" / "luck.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```([a-z]*)\n(.*?)```", PAGE, re.DOTALL)


class LuckPage(unittest.TestCase):
    maxDiff = None

    def test_its_code_prints_what_it_quotes(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(REPOSITORY / "config", Path(folder, "config"))
            script = Path(folder, "luck.py")
            script.write_text("\n".join(block for kind, block in BLOCKS if kind == "python"), encoding="utf-8")
            done = subprocess.run(
                [sys.executable, "-W", "error", str(script)],
                cwd=folder,
                env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "HOME": folder},
                capture_output=True,
                text=True,
                check=False,
            )
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertEqual("".join(block for kind, block in BLOCKS if not kind), done.stdout)


if __name__ == "__main__":
    unittest.main()
