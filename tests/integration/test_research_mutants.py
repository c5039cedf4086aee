"""The tests of research/ notice what is wrong with it: mutants, each tried on the tests that concern it."""

import tempfile
import unittest
from pathlib import Path

from tests.support.mutants.mutant_tree import MutantTree
from tests.support.mutants.research_mutants import MUTANTS
from tests.support.scale import LONG
from tests.support.shared import REPOSITORY


class Mutants(unittest.TestCase):
    def test_each_is_of_one_place_and_of_tests_that_are_there(self) -> None:
        self.assertEqual(len(MUTANTS), len({one.name for one in MUTANTS}))
        for one in MUTANTS:
            with self.subTest(one.name):
                text = (REPOSITORY / one.file).read_text(encoding="utf-8")
                self.assertEqual(1, text.count(one.before), f"{one.file}: {one.before}")
                self.assertNotEqual(one.before, one.after)
                for test in one.tests:
                    self.assertNotIn("_FailedTest", repr(unittest.defaultTestLoader.loadTestsFromName(test)), test)

    @unittest.skipUnless(LONG, "takes minutes: make test-long")
    def test_each_is_noticed_by_its_tests_and_without_one_they_pass(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            tree = MutantTree(Path(folder))
            self.assertEqual("", tree.failure(sorted({test for one in MUTANTS for test in one.tests})))
            self.assertEqual([], [one.name for one in MUTANTS if not tree.is_noticed(one)])


if __name__ == "__main__":
    unittest.main()
