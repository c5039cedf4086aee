"""docs/parity.md names tests that exist, and has every row of hazards once."""

import re
import unittest

from tests.support.shared import REPOSITORY

PAGE = (REPOSITORY / "docs" / "parity.md").read_text(encoding="utf-8")

NOT_YET = {80}
"""Hazards of what is not built: an optimiser."""


class ParityPage(unittest.TestCase):
    def test_every_test_it_names_exists(self) -> None:
        cases = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "tests/golden/cases").glob("*.yaml"))
        names = re.findall(r"`((?:golden::|[a-z_/]+\.py)[^`]*)`", PAGE)
        self.assertGreater(len(names), 50)
        for name in names:
            with self.subTest(name):
                place, _, wanted = name.partition("::")
                if place == "golden":
                    self.assertTrue(wanted == "…" or f"- name: {wanted}\n" in cases, wanted)
                    continue
                source = REPOSITORY / "tests" / place
                self.assertTrue(source.is_file(), place)
                if wanted:
                    found = re.search(rf"(def|class) {re.escape(wanted)}\b", source.read_text(encoding="utf-8"))
                    self.assertIsNotNone(found, name)

    def test_every_hazard_has_its_row(self) -> None:
        rows = re.findall(r"^\| (\d+)(?:–(\d+))? \|", PAGE, re.MULTILINE)
        numbers = [number for first, last in rows for number in range(int(first), int(last or first) + 1)]
        self.assertEqual(sorted(set(numbers)), numbers)
        self.assertEqual(set(range(1, 82)) - NOT_YET, set(numbers))


if __name__ == "__main__":
    unittest.main()
