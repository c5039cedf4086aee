"""A command that is forked from a process that has imported the program is what Python itself would start."""

import json
import os
import signal
import subprocess
import tempfile
import textwrap
import unittest
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.support.waiting import PATIENCE_S, wait_until
from tests.support.warm_starts import PLACE, Process, Starter, WarmProcess, start

TELLS = """
import beside, json, os, signal, sys, threading, warnings
try:
    warnings.warn("old", DeprecationWarning)
    raised = False
except DeprecationWarning:
    raised = True
told = {
    "argv": sys.argv[1:], "name": __name__, "main": sys.modules["__main__"].__dict__ is globals(),
    "first": sys.path[:2], "here": os.getcwd(), "value": os.environ.get("VALUE"), "all": sorted(os.environ),
    "stdin": sys.stdin.read(), "raised": raised, "files": sorted(os.listdir("/dev/fd"))[:3],
    "threads": threading.active_count(), "beside": beside.NAME,
    "signals": [str(signal.getsignal(one)) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)],
    "leads": os.getsid(0) == os.getpid(),
}
print(json.dumps(told))
print("ä", file=sys.stderr)
"""
ENDS = {
    "exits": "import sys; sys.exit(7)",
    "words": "import sys; sys.exit('no such thing')",
    "raises": "raise ValueError('why')",
    "leaves": "import os; os._exit(5)",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "interrupted": "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(60)",
    "at exit": "import atexit; atexit.register(print, 'last'); print('first')",
    "thread": "import threading, time; threading.Timer(0.05, print, ['late']).start()",
    "not closed": "import sys\nclass Held:\n    def __del__(self): print('gone')\nheld = Held(); held.self = held",
}


class Started(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.starter = Starter(str(self.folder), ())
        self.addCleanup(self.starter.end)

    def begun(self, out: Any, errors: Any, *words: str, warm: bool, **options: Any) -> Process:
        with patch.dict(os.environ, {PLACE: self.starter.place}):
            surroundings = {**os.environ, "VALUE": "some"}
            made = start(*words, cwd=self.folder, env=surroundings, stdout=out, stderr=errors, warm=warm, **options)
        self.assertEqual(warm, isinstance(made, WarmProcess))
        return made

    def ended(self, *words: str, warm: bool, **options: Any) -> tuple[int, str, str]:
        """Return the exit code of a command, and what it printed, of a traceback the last line."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
            code = self.begun(out, errors, *words, warm=warm, **options).wait(PATIENCE_S)
            out.seek(0)
            errors.seek(0)
            return code, out.read(), "".join(errors.readlines()[-1:])

    def write(self, text: str, name: str = "asked") -> None:
        (self.folder / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")

    def test_it_is_given_what_python_gives(self) -> None:
        self.write(TELLS)
        self.write("NAME = 'beside'", "beside")
        for words in (("-m", "asked", "--one", "2"), ("asked.py", "-x")):
            for options in ({}, {"strict": True}, {"session": True}):
                with self.subTest(words, **options):
                    cold, warm = (self.ended(*words, warm=one, **options) for one in (False, True))
                    self.assertEqual((0, "ä\n"), (cold[0], cold[2]))
                    told = json.loads(cold[1])
                    self.assertEqual(("some", str(self.folder)), (told["value"], told["here"]))
                    self.assertEqual(told, json.loads(warm[1]))
                    self.assertEqual(cold, warm)

    def test_it_ends_as_python_does(self) -> None:
        for name, text in ENDS.items():
            with self.subTest(name):
                self.write(text)
                self.assertEqual(*(self.ended("-m", "asked", warm=one) for one in (False, True)))

    def test_it_is_waited_for_and_signalled(self) -> None:
        self.write("import pathlib, time; pathlib.Path('there').touch(); time.sleep(60)")
        with Path(os.devnull).open("wb") as nowhere:
            process = self.begun(nowhere, nowhere, "-m", "asked", warm=True)
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(0.01)
        self.assertIsNone(process.poll())
        wait_until((self.folder / "there").exists)
        process.send_signal(signal.SIGTERM)
        self.assertEqual((-signal.SIGTERM, -signal.SIGTERM), (process.wait(PATIENCE_S), process.poll()))
        process.kill()

    def test_what_a_process_reads_as_it_begins_is_not_told_too_late(self) -> None:
        self.write("import sys; print(sys.flags.hash_randomization)")
        surroundings = {**os.environ, "PYTHONHASHSEED": "0"}
        with tempfile.TemporaryFile() as out, patch.dict(os.environ, {PLACE: self.starter.place}):
            process = start("-m", "asked", cwd=self.folder, env=surroundings, stdout=out, stderr=out)
            self.assertEqual(0, process.wait(PATIENCE_S))
            out.seek(0)
            self.assertEqual((False, b"0\n"), (isinstance(process, WarmProcess), out.read()))


if __name__ == "__main__":
    unittest.main()
