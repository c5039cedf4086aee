"""docs/metrics.md against the program: its example runs and prints what the page shows."""

import contextlib
import io
import re
import shutil
import tempfile
import unittest

from tests.support.shared import REPOSITORY

PAGE = (REPOSITORY / "docs" / "metrics.md").read_text(encoding="utf-8")


class Page(unittest.TestCase):
    def test_the_example_prints_what_the_page_shows(self) -> None:
        [(program, shown)] = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL)
        printed = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), contextlib.redirect_stdout(printed):
            shutil.copytree(REPOSITORY / "config", "config")
            exec(program, {"__name__": "__main__"})
        self.assertEqual(shown, printed.getvalue())


if __name__ == "__main__":
    unittest.main()
