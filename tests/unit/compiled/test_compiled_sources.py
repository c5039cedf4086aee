"""Machine code that is kept is that of the sources as they are."""

import shutil
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from compiled.compiling.sources import ROOT, is_compiled, keeps_nothing_stale

WITHOUT_KEPT = shutil.ignore_patterns("__pycache__")


class CompiledSources(unittest.TestCase):
    def test_what_was_compiled_of_other_sources_is_not_what_a_run_needs(self) -> None:
        with TemporaryDirectory() as folder:
            first, other = (Path(folder) / name / "compiled" for name in ("first", "other"))
            shutil.copytree(ROOT, first, ignore=WITHOUT_KEPT)
            shutil.copytree(ROOT.parent / "core", first.parent / "core", ignore=WITHOUT_KEPT)
            self.assertFalse(is_compiled(first))
            self.assertTrue(keeps_nothing_stale(first))
            kept = Path("__pycache__") / "session.run_steps-23.py311.1.nbc"
            (first / kept).write_bytes(b"")
            self.assertTrue(is_compiled(first))
            for changed in ("compiled/marks.py", "core/tolerance.py"):
                shutil.copytree(first.parent, other.parent)
                with (other.parent / changed).open("a") as source:
                    source.write("# Another rule.\n")
                with self.subTest(changed):
                    self.assertFalse(is_compiled(other))
                    self.assertTrue(keeps_nothing_stale(other))
                    self.assertFalse((other / kept).exists())
                other = other.parent.with_name("third") / "compiled"


if __name__ == "__main__":
    unittest.main()
