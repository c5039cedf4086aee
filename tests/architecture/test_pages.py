"""The pages of the documentation name files that exist."""

import re
import unittest

from tests.architecture.source_tree import PACKAGES
from tests.support.shared import REPOSITORY

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
OURS = (*PACKAGES, "tests", "benchmarks", "examples", "config", "deploy", "docs")

_PLACE = re.compile(rf"`((?:{'|'.join(OURS)})/[\w./-]*)`")
_MODULE = re.compile(rf"python -m ((?:{'|'.join(OURS)})(?:\.\w+)*)")
_LINK = re.compile(r"\]\(([\w./-]+\.md)\)")
_TABLE = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
_CELL = re.compile(r"(?<!\\)\|")


class Pages(unittest.TestCase):
    def test_every_place_that_a_page_names_exists(self) -> None:
        named = [(page, place) for page in PAGES for place in _PLACE.findall(page.read_text(encoding="utf-8"))]
        self.assertGreater(len(named), 60)
        for page, place in named:
            with self.subTest(page.name, place=place):
                self.assertTrue((REPOSITORY / place.rstrip("/.")).exists(), place)

    def test_every_command_that_a_page_names_exists(self) -> None:
        for page in PAGES:
            for module in set(_MODULE.findall(page.read_text(encoding="utf-8"))):
                base = REPOSITORY / module.replace(".", "/")
                with self.subTest(page.name, module=module):
                    self.assertTrue(base.with_suffix(".py").is_file() or (base / "__main__.py").is_file(), module)

    def test_every_page_that_a_page_links_to_exists(self) -> None:
        for page in PAGES:
            for target in set(_LINK.findall(page.read_text(encoding="utf-8"))):
                with self.subTest(page.name, target=target):
                    self.assertTrue((page.parent / target).is_file(), target)

    def test_every_row_of_a_table_has_as_many_cells_as_its_head(self) -> None:
        for page in PAGES:
            for table in _TABLE.findall(page.read_text(encoding="utf-8")):
                head, *rows = table.splitlines()
                for row in rows:
                    self.assertEqual(len(_CELL.findall(head)), len(_CELL.findall(row)), f"{page.name}: {row}")


if __name__ == "__main__":
    unittest.main()
