"""docs/notebooks.md against the program: its code, run from the first line to the last, prints what it quotes."""

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.support.shared import REPOSITORY

PAGE = (REPOSITORY / "docs" / "notebooks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```([a-z]*)\n(.*?)```", PAGE, re.DOTALL)


def lines_of(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


class NotebooksPage(unittest.TestCase):
    def test_its_code_prints_what_it_quotes(self) -> None:
        code, quoted = ["import subprocess, sys"], []
        for kind, block in BLOCKS:
            if kind == "python":
                code.append(block)
            elif block.startswith("$ python "):
                command, _, output = block.partition("\n")
                arguments = shlex.split(command.removeprefix("$ python "))
                code.append(f"sys.stdout.flush(); subprocess.run([sys.executable, *{arguments!r}], check=True)")
                quoted += lines_of(output)
            else:
                quoted += lines_of(block)
        self.assertGreater(len(quoted), 20)
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(REPOSITORY / "config", Path(folder, "config"))
            done = subprocess.run(
                [sys.executable, "-W", "error", "-c", "\n".join(code)],
                cwd=folder,
                env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "HOME": folder},
                capture_output=True,
                text=True,
                check=False,
            )
        self.assertEqual((0, quoted), (done.returncode, lines_of(done.stdout)), done.stderr)


if __name__ == "__main__":
    unittest.main()
