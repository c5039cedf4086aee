"""A command that is forked from a process that has imported the program is what Python itself would start."""

import contextlib
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.support.shared import REPOSITORY
from tests.support.waiting import PATIENCE_S, wait_until
from tests.support.warm_starts import (
    PLACE,
    ListedProcess,
    Process,
    SpawnedProcess,
    Starter,
    WarmProcess,
    cold,
    start,
)

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


COLD, SPAWNED = WarmProcess.__base__, SpawnedProcess.__base__
"""What Python has, also where this process has been given the others."""


def answer(asking: Connection) -> None:
    """Answer with this process and twice what is asked, then end with 3 more than what is asked next."""
    asking.send((os.getpid(), 2 * asking.recv()))
    sys.exit(3 + asking.recv())


class Started(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.place = {"cwd": self.folder}
        # What is printed is kept until there is much of it, as for most users.
        self.enterContext(patch.dict(os.environ, {"PYTHONUNBUFFERED": ""}))
        self.starter = Starter(str(self.folder), ())
        self.addCleanup(self.starter.end)

    def begun(self, out: Any, errors: Any, *words: str, warm: bool, **options: Any) -> Process:
        with patch.dict(os.environ, {PLACE: self.starter.place}):
            surroundings = {**os.environ, "VALUE": "some"}
            made = start(*words, cwd=self.folder, env=surroundings, stdout=out, stderr=errors, warm=warm, **options)
        self.assertEqual(warm, isinstance(made, WarmProcess) and made.is_warm)
        return made

    def ended(self, *words: str, warm: bool, **options: Any) -> tuple[int, str, str]:
        """Return the exit code of a command, and what it printed, of a traceback the last line."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
            code = self.begun(out, errors, *words, warm=warm, **options).wait(PATIENCE_S)
            out.seek(0)
            errors.seek(0)
            return code, out.read(), "".join(errors.readlines()[-1:])

    @contextlib.contextmanager
    def starting(self, *, warm: bool) -> Iterator[None]:
        """Let what starts processes in the block start them as Python does, or have them forked."""
        with (
            self.subTest(warm=warm),
            patch.dict(os.environ, {PLACE: self.starter.place}),
            patch.object(subprocess, "Popen", WarmProcess if warm else COLD),
            patch("multiprocessing.popen_spawn_posix.Popen", SpawnedProcess if warm else SPAWNED),
            patch("tests.support.warm_starts._TARGETS", (answer.__module__,)),
        ):
            yield

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "asked", *words]

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

    def test_one_with_pipes_is_what_python_starts(self) -> None:
        self.write("import sys; [print(line.strip()[::-1], flush=True) for line in sys.stdin]; sys.exit('end')")
        told = []
        for warm in (False, True):
            with self.starting(warm=warm):
                told.append(
                    subprocess.run(
                        self.command(), input="one\ntwo\n", capture_output=True, text=True, check=False, **self.place
                    )
                )
        self.assertEqual([(1, "eno\nowt\n", "end\n")] * 2, [(one.returncode, one.stdout, one.stderr) for one in told])

    def test_one_that_is_waited_for_too_long_is_ended(self) -> None:
        self.write("import time; print('begun', flush=True); time.sleep(60)")
        for warm in (False, True):
            with self.starting(warm=warm):
                with self.assertRaises(subprocess.TimeoutExpired):
                    subprocess.run(self.command(), stdout=subprocess.DEVNULL, timeout=0.01, check=False, **self.place)
                with subprocess.Popen(
                    self.command(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **self.place
                ) as one:
                    self.assertEqual(b"begun\n", one.stdout.readline())
                    self.assertIsNone(one.poll())
                    one.terminate()
                    self.assertEqual((-signal.SIGTERM, b""), (one.wait(PATIENCE_S), one.stdout.read()))

    def test_output_that_cannot_be_written_is_told_by_its_exit(self) -> None:
        self.write("import sys; print(1); sys.exit(int(sys.argv[1]))")
        for warm in (False, True):
            with self.starting(warm=warm):
                with Path("/dev/full").open("wb") as full:
                    done = subprocess.run(
                        self.command("3"), stdout=full, stderr=subprocess.PIPE, text=True, check=False, **self.place
                    )
                self.assertEqual((120, "OSError"), (done.returncode, done.stderr.splitlines()[-1].partition(":")[0]))

    def test_it_is_given_descriptors_signals_that_are_held_back_and_limits(self) -> None:
        self.write("""
            import os, resource, signal, sys
            print(os.read(int(sys.argv[1]), 9), sorted(os.listdir("/dev/fd"))[:-1])
            print(resource.getrlimit(resource.RLIMIT_CORE), signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        """)
        known = resource.getrlimit(resource.RLIMIT_CORE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, known)
        resource.setrlimit(resource.RLIMIT_CORE, (0, known[1]))
        self.addCleanup(signal.pthread_sigmask, signal.SIG_SETMASK, signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        reading, writing = os.pipe()
        told = []
        with open(reading, "rb"), open(writing, "wb", buffering=0) as given:  # noqa: PTH123 - a pipe
            for warm in (False, True):
                with self.starting(warm=warm):
                    given.write(b"something")
                    told.append(subprocess.check_output(self.command(str(reading)), pass_fds=[reading], **self.place))
        self.assertRegex(told[0].decode(), r"(?s)b'something'.*\(0, .*SIGINT")
        self.assertEqual(*told)

    def test_what_multiprocessing_spawns_answers_and_ends_as_it_does(self) -> None:
        context = multiprocessing.get_context("spawn")
        for warm in (False, True):
            with self.starting(warm=warm):
                ours, theirs = context.Pipe()
                process = context.Process(target=answer, args=(theirs,), daemon=True)
                process.start()
                theirs.close()
                with ours:
                    ours.send(3)
                    self.assertEqual((process.pid, 6), ours.recv())
                    self.assertTrue(process.is_alive())
                    ours.send(4)
                    process.join(PATIENCE_S)
                    self.assertEqual((7, False), (process.exitcode, process.is_alive()))

    def test_what_is_no_command_of_the_program_is_started_as_it_was(self) -> None:
        (self.folder / "runs").mkdir()
        known = {"cwd": REPOSITORY, "env": {**os.environ, "PYTHONPATH": str(REPOSITORY)}}
        for words, surroundings, warm in (
            (("-m", "runs", "--help"), known, True),
            (("-W", "error", "-m", "runs", "--help"), known, True),
            (("-m", "asked"), known, False),
            (("-c", "pass"), known, False),
            (("-X", "importtime", "-m", "runs", "--help"), known, False),
            (("-m", "runs", "--help"), {**known, "cwd": self.folder}, False),
            (("-m", "runs", "--help"), {**known, "env": {**known["env"], "PYTHONHASHSEED": "0"}}, False),
            (("-m", "runs", "--help"), {**known, "preexec_fn": os.getpid}, False),
        ):
            with self.subTest(words, **surroundings), patch.dict(os.environ, {PLACE: self.starter.place}):
                with ListedProcess([sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   **surroundings) as process:  # fmt: skip
                    self.assertEqual(warm, process.is_warm)
                    process.communicate(timeout=PATIENCE_S)
                with cold(), ListedProcess([sys.executable, "-c", ""]) as process:
                    self.assertFalse(process.is_warm)

    def test_what_a_process_reads_as_it_begins_is_not_told_too_late(self) -> None:
        self.write("import sys; print(sys.flags.hash_randomization)")
        surroundings = {**os.environ, "PYTHONHASHSEED": "0"}
        with tempfile.TemporaryFile() as out, patch.dict(os.environ, {PLACE: self.starter.place}):
            process = start("-m", "asked", cwd=self.folder, env=surroundings, stdout=out, stderr=out)
            self.assertEqual(0, process.wait(PATIENCE_S))
            out.seek(0)
            self.assertEqual((False, b"0\n"), (isinstance(process, WarmProcess) and process.is_warm, out.read()))


if __name__ == "__main__":
    unittest.main()
