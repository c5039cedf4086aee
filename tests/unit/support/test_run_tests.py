"""What runs the tests counts them right, and reports nothing as a success that is none."""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.support import run_tests

HEAD = """
import atexit, os, signal, sys, threading, time, unittest

class One(unittest.TestCase):
    def test_one(self): pass
"""
PASS = {
    "skips": (2, "    def test_two(self): self.skipTest('so')"),
    "parts": (2, "    def test_two(self):\n        for part in (1, 2, 3):\n            with self.subTest(part): pass"),
    "prints": (2, "    def test_two(self): print('\\nRan 1000 tests in 1 s (skipped=50)', file=sys.stderr)"),
    "late": (2, "    def test_two(self): threading.Thread(target=time.sleep, args=(0.3,)).start()"),
}
"""Bodies of modules that pass, and how many tests they have."""

FAIL = {
    "fails": ("failed", "    def test_two(self): self.fail()"),
    "fails_in_part": ("failed", "    def test_two(self):\n        with self.subTest(1): self.fail()"),
    "passes_unexpectedly": ("failed", "    @unittest.expectedFailure\n    def test_two(self): pass"),
    "exits": ("failed", "    def test_two(self): sys.exit(0)"),
    "ends": ("ended before its tests were done", "    def test_two(self): os._exit(0)"),
    "dies": ("ended by SIGSEGV", "    def test_two(self): os.kill(os.getpid(), signal.SIGSEGV)"),
    "hangs": ("failed", "    def test_two(self): time.sleep(1000)"),
    "leaves_a_thread": ("failed", "    def test_two(self): threading.Thread(target=time.sleep, args=(1000,)).start()"),
    "ends_at_exit": ("ended before its tests were done", "    def test_two(self): atexit.register(os._exit, 0)"),
    "begins_class": ("failed", "    @classmethod\n    def setUpClass(cls): sys.exit(0)"),
    "begins": ("failed", "def setUpModule(): raise ValueError"),
    "begins_exiting": ("failed", "def setUpModule(): sys.exit(0)"),
    "ends_badly": ("failed", "def tearDownModule(): raise ValueError"),
    "ends_exiting": ("failed", "def tearDownModule(): sys.exit('words')"),
    "cleans_badly": ("failed", "def setUpModule(): unittest.addModuleCleanup(lambda: 1 / 0)"),
    "cleans_exiting": ("failed", "def setUpModule(): unittest.addModuleCleanup(sys.exit)"),
    "imports_badly": ("failed", "import no_such_module"),
    "imports_exiting": ("failed", "sys.exit(0)"),
    "empty": ("has no tests", "del One"),
}
"""What is said of modules that fail."""


class RunningTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        support = self.root / "tests" / "support"
        support.mkdir(parents=True)
        for name in ("run_tests.py", "scale.py", "warm_starts.py"):
            shutil.copy(run_tests.TESTS / "support" / name, support)
        (support / "long_modules.txt").touch()
        for place in (support, support.parent):
            (place / "__init__.py").touch()

    def run_tests(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "-m", "tests.support.run_tests", *words]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False, timeout=120)

    def write(self, name: str, body: str) -> None:
        (self.root / "tests" / f"test_{name}.py").write_text(f"{HEAD}{body}\n")

    def test_what_passes_is_counted_by_its_tests_alone(self) -> None:
        for name, (_, body) in PASS.items():
            self.write(name, body)
        done = self.run_tests()
        counted = dict(re.findall(r"^tests\.test_(\w+): (\d+) tests", done.stdout, re.MULTILINE))
        self.assertEqual({name: str(tests) for name, (tests, _) in PASS.items()}, counted)
        self.assertRegex(done.stdout, r"\nRan 8 tests, 1 skipped, in \d+ s: OK\n$")
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_what_does_not_pass_is_named_whatever_becomes_of_its_process(self) -> None:
        for name, (_, body) in FAIL.items():
            self.write(name, body)
        done = self.run_tests("--hangs", "4")
        told = dict(re.findall(r"^tests\.test_(\w+): .* computing, (.*)$", done.stdout, re.MULTILINE))
        self.assertEqual({name: words for name, (words, _) in FAIL.items()}, told)
        names = ", ".join(sorted(f"test_{name}" for name in FAIL))
        self.assertTrue(done.stdout.endswith(f" s: failed in {names}\n"), done.stdout[-500:])
        self.assertEqual((1, ""), (done.returncode, done.stderr))
        self.assertRegex(done.stdout, r"Timeout \(0:00:04\)!\n.*\n.*test_hangs.py\", line \d+ in test_two\n")

    def test_one_that_fails_alone_decides(self) -> None:
        self.write("ends", FAIL["ends"][1])
        self.write("parts", PASS["parts"][1])
        self.assertEqual(1, self.run_tests().returncode)

    def test_a_name_that_is_none_is_refused(self) -> None:
        self.write("parts", PASS["parts"][1])
        done = self.run_tests("tests.test_parts", "tests.test_prats")
        told = "no module begins with tests.test_prats; allowed: tests.FOLDER, tests.FOLDER.MODULE\n"
        self.assertEqual((1, "", told), (done.returncode, done.stdout, done.stderr))


if __name__ == "__main__":
    unittest.main()
