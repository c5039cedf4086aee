"""The pages name modules that exist."""

import re
import unittest

from tests.support.shared import REPOSITORY

OF_A_READER = {
    "my_strategy.py",
    "my_program.py",
    "trend.py",
    "my_idea.py",
    "test_my_idea.py",
    "ideas/my_idea.py",
    "path/to/file.py",
}
"""Files that a page tells its reader to write, or that stand for any of theirs."""


class PageNames(unittest.TestCase):
    def test_every_module_that_a_page_names_exists(self) -> None:
        folders = [path for path in REPOSITORY.glob("*/") if not path.name.startswith(".")]
        files = [path for folder in folders for path in folder.rglob("*.py")] + list(REPOSITORY.glob("*.py"))
        places = [f"/{path.relative_to(REPOSITORY).as_posix()}" for path in files]
        for page in [*sorted((REPOSITORY / "docs").glob("*.md")), REPOSITORY / "README.md"]:
            named = set(re.findall(r"[\w/]+\.py\b", page.read_text(encoding="utf-8"))) - OF_A_READER
            for name in sorted(named):
                with self.subTest(page.name, name=name):
                    self.assertTrue(any(place.endswith(f"/{name.lstrip('/')}") for place in places))


if __name__ == "__main__":
    unittest.main()
