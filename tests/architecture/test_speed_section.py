"""The README's figures of speed are those of the measurement that it names."""

import re
import tempfile
import unittest
from pathlib import Path

from benchmarks.figures import Figure, keep, kept
from benchmarks.readme import quoted
from tests.support.shared import REPOSITORY


class SpeedSection(unittest.TestCase):
    maxDiff = None

    def test_the_tables_are_those_of_the_file_beside_them(self) -> None:
        text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
        section = text.partition("\n## Speed\n")[2].partition("\n## ")[0]
        (file,) = re.findall(r"\((benchmarks/results/[0-9a-f]+\.json)\)", section)
        self.assertIn(quoted(kept(REPOSITORY / file), file), section + "\n")


class KeptFigures(unittest.TestCase):
    def test_a_measurement_of_less_replaces_none(self) -> None:
        one, other = (Figure.of(name, "compiled", "candles/s", [1.0]) for name in ("dense", "idle"))
        with tempfile.TemporaryDirectory() as name:
            whole = keep([one, other], whole=True, folder=Path(name))
            for figures, asked in (([one, other], False), ([one], True)):
                less = keep(figures, whole=asked, folder=Path(name))
                self.assertEqual((f"{whole.stem}.partial.json", tuple(figures)), (less.name, kept(less).figures))
                self.assertEqual((one, other), kept(whole).figures)
            keep([other, one], whole=True, folder=Path(name))
            self.assertEqual([whole], list(Path(name).iterdir()))


if __name__ == "__main__":
    unittest.main()
