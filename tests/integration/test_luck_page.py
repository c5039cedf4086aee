"""docs/luck.md against the program: its code prints what it quotes."""

import contextlib
import io
import re
import shutil
import tempfile
import unittest

from tests.support.shared import REPOSITORY

PAGE = (REPOSITORY / "docs" / "luck.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```([a-z]*)\n(.*?)```", PAGE, re.DOTALL)


class LuckPage(unittest.TestCase):
    maxDiff = None

    def test_its_code_prints_what_it_quotes(self) -> None:
        program = "\n".join(block for kind, block in BLOCKS if kind == "python")
        printed = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), contextlib.redirect_stdout(printed):
            shutil.copytree(REPOSITORY / "config", "config")
            exec(program, {"__name__": "__main__"})
        self.assertEqual("".join(block for kind, block in BLOCKS if not kind), printed.getvalue())


if __name__ == "__main__":
    unittest.main()
