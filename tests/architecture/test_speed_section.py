"""The README's figures of speed are those of the measurement that it names."""

import re
import unittest

from benchmarks.figures import kept
from benchmarks.readme import quoted
from tests.support.shared import REPOSITORY


class SpeedSection(unittest.TestCase):
    maxDiff = None

    def test_the_tables_are_those_of_the_file_beside_them(self) -> None:
        text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
        section = text.partition("\n## Speed\n")[2].partition("\n## ")[0]
        (file,) = re.findall(r"\((benchmarks/results/[0-9a-f]+\.json)\)", section)
        self.assertIn(quoted(kept(REPOSITORY / file), file), section + "\n")


if __name__ == "__main__":
    unittest.main()
